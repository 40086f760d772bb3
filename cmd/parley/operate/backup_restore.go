package operate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/pgserver"
	"parley/store/schema"
)

// Reasons why a restore is refused. Errors that wrap them may have further details.
var (
	ErrNotEmpty = errors.New("backup: the database is not empty")
	ErrOtherKey = errors.New("backup: the master key that is set is not the backup's")
	ErrNoKey    = errors.New("backup: the backup was made without its master key")
)

// Target is the database to restore into, with the callbacks of a restore.
type Target struct {
	Pool   *pgxpool.Pool
	URL    string
	BinDir string // folder with PostgreSQL's programs, if known; "" means to search for pg_restore
	Key    string // the master key of the environment or the data folder; "" if there is none
	// Passphrase asks for the passphrase. It is only called if the key in the backup is needed.
	Passphrase func() (string, error)
	// SaveKey stores the key of the backup where Parley will find it. It is called before Parley may use the database.
	SaveKey func(key string) error
	// SaveErasures stores the list of erased contacts where Parley will find it, so that Parley erases them again. It is
	// called before Parley may use the database; it may be nil.
	SaveErasures func() error
	// Say reports each step to the operator; it may be nil.
	Say func(step string)
}

func (t Target) say(step string) {
	if t.Say != nil {
		t.Say(step)
	}
}

// Restore fills an empty database from a backup and migrates it to the schema of this program. It checks the target,
// the key and the whole dump, sets a mark in the database, loads the dump in one transaction, and compares the row
// counts with the manifest. Then it migrates, saves the key and the list of erasures, and removes the mark.
//
// While the mark is set, Parley refuses to use the database. If a restore is interrupted, calling Restore again
// with the same backup continues it. Replies that were waiting to be sent when the backup was made are not sent
// automatically, because they may have been sent since.
//
// Errors: ErrNotEmpty, ErrOtherKey, ErrNoKey, ErrPassphrase, ErrDamaged, ErrNewer.
func Restore(ctx context.Context, a *Archive, t Target) (store.Restored, error) {
	if err := t.fill(ctx, a); err != nil {
		return store.Restored{}, err
	}
	return store.FinishRestore(ctx, t.Pool, a.Manifest.TakenAt)
}

// fill does everything except the last step, which removes the mark.
func (t Target) fill(ctx context.Context, a *Archive) error {
	if err := a.checkReadable(); err != nil {
		return err
	}
	if err := schema.CheckServer(ctx, t.Pool); err != nil {
		return err
	}
	earlier, err := t.checkEmpty(ctx, a)
	if err != nil {
		return err
	}
	key, err := t.keyToSave(a)
	if err != nil {
		return err
	}

	if earlier != dumpLoaded {
		if err := t.load(ctx, a, earlier); err != nil {
			return err
		}
	}
	if err := t.compareUnmigrated(ctx, a); err != nil {
		return err
	}

	t.say("Bringing the schema up to date …")
	if err := schema.MigrateRestored(ctx, t.Pool); err != nil {
		return err
	}
	if _, err := t.Pool.Exec(ctx, `ANALYZE`); err != nil { // statistics for the first query plans
		return fmt.Errorf("backup: analyze: %w", err)
	}

	if key != "" {
		if err := t.SaveKey(key); err != nil {
			return err
		}
	}
	if t.SaveErasures != nil {
		return t.SaveErasures()
	}
	return nil
}

// load checks the dump, marks the database as being restored, unless an earlier attempt did so, and loads the
// dump.
func (t Target) load(ctx context.Context, a *Archive, earlier progress) error {
	t.say("Reading the backup …")
	if err := a.Check(ctx, nil); err != nil {
		return err
	}
	if earlier == notBegun {
		if err := store.BeginRestore(ctx, t.Pool, a.Fingerprint()); err != nil {
			return err
		}
	}

	t.say("Restoring the database …")
	return restoreDump(ctx, a, t.URL, t.BinDir)
}

// checkReadable returns ErrNewer if the backup's schema is newer than this program's.
func (a *Archive) checkReadable() error {
	if newest := schema.Version(); a.Manifest.Schema > newest {
		return fmt.Errorf("%w: its schema is %d, this one knows up to %d: restore it with %s or newer",
			ErrNewer, a.Manifest.Schema, newest, a.Manifest.Parley)
	}
	return nil
}

// keyToSave returns the master key of the backup, decrypted, if SaveKey has to store it. It returns "" if no
// key is needed or if Target.Key is already the right one.
func (t Target) keyToSave(a *Archive) (string, error) {
	if a.Manifest.KeyCheck == nil { // no secret was ever encrypted
		return "", nil
	}

	if t.Key != "" {
		sealer, err := store.NewSealer(t.Key)
		if err != nil {
			return "", err
		}
		if !a.Manifest.fits(sealer) {
			return "", ErrOtherKey
		}
		return "", nil
	}

	if !a.Manifest.HasKey {
		return "", ErrNoKey
	}

	passphrase, err := t.Passphrase()
	if err != nil {
		return "", err
	}

	key, err := a.Key(passphrase)
	if err != nil {
		return "", err
	}

	sealer, err := store.NewSealer(key)
	if err != nil || !a.Manifest.fits(sealer) {
		return "", fmt.Errorf("%w: %s holds another database's key", ErrDamaged, keyEntry)
	}

	return key, nil
}

const listObjects = `
	SELECT c.relname
	FROM pg_class AS c
	JOIN pg_namespace AS n ON n.oid = c.relnamespace
	WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relname <> 'parley_restoring'
		AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
	ORDER BY c.relname
	LIMIT 1`

// progress is how far an earlier attempt to restore the same backup came before it was interrupted.
type progress int

const (
	notBegun   progress = iota
	begun               // the database is marked as being restored, but empty
	dumpLoaded          // the whole dump was loaded; pg_restore loads it in one transaction
)

// checkEmpty refuses a database that is not empty, unless an interrupted restore of the same backup filled it.
func (t Target) checkEmpty(ctx context.Context, a *Archive) (progress, error) {
	mark, err := store.Restoring(ctx, t.Pool)
	if err != nil {
		return notBegun, err
	}
	if mark != "" && mark != a.Fingerprint() {
		return notBegun, fmt.Errorf("%w: the restore of another backup was interrupted", ErrNotEmpty)
	}

	var found string
	err = t.Pool.QueryRow(ctx, listObjects, a.Manifest.Namespace).Scan(&found)
	isEmpty := errors.Is(err, pgx.ErrNoRows)
	if err != nil && !isEmpty {
		return notBegun, fmt.Errorf("backup: database: %w", err)
	}
	switch {
	case isEmpty && mark == "":
		return notBegun, nil
	case isEmpty:
		return begun, nil
	case mark == "":
		return notBegun, fmt.Errorf("%w: it holds %q", ErrNotEmpty, found)
	}
	return dumpLoaded, nil
}

// compareUnmigrated compares the loaded rows with the manifest. It skips the comparison if the schema is newer
// than the backup's: then an earlier attempt did the comparison before it began to migrate.
func (t Target) compareUnmigrated(ctx context.Context, a *Archive) error {
	version, err := schema.VersionOf(ctx, t.Pool)
	if err != nil || version > a.Manifest.Schema {
		return err
	}
	return compareRows(ctx, a, t.URL)
}

// restoreDump loads the dump in one transaction.
func restoreDump(ctx context.Context, a *Archive, databaseURL, binDir string) error {
	serverMajor, err := prepareServer(ctx, a, databaseURL)
	if err != nil {
		return err
	}

	tools, err := pgserver.FindTools(ctx, a.Manifest.Tools, binDir)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}

	contents, err := a.listContents(ctx, tools.Dir)
	if err != nil {
		return err
	}

	list, err := os.CreateTemp("", "parley-restore-*")
	if err != nil {
		return fmt.Errorf("backup: table of contents: %w", err)
	}
	defer func() { _ = os.Remove(list.Name()) }()
	_, err = list.WriteString(strings.Join(contents, "\n") + "\n")
	if err := errors.Join(err, list.Close()); err != nil {
		return fmt.Errorf("backup: table of contents: %w", err)
	}

	dump, err := a.dump.Open()
	if err != nil {
		return fmt.Errorf("backup: open the dump: %w", err)
	}
	defer func() { _ = dump.Close() }()

	load := loadDirectly
	if serverMajor < tools.Major {
		load = loadByScript
	}
	args := []string{"--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--use-list=" + list.Name()}
	if err := load(ctx, tools.Dir, databaseURL, dump, args); err != nil {
		return fmt.Errorf("backup: %w", errors.Join(ctx.Err(), err))
	}

	return nil
}

func loadDirectly(ctx context.Context, dir, databaseURL string, dump io.Reader, args []string) error {
	cmd, stderr, err := prepareTool(ctx, dir, "pg_restore", databaseURL, args...)
	if err != nil {
		return err
	}
	cmd.Stdin = dump
	return toolError("pg_restore", cmd.Run(), stderr)
}

// prepareServer creates the PostgreSQL schema for the tables and returns the server's major version. It refuses
// a server that is older than the one from which the backup was made.
func prepareServer(ctx context.Context, a *Archive, databaseURL string) (major int, err error) {
	conn, err := connect(ctx, databaseURL)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int / 10000`).Scan(&major); err != nil {
		return 0, fmt.Errorf("backup: database: %w", err)
	}
	if major < a.Manifest.Server {
		return 0, fmt.Errorf("backup: it was made of PostgreSQL %d, this server is %d: restore it into one of %d or newer",
			a.Manifest.Server, major, a.Manifest.Server)
	}
	if _, err := conn.Exec(ctx, `CREATE SCHEMA IF NOT EXISTS `+pgx.Identifier{a.Manifest.Namespace}.Sanitize()); err != nil {
		return 0, fmt.Errorf("backup: database: %w", err)
	}

	return major, nil
}

// serverEntry matches entries of a dump that concern the original server and are not restored, such as
// extensions and privileges.
var serverEntry = regexp.MustCompile(`^\d+; \d+ \d+ ` +
	`(SCHEMA|EXTENSION|ACL|DEFAULT ACL|PUBLICATION|SUBSCRIPTION|EVENT TRIGGER|COMMENT - (SCHEMA|EXTENSION))\b`)

// tableData matches an entry with the rows of a table, such as "4011; 0 16385 TABLE DATA public messages
// parley".
var tableData = regexp.MustCompile(`^\d+; \d+ \d+ TABLE DATA (\S+) (\S+)`)

// listContents returns the dump's table of contents, as printed by pg_restore --list, without entries that
// match serverEntry.
//
// Errors: ErrDamaged, if a table of the manifest is missing, for example.
func (a *Archive) listContents(ctx context.Context, dir string) ([]string, error) {
	dump, err := a.dump.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	defer func() { _ = dump.Close() }()
	cmd, stderr, err := prepareTool(ctx, dir, "pg_restore", "", "--list")
	if err != nil {
		return nil, err
	}

	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout = dump, &out
	if err := toolError("pg_restore", cmd.Run(), stderr); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, errors.Join(ctx.Err(), err))
	}

	var list []string
	tables := 0
	for line := range strings.Lines(out.String()) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, ";") || serverEntry.MatchString(line) {
			continue
		}
		if tableData.MatchString(line) {
			tables++
		}

		list = append(list, line)
	}

	if tables != len(a.Manifest.Rows) {
		return nil, fmt.Errorf("%w: the dump holds %d tables, %s says %d", ErrDamaged, tables, manifestEntry, len(a.Manifest.Rows))
	}

	return list, nil
}

// compareRows counts the restored rows of each table and compares them with the manifest.
//
// Errors: ErrDamaged.
func compareRows(ctx context.Context, a *Archive, databaseURL string) error {
	conn, err := connect(ctx, databaseURL)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	counts, err := countRows(ctx, conn, a.Manifest.Namespace)
	if err != nil {
		return err
	}

	for table, want := range a.Manifest.Rows {
		got, exists := counts[table]
		if !exists || got != want {
			return fmt.Errorf("%w: table %s came back with %d rows, not %d", ErrDamaged, table, got, want)
		}
	}

	version, err := schema.VersionOf(ctx, conn)
	if err == nil && version != a.Manifest.Schema {
		err = fmt.Errorf("backup: the tables are in the schema %q, which this connection does not look into (search_path)", a.Manifest.Namespace)
	}

	return err
}
