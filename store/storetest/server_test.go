package storetest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// version makes a schema whose migrations create one table.
func version(table string) (templateSource, *atomic.Int32) {
	sql := "CREATE TABLE " + table + " (n int)"
	var runs atomic.Int32
	return templateSource{
		files: fstest.MapFS{"migrations/1.sql": {Data: []byte(sql)}},
		migrate: func(ctx context.Context, pool *pgxpool.Pool) error {
			runs.Add(1)
			_, err := pool.Exec(ctx, sql)
			return err
		},
	}, &runs
}

// slots is a folder for private servers that their account can reach.
func slots(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "slots")
}

func startPrivate(t *testing.T, dir string, sc templateSource) *server {
	t.Helper()
	s, err := startOwnServer(t.Context(), []string{dir}, sc)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, s) })
	return s
}

// end does what the process's end does.
func end(t *testing.T, s *server) {
	t.Helper()
	ctx := context.Background()
	if s.slot == nil {
		return
	}
	if err := errors.Join(s.close(ctx), s.slot.server.Close(ctx), s.slot.lock.Close()); err != nil {
		t.Error(err)
	}
	s.slot = nil
}

func databases(t *testing.T, s *server, prefix string) []string {
	t.Helper()
	var names []string
	err := s.admin.QueryRow(t.Context(), "SELECT coalesce(array_agg(datname::text ORDER BY datname), '{}') FROM pg_database WHERE starts_with(datname, $1)", prefix).Scan(&names)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func clone(t *testing.T, s *server) string {
	t.Helper()
	name := s.nextName()
	if err := s.clone(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestSlotIsReused(t *testing.T) {
	t.Parallel()
	dir := slots(t)
	one, runs := version("one")
	s := startPrivate(t, dir, one)
	left := clone(t, s) // a test that was killed
	template := s.template
	if second := startPrivate(t, dir, one); second.slot.dir == s.slot.dir {
		t.Error("two binaries share a slot")
	}
	end(t, s)

	s = startPrivate(t, dir, one)
	if n := runs.Load(); n != 2 { // one per slot
		t.Errorf("migrated %d times, want 2", n)
	}
	if got := databases(t, s, testPrefix); len(got) > 0 {
		t.Errorf("%s of a dead run is still there: %v", left, got)
	}
	end(t, s)

	two, runs := version("two")
	s = startPrivate(t, dir, two)
	if got := databases(t, s, templatePrefix); runs.Load() != 1 || len(got) != 1 || got[0] == template {
		t.Errorf("after a new migration: %v, before %s; migrated %d times", got, template, runs.Load())
	}
}

// A folder that does not work (no room, no permission, programs not allowed) is passed over.
func TestNextFolder(t *testing.T) {
	t.Parallel()
	dir := slots(t)
	file := filepath.Join(filepath.Dir(dir), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	one, _ := version("one")
	s, err := startOwnServer(t.Context(), []string{file, dir}, one)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, s) })
	if got := filepath.Dir(s.slot.dir); got != dir {
		t.Errorf("slot in %s, want %s", got, dir)
	}
	if _, err := startOwnServer(t.Context(), []string{file}, one); err == nil || !strings.Contains(err.Error(), "not a folder of ours") {
		t.Errorf("no folder works: %v", err)
	}
}

func TestSpoiltSlot(t *testing.T) {
	t.Parallel()
	dir := slots(t)
	one, runs := version("one")
	s := startPrivate(t, dir, one)
	control := filepath.Join(s.slot.dir, "pg", "global", "pg_control")
	end(t, s)
	if err := os.Truncate(control, 0); err != nil {
		t.Fatal(err)
	}
	clone(t, startPrivate(t, dir, one))
	if n := runs.Load(); n != 2 {
		t.Errorf("migrated %d times, want 2", n)
	}
}

func TestSharedServer(t *testing.T) {
	t.Parallel()
	one, _ := version("one")
	base := startPrivate(t, slots(t), one)
	two, runs := version("two")

	broken := two
	broken.migrate = func(ctx context.Context, pool *pgxpool.Pool) error {
		return errors.Join(two.migrate(ctx, pool), errors.New("broken half-way"))
	}
	if _, err := prepare(t.Context(), base.base, broken); !errors.Is(err, errSchema) || !strings.Contains(err.Error(), "half-way") {
		t.Fatalf("broken migration: %v", err)
	}

	// Two binaries start at once on what the broken one left.
	runs.Store(0)
	type result struct {
		s   *server
		err error
	}
	results := make(chan result, 2)
	for range 2 {
		go func() { s, err := prepare(t.Context(), base.base, two); results <- result{s, err} }()
	}
	a, b := <-results, <-results
	if a.err != nil || b.err != nil {
		t.Fatal(a.err, b.err)
	}
	if n := runs.Load(); n != 1 {
		t.Errorf("migrated %d times, want 1", n)
	}
	if got := databases(t, base, templatePrefix); len(got) != 2 {
		t.Errorf("the templates are %v, want two: the other tree's stays", got)
	}

	// The dead run's database goes, the living one's stays.
	dead, living := clone(t, a.s), clone(t, b.s)
	if err := a.s.close(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := prepare(t.Context(), base.base, two)
	if err != nil {
		t.Fatal(err)
	}
	if got := databases(t, base, testPrefix); len(got) != 1 || got[0] != living {
		t.Errorf("databases %v; want %s without %s", got, living, dead)
	}
	if err := errors.Join(b.s.close(t.Context()), c.close(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestNotAURL(t *testing.T) {
	t.Parallel()
	one, _ := version("one")
	if _, err := prepare(t.Context(), "host=localhost", one); err == nil || !strings.Contains(err.Error(), ServerURL) {
		t.Errorf("no URL: %v", err)
	}
}

func TestTemplateName(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for name, files := range map[string]fs.FS{
		"one":           fstest.MapFS{"1.sql": {Data: []byte("a")}},
		"other text":    fstest.MapFS{"1.sql": {Data: []byte("b")}},
		"other name":    fstest.MapFS{"2.sql": {Data: []byte("a")}},
		"further":       fstest.MapFS{"1.sql": {Data: []byte("a")}, "2.sql": {Data: []byte("a")}},
		"joined":        fstest.MapFS{"1.sql": {Data: []byte("a\n2.sql 1\na")}},
		"none":          fstest.MapFS{},
		"in sub-folder": fstest.MapFS{"x/1.sql": {Data: []byte("a")}},
	} {
		got, err := templateName(files)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := templateName(files); err != nil || again != got {
			t.Errorf("%s: %s, then %s, %v", name, got, again, err)
		}
		if before, ok := seen[got]; ok {
			t.Errorf("%s and %s share %s", name, before, got)
		}
		seen[got] = name
	}
}

// recorder stands for a test that is expected to fail.
type recorder struct {
	testing.TB
	failed bool
	undo   []func()
}

func (r *recorder) Helper()               {}
func (r *recorder) Error(...any)          { r.failed = true }
func (r *recorder) Errorf(string, ...any) { r.failed = true }
func (r *recorder) Cleanup(f func())      { r.undo = append(r.undo, f) }

func (r *recorder) cleanup() {
	for len(r.undo) > 0 {
		last := len(r.undo) - 1
		f := r.undo[last]
		r.undo = r.undo[:last]
		f()
	}
}

func TestMisuseFailsTheTest(t *testing.T) {
	t.Parallel()
	r := &recorder{TB: t}
	pool := open(r, URL(t))
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	closePool(r, pool, 50*time.Millisecond)
	if !r.failed {
		t.Error("a connection that was never given back went unseen")
	}
	conn.Release()

	r = &recorder{TB: t}
	if err := Tx(r).Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.cleanup()
	if !r.failed {
		t.Error("a commit in the shared database went unseen")
	}
}

// TestIdleSlots: the data of a slot that nobody used for long goes when another one is taken; that of one in
// use, or used lately, stays.
func TestIdleSlots(t *testing.T) {
	t.Parallel()
	dir := slots(t)
	long := time.Now().Add(-2 * idleFor)
	var taken []*slot
	for i := range 4 {
		s, err := takeSlot(dir)
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, s)
		if err := os.MkdirAll(filepath.Join(s.dir, "pg"), 0o700); err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			if err := os.Chtimes(s.lock.Name(), long, long); err != nil {
				t.Fatal(err)
			}
		}
	}
	free := func(s *slot) {
		if err := s.lock.Close(); err != nil {
			t.Fatal(err)
		}
	}
	free(taken[0]) // used lately; the second stays in use
	free(taken[2])
	free(taken[3])
	again, err := takeSlot(dir)
	if err != nil || again.dir != taken[0].dir {
		t.Fatalf("took %+v: %v", again, err)
	}
	for i, s := range taken {
		if _, err := os.Stat(s.dir); os.IsNotExist(err) != (i > 1) {
			t.Errorf("slot %d: %v", i, err)
		}
	}
	free(taken[1])
	free(again)
}
