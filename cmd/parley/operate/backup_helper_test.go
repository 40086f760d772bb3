package operate_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/cmd/parley/operate"
	"parley/store"
	"parley/store/blob"
	"parley/store/storetest"
)

const passphrase = "correct horse battery staple"

var check = storetest.Check

func must[T any](v T, err error) func(testing.TB) T { return storetest.Must(v, err) }

// company is a database with a bit of everything, bound to a key.
type company struct {
	url  string
	pool *pgxpool.Pool
	key  string
	blob string // the hash of content
}

// events is how many a company has.
const events = 2000

var content = bytes.Repeat([]byte("photo "), 400_000)

func newCompany(t *testing.T) *company {
	t.Helper()
	pool := storetest.Reused(t)
	c := &company{url: pool.Config().ConnString(), pool: pool, key: store.NewMasterKey()}
	ctx := t.Context()
	sealer := must(store.NewSealer(c.key))(t)
	check(t, store.CheckMasterKey(ctx, c.pool, sealer))
	must(store.SaveAccount(ctx, c.pool, store.Account{Name: "mail", Kind: "email", Side: "channel", Mode: "live", ReplyMode: "direct", Rate: 1,
		Secrets: sealer.Seal("accounts/mail", []byte("imap password"))}))(t)
	c.blob = must(blob.Put(ctx, c.pool, content))(t)
	exec(t, c.pool, `UPDATE settings SET company = 'Ächme'`)
	exec(t, c.pool, `INSERT INTO events (account_id, external_id, order_key, payload, size_bytes)
		SELECT 10, 'm' || n, 'k', decode(repeat(md5(n::text), 20), 'hex'), 320 FROM generate_series(1, $1) AS n`, events)
	return c
}

func open(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	pool := must(pgxpool.New(t.Context(), url))(t)
	t.Cleanup(pool.Close)
	return pool
}

func exec(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func count(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) (n int64) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func (c *company) source() operate.Source {
	return operate.Source{URL: c.url, Key: c.key, Passphrase: passphrase}
}

// backUp backs the company up into a file.
func (c *company) backUp(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "acme.parley")
	must(operate.CreateFile(t.Context(), file, c.source()))(t)
	return file
}

// target is an empty database, with what a restore is told and keeps.
type target struct {
	operate.Target
	saved string // the key
	asked int    // how often for the passphrase
}

func newTarget(t *testing.T) *target {
	t.Helper()
	url := storetest.EmptyURL(t)
	tg := &target{}
	tg.Target = operate.Target{Pool: open(t, url), URL: url,
		Passphrase: func() (string, error) { tg.asked++; return passphrase, nil },
		SaveKey:    func(key string) error { tg.saved = key; return nil }}
	return tg
}

func (tg *target) restore(t *testing.T, file string) (store.Restored, error) {
	t.Helper()
	a := must(operate.Open(file))(t)
	defer func() { check(t, a.Close()) }()
	return operate.Restore(t.Context(), a, tg.Target)
}

// eventsInManifest is how a manifest says how many events there are.
func eventsInManifest(n int) string { return fmt.Sprintf(`"events": %d`, n) }

// withManifest copies a backup with a change in its manifest.
func withManifest(t *testing.T, file, old, changed string) string {
	t.Helper()
	from := must(zip.OpenReader(file))(t)
	defer func() { check(t, from.Close()) }()
	to := must(os.Create(filepath.Join(t.TempDir(), "altered.parley")))(t)
	w := zip.NewWriter(to)
	for _, f := range from.File {
		if f.Name != "manifest.json" {
			check(t, w.Copy(f))
			continue
		}
		r := must(f.Open())(t)
		body := must(io.ReadAll(r))(t)
		if !bytes.Contains(body, []byte(old)) {
			t.Fatalf("no %q in %s", old, body)
		}
		entry := must(w.Create(f.Name))(t)
		must(entry.Write(bytes.Replace(body, []byte(old), []byte(changed), 1)))(t)
	}
	check(t, errors.Join(w.Close(), to.Close()))
	return to.Name()
}
