package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

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

// Time limits that somebody has set for the database don't end a statement of a backup or a restore.
func TestConnectWithoutTheDatabasesLimits(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	limits := []string{"statement_timeout", "lock_timeout", "idle_session_timeout", "idle_in_transaction_session_timeout"}
	admin := storetest.Must(connect(t.Context(), url))(t)
	defer func() { storetest.Check(t, admin.Close(t.Context())) }()
	for _, name := range limits {
		storetest.Exec(t, admin, fmt.Sprintf(`ALTER DATABASE %s SET %s = '1s'`, admin.Config().Database, name))
	}

	conn := storetest.Must(connect(t.Context(), url))(t)
	defer func() { storetest.Check(t, conn.Close(t.Context())) }()
	for _, name := range limits {
		var got string
		storetest.Check(t, conn.QueryRow(t.Context(), `SELECT current_setting($1)`, name).Scan(&got))
		if got != "0" {
			t.Errorf("%s: got %s, want none", name, got)
		}
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

// A manifest of a later format is refused as newer. One in which something is missing is refused as damaged.
func TestParseManifest(t *testing.T) {
	t.Parallel()
	good := Manifest{Format: 1, Parley: "v1", TakenAt: time.Unix(1, 0), Schema: 2, Namespace: "public", Rows: map[string]int64{"a": 1},
		DumpSHA: strings.Repeat("0", 64)}

	for name, c := range map[string]struct {
		change func(*Manifest)
		want   error
	}{
		"good":      {change: func(*Manifest) {}},
		"format":    {change: func(m *Manifest) { m.Format = 2 }, want: ErrNewer},
		"no format": {change: func(m *Manifest) { m.Format = 0 }, want: ErrDamaged},
		"no schema": {change: func(m *Manifest) { m.Schema = 0 }, want: ErrDamaged},
		"no rows":   {change: func(m *Manifest) { m.Rows = nil }, want: ErrDamaged},
		"no sum":    {change: func(m *Manifest) { m.DumpSHA = "" }, want: ErrDamaged},
		"no time":   {change: func(m *Manifest) { m.TakenAt = time.Time{} }, want: ErrDamaged},
	} {
		m := good
		c.change(&m)
		body := storetest.Must(json.Marshal(m))(t)
		if _, err := parseManifest(body); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
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

func FuzzConnection(f *testing.F) {
	f.Add("postgres://ann:s3cret@db:5432/parley", "s3cret")
	f.Add("host=db password='a b\\'c'", "x")
	f.Fuzz(func(t *testing.T, in, _ string) {
		dbname, password, err := splitConnection(in)
		if err == nil && len(password) > 8 && strings.Contains(in, "://") && strings.Contains(dbname, ":"+password+"@") {
			t.Errorf("%q shows the password: %q", in, dbname)
		}
	})
}

// After a try that failed or was cut off, the next one begins an hour later. It doesn't matter if a backup was made
// before the try was cut off. A time in the future, which a wrong clock once showed, doesn't count.
func TestNextDue(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		return storetest.Must(time.Parse("2006-01-02 15:04", text))(t)
	}
	const atThree, anHourLater, nextNight = "2026-05-02 03:00", "2026-05-02 04:00", "2026-05-03 03:00"
	now := at(atThree)

	for name, c := range map[string]struct {
		status Status
		want   string
	}{
		"the first":                  {status: Status{Since: now.Add(-time.Hour)}, want: atThree},
		"the next":                   {status: Status{LastAt: now}, want: nextNight},
		"none could be made":         {status: Status{Since: now.Add(-time.Hour), FailedAt: now}, want: anHourLater},
		"cut off":                    {status: Status{LastAt: now.AddDate(0, 0, -1), BegunAt: now}, want: anHourLater},
		"cut off in the trial":       {status: Status{LastAt: now, BegunAt: now}, want: anHourLater},
		"cut off after a failure":    {status: Status{LastAt: now, FailedAt: now.Add(-time.Hour), BegunAt: now}, want: anHourLater},
		"of the future":              {status: Status{Since: now.Add(-time.Hour), LastAt: now.AddDate(1, 0, 0)}, want: atThree},
		"failed in the future":       {status: Status{LastAt: now, FailedAt: now.AddDate(1, 0, 0)}, want: nextNight},
		"cut off in the future":      {status: Status{LastAt: now, BegunAt: now.AddDate(1, 0, 0)}, want: nextNight},
		"a clock that was put right": {status: Status{LastAt: now.Add(time.Second)}, want: nextNight},
	} {
		if got := nextDue(c.status.withoutFuture(now), time.UTC); !got.Equal(at(c.want)) {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

// In Helsinki three o'clock is missing in the night in which summer time begins, and comes twice when it ends. One
// backup is made in each of these nights.
func TestNextDueWhenSummerTimeBeginsAndEnds(t *testing.T) {
	t.Parallel()
	zone := storetest.Must(time.LoadLocation("Europe/Helsinki"))(t)
	for _, night := range []time.Time{time.Date(2026, 3, 29, 0, 0, 0, 0, zone), time.Date(2026, 10, 25, 0, 0, 0, 0, zone)} {
		last := night.Add(-21 * time.Hour) // three o'clock of the night before
		for _, day := range []int{night.Day(), night.Day() + 1, night.Day() + 2} {
			next := nextDue(Status{LastAt: last}, zone)
			if apart := next.Sub(last); next.Day() != day || apart < 22*time.Hour || apart > 26*time.Hour {
				t.Errorf("%s: the backup of the %dth is made at %s, %s after the one before", night.Format(time.DateOnly), day, next, apart)
			}
			last = next
		}
	}
}

// The lock is free once it is given back, even if a process that is just being started has a copy of its file.
func TestLockIsGivenBack(t *testing.T) {
	t.Parallel()
	f := Folder{Dir: t.TempDir()}
	lock := storetest.Must(f.tryLock())(t)
	if other := storetest.Must(f.tryLock())(t); !lock.Locked() || other.Locked() {
		t.Errorf("the first and the second have the lock: %t, %t, want the first alone", lock.Locked(), other.Locked())
	}

	copies := 0
	for fd := range 1024 {
		if at, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)); err == nil && at == filepath.Join(f.Dir, ".lock") {
			dup := storetest.Must(syscall.Dup(fd))(t)
			defer func() { _ = syscall.Close(dup) }()
			copies++
			break
		}
	}

	storetest.Check(t, lock.Unlock())
	again := storetest.Must(f.tryLock())(t)
	if !again.Locked() {
		t.Errorf("with %d copies of its file the lock is still held", copies)
	}
	storetest.Check(t, again.Unlock())
}
