package backup

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

	"parley/cmd/parley/build"
	"parley/store"
	"parley/store/pgserver"
	"parley/store/schema"
)

const (
	statementTimeout = time.Hour  // counting the rows of one large table
	partial          = ".partial" // the ending of a file that is not complete yet
)

// ErrNoPassphrase means that a backup should have the key, but there is no passphrase to encrypt it with.
var ErrNoPassphrase = errors.New("backup: no passphrase to seal the key with")

// Source is the database to back up.
type Source struct {
	URL    string
	BinDir string // the folder with the server's programs, if it runs here; "" means pg_dump is searched for
	Key    string // the master key, as in PARLEY_MASTER_KEY; "" when WithoutKey
	// Passphrase encrypts the key. WithoutKey leaves the key out: then the backup is only useful together
	// with a key that is kept elsewhere.
	Passphrase string
	WithoutKey bool
	// Progress is called from time to time with the number of bytes written so far; it may be nil.
	Progress func(bytes int64)
}

// ErrOccupied means that a backup would replace a file that holds something else.
var ErrOccupied = errors.New("backup: there is a file already that isn't a backup, or a damaged one")

// CheckTarget checks that CreateFile may write to path: nothing is there, or only an empty file or an older backup is lost.
// With overwrites any file may be lost, but no folder or device.
// Errors: ErrOccupied.
func CheckTarget(path string, overwrites bool) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
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

// CreateFile writes a backup to a file, which appears when it is complete and on disk.
func CreateFile(ctx context.Context, path string, s Source) (m Manifest, err error) {
	err = replaceFile(path, func(f *os.File) (err error) {
		m, err = Create(ctx, f, s)
		return err
	})
	return m, err
}

// replaceFile writes PATH.partial, with mode 0600, and renames it to path when it is complete and on disk. After an error
// PATH.partial is removed.
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

// syncDir makes sure that a rename is on disk.
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

// Create writes a backup of one snapshot while Parley continues to work. It needs little memory, however large
// the database is.
// Errors: ErrNoPassphrase; store.ErrWrongKey when the key is not this database's;
// store.ErrRestoring; no pg_dump.
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

// connect opens one connection. The URL may have the parameters of a pool. Time limits that an administrator set for the server, the
// database or the role are lifted, since a backup of a large database takes long.
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
		// Only from version 17 on, PostgreSQL has the setting.
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
	beginSnapshot = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`
	lookAround    = `
		SELECT pg_export_snapshot(), clock_timestamp(), current_setting('server_version_num')::int / 10000,
			(SELECT n.nspname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = 'goose_db_version'::regclass),
			(SELECT company FROM settings)`
)

// takeSnapshot begins a snapshot of the database. It returns the snapshot's id, by which pg_dump reads the same state, and a manifest
// of what the snapshot has. The snapshot lasts as long as the connection.
func (s Source) takeSnapshot(ctx context.Context, conn *pgx.Conn) (m Manifest, snapshot string, err error) {
	m = Manifest{Format: formatVersion, Parley: build.String(), HasKey: !s.WithoutKey}
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
	if err := conn.QueryRow(ctx, lookAround).Scan(&snapshot, &m.TakenAt, &m.Server, &m.Namespace, &m.Company); err != nil {
		return m, "", fmt.Errorf("backup: snapshot: %w", err)
	}
	if err := s.checkKey(ctx, conn, &m); err != nil {
		return m, "", err
	}

	m.Rows, err = countRows(ctx, conn, m.Namespace)
	return m, snapshot, err
}

// checkKey fills in what the manifest says of keys, and checks that the key in the backup will be the one that decrypts the secrets.
func (s Source) checkKey(ctx context.Context, conn *pgx.Conn, m *Manifest) error {
	checks, err := store.KeyChecks(ctx, conn)
	if err != nil {
		return err
	}
	if len(checks) == 0 {
		m.HasKey = false // no secret was ever encrypted
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

// countRows counts every table of a schema.
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

// dump lets pg_dump write the snapshot into the archive, and fills in what the manifest says of the dump. The entry isn't compressed,
// since pg_dump compresses what it writes.
func (s Source) dump(ctx context.Context, archive *zip.Writer, dir, snapshot string, m *Manifest) error {
	entry, err := archive.CreateHeader(&zip.FileHeader{Name: dumpEntry, Method: zip.Store})
	if err != nil {
		return fmt.Errorf("backup: write: %w", err)
	}

	cmd, said, err := prepareTool(ctx, dir, "pg_dump", s.URL, "--format=custom", "--compress=3", "--no-owner", "--no-privileges",
		"--schema="+pgx.Identifier{m.Namespace}.Sanitize(), "--snapshot="+snapshot, "--lock-wait-timeout="+lockWait)
	if err != nil {
		return err
	}

	sum := sha256.New()
	count := &counter{tell: s.Progress}
	cmd.Stdout = io.MultiWriter(entry, sum, count)
	if err := toolError("pg_dump", cmd.Run(), said); err != nil {
		return fmt.Errorf("backup: %w", errors.Join(ctx.Err(), err))
	}

	m.DumpBytes, m.DumpSHA = count.n, hex.EncodeToString(sum.Sum(nil))
	return nil
}

// addText adds an entry with a short text to the archive.
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

// counter counts the bytes that are written to it, and calls tell after each mebibyte. tell may be nil.
type counter struct {
	n, told int64
	tell    func(int64)
}

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	if c.tell != nil && c.n-c.told >= mebibyte {
		c.told = c.n
		c.tell(c.n)
	}
	return len(p), nil
}
