package backup_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/cmd/parley/backup"
	"parley/store"
	"parley/store/blob"
	"parley/store/restore"
	"parley/store/schema"
)

// What was there comes back: rows, blobs, secrets, sequences and the key.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	c, tg := newCompany(t), newTarget(t)
	file := c.saved(t)
	if fi, err := os.Stat(file); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
	names, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(names) != 1 {
		t.Errorf("left beside it: %v %v", names, err)
	}
	_, err = tg.restore(t, file)
	check(t, err)
	if tg.saved != c.key || tg.asked != 1 {
		t.Errorf("the key was saved as %q; asked %d times", tg.saved, tg.asked)
	}
	check(t, schema.Migrate(t.Context(), tg.Pool))
	got, err := blob.Get(t.Context(), tg.Pool, nil, c.blob)
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("the blob came back with %d bytes, %v", len(got), err)
	}
	sealer, err := store.NewSealer(tg.saved)
	check(t, err)
	check(t, store.CheckMasterKey(t.Context(), tg.Pool, sealer))
	var secrets []byte
	check(t, tg.Pool.QueryRow(t.Context(), `SELECT secrets FROM accounts WHERE name = 'mail'`).Scan(&secrets))
	if plain, err := sealer.Open("accounts/mail", secrets); err != nil || string(plain) != "imap password" {
		t.Errorf("the password is %q, %v", plain, err)
	}
	for _, sql := range []string{`SELECT count(*) FROM events`, `SELECT sum(hashtext(external_id || encode(payload, 'hex'))) FROM events`,
		`SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'`, `SELECT count(*) FROM pg_constraint WHERE connamespace = 'public'::regnamespace`} {
		if a, b := count(t, c.pool, sql), count(t, tg.Pool, sql); a != b || a == 0 {
			t.Errorf("%s: %d before, %d after", sql, a, b)
		}
	}
}

// A backup is one moment, though Parley works on.
func TestOneMoment(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	var predefined int64
	check(t, c.pool.QueryRow(t.Context(), `SELECT count(*) FROM tags`).Scan(&predefined))
	stop := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			// Two rows that always come together.
			err := pgx.BeginFunc(context.Background(), c.pool, func(tx pgx.Tx) error {
				for _, sql := range []string{`INSERT INTO tags (name) VALUES ('t' || $1::int)`, `INSERT INTO leases (name, holder, until) VALUES ('t' || $1::int, '', now())`} {
					if _, err := tx.Exec(context.Background(), sql, n); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				done <- err
				return
			}
		}
	}()
	var manifests []backup.Manifest
	for range 3 {
		m, err := backup.Create(t.Context(), io.Discard, c.source())
		check(t, err)
		manifests = append(manifests, m)
	}
	close(stop)
	check(t, <-done)
	for _, m := range manifests {
		if m.Rows["tags"]-predefined != m.Rows["leases"] {
			t.Errorf("%d tags, %d leases", m.Rows["tags"]-predefined, m.Rows["leases"])
		}
	}
	if manifests[0].Rows["leases"] == manifests[2].Rows["leases"] {
		t.Error("nothing was written meanwhile")
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	file := c.saved(t)
	bare := filepath.Join(t.TempDir(), "bare.parley")
	without := c.source()
	without.WithoutKey, without.Passphrase, without.Key = true, "", ""
	_, err := backup.CreateFile(t.Context(), bare, without)
	check(t, err)
	newest, renewed := store.NewMasterKey(), *c // a new master key was put in front of the old one
	renewed.key = newest + "," + c.key
	sealer, err := store.NewSealer(renewed.key)
	check(t, err)
	check(t, store.CheckMasterKey(t.Context(), c.pool, sealer))
	later := renewed.saved(t)
	for _, tc := range []struct {
		name, file, key, passphrase string
		want                        error
		asked                       int
		saves                       bool
	}{
		{"wrong passphrase", file, "", "wrong", backup.ErrPassphrase, 1, false},
		{"another key is set", file, store.NewMasterKey(), "", backup.ErrOtherKey, 0, false},
		{"the same key is set", file, c.key, "", nil, 0, false},
		{"the key among newer ones", file, store.NewMasterKey() + "," + c.key, "", nil, 0, false},
		{"no key anywhere", bare, "", "", backup.ErrNoKey, 0, false},
		{"without the key, but it is set", bare, c.key, "", nil, 0, false},
		{"the passphrase", file, "", passphrase, nil, 1, true},
		{"only the key before the newest", later, c.key, "", backup.ErrOtherKey, 0, false},
		{"only the newest key", later, newest, "", backup.ErrOtherKey, 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tg := newTarget(t)
			tg.Key = tc.key
			tg.Target.Passphrase = func() (string, error) { tg.asked++; return tc.passphrase, nil }
			_, err := tg.restore(t, tc.file)
			if !errors.Is(err, tc.want) || tg.asked != tc.asked || (tg.saved == c.key) != tc.saves {
				t.Errorf("%v; asked %d times, saved %q", err, tg.asked, tg.saved)
			}
			if tc.want != nil && count(t, tg.Pool, `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`) != 0 {
				t.Error("it was filled all the same")
			}
		})
	}
	other := c.source()
	for _, key := range []string{store.NewMasterKey(), c.key, newest} { // the second is that of a cron job that nobody told of the newest
		other.Key = key
		if _, err := backup.Create(t.Context(), io.Discard, other); !errors.Is(err, store.ErrWrongKey) {
			t.Errorf("a wrong key was saved: %v", err)
		}
	}
	other.Key, other.Passphrase = c.key, ""
	if _, err := backup.Create(t.Context(), io.Discard, other); !errors.Is(err, backup.ErrNoPassphrase) {
		t.Errorf("without a passphrase: %v", err)
	}
}

// Whatever happened to a file on its way is noticed before anything is written.
func TestDamage(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(newCompany(t).saved(t))
	check(t, err)
	damaged := func(change func([]byte) []byte) string {
		file := filepath.Join(t.TempDir(), "damaged.parley")
		check(t, os.WriteFile(file, change(bytes.Clone(whole)), 0o600))
		return file
	}
	dump := bytes.Index(whole, []byte("PGDMP"))
	for name, change := range map[string]func([]byte) []byte{
		"empty":           func([]byte) []byte { return nil },
		"something else":  func([]byte) []byte { return []byte("-- PostgreSQL database dump") },
		"cut short":       func(b []byte) []byte { return b[:len(b)-1000] },
		"half":            func(b []byte) []byte { return b[:len(b)/2] },
		"a bit of dump":   func(b []byte) []byte { b[dump+len(b)/2] ^= 1; return b },
		"the dump's head": func(b []byte) []byte { b[dump] = 'X'; return b },
	} {
		file := damaged(change)
		if _, err := backup.CheckFile(t.Context(), file, ""); !errors.Is(err, backup.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	tg := newTarget(t)
	if _, err := tg.restore(t, damaged(func(b []byte) []byte { b[dump+len(b)/2] ^= 1; return b })); !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("restored: %v", err)
	}
}

// A manifest that somebody changed is noticed by the passphrase, and without a key at least
// by the rows.
func TestAltered(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	bare := filepath.Join(t.TempDir(), "bare.parley")
	_, err := backup.CreateFile(t.Context(), bare, backup.Source{URL: c.url, WithoutKey: true})
	check(t, err)
	for _, tc := range []struct {
		name, file, key string
		want            error
		begun           bool
	}{
		{"with the key", c.saved(t), "", backup.ErrPassphrase, false},
		{"without", bare, c.key, backup.ErrDamaged, true},
	} {
		file := altered(t, tc.file, `"events": 2000`, `"events": 2001`)
		tg := newTarget(t)
		tg.Key = tc.key
		if _, err := tg.restore(t, file); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", tc.name, err)
		}
		if err := schema.Migrate(t.Context(), tg.Pool); tc.begun && !errors.Is(err, store.ErrRestoring) {
			t.Errorf("%s may be served: %v", tc.name, err)
		}
	}
	other := altered(t, bare, `"has_key": false`, `"has_key": true`)
	if _, err := backup.Open(other); !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("a key that isn't there: %v", err)
	}
}

// Only an empty database is filled, and one that is being filled is not served.
func TestNotEmpty(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	file := c.saved(t)
	tg := newTarget(t)
	exec(t, tg.Pool, `CREATE TABLE other (n int)`)
	if _, err := tg.restore(t, file); !errors.Is(err, backup.ErrNotEmpty) || !strings.Contains(err.Error(), "other") {
		t.Errorf("a table was there: %v", err)
	}
	exec(t, tg.Pool, `DROP TABLE other`)

	// Interrupted after the dump: the same backup goes on, another does not.
	tg.Target.SaveKey = func(string) error { return errors.New("no room") }
	if _, err := tg.restore(t, file); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Fatalf("the key was not saved: %v", err)
	}
	if err := schema.Migrate(t.Context(), tg.Pool); !errors.Is(err, store.ErrRestoring) {
		t.Errorf("half a restore may be served: %v", err)
	}
	if _, err := backup.Create(t.Context(), io.Discard, backup.Source{URL: tg.URL, WithoutKey: true}); !errors.Is(err, store.ErrRestoring) {
		t.Errorf("half a restore may be backed up: %v", err)
	}
	if _, err := tg.restore(t, c.saved(t)); !errors.Is(err, backup.ErrNotEmpty) {
		t.Errorf("another backup: %v", err)
	}
	tg.Target.SaveKey = func(string) error { return nil }
	_, err := tg.restore(t, file)
	check(t, err)
	check(t, schema.Migrate(t.Context(), tg.Pool))
	if _, err := tg.restore(t, file); !errors.Is(err, backup.ErrNotEmpty) {
		t.Errorf("a second time: %v", err)
	}
	empty := newTarget(t)
	if _, err := backup.Create(t.Context(), io.Discard, backup.Source{URL: empty.URL, WithoutKey: true}); err == nil || !strings.Contains(err.Error(), "nothing to back up") {
		t.Errorf("a database of nobody: %v", err)
	}
}

// What waited is unknown afterwards, and due, whatever its hold was.
func TestNothingIsQueuedAfterwards(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	exec(t, c.pool, `INSERT INTO gates (account_id, key) VALUES (10, 'send')`)
	exec(t, c.pool, `INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, head, tail, due_at, leased_until) VALUES
		(1, 10, 'c1:say', 1, 1, 1, 4, now() + interval '1 day', now() + interval '1 hour'), (2, 10, 'c2:say', 2, 1, 1, 1, NULL, NULL)`)
	exec(t, c.pool, `INSERT INTO deliveries (id, lane_id, seq, kind, state, not_before, sent_at, payload, created_at) VALUES
		(1, 1, 1, 'reply', 'sent', NULL, now(), '{}', now()), (2, 1, 2, 'reply', 'sending', NULL, now(), '{"meant": ["a@b.test"]}', now()),
		(3, 1, 3, 'reply', 'unknown', NULL, now(), '{}', now()), (4, 1, 4, 'line', 'queued', now() + interval '1 day', NULL, '{}', now()),
		(5, 2, 1, 'reply', 'failed', NULL, now(), '{}', now())`)
	tg := newTarget(t)
	r, err := tg.restore(t, c.saved(t))
	check(t, err)
	if r.Replies != 2 || r.Posts != 1 || r.Next < 10_000 {
		t.Errorf("%+v", r)
	}
	if n := count(t, tg.Pool, `SELECT count(*) FROM deliveries WHERE state IN ('queued', 'sending')`); n != 0 {
		t.Errorf("%d would leave by themselves", n)
	}
	if n := count(t, tg.Pool, `SELECT count(*) FROM deliveries WHERE state = 'unknown' AND payload @> '{"restored": true}' AND not_before IS NULL AND sent_at IS NULL
		AND first_at <= (SELECT max(backup_at) FROM restores)`); n != 3 {
		t.Errorf("%d are looked for", n)
	}
	if n := count(t, tg.Pool, `SELECT count(*) FROM deliveries WHERE id = 2 AND payload @> '{"meant": ["a@b.test"]}'`); n != 1 {
		t.Error("a payload was lost")
	}
	if n := count(t, tg.Pool, `SELECT count(*) FROM lanes WHERE id = 1 AND due_at <= parley_now() AND leased_until IS NULL OR id = 2 AND due_at IS NULL`); n != 2 {
		t.Errorf("%d lanes are as they should be", n)
	}
	first, err := restore.ServedSince(t.Context(), tg.Pool)
	check(t, err)
	if again, err := restore.ServedSince(t.Context(), tg.Pool); err != nil || !again.Equal(first) || time.Since(first) > time.Minute {
		t.Errorf("served since %v, then %v, %v", first, again, err)
	}
}

//
func TestVerify(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	file := c.saved(t)
	temp := t.TempDir()
	var said []string
	m, err := backup.Verify(t.Context(), file, temp, slog.New(slog.DiscardHandler), func(s string) { said = append(said, s) })
	check(t, err)
	if m.Rows["events"] != 2000 || m.Company != "Ächme" || !m.HasKey || len(said) == 0 {
		t.Errorf("%+v; said %q", m, said)
	}
	if names, err := os.ReadDir(temp); err != nil || len(names) != 0 {
		t.Errorf("left behind: %v, %v", names, err)
	}
	if _, err := backup.CheckFile(t.Context(), file, ""); err != nil {
		t.Error(err)
	}
}
