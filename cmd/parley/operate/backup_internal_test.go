package operate

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"parley/store/storetest"
)

// The password is split from the address of the database, so that it never becomes a program's argument. Parameters
// that libpq doesn't know are left out.
func TestSplitConnection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, dbname, password string }{
		{
			name:     "a password in the address",
			in:       "postgres://ann:s3cret@db:5432/parley",
			dbname:   "postgres://ann@db:5432/parley",
			password: "s3cret",
		},
		{
			name:     "a password with escapes",
			in:       "postgres://ann:a%40b%2Fc@db/parley",
			dbname:   "postgres://ann@db/parley",
			password: "a@b/c",
		},
		{
			name:     "a password among the parameters",
			in:       "postgres://db/parley?password=s3cret&user=ann",
			dbname:   "postgres://db/parley?user=ann",
			password: "s3cret",
		},
		{
			name:     "keywords",
			in:       "host=db user=ann password=s3cret dbname=parley",
			dbname:   "host=db user=ann dbname=parley",
			password: "s3cret",
		},
		{
			name:     "keywords with quotes, and one of pgx",
			in:       "host=db password = 'a b\\'c' pool_max_conns=3 sslmode=disable",
			dbname:   "host=db sslmode=disable",
			password: "a b'c",
		},
		{
			name:   "a parameter of pgx",
			in:     "postgresql://ann@db/parley?sslmode=require&pool_max_conns=9",
			dbname: "postgresql://ann@db/parley?sslmode=require",
		},
		{
			name:   "a socket",
			in:     "postgres://parley@/parley?host=%2Ftmp%2Fa%20b&port=5432",
			dbname: "postgres://parley@/parley?host=%2Ftmp%2Fa%20b&port=5432",
		},
		// pgx takes settings of the server as parameters of their own, libpq doesn't.
		{
			name:   "a setting of the server in an address",
			in:     "postgres://db/parley?search_path=help desk,public&sslmode=disable&options=-c work_mem=9MB",
			dbname: `postgres://db/parley?options=-c%20work_mem%3D9MB%20-c%20search_path%3Dhelp%5C%20desk%2Cpublic&sslmode=disable`,
		},
		{
			name:   "a setting of the server among keywords",
			in:     `host=db search_path='it\'s here' options='-c work_mem=9MB' sslmode=disable`,
			dbname: `host=db sslmode=disable options='-c work_mem=9MB -c search_path=it\'s\\ here'`,
		},
	} {
		dbname, password, err := splitConnection(c.in)
		if err != nil || dbname != c.dbname || password != c.password {
			t.Errorf("%s: got %q and %q, %v; want %q and %q", c.name, dbname, password, err, c.dbname, c.password)
		}
	}
	if _, _, err := splitConnection("postgres://ann:s3cret@db:not-a-port/parley"); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a bad address: got %v, want an error without the password", err)
	}
}

// A secret that libpq's programs could get only as an argument is refused. The error doesn't show it.
func TestSplitConnectionRefusesSecrets(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		url  string
		want string
	}{
		{name: "passphrase of a TLS key in an address", url: "postgres://db/parley?sslkey=/k&sslpassword=s3cret", want: "sslpassword"},
		{name: "passphrase of a TLS key among keywords", url: "host=db sslkey=/k sslpassword='s3cret' dbname=parley", want: "sslpassword"},
		{name: "secret of OAuth", url: "postgres://db/parley?oauth_client_secret=s3cret", want: "oauth_client_secret"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			_, _, err := splitConnection(tt.url)
			if err == nil {
				t.Fatal("it is taken, want an error")
			}
			if !strings.Contains(err.Error(), "DATABASE_URL has "+tt.want) {
				t.Errorf("the error is %q, want it to name %s", err, tt.want)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
}

// A key that is sealed by a passphrase opens with the passphrase and the manifest with which it was sealed. A sealed
// key that would cost its reader too much time or memory counts as damaged.
func TestSealedKey(t *testing.T) {
	t.Parallel()
	manifest := []byte(`{"company": "Acme"}`)
	sealed := storetest.Must(sealKey("the key", "horse", manifest))(t)
	if strings.Contains(string(sealed), "the key") {
		t.Errorf("the sealed key can be read: %s", sealed)
	}

	if key, err := openKey(sealed, "horse", manifest); err != nil || key != "the key" {
		t.Errorf("the passphrase: got %q, %v; want the key", key, err)
	}
	if _, err := openKey(sealed, "cow", manifest); !errors.Is(err, ErrPassphrase) {
		t.Errorf("a wrong passphrase: got %v, want %v", err, ErrPassphrase)
	}
	if _, err := openKey(sealed, "horse", []byte(`{"company": "Other"}`)); !errors.Is(err, ErrPassphrase) {
		t.Errorf("another manifest: got %v, want %v", err, ErrPassphrase)
	}

	changed := func(change func(*sealedKey)) []byte {
		var k sealedKey
		storetest.Check(t, json.Unmarshal(sealed, &k))
		change(&k)
		return storetest.Must(json.Marshal(k))(t)
	}
	for name, body := range map[string][]byte{
		"no JSON":      []byte("{"),
		"all memory":   changed(func(k *sealedKey) { k.MemoryKiB = 1 << 31 }),
		"for ever":     changed(func(k *sealedKey) { k.Time = 1 << 30 }),
		"no time":      changed(func(k *sealedKey) { k.Time = 0 }),
		"no threads":   changed(func(k *sealedKey) { k.Threads = 0 }),
		"short nonce":  changed(func(k *sealedKey) { k.Nonce = nil }),
		"another kind": changed(func(k *sealedKey) { k.KDF = "md5" }),
	} {
		if _, err := openKey(body, "horse", manifest); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: got %v, want %v", name, err, ErrDamaged)
		}
	}
}

// A manifest is parsed without a panic, whatever it says.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"format": 1, "rows": {"a": 1}}`))
	f.Add([]byte(`{"format": 1, "schema": 1, "namespace": "p", "taken_at": "2026-01-01T00:00:00Z", "rows": {"a": -1}, "dump_sha256": ""}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := parseManifest(body)
		if err == nil && (m.Schema < 1 || len(m.Rows) == 0) {
			t.Errorf("got the schema %d and %d tables, want an error", m.Schema, len(m.Rows))
		}
	})
}
