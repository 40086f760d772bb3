package backup_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"parley/cmd/parley/backup"
	"parley/store/pgserver"
)

// newerTools makes a folder with programs of PostgreSQL 99. They work as this machine's do, and set a parameter that no server knows yet.
func newerTools(t *testing.T, server int) string {
	t.Helper()
	ours := must(pgserver.FindTools(t.Context(), server, ""))(t)
	dir := t.TempDir()
	for name, script := range map[string]string{
		"pg_dump": `echo 'pg_dump (PostgreSQL) 99.0'`,
		"psql":    fmt.Sprintf(`exec '%s/psql' "$@"`, ours.Dir),
		"pg_restore": fmt.Sprintf(`
			case "$*" in
			*--list*) ;;
			*--dbname*) echo 'ERROR: unrecognized configuration parameter "later_timeout"' >&2; exit 1 ;;
			*) echo 'SET later_timeout = 0;' ;;
			esac
			exec '%s/pg_restore' "$@"`, ours.Dir),
	} {
		check(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700)) //nolint:gosec // programs
	}
	return dir
}

// A backup that newer programs have made goes into a server of the version from which it came. If its rows can't be loaded, nothing is.
func TestRestoreByNewerTools(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	whole := c.backUp(t)
	a := must(backup.Open(whole))(t)
	server := a.Manifest.Server
	check(t, a.Close())
	tg := newTarget(t)
	tg.BinDir, tg.Key = newerTools(t, server), c.key
	file := withManifest(t, whole, fmt.Sprintf(`"pg_dump": %d`, a.Manifest.Tools), `"pg_dump": 99`)

	exec(t, tg.Pool, `CREATE TYPE events AS (n int)`) // the name of a table
	if _, err := tg.restore(t, file); err == nil {
		t.Error("a restore that can't create its tables succeeded")
	}
	if n := count(t, tg.Pool, `SELECT count(*) FROM pg_class WHERE relname = 'conversations'`); n != 0 {
		t.Error("a restore that failed left tables behind")
	}
	exec(t, tg.Pool, `DROP TYPE events`)

	must(tg.restore(t, file))(t)
	if n := count(t, tg.Pool, `SELECT count(*) FROM events`); n != events {
		t.Errorf("%d events came back, want %d", n, events)
	}
}
