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
	maxConnections = 16
	// maxConnectionIdle is how long a connection may be idle: a process that opened all of them once leaves them to others.
	maxConnectionIdle = time.Minute
	// databaseConnectTimeout is how long connecting to a server that runs may take.
	databaseConnectTimeout = 2 * time.Minute
)

// Database is Parley's PostgreSQL, with the key to its secrets.
type Database struct {
	Pool   *pgxpool.Pool
	Sealer *store.Sealer
	server *pgserver.Server // the embedded server; nil when DATABASE_URL names another one
	url    string
	log    *slog.Logger
}

// OpenDatabase connects to DATABASE_URL, or starts (or joins) the embedded server.
// It neither migrates nor looks at secrets.
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

// OpenExistingDatabase is OpenDatabase for whoever needs a Parley that is there: it makes no embedded database. In the wrong folder
// an empty one would answer that there is nothing, and stay.
func OpenExistingDatabase(ctx context.Context, env Env, log *slog.Logger, say func(string)) (*Database, error) {
	if env.DatabaseURL == "" && !pgserver.Holds(env.Data) {
		return nil, fmt.Errorf("there is no database in %s: name the data folder of your Parley by PARLEY_DATA, "+
			"or its server by DATABASE_URL; "+
			"parley serve makes a new one", absolute(env.Data))
	}
	return OpenDatabase(ctx, env, log, say)
}

// absolute returns the whole path of a folder, as far as it can be found out.
func absolute(folder string) string {
	if path, err := filepath.Abs(folder); err == nil {
		return path
	}
	return folder
}

// startEmbedded starts, or joins, the embedded server, unless there is another one. start is pgserver.Start, whose steps have their
// own time limits. There is none for all of it: recovery after a crash may take many minutes, and if it is cut off it begins anew at
// the next start.
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

// connect opens the connections to the server.
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
	if db.Pool, err = pgxpool.NewWithConfig(ctx, config); err == nil {
		err = db.Pool.Ping(ctx)
	}
	switch {
	case err == nil:
		return nil
	case errorCode(err) == tooManyConnections:
		return fmt.Errorf("database: no connection is left for this process: each parley serve has up to %d; raise max_connections: %w",
			store.ConnectionsOfProcess, err)
	case db.server != nil || caller.Err() != nil: // nothing is wrong with DATABASE_URL
		return fmt.Errorf("database: %w", err)
	}
	return fmt.Errorf("database: %w; %s", err, connectHint(err))
}

// tooManyConnections is the code with which PostgreSQL refuses a connection that is one too many.
const tooManyConnections = "53300"

// errorCode returns the code of PostgreSQL's error; "" if the server didn't answer.
func errorCode(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code
	}
	return ""
}

// connectHint says what to do about a server that let nobody in, or that wasn't found.
func connectHint(err error) string {
	const (
		wrongPassword   = "28P01"
		refusedUser     = "28000"
		unknownDatabase = "3D000"
		// signs is what people trip over who paste a generated password.
		signs = "in a password, write signs like @ / # ? % as %40 %2F %23 %3F %25"
	)
	switch errorCode(err) {
	case "":
		return "look whether the server runs, and at DATABASE_URL: " + signs
	case wrongPassword, refusedUser:
		return "the server runs; put user and password in DATABASE_URL right: " + signs
	case unknownDatabase:
		return "the server runs; name another database in DATABASE_URL, or make this one: " +
			"createdb --owner=USER --template=template0 --encoding=UTF8 NAME"
	}
	return "the server runs; it has its own log of what it refuses"
}

// ExplainRights adds what to do to the error of a user who may not make tables in the database.
func ExplainRights(err error) error {
	const (
		mayNotCreate = "42501"
		mayNotUse    = "3F000" // no schema is left in which tables could be made
	)
	if code := errorCode(err); code == mayNotCreate || code == mayNotUse {
		return fmt.Errorf("%w; Parley makes tables, so the user in DATABASE_URL must own the database: "+
			"ALTER DATABASE name OWNER TO user", err)
	}
	return err
}

// sessionSettings are the settings of PostgreSQL on which Parley's statements depend. They take the place of those that an
// administrator chose for the server, the database or the role: all of them are only defaults.
func sessionSettings() map[string]string {
	return map[string]string{
		"application_name": "parley",
		"timezone":         "UTC",
		"datestyle":        "ISO, MDY", // days are also read as text

		"client_encoding":             "UTF8",
		"standard_conforming_strings": "on", // regular expressions have backslashes

		// Transactions are written for this level, and say where they need another one.
		"default_transaction_isolation": "read committed",

		// Each call has a deadline of its own. A statement that was cancelled by another one would look like the fault of the
		// event that it applies.
		"statement_timeout":                   "0",
		"lock_timeout":                        "0",
		"idle_session_timeout":                "0", // a session that waits for work may hold locks that say so
		"idle_in_transaction_session_timeout": "60s",

		// Every query that matters has its index. Without this setting, a plan that was made while a table
		// was small would later read all of it.
		"enable_seqscan": "off",
		"jit":            "off",
	}
}

// setUpSession changes the settings of a session that depend on what the server has. What is answered as stored must survive a
// crash, so that synchronous_commit isn't off. All its other values keep that promise; which of them lets standbys keep it, too, is
// left to who runs the server. transaction_timeout, which PostgreSQL has from version 17 on, would end sessions as if the event that
// they apply had done it.
func setUpSession(ctx context.Context, session *pgconn.PgConn) error {
	_, err := session.Exec(ctx, `
		SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
		SELECT set_config('transaction_timeout', '0', false) WHERE current_setting('transaction_timeout', true) <> '0'`).ReadAll()
	return err
}

// Migrate brings the schema up to date and opens the secrets. While another process
// migrates, it waits without limit; the log says what for.
func (db *Database) Migrate(ctx context.Context, env Env) error {
	if err := schema.CheckServer(ctx, db.Pool); err != nil {
		return err
	}
	if err := db.saveBeforeMigration(ctx, env); err != nil {
		return err
	}
	migrator := schema.Migrator{Pool: db.Pool, Report: func(text string) { db.log.Info("migrating", "progress", text) }}
	if err := migrator.Run(ctx); err != nil {
		return ExplainRights(err)
	}
	return db.Unlock(ctx, env)
}

// RefuseEmpty returns an error if Parley has never used the database, for whoever needs a Parley that is there. In one that
// DATABASE_URL names by mistake, Migrate would make tables, and then there would seem to be nothing.
func (db *Database) RefuseEmpty(ctx context.Context) error {
	has, err := schema.VersionOf(ctx, db.Pool)
	if err == nil && has == 0 {
		err = errors.New("there is no Parley in this database: let DATABASE_URL, or PARLEY_DATA, name the one of yours;" +
			" in a new one, parley serve makes the tables")
	}
	return err
}

// RefuseOlderSchema returns an error if Migrate would change the tables of a database that holds data.
func (db *Database) RefuseOlderSchema(ctx context.Context) error {
	has, err := schema.VersionOf(ctx, db.Pool)
	if err != nil {
		return err
	}
	if needed := schema.Version(); 0 < has && has < needed {
		return fmt.Errorf("the database has schema %d and this Parley needs %d: what changes nothing doesn't migrate it."+
			" Run parley migrate first, or use the Parley that serves this database", has, needed)
	}
	return nil
}

// describe says for the log which database it is: without DATABASE_URL, or with a typing error in its name, it is the embedded one.
func (db *Database) describe(env Env) string {
	if db.IsEmbedded() {
		return "embedded, in " + absolute(env.Data)
	}
	at := db.Pool.Config().ConnConfig
	return fmt.Sprintf("%s at %s:%d as %s", at.Database, at.Host, at.Port, at.User)
}

// Ended is closed when the embedded server has ended; it is nil for an external server.
func (db *Database) Ended() <-chan struct{} {
	if db.server == nil {
		return nil
	}
	return db.server.Done()
}

// Close closes the connections, and stops the embedded server if this process has started it.
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
