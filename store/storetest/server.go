package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/schema"
)

// ServerURL is the environment variable with the URL of a PostgreSQL server to use instead of a private one, such as
// postgres://postgres:secret@localhost/postgres. The user must be a superuser. Several test binaries may share the server.
const ServerURL = "PARLEY_TEST_DATABASE_URL"

// Locale is the environment variable with the ICU locale by which the databases sort text, such as en-US. If it is not
// set, the server's default applies; a private server sorts by bytes.
const Locale = "PARLEY_TEST_LOCALE"

const (
	templatePrefix = "parley_template_"
	testPrefix     = "parley_test_"
	adminConns     = 4
	txConns        = 50

	lockTemplate = 0x7061726c // advisory lock held while a template is built
	lockRun      = 0x7061726d // with a run's number: advisory lock held while that run lives
)

// errSchema means that a migration failed, so that another server would not help.
var errSchema = errors.New("template: migrations")

// templateSource is what templates are built from. Tests of this package use their own.
type templateSource struct {
	files   fs.FS // their names and contents determine the template's name
	migrate func(context.Context, *pgxpool.Pool) error
}

// server is a connection to the PostgreSQL server of one test binary. It creates databases for tests as copies of a
// template, a database in which all migrations were applied once. A run is one execution of a test binary; the names of
// its databases contain its random number, such as parley_test_1804289383_7.
type server struct {
	base     string // the server's URL; its database is replaced
	schema   templateSource
	admin    *pgxpool.Pool
	alive    *pgx.Conn // holds lockRun, by which other runs see that ours lives
	run      int32     // our random number
	count    atomic.Int64
	template string
	shared   func() (*pgxpool.Pool, error) // for Tx
	shelf    shelf                         // for Reused
	slot     *slot                         // nil if ServerURL is set
}

// binaryServer returns the server that all tests of the binary share. It is global, because a testing.TB can't hold what
// several tests share, and there is no hook for the end of the last test. The server ends with the process.
//
//nolint:gochecknoglobals // see above
var binaryServer = sync.OnceValues(func() (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	sc := templateSource{files: store.MigrationFiles(), migrate: schema.Migrate}
	if u := os.Getenv(ServerURL); u != "" {
		return newServer(ctx, u, sc)
	}
	s, err := startOwnServer(ctx, slotsDirs(), sc)
	if err != nil {
		return nil, fmt.Errorf("storetest: %w", err)
	}
	return s, nil
})

// newServer connects to a server, drops databases that dead runs have left, and builds the template if it is missing.
func newServer(ctx context.Context, base string, sc templateSource) (*server, error) {
	s := &server{base: base, schema: sc, run: rand.Int32()}
	u, err := url.Parse(base)
	if err != nil || !strings.HasPrefix(u.Scheme, "postgres") {
		return nil, fmt.Errorf("storetest: %s must be a postgres:// URL", ServerURL)
	}

	config, err := pgxpool.ParseConfig(s.databaseURL("postgres"))
	if err != nil {
		return nil, fmt.Errorf("storetest: %w", err)
	}

	config.MaxConns = adminConns
	if s.admin, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, fmt.Errorf("storetest: %w", err)
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("storetest: %w", err), s.close(ctx))
	}

	s.shared = sync.OnceValues(s.openShared)
	return s, nil
}

// prepare does the work of newServer that needs a connection.
func (s *server) prepare(ctx context.Context) error {
	var err error
	if s.alive, err = pgx.Connect(ctx, s.databaseURL("postgres")); err != nil {
		return err
	}
	if _, err := s.alive.Exec(ctx, "SELECT pg_advisory_lock($1, $2)", lockRun, s.run); err != nil {
		return err
	}
	if err := s.dropDead(ctx); err != nil {
		return err
	}
	if s.template, err = templateName(s.schema.files); err != nil {
		return err
	}

	return s.ensureTemplate(ctx)
}

// close closes the connections. It doesn't stop the server.
func (s *server) close(ctx context.Context) error {
	s.admin.Close()
	if s.alive == nil {
		return nil
	}
	return s.alive.Close(ctx)
}

// databaseURL returns the URL of another database on the same server.
func (s *server) databaseURL(database string) string {
	u, err := url.Parse(s.base)
	if err != nil {
		return s.base // can't happen: newServer has parsed it
	}
	u.Path = "/" + database
	return u.String()
}

// templateName returns a name that contains a hash of the migrations' names and contents, and of the locale. So a changed
// migration leads to a new template.
func templateName(files fs.FS) (string, error) {
	h := sha256.New()
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}

		b, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}

		fmt.Fprintf(h, "%s %d\n%s\n", path, len(b), b)
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("migrations: %w", err)
	}

	fmt.Fprintf(h, "%s\n", os.Getenv(Locale))
	return templatePrefix + hex.EncodeToString(h.Sum(nil)[:8]), nil
}

const databaseExists = `
	SELECT EXISTS (
		SELECT 1
		FROM pg_database
		WHERE datname = $1)`

// ensureTemplate builds the template if it doesn't exist. It builds it under another name and renames it at the end, so
// that an incomplete one is never used. If several runs start at once, one builds it and the others wait.
func (s *server) ensureTemplate(ctx context.Context) (err error) {
	conn, err := s.admin.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()

	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1, 0)", lockTemplate); err != nil {
		return err
	}

	defer func() {
		_, unlockErr := conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1, 0)", lockTemplate)
		err = errors.Join(err, unlockErr)
	}()

	var found bool
	err = conn.QueryRow(ctx, databaseExists, s.template).Scan(&found)
	if err != nil || found {
		return err
	}

	next := s.template + "_new"
	if err := s.drop(ctx, next); err != nil {
		return err
	}

	create := "CREATE DATABASE " + next + " TEMPLATE template0 ENCODING 'UTF8'"
	if locale := os.Getenv(Locale); locale != "" {
		create += " LOCALE_PROVIDER icu ICU_LOCALE '" + strings.ReplaceAll(locale, "'", "''") + "'"
	}
	if _, err := conn.Exec(ctx, create); err != nil {
		return fmt.Errorf("template: %w", err)
	}
	if err := s.migrate(ctx, next); err != nil {
		return fmt.Errorf("%w: %w", errSchema, err)
	}
	if _, err := conn.Exec(ctx, "ALTER DATABASE "+next+" RENAME TO "+s.template); err != nil {
		return fmt.Errorf("template: %w", err)
	}

	return nil
}

// migrate applies the migrations to a database. It closes its connections, because PostgreSQL can neither rename nor copy a
// database in use.
func (s *server) migrate(ctx context.Context, database string) error {
	pool, err := pgxpool.New(ctx, s.databaseURL(database))
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := s.schema.migrate(ctx, pool); err != nil {
		return err
	}
	// Copies inherit the statistics, so that plans don't depend on when autovacuum runs.
	_, err = pool.Exec(ctx, "ANALYZE")
	return err
}

// nextName returns a name for a new database of this run.
func (s *server) nextName() string { return fmt.Sprintf("%s%d_%d", testPrefix, s.run, s.count.Add(1)) }

// clone creates a database as a copy of the template.
func (s *server) clone(ctx context.Context, name string) error { return s.copy(ctx, name, s.template) }

func (s *server) copy(ctx context.Context, name, template string) error {
	if _, err := s.admin.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template+" STRATEGY file_copy"); err != nil {
		return fmt.Errorf("storetest: copy of a template: %w", err)
	}
	return nil
}

// drop drops a database, if it exists, and ends the sessions that use it.
func (s *server) drop(ctx context.Context, name string) error {
	if _, err := s.admin.Exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("storetest: drop: %w", err)
	}
	return nil
}

// openShared creates the database that Tx uses. A later run drops it.
func (s *server) openShared() (*pgxpool.Pool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	name := s.nextName()
	if err := s.clone(ctx, name); err != nil {
		return nil, err
	}

	config, err := pgxpool.ParseConfig(s.databaseURL(name))
	if err != nil {
		return nil, fmt.Errorf("storetest: %w", err)
	}

	config.MaxConns = txConns
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("storetest: %w", err)
	}

	return pool, nil
}

const databasesWithPrefix = `
	SELECT datname
	FROM pg_database
	WHERE starts_with(datname, $1)`

// listDatabases returns the names of all databases with a prefix.
func (s *server) listDatabases(ctx context.Context, prefix string) ([]string, error) {
	rows, err := s.admin.Query(ctx, databasesWithPrefix, prefix)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// dropDead drops the databases of runs that have ended. It recognizes these by their locks, which are free.
func (s *server) dropDead(ctx context.Context) error {
	names, err := s.listDatabases(ctx, testPrefix)
	if err != nil {
		return err
	}

	for _, name := range names {
		mark, _, _ := strings.Cut(strings.TrimPrefix(name, testPrefix), "_")
		run, err := strconv.ParseInt(mark, 10, 32)
		if err != nil || int32(run) == s.run {
			continue
		}

		var dead bool
		if err := s.alive.QueryRow(ctx, "SELECT pg_try_advisory_lock($1, $2)", lockRun, int32(run)).Scan(&dead); err != nil {
			return err
		}
		if !dead {
			continue
		}

		err = s.drop(ctx, name)
		_, unlockErr := s.alive.Exec(ctx, "SELECT pg_advisory_unlock($1, $2)", lockRun, int32(run))
		if err := errors.Join(err, unlockErr); err != nil {
			return err
		}
	}

	return nil
}
