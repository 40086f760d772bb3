package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/pgserver"
	"parley/store/schema"
)

const (
	maxConnections = 16 // of the pool
	// maxConnectionIdle is how long a pooled connection may be idle. After a peak of load, a process gives connections
	// back to the server, whose number it shares with other processes.
	maxConnectionIdle = time.Minute
	// databaseConnectTimeout limits connecting to a running server.
	databaseConnectTimeout = 2 * time.Minute
)

// Database is a connection to Parley's PostgreSQL database. DATABASE_URL names the server. Without it, Parley runs an
// embedded server, whose files are in the data directory (PARLEY_DATA). Commands open the database with OpenDatabase
// or OpenExistingDatabase, and then call Migrate, Unlock or UnlockReadOnly before they use the Sealer.
type Database struct {
	Pool   *pgxpool.Pool
	Sealer *store.Sealer    // encrypts stored passwords and tokens with the master key; nil before one of these calls
	server *pgserver.Server // the embedded server; nil for an external one
	url    string
	log    *slog.Logger
}

// OpenDatabase connects to the server that DATABASE_URL names. Without DATABASE_URL, it starts the embedded server, or
// connects to the one that another process has started. It doesn't migrate the schema. say prints a sentence for the
// person at the terminal. The caller must call Close.
func OpenDatabase(ctx context.Context, env Env, log *slog.Logger, say func(string)) (*Database, error) {
	db := &Database{log: log, url: env.DatabaseURL}
	if err := db.startEmbedded(ctx, pgserver.Options{Dir: env.Data, Durable: true, Log: log, Say: say}, pgserver.Start); err != nil {
		return nil, err
	}
	if err := db.connect(ctx); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// OpenExistingDatabase is OpenDatabase for commands that need existing data. It returns an error instead of making a new
// embedded database: if PARLEY_DATA named the wrong directory, such a command would find nothing in the new database,
// and leave it there.
func OpenExistingDatabase(ctx context.Context, env Env, log *slog.Logger, say func(string)) (*Database, error) {
	if env.DatabaseURL == "" && !pgserver.Holds(env.Data) {
		return nil, fmt.Errorf("there is no database in %s: name the data folder of your Parley by PARLEY_DATA, "+
			"or its server by DATABASE_URL; "+
			"parley serve makes a new one", absolute(env.Data))
	}
	return OpenDatabase(ctx, env, log, say)
}

// absolute returns the absolute path of a directory, or the path as it is if that isn't known.
func absolute(folder string) string {
	if path, err := filepath.Abs(folder); err == nil {
		return path
	}
	return folder
}

// startEmbedded starts or joins the embedded server, unless DATABASE_URL names a server. start is pgserver.Start, or its
// fake in tests. Its steps have time limits of their own, but the whole has none: the recovery after a crash may take
// many minutes, and would start over if it were interrupted.
func (db *Database) startEmbedded(
	ctx context.Context, o pgserver.Options, start func(context.Context, pgserver.Options) (*pgserver.Server, error),
) error {
	if db.url != "" {
		return nil
	}
	server, err := start(ctx, o)
	if err != nil {
		return err
	}
	db.server, db.url = server, server.URL(pgserver.Database)
	return nil
}

// connect opens the connection pool and checks that the server answers. Its errors say what to do.
func (db *Database) connect(caller context.Context) error {
	ctx, cancel := context.WithTimeout(caller, databaseConnectTimeout)
	defer cancel()
	config, err := pgxpool.ParseConfig(db.url)
	if err != nil {
		return errNoDatabaseURL
	}

	config.MaxConns = maxConnections
	config.MaxConnIdleTime = maxConnectionIdle
	config.ConnConfig.DialFunc = databaseDialer().DialContext
	maps.Copy(config.ConnConfig.RuntimeParams, sessionSettings())
	config.ConnConfig.AfterConnect = setUpSession
	db.Pool, err = pgxpool.NewWithConfig(ctx, config)
	if err == nil {
		err = db.Pool.Ping(ctx)
	}

	isURLInnocent := db.server != nil || caller.Err() != nil // the embedded server's URL is right; or the caller gave up
	switch {
	case err == nil:
		return nil
	case errorCode(err) == tooManyConnections:
		return fmt.Errorf("database: no connection is left for this process: each parley serve has up to %d; raise max_connections: %w",
			store.ConnectionsOfProcess, err)
	case isURLInnocent:
		return fmt.Errorf("database: %w", err)
	}
	return fmt.Errorf("database: %w; %s", err, connectHint(err))
}

// tooManyConnections is PostgreSQL's error code too_many_connections.
const tooManyConnections = "53300"

// errorCode returns the SQLSTATE code of PostgreSQL's error; "" if the server didn't answer.
func errorCode(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code
	}
	return ""
}

// connectHint says what to do if the server wasn't found, or refused the connection.
func connectHint(err error) string {
	const (
		wrongPassword   = "28P01"
		refusedUser     = "28000"
		unknownDatabase = "3D000"
		// escaping is a common mistake with generated passwords.
		escaping = "in a password, write signs like @ / # ? % as %40 %2F %23 %3F %25"
	)
	switch errorCode(err) {
	case "":
		return "look whether the server runs, and at DATABASE_URL: " + escaping
	case wrongPassword, refusedUser:
		return "the server runs; put user and password in DATABASE_URL right: " + escaping
	case unknownDatabase:
		return "the server runs; name another database in DATABASE_URL, or make this one: " +
			"createdb --owner=USER --template=template0 --encoding=UTF8 NAME"
	}
	return "the server runs; it has its own log of what it refuses"
}

// ExplainRights adds a hint to the error of a database user who may not create tables. It returns other errors, and nil,
// as they are.
func ExplainRights(err error) error {
	const (
		insufficientPrivilege = "42501"
		invalidSchemaName     = "3F000" // the user may use no schema at all
	)
	if code := errorCode(err); code == insufficientPrivilege || code == invalidSchemaName {
		return fmt.Errorf("%w; Parley makes tables, so the user in DATABASE_URL must own the database: "+
			"ALTER DATABASE name OWNER TO user", err)
	}
	return err
}

// sessionSettings returns the PostgreSQL settings on which Parley's statements depend. They override the defaults that
// an administrator may have set for the server, the database or the role.
func sessionSettings() map[string]string {
	return map[string]string{
		"application_name": "parley",
		"timezone":         "UTC",
		"datestyle":        "ISO, MDY", // days are also read as text

		"client_encoding":             "UTF8",
		"standard_conforming_strings": "on", // regular expressions have backslashes

		// Transactions are written for this level, unless they choose another one themselves.
		"default_transaction_isolation": "read committed",

		// Callers set a deadline by their context. A statement that the server cancelled would be taken for an error of
		// the message that it processes.
		"statement_timeout":                   "0",
		"lock_timeout":                        "0",
		"idle_session_timeout":                "0", // a session that waits for work may hold locks that say so
		"idle_in_transaction_session_timeout": "60s",

		// Every frequent query has an index. Without this setting, a query plan that was cached while a table was small
		// would keep scanning the whole table after it has grown.
		"enable_seqscan": "off",
		"jit":            "off",
	}
}

// setUpSession changes settings that depend on the server's version and configuration:
//   - synchronous_commit must not be off, since Parley acknowledges a message only once it can survive a crash. All
//     other values keep that promise. The administrator chooses among them, for example to wait for standby servers.
//   - transaction_timeout, which exists from PostgreSQL 17 on, must be off for the reason given for statement_timeout.
func setUpSession(ctx context.Context, session *pgconn.PgConn) error {
	_, err := session.Exec(ctx, `
		SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
		SELECT set_config('transaction_timeout', '0', false) WHERE current_setting('transaction_timeout', true) <> '0'`).ReadAll()
	return err
}

// Migrate brings the schema up to date and then calls Unlock. While another process migrates, it waits without limit and
// logs what it waits for.
func (db *Database) Migrate(ctx context.Context, env Env) error {
	if err := schema.CheckServer(ctx, db.Pool); err != nil {
		return err
	}
	migrator := schema.Migrator{Pool: db.Pool, Report: func(text string) { db.log.Info("migrating", "progress", text) }}
	if err := migrator.Run(ctx); err != nil {
		return ExplainRights(err)
	}
	return db.Unlock(ctx, env)
}

// RefuseEmpty returns an error if the database has no schema of Parley. Commands that need existing data call it before
// Migrate, which would create empty tables in a database that DATABASE_URL names by mistake.
func (db *Database) RefuseEmpty(ctx context.Context) error {
	version, err := schema.VersionOf(ctx, db.Pool)
	if err != nil {
		return err
	}
	if version == 0 {
		return errors.New("there is no Parley in this database: let DATABASE_URL, or PARLEY_DATA, name the one of yours;" +
			" in a new one, parley serve makes the tables")
	}
	return nil
}

// RefuseOlderSchema returns an error if Migrate would change the tables of a database that holds data. Read-only
// commands call it.
func (db *Database) RefuseOlderSchema(ctx context.Context) error {
	version, err := schema.VersionOf(ctx, db.Pool)
	if err != nil {
		return err
	}
	if needed := schema.Version(); 0 < version && version < needed {
		return fmt.Errorf("the database has schema %d and this Parley needs %d: what changes nothing doesn't migrate it."+
			" Run parley migrate first, or use the Parley that serves this database", version, needed)
	}
	return nil
}

// describe names the database in the log, without its password. The entry shows, for example, that Parley uses the
// embedded server because the name of DATABASE_URL is misspelt.
func (db *Database) describe(env Env) string {
	if db.IsEmbedded() {
		return "embedded, in " + absolute(env.Data)
	}
	server := db.Pool.Config().ConnConfig
	return fmt.Sprintf("%s at %s:%d as %s", server.Database, server.Host, server.Port, server.User)
}

// Ended returns a channel that is closed when the embedded server has ended; nil for an external server.
func (db *Database) Ended() <-chan struct{} {
	if db.server == nil {
		return nil
	}
	return db.server.Done()
}

// Close closes the pool, and stops the embedded server if this process has started it.
func (db *Database) Close() {
	if db.Pool != nil {
		db.Pool.Close()
	}
	if db.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		_ = db.server.Close(ctx)
	}
}
