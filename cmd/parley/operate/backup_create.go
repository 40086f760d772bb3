package operate

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/pgserver"
	"parley/store/schema"
)

const (
	statementTimeout = time.Hour  // for counting the rows of all tables
	partial          = ".partial" // suffix of a file that is still being written
)

// ErrNoPassphrase means that the backup should include the master key, but no passphrase to encrypt it was
// given.
var ErrNoPassphrase = errors.New("backup: no passphrase to seal the key with")

// Source is the database to back up, and the options of the backup.
type Source struct {
	URL        string
	BinDir     string // folder with PostgreSQL's programs, if known; "" means to search for pg_dump
	Key        string // the master key, as in PARLEY_MASTER_KEY; "" when WithoutKey
	Passphrase string // encrypts the key in the backup
	WithoutKey bool   // leaves the key out: its owner must keep the key elsewhere, or lose all encrypted secrets
	// Progress is called from time to time with the number of bytes written so far; it may be nil.
	Progress func(bytes int64)
}

// ErrOccupied means that the target file exists and is not an intact backup, so that it must not be
// overwritten.
var ErrOccupied = errors.New("backup: there is a file already that isn't a backup, or a damaged one")

// CheckTarget checks that CreateFile may write to path: either there is no file, but its folder, or the file is empty
// or an older backup. If overwrites is true, any regular file may be replaced, but still no folder or device.
//
// Errors: ErrOccupied.
func CheckTarget(path string, overwrites bool) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(filepath.Dir(path)); err != nil {
			return fmt.Errorf("backup: the folder of %s: %w", path, err)
		}
		return nil
	case err != nil:
		return fmt.Errorf("backup: %w", err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("backup: %s is no file, but a folder or a device: name a file", path)
	case overwrites || info.Size() == 0:
		return nil
	}

	older, err := Open(path)
	if errors.Is(err, ErrNewer) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %s", ErrOccupied, path)
	}
	return older.Close()
}

// CreateFile writes a backup to path. The file only appears there once it is complete and synced to disk.
func CreateFile(ctx context.Context, path string, s Source) (m Manifest, err error) {
	err = replaceFile(path, func(f *os.File) (err error) {
		m, err = Create(ctx, f, s)
		return err
	})
	return m, err
}

// replaceFile writes to PATH.partial, with mode 0600, syncs it and renames it to path. After an error it
// removes PATH.partial.
func replaceFile(path string, write func(*os.File) error) (err error) {
	f, err := os.OpenFile(path+partial, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}

	defer func() {
		if err != nil {
			_ = os.Remove(path + partial)
		}
	}()

	if err := errors.Join(write(f), f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+partial, path); err != nil {
		return fmt.Errorf("backup: %w", err)
	}

	return syncDir(filepath.Dir(path))
}

// syncDir syncs a folder, so that a rename in it survives a power failure.
func syncDir(dir string) error {
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

// Create writes a backup to w, from the first byte to the last, so that w can be a pipe. Parley may continue to
// work: all parts come from one snapshot of the database. Memory use is small, however large the database is.
//
// The manifest comes after the dump because it contains the checksum of the dump. The key comes last because
// its encryption authenticates the manifest.
//
// Errors: ErrNoPassphrase; store.ErrWrongKey if Source.Key does not decrypt the secrets of this database;
// store.ErrRestoring if the database is being restored; pg_dump was not found or failed.
func Create(ctx context.Context, w io.Writer, s Source) (Manifest, error) {
	conn, err := connect(ctx, s.URL)
	if err != nil {
		return Manifest{}, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	m, snapshot, err := s.takeSnapshot(ctx, conn)
	if err != nil {
		return m, err
	}

	tools, err := pgserver.FindTools(ctx, m.Server, s.BinDir)
	if err != nil {
		return m, fmt.Errorf("backup: %w", err)
	}
	m.Tools = tools.Major
	archive := zip.NewWriter(w)
	if err := addText(archive, readmeEntry, []byte(readme)); err != nil {
		return m, err
	}
	if err := s.dump(ctx, archive, tools.Dir, snapshot, &m); err != nil {
		return m, err
	}

	body, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, fmt.Errorf("backup: manifest: %w", err)
	}
	body = append(body, '\n')
	if err := addText(archive, manifestEntry, body); err != nil {
		return m, err
	}

	if m.HasKey {
		sealed, err := sealKey(s.Key, s.Passphrase, body)
		if err == nil {
			err = addText(archive, keyEntry, sealed)
		}
		if err != nil {
			return m, err
		}
	}

	if err := archive.Close(); err != nil {
		return m, fmt.Errorf("backup: write: %w", err)
	}

	return m, nil
}

// connect opens one connection. The URL may contain parameters of a connection pool, which are ignored. connect
// disables all timeouts that an administrator may have set for the server, database or role, since backing up a
// large database takes long.
func connect(ctx context.Context, databaseURL string) (*pgx.Conn, error) {
	config, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		return nil, errors.New("backup: the database's address can't be read")
	}
	maps.Copy(config.ConnConfig.RuntimeParams, map[string]string{
		"application_name": "parley backup",
		"timezone":         "UTC",

		"statement_timeout":                   "0",
		"lock_timeout":                        "0",
		"idle_session_timeout":                "0",
		"idle_in_transaction_session_timeout": "0", // the snapshot waits for pg_dump
	})
	config.ConnConfig.AfterConnect = func(ctx context.Context, session *pgconn.PgConn) error {
		// PostgreSQL 17 introduced this setting.
		_, err := session.Exec(ctx, `
			SELECT set_config('transaction_timeout', '0', false) WHERE current_setting('transaction_timeout', true) <> '0'`).ReadAll()
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return nil, fmt.Errorf("backup: database: %w", err)
	}
	return conn, nil
}

const (
	beginSnapshot    = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`
	describeSnapshot = `
		SELECT pg_export_snapshot(), clock_timestamp(), current_setting('server_version_num')::int / 10000,
			(SELECT n.nspname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = 'goose_db_version'::regclass),
			(SELECT company FROM settings)`
)

// takeSnapshot begins a read-only transaction and exports its snapshot. It returns the id of the snapshot,
// which makes pg_dump read the same state of the database, and a manifest that describes it. The snapshot lasts
// until conn is closed.
func (s Source) takeSnapshot(ctx context.Context, conn *pgx.Conn) (m Manifest, snapshot string, err error) {
	m = Manifest{Format: formatVersion, Parley: String(), HasKey: !s.WithoutKey}
	if _, err := conn.Exec(ctx, beginSnapshot); err != nil {
		return m, "", fmt.Errorf("backup: snapshot: %w", err)
	}

	if m.Schema, err = schema.VersionOf(ctx, conn); err != nil {
		return m, "", err
	}
	if m.Schema == 0 {
		return m, "", errors.New("backup: there is nothing to back up: Parley has never run on this database")
	}

	mark, err := store.Restoring(ctx, conn)
	if err != nil {
		return m, "", err
	}
	if mark != "" {
		return m, "", store.ErrRestoring
	}
	if err := conn.QueryRow(ctx, describeSnapshot).Scan(&snapshot, &m.TakenAt, &m.Server, &m.Namespace, &m.Company); err != nil {
		return m, "", fmt.Errorf("backup: snapshot: %w", err)
	}
	if err := s.checkKey(ctx, conn, &m); err != nil {
		return m, "", err
	}

	m.Rows, err = countRows(ctx, conn, m.Namespace)
	return m, snapshot, err
}

// checkKey fills in the fields of the manifest that concern keys. If the backup includes the master key, it
// checks that this key decrypts the secrets in the database.
func (s Source) checkKey(ctx context.Context, conn *pgx.Conn, m *Manifest) error {
	checks, err := store.KeyChecks(ctx, conn)
	if err != nil {
		return err
	}
	if len(checks) == 0 {
		m.HasKey = false // no secret was ever encrypted, so no key is needed
	} else {
		m.KeyCheck, m.OldChecks = checks[0], checks[1:]
	}
	if !m.HasKey {
		return nil
	}
	if s.Passphrase == "" {
		return ErrNoPassphrase
	}

	sealer, err := store.NewSealer(s.Key)
	if err != nil {
		return err
	}
	if !m.fits(sealer) {
		return fmt.Errorf("backup: %w", store.ErrWrongKey)
	}

	return nil
}

const listTables = `
	SELECT relname
	FROM pg_class
	WHERE relnamespace = $1::regnamespace AND relkind = 'r'
	ORDER BY relname`

// countRows returns the number of rows of each table in a PostgreSQL schema.
func countRows(ctx context.Context, conn *pgx.Conn, namespace string) (map[string]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	rows, err := conn.Query(ctx, listTables, pgx.Identifier{namespace}.Sanitize())
	if err != nil {
		return nil, fmt.Errorf("backup: tables: %w", err)
	}

	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("backup: tables: %w", err)
	}

	counts := make(map[string]int64, len(tables))
	for _, table := range tables {
		var n int64
		if err := conn.QueryRow(ctx, `SELECT count(*) FROM `+pgx.Identifier{namespace, table}.Sanitize()).Scan(&n); err != nil {
			return nil, fmt.Errorf("backup: count %s: %w", table, err)
		}
		counts[table] = n
	}

	return counts, nil
}

// dump runs pg_dump on the snapshot, writes its output into the archive, and sets the size and checksum of the
// dump in the manifest. The zip entry is stored uncompressed because pg_dump already compresses.
func (s Source) dump(ctx context.Context, archive *zip.Writer, dir, snapshot string, m *Manifest) error {
	entry, err := archive.CreateHeader(&zip.FileHeader{Name: dumpEntry, Method: zip.Store})
	if err != nil {
		return fmt.Errorf("backup: write: %w", err)
	}

	cmd, stderr, err := prepareTool(ctx, dir, "pg_dump", s.URL, "--format=custom", "--compress=3", "--no-owner", "--no-privileges",
		"--schema="+pgx.Identifier{m.Namespace}.Sanitize(), "--snapshot="+snapshot, "--lock-wait-timeout="+lockWait)
	if err != nil {
		return err
	}

	sum := sha256.New()
	count := &counter{report: s.Progress}
	cmd.Stdout = io.MultiWriter(entry, sum, count)
	if err := toolError("pg_dump", cmd.Run(), stderr); err != nil {
		return fmt.Errorf("backup: %w", errors.Join(ctx.Err(), err))
	}

	m.DumpBytes, m.DumpSHA = count.n, hex.EncodeToString(sum.Sum(nil))
	return nil
}

// addText adds a short text to the archive, as one entry.
func addText(archive *zip.Writer, name string, body []byte) error {
	entry, err := archive.Create(name)
	if err == nil {
		_, err = entry.Write(body)
	}
	if err != nil {
		return fmt.Errorf("backup: write %s: %w", name, err)
	}
	return nil
}

// counter is a Writer that counts bytes and calls report after each mebibyte. report may be nil.
type counter struct {
	n, reported int64
	report      func(int64)
}

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	if c.report != nil && c.n-c.reported >= mebibyte {
		c.reported = c.n
		c.report(c.n)
	}
	return len(p), nil
}
