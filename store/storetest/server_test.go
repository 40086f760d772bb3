package storetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/pgxpool"
)

// These tests start PostgreSQL servers of their own, each in a slot: a folder for the data of one test binary at a time.
// newSchema makes the schema of a server's template, and endServer does what happens at the end of a test binary.

// newSchema makes a schema with one migration, which creates a table, and a counter of how often it was applied.
func newSchema(table string) (templateSource, *atomic.Int32) {
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

// newSlotsDir returns the path of a folder for slots, which doesn't exist yet. PostgreSQL's account can reach it.
func newSlotsDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		Check(t, os.Chmod(d, 0o755))
	}
	return filepath.Join(dir, "slots")
}

// startServer starts a server in the first folder that works. It ends with the test, if endServer didn't end it before.
func startServer(t *testing.T, schema templateSource, dirs ...string) *server {
	t.Helper()
	s := Must(startOwnServer(t.Context(), dirs, schema))(t)
	t.Cleanup(func() { endServer(t, s) })
	return s
}

// endServer ends a server and frees its slot, as the end of a test binary does. It does nothing if the server has ended.
func endServer(t *testing.T, s *server) {
	t.Helper()
	ctx := context.Background()
	if s.slot == nil {
		return
	}
	if err := errors.Join(s.close(ctx), s.slot.server.Close(ctx), s.slot.lock.Unlock()); err != nil {
		t.Error(err)
	}
	s.slot = nil
}

func listNames(t *testing.T, s *server, prefix string) []string {
	t.Helper()
	const ask = `
		SELECT coalesce(array_agg(datname::text ORDER BY datname), '{}')
		FROM pg_database
		WHERE starts_with(datname, $1)`
	var names []string
	Check(t, s.admin.QueryRow(t.Context(), ask, prefix).Scan(&names))
	return names
}

func clone(t *testing.T, s *server) (database string) {
	t.Helper()
	database = s.nextName()
	Check(t, s.clone(t.Context(), database))
	return database
}

func checkRuns(t *testing.T, runs *atomic.Int32, want int32) {
	t.Helper()
	if got := runs.Load(); got != want {
		t.Errorf("the schema was migrated %d times, want %d", got, want)
	}
}

func TestSlotBelongsToOneBinary(t *testing.T) {
	t.Parallel()
	dir := newSlotsDir(t)
	schema, runs := newSchema("one")
	first, second := startServer(t, schema, dir), startServer(t, schema, dir)
	if first.slot.dir == second.slot.dir {
		t.Errorf("two binaries share the slot %s", first.slot.dir)
	}
	checkRuns(t, runs, 2) // one for each slot
}

// The next binary finds the template of the one before, but none of the databases that its tests left.
func TestSlotIsReused(t *testing.T) {
	t.Parallel()
	dir := newSlotsDir(t)
	schema, runs := newSchema("one")
	first := startServer(t, schema, dir)
	clone(t, first)
	endServer(t, first)

	second := startServer(t, schema, dir)
	checkRuns(t, runs, 1)
	if got := listNames(t, second, testPrefix); len(got) > 0 {
		t.Errorf("databases of the binary before are still there: %v", got)
	}
}

// A changed migration replaces the template in a slot.
func TestNewMigrationReplacesTheTemplate(t *testing.T) {
	t.Parallel()
	dir := newSlotsDir(t)
	oldSchema, _ := newSchema("one")
	before := startServer(t, oldSchema, dir)
	oldTemplate := before.template
	endServer(t, before)

	schema, runs := newSchema("two")
	after := startServer(t, schema, dir)
	checkRuns(t, runs, 1)
	templates := listNames(t, after, templatePrefix)
	if len(templates) != 1 {
		t.Fatalf("the templates are %v, want one", templates)
	}
	if templates[0] == oldTemplate {
		t.Errorf("the template is still %s, that of the former migrations", oldTemplate)
	}
}

// A slot with a damaged cluster is made anew.
func TestDamagedSlotIsMadeAnew(t *testing.T) {
	t.Parallel()
	dir := newSlotsDir(t)
	schema, runs := newSchema("one")
	s := startServer(t, schema, dir)
	controlFile := filepath.Join(s.slot.dir, "pg", "global", "pg_control")
	endServer(t, s)
	Check(t, os.Truncate(controlFile, 0))

	clone(t, startServer(t, schema, dir))
	checkRuns(t, runs, 2)
}

// prepareServer connects to a server as a binary does that shares it with others.
func prepareServer(t *testing.T, base string, schema templateSource) *server {
	t.Helper()
	return Must(newServer(t.Context(), base, schema))(t)
}

func closeServer(t *testing.T, s *server) {
	t.Helper()
	if err := s.close(t.Context()); err != nil {
		t.Error(err)
	}
}

// On a shared server a binary removes the databases of binaries that have ended, and no others.
func TestSharedServerKeepsDatabasesInUse(t *testing.T) {
	t.Parallel()
	schema, _ := newSchema("one")
	base := startServer(t, schema, newSlotsDir(t))
	ended, living := prepareServer(t, base.base, schema), prepareServer(t, base.base, schema)
	clone(t, ended)
	want := clone(t, living)
	closeServer(t, ended)

	next := prepareServer(t, base.base, schema)
	if got := listNames(t, base, testPrefix); !slices.Equal(got, []string{want}) {
		t.Errorf("the databases are %v, want only %s, whose binary lives", got, want)
	}
	closeServer(t, living)
	closeServer(t, next)
}
