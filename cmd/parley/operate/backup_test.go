package operate_test

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

	"parley/cmd/parley/operate"
	"parley/store"
	"parley/store/blob"
	"parley/store/schema"
	"parley/store/storetest"
)

// A restore brings back events, a blob, a password, the indexes, the constraints and the master key.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	c, tg := newCompany(t), newTarget(t)
	file := c.backUp(t)
	info := must(os.Stat(file))(t)
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode of the backup: got %o, want 600", got)
	}
	names := must(os.ReadDir(filepath.Dir(file)))(t)
	if len(names) != 1 {
		t.Errorf("files in the folder: got %v, want the backup alone", names)
	}

	must(tg.restore(t, file))(t)
	if tg.saved != c.key {
		t.Errorf("the key was saved as %q, want %q", tg.saved, c.key)
	}
	if tg.asked != 1 {
		t.Errorf("the passphrase was asked for %d times, want once", tg.asked)
	}
	check(t, schema.Migrate(t.Context(), tg.Pool))

	got, err := blob.Get(t.Context(), tg.Pool, nil, c.blob)
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("the blob came back with %d bytes, %v; want %d as before", len(got), err, len(content))
	}
	sealer := must(store.NewSealer(tg.saved))(t)
	check(t, store.CheckMasterKey(t.Context(), tg.Pool, sealer))
	var secrets []byte
	check(t, tg.Pool.QueryRow(t.Context(), `SELECT secrets FROM accounts WHERE name = 'mail'`).Scan(&secrets))
	if plain, err := sealer.Open("accounts/mail", secrets); err != nil || string(plain) != "imap password" {
		t.Errorf("the password came back as %q, %v", plain, err)
	}

	for _, sql := range []string{
		`SELECT count(*) FROM events`,
		`SELECT sum(hashtext(external_id || encode(payload, 'hex'))) FROM events`,
		`SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'`,
		`SELECT count(*) FROM pg_constraint WHERE connamespace = 'public'::regnamespace`,
	} {
		if before, after := count(t, c.pool, sql), count(t, tg.Pool, sql); before != after || before == 0 {
			t.Errorf("%s: got %d after the restore, want %d as before", sql, after, before)
		}
	}
}

// A backup shows one moment, though Parley works on: it never has only one of two rows that are written together.
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
				for _, sql := range []string{
					`INSERT INTO tags (name) VALUES ('t' || $1::int)`,
					`INSERT INTO leases (name, holder, until) VALUES ('t' || $1::int, '', now())`,
				} {
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

	var manifests []operate.Manifest
	for range 3 {
		m := must(operate.Create(t.Context(), io.Discard, c.source()))(t)
		manifests = append(manifests, m)
	}
	close(stop)
	check(t, storetest.Receive(t, done, "nobody writes any more"))
	for _, m := range manifests {
		if m.Rows["tags"]-predefined != m.Rows["leases"] {
			t.Errorf("a backup has %d new tags and %d leases, want as many", m.Rows["tags"]-predefined, m.Rows["leases"])
		}
	}
	if manifests[0].Rows["leases"] == manifests[2].Rows["leases"] {
		t.Error("nothing was written between the first and the last backup")
	}
}

// A restore needs the key that the data is sealed with: from the backup by its passphrase, or as the master key that
// is set. Without it, nothing is restored. TestRoundTrip restores by the passphrase.
func TestRestoreKeys(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	file := c.backUp(t)
	bare := filepath.Join(t.TempDir(), "bare.parley")
	without := c.source()
	without.WithoutKey, without.Passphrase, without.Key = true, "", ""
	must(operate.CreateFile(t.Context(), bare, without))(t)
	newest, renewed := store.NewMasterKey(), *c // a new master key was put in front of the old one
	renewed.key = newest + "," + c.key
	sealer := must(store.NewSealer(renewed.key))(t)
	check(t, store.CheckMasterKey(t.Context(), c.pool, sealer))
	later := renewed.backUp(t)

	for _, tc := range []struct {
		name, file string
		key        string // the master key that is set; "" if none is
		passphrase string // what a person answers
		want       error
		asked      int // how often for the passphrase
	}{
		{name: "wrong passphrase", file: file, passphrase: "wrong", want: operate.ErrPassphrase, asked: 1},
		{name: "another key is set", file: file, key: store.NewMasterKey(), want: operate.ErrOtherKey},
		{name: "the key among newer ones", file: file, key: store.NewMasterKey() + "," + c.key},
		{name: "no key anywhere", file: bare, want: operate.ErrNoKey},
		{name: "without the key, but it is set", file: bare, key: c.key},
		{name: "only the key before the newest", file: later, key: c.key, want: operate.ErrOtherKey},
		{name: "only the newest key", file: later, key: newest, want: operate.ErrOtherKey},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tg := newTarget(t)
			tg.Key = tc.key
			tg.Target.Passphrase = func() (string, error) { tg.asked++; return tc.passphrase, nil }
			_, err := tg.restore(t, tc.file)
			if !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
			if tg.asked != tc.asked {
				t.Errorf("the passphrase was asked for %d times, want %d", tg.asked, tc.asked)
			}
			if tg.saved != "" {
				t.Error("the key of the backup was saved, though another was set")
			}
			if n := count(t, tg.Pool, `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`); tc.want != nil && n != 0 {
				t.Errorf("the refused restore left %d tables, want none", n)
			}
		})
	}
	checkSourceKeys(t, c, map[string]string{
		"a made-up key":                  store.NewMasterKey(),
		"the key before the newest":      c.key, // a cron job may still have it
		"the newest key without the old": newest,
	})
}

// checkSourceKeys checks that no backup is made with a key that doesn't open all secrets, or with a key and no passphrase for it.
func checkSourceKeys(t *testing.T, c *company, wrong map[string]string) {
	t.Helper()
	source := c.source()
	for name, key := range wrong {
		source.Key = key
		if _, err := operate.Create(t.Context(), io.Discard, source); !errors.Is(err, store.ErrWrongKey) {
			t.Errorf("back up with %s: got %v, want %v", name, err, store.ErrWrongKey)
		}
	}
	source.Key, source.Passphrase = c.key, ""
	if _, err := operate.Create(t.Context(), io.Discard, source); !errors.Is(err, operate.ErrNoPassphrase) {
		t.Errorf("back up a key without a passphrase: got %v, want %v", err, operate.ErrNoPassphrase)
	}
}

// checkFile opens a backup and compares its checksums.
func checkFile(t *testing.T, file string) error {
	t.Helper()
	a, err := operate.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	return a.Check(t.Context(), nil)
}

// A file that was damaged on its way is noticed before anything is written.
func TestDamage(t *testing.T) {
	t.Parallel()
	whole := must(os.ReadFile(newCompany(t).backUp(t)))(t)
	writeDamaged := func(change func([]byte) []byte) string {
		file := filepath.Join(t.TempDir(), "damaged.parley")
		check(t, os.WriteFile(file, change(bytes.Clone(whole)), 0o600))
		return file
	}
	dump := bytes.Index(whole, []byte("PGDMP"))
	flipBit := func(b []byte) []byte { b[dump+len(b)/2] ^= 1; return b }
	for name, change := range map[string]func([]byte) []byte{
		"empty":           func([]byte) []byte { return nil },
		"something else":  func([]byte) []byte { return []byte("-- PostgreSQL database dump") },
		"cut short":       func(b []byte) []byte { return b[:len(b)-1000] },
		"half":            func(b []byte) []byte { return b[:len(b)/2] },
		"a bit of dump":   flipBit,
		"the dump's head": func(b []byte) []byte { b[dump] = 'X'; return b },
	} {
		if err := checkFile(t, writeDamaged(change)); !errors.Is(err, operate.ErrDamaged) {
			t.Errorf("check %s: got %v, want %v", name, err, operate.ErrDamaged)
		}
	}
	tg := newTarget(t)
	if _, err := tg.restore(t, writeDamaged(flipBit)); !errors.Is(err, operate.ErrDamaged) {
		t.Errorf("restore a bit of dump: got %v, want %v", err, operate.ErrDamaged)
	}
}

// A changed manifest is noticed by the passphrase, and in a backup without a key by the number of rows.
func TestChangedManifest(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	bare := filepath.Join(t.TempDir(), "bare.parley")
	must(operate.CreateFile(t.Context(), bare, operate.Source{URL: c.url, WithoutKey: true}))(t)
	for _, tc := range []struct {
		name, file, key string
		want            error
		begun           bool // it was noticed only when the rows were there
	}{
		{name: "a backup with the key", file: c.backUp(t), want: operate.ErrPassphrase},
		{name: "a backup without the key", file: bare, key: c.key, want: operate.ErrDamaged, begun: true},
	} {
		file := withManifest(t, tc.file, eventsInManifest(events), eventsInManifest(events+1))
		tg := newTarget(t)
		tg.Key = tc.key
		if _, err := tg.restore(t, file); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		if err := schema.Migrate(t.Context(), tg.Pool); tc.begun && !errors.Is(err, store.ErrRestoring) {
			t.Errorf("%s: Migrate: got %v, want %v, so that it isn't served", tc.name, err, store.ErrRestoring)
		}
	}
	other := withManifest(t, bare, `"has_key": false`, `"has_key": true`)
	if _, err := operate.Open(other); !errors.Is(err, operate.ErrDamaged) {
		t.Errorf("a manifest that names a key which isn't there: got %v, want %v", err, operate.ErrDamaged)
	}
}

// A backup replaces an older backup, but no other file unless that is asked for.
func TestCheckTarget(t *testing.T) {
	t.Parallel()
	older, dir := newCompany(t).backUp(t), t.TempDir()
	notes, empty := filepath.Join(dir, "notes.txt"), filepath.Join(dir, "empty")
	check(t, errors.Join(os.WriteFile(notes, []byte("not a backup"), 0o600), os.WriteFile(empty, nil, 0o600)))
	for _, tt := range []struct {
		name, path         string
		overwrites, wantOK bool
	}{
		{name: "nothing there", path: filepath.Join(dir, "new.parley"), wantOK: true},
		{name: "not even the folder", path: filepath.Join(dir, "none", "new.parley")},
		{name: "an empty file", path: empty, wantOK: true},
		{name: "an older backup", path: older, wantOK: true},
		{name: "a newer Parley's backup", path: withManifest(t, older, `"format": 1`, `"format": 99`), wantOK: true},
		{name: "something else", path: notes},
		{name: "something else that shall go", path: notes, overwrites: true, wantOK: true},
		{name: "a folder", path: dir},
		{name: "a folder that shall go", path: dir, overwrites: true},
	} {
		if err := operate.CheckTarget(tt.path, tt.overwrites); (err == nil) != tt.wantOK {
			t.Errorf("%s: got %v, want it to be allowed: %t", tt.name, err, tt.wantOK)
		}
	}
}

// Only an empty database can be restored into. A restore that was interrupted after the dump was loaded can be
// continued with the same backup only. Until it is done, the database is neither served nor backed up.
func TestRestoreNeedsEmptyDatabase(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	file := c.backUp(t)
	tg := newTarget(t)
	exec(t, tg.Pool, `CREATE TABLE other (n int)`)
	if _, err := tg.restore(t, file); !errors.Is(err, operate.ErrNotEmpty) || !strings.Contains(err.Error(), "other") {
		t.Errorf("restore beside a table: got %v, want %v that names the table other", err, operate.ErrNotEmpty)
	}
	exec(t, tg.Pool, `DROP TABLE other`)

	tg.Target.SaveKey = func(string) error { return errors.New("no room") }
	if _, err := tg.restore(t, file); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Fatalf("restore where the key can't be saved: got %v, want no room", err)
	}
	if err := schema.Migrate(t.Context(), tg.Pool); !errors.Is(err, store.ErrRestoring) {
		t.Errorf("Migrate in the middle of a restore: got %v, want %v", err, store.ErrRestoring)
	}
	if _, err := operate.Create(t.Context(), io.Discard, operate.Source{URL: tg.URL, WithoutKey: true}); !errors.Is(err, store.ErrRestoring) {
		t.Errorf("back up in the middle of a restore: got %v, want %v", err, store.ErrRestoring)
	}
	if _, err := tg.restore(t, c.backUp(t)); !errors.Is(err, operate.ErrNotEmpty) {
		t.Errorf("go on with another backup: got %v, want %v", err, operate.ErrNotEmpty)
	}
	tg.Target.SaveKey = func(string) error { return nil }
	must(tg.restore(t, file))(t)
	check(t, schema.Migrate(t.Context(), tg.Pool))
	if _, err := tg.restore(t, file); !errors.Is(err, operate.ErrNotEmpty) {
		t.Errorf("restore what is restored already: got %v, want %v", err, operate.ErrNotEmpty)
	}
}

// Nobody knows whether deliveries that waited at the time of the backup have left since. So after the restore their
// state is unknown, and they are looked for at once, even if they were held back for some time.
func TestNothingIsQueuedAfterwards(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	exec(t, c.pool, `INSERT INTO gates (account_id, key) VALUES (10, 'send')`)
	exec(t, c.pool, `INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, head, tail, due_at, leased_until) VALUES
		(1, 10, 'c1:say', 1, 1, 1, 4, now() + interval '1 day', now() + interval '1 hour'), (2, 10, 'c2:say', 2, 1, 1, 1, NULL, NULL)`)
	exec(t, c.pool, `INSERT INTO deliveries (id, lane_id, seq, kind, state, not_before, sent_at, payload, created_at) VALUES
		(1, 1, 1, 'reply', 'sent', NULL, now(), '{}', now()),
		(2, 1, 2, 'reply', 'sending', NULL, now(), '{"meant": ["a@b.test"]}', now()),
		(3, 1, 3, 'reply', 'unknown', NULL, now(), '{}', now()),
		(4, 1, 4, 'line', 'queued', now() + interval '1 day', NULL, '{}', now()),
		(5, 2, 1, 'reply', 'failed', NULL, now(), '{}', now())`)

	const wantReplies, wantPosts = 2, 1 // deliveries 2 and 3, and 4
	tg := newTarget(t)
	r := must(tg.restore(t, c.backUp(t)))(t)
	if r.Replies != wantReplies || r.Posts != wantPosts {
		t.Errorf("got %d replies and %d posts, want %d and %d", r.Replies, r.Posts, wantReplies, wantPosts)
	}
	if r.Next < 10_000 {
		t.Errorf("the next conversation gets the number %d, want that numbers leap, as some were given since the backup", r.Next)
	}
	if n := count(t, tg.Pool, `SELECT count(*) FROM deliveries WHERE state IN ('queued', 'sending')`); n != 0 {
		t.Errorf("%d deliveries would leave by themselves, want none", n)
	}
	if n := count(t, tg.Pool, `SELECT count(*) FROM deliveries
		WHERE state = 'unknown' AND payload @> '{"restored": true}' AND not_before IS NULL AND sent_at IS NULL
		AND first_at <= (SELECT max(backup_at) FROM restores)`); n != wantReplies+wantPosts {
		t.Errorf("%d deliveries are looked for, want %d", n, wantReplies+wantPosts)
	}
	if n := count(t, tg.Pool, `SELECT count(*) FROM deliveries WHERE id = 2 AND payload @> '{"meant": ["a@b.test"]}'`); n != 1 {
		t.Error("delivery 2 has lost its payload")
	}

	if n := count(t, tg.Pool, `SELECT count(*) FROM lanes
		WHERE id = 1 AND due_at <= parley_now() AND leased_until IS NULL OR id = 2 AND due_at IS NULL`); n != 2 {
		t.Errorf("%d lanes are as they should be, want 2: the first due and free, the second done", n)
	}
	first := must(store.ServedSince(t.Context(), tg.Pool))(t)
	if time.Since(first) > time.Minute {
		t.Errorf("served since %s, want since now", first)
	}
	if again, err := store.ServedSince(t.Context(), tg.Pool); err != nil || !again.Equal(first) {
		t.Errorf("asked again it is served since %s, %v; want %s as before", again, err, first)
	}
}

// Verify restores a backup into a PostgreSQL server of its own, and leaves nothing of that server behind.
// Requirement R-275: Backup, restore, upgrade.
func TestVerify(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	file := c.backUp(t)
	temp := t.TempDir()
	var said []string
	m := must(operate.Verify(t.Context(), file, temp, slog.New(slog.DiscardHandler), func(s string) { said = append(said, s) }))(t)
	if m.Rows["events"] != events || m.Company != "Ächme" || !m.HasKey {
		t.Errorf("got %d events of %q, key %t; want %d of Ächme, with the key", m.Rows["events"], m.Company, m.HasKey, events)
	}
	if len(said) == 0 {
		t.Error("Verify said nothing on its way")
	}
	if names, err := os.ReadDir(temp); err != nil || len(names) != 0 {
		t.Errorf("left behind: got %v, %v; want nothing", names, err)
	}
	if err := checkFile(t, file); err != nil {
		t.Error(err)
	}
}
