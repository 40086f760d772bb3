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

	"github.com/robfig/cron/v3"
)

// The password never becomes an argument, and what libpq doesn't know is left out.
func TestConnection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, dbname, password string }{
		{"postgres://ann:s3cret@db:5432/parley", "postgres://ann@db:5432/parley", "s3cret"},
		{"postgresql://ann@db/parley?sslmode=require&pool_max_conns=9", "postgresql://ann@db/parley?sslmode=require", ""},
		{"postgres://ann:a%40b%2Fc@db/parley", "postgres://ann@db/parley", "a@b/c"},
		{"postgres://db/parley?password=s3cret&user=ann", "postgres://db/parley?user=ann", "s3cret"},
		{"postgres://parley@/parley?host=%2Ftmp%2Fa%20b&port=5432", "postgres://parley@/parley?host=%2Ftmp%2Fa%20b&port=5432", ""},
		{"host=db user=ann password=s3cret dbname=parley", "host=db user=ann dbname=parley", "s3cret"},
		// pgx takes settings of the server as parameters of their own, libpq doesn't.
		{"postgres://db/parley?search_path=help desk,public&sslmode=disable&options=-c work_mem=9MB",
			`postgres://db/parley?options=-c%20work_mem%3D9MB%20-c%20search_path%3Dhelp%5C%20desk%2Cpublic&sslmode=disable`, ""},
		{`host=db search_path='it\'s here' options='-c work_mem=9MB' sslmode=disable`,
			`host=db sslmode=disable options='-c work_mem=9MB -c search_path=it\'s\\ here'`, ""},
		{"host=db password = 'a b\\'c' pool_max_conns=3 sslmode=disable", "host=db sslmode=disable", "a b'c"},
	} {
		dbname, password, err := splitConnection(c.in)
		if err != nil || dbname != c.dbname || password != c.password {
			t.Errorf("%s: %q, %q, %v", c.in, dbname, password, err)
		}
	}
	if _, _, err := splitConnection("postgres://ann:s3cret@db:not-a-port/parley"); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a bad address: %v", err)
	}
}

func TestSealedKey(t *testing.T) {
	t.Parallel()
	manifest := []byte(`{"company": "Acme"}`)
	sealed, err := sealKey("the key", "horse", manifest)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(sealed), "the key") {
		t.Error("it is readable")
	}
	if key, err := openKey(sealed, "horse", manifest); err != nil || key != "the key" {
		t.Errorf("%q, %v", key, err)
	}
	if _, err := openKey(sealed, "cow", manifest); !errors.Is(err, ErrPassphrase) {
		t.Errorf("a wrong passphrase: %v", err)
	}
	if _, err := openKey(sealed, "horse", []byte(`{"company": "Other"}`)); !errors.Is(err, ErrPassphrase) {
		t.Errorf("another manifest: %v", err)
	}
	greedy := func(change func(*sealedKey)) []byte {
		var k sealedKey
		if err := json.Unmarshal(sealed, &k); err != nil {
			t.Fatal(err)
		}
		change(&k)
		body, err := json.Marshal(k)
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	for name, body := range map[string][]byte{
		"no JSON": []byte("{"), "all memory": greedy(func(k *sealedKey) { k.MemoryKiB = 1 << 31 }), "for ever": greedy(func(k *sealedKey) { k.Time = 1 << 30 }),
		"no time": greedy(func(k *sealedKey) { k.Time = 0 }), "no threads": greedy(func(k *sealedKey) { k.Threads = 0 }),
		"short nonce": greedy(func(k *sealedKey) { k.Nonce = nil }), "another kind": greedy(func(k *sealedKey) { k.KDF = "md5" }),
	} {
		if _, err := openKey(body, "horse", manifest); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	good := Manifest{Format: 1, Parley: "v1", TakenAt: time.Unix(1, 0), Schema: 2, Namespace: "public", Rows: map[string]int64{"a": 1},
		DumpSHA: strings.Repeat("0", 64)}
	for name, c := range map[string]struct {
		change func(*Manifest)
		want   error
	}{
		"good":      {func(*Manifest) {}, nil},
		"format":    {func(m *Manifest) { m.Format = 2 }, ErrNewer},
		"no format": {func(m *Manifest) { m.Format = 0 }, ErrDamaged},
		"no schema": {func(m *Manifest) { m.Schema = 0 }, ErrDamaged},
		"no rows":   {func(m *Manifest) { m.Rows = nil }, ErrDamaged},
		"no sum":    {func(m *Manifest) { m.DumpSHA = "" }, ErrDamaged},
		"no time":   {func(m *Manifest) { m.TakenAt = time.Time{} }, ErrDamaged},
	} {
		m := good
		c.change(&m)
		body, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseManifest(body); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Nothing that a file says may make the reader panic.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"format": 1, "rows": {"a": 1}}`))
	f.Add([]byte(`{"format": 1, "schema": 1, "namespace": "p", "taken_at": "2026-01-01T00:00:00Z", "rows": {"a": -1}, "dump_sha256": ""}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := parseManifest(body)
		if err == nil && (m.Schema < 1 || len(m.Rows) == 0) {
			t.Errorf("%+v", m)
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

// After a try that failed, or was cut off even after its backup was made, the next one begins an hour later: neither at once, over
// and over, nor only when the clock reaches a time that it once showed by mistake.
func TestNextDue(t *testing.T) {
	t.Parallel()
	schedule, err := cron.ParseStandard(nightlyAt)
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) (at time.Time) {
		if at, err = time.Parse("2006-01-02 15:04", text); err != nil {
			t.Fatal(err)
		}
		return at
	}
	now := at("2026-05-02 03:00")
	for name, c := range map[string]struct {
		status Status
		want   string
	}{
		"the first":                  {Status{Since: now.Add(-time.Hour)}, "2026-05-02 03:00"},
		"the next":                   {Status{LastAt: now}, "2026-05-03 03:00"},
		"none could be made":         {Status{Since: now.Add(-time.Hour), FailedAt: now}, "2026-05-02 04:00"},
		"cut off":                    {Status{LastAt: now.AddDate(0, 0, -1), BegunAt: now}, "2026-05-02 04:00"},
		"cut off in the trial":       {Status{LastAt: now, BegunAt: now}, "2026-05-02 04:00"},
		"cut off after a failure":    {Status{LastAt: now, FailedAt: now.Add(-time.Hour), BegunAt: now}, "2026-05-02 04:00"},
		"of the future":              {Status{Since: now.Add(-time.Hour), LastAt: now.AddDate(1, 0, 0)}, "2026-05-02 03:00"},
		"failed in the future":       {Status{LastAt: now, FailedAt: now.AddDate(1, 0, 0)}, "2026-05-03 03:00"},
		"cut off in the future":      {Status{LastAt: now, BegunAt: now.AddDate(1, 0, 0)}, "2026-05-03 03:00"},
		"a clock that was put right": {Status{LastAt: now.Add(time.Second)}, "2026-05-03 03:00"},
	} {
		if got := nextDue(schedule, c.status.asOf(now), time.UTC); !got.Equal(at(c.want)) {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
	}
}

// The lock is free once it is given back, though a process that is just being started has a copy
// of its file.
func TestLockIsGivenBack(t *testing.T) {
	t.Parallel()
	f := Folder{Dir: t.TempDir()}
	unlock, err := f.lock()
	if err != nil || unlock == nil {
		t.Fatal(err)
	}
	copies := 0
	for fd := range 1024 {
		if at, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)); err == nil && at == filepath.Join(f.Dir, ".lock") {
			dup, err := syscall.Dup(fd)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = syscall.Close(dup) }()
			copies++
			break
		}
	}
	unlock()
	again, err := f.lock()
	if err != nil || again == nil {
		t.Fatalf("with %d copies it is still held: %v", copies, err)
	}
	again()
}
