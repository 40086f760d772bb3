package schema

import (
	"cmp"
	"context"
	"database/sql" //nolint:depguard // goose speaks to nothing else
	"database/sql/driver"
	"errors"
	"io/fs"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3/lock"
)

// Migrations change tables while Parley may be running, and a statement that changes a table must lock it. In PostgreSQL,
// a statement that waits for such a lock blocks every later user of the table, even readers. So the session in this file
// gives up after lockTimeout, pauses, and retries. For example, if a backup reads the table messages for an hour, ALTER
// TABLE messages is tried every 30 seconds, and other users wait for two seconds each time.
//
// The session also holds an advisory lock, so that only one process migrates at a time.

const (
	// migrationLock is the key of the advisory lock: the one that goose uses, and so earlier versions of Parley.
	migrationLock    = lock.DefaultLockID
	lockPollInterval = time.Second // between two attempts to take migrationLock
	sessionTimeout   = 10 * time.Second

	// lockTimeout is how long a statement may wait for its lock, in PostgreSQL's notation.
	lockTimeout = "2s"

	// The pause before a retry doubles each time, because each attempt makes other users of the table wait.
	firstLockPause = time.Second
	maxLockPause   = 30 * time.Second
)

// errSessionEnded is returned when goose asks for a connection after the session's one has broken.
var errSessionEnded = errors.New("the connection that was migrating ended")

// onceConnector is a driver.Connector that returns its connection only once. If the connection breaks, database/sql asks
// for another one and gets errSessionEnded. A new connection would not hold migrationLock, so the migration must end.
type onceConnector struct {
	conn  driver.Conn
	taken bool // set by the first Connect
}

func (c *onceConnector) Connect(context.Context) (driver.Conn, error) {
	if c.taken {
		return nil, errSessionEnded
	}
	c.taken = true
	return c.conn, nil
}

func (c *onceConnector) Driver() driver.Driver { return stdlib.GetDefaultDriver() }

// migrationSession is the only connection that changes the schema, and it holds migrationLock. It is a driver.Conn that
// retries statements that can't get a lock. goose uses it through db.
type migrationSession struct {
	*stdlib.Conn

	db            *sql.DB // its only connection is this session
	files         fs.FS   // the migrations
	progress      *progress
	stopReminders func() // ends the goroutine that reports long waits
}

// openMigrationSession opens a connection that doesn't belong to the pool and has its own timeouts.
func openMigrationSession(ctx context.Context, m Migrator) (*migrationSession, error) {
	config := m.Pool.Config().ConnConfig.Copy()
	config.RuntimeParams["application_name"] = "parley migrate"
	config.RuntimeParams["lock_timeout"] = lockTimeout
	config.RuntimeParams["statement_timeout"] = "0" // an index may take hours
	connectCtx, cancel := context.WithTimeout(ctx, sessionTimeout)
	defer cancel()
	conn, err := stdlib.GetConnector(*config).Connect(connectCtx)
	if err != nil {
		return nil, err
	}

	s := &migrationSession{Conn: conn.(*stdlib.Conn), files: m.Files}
	s.db = sql.OpenDB(&onceConnector{conn: s})
	s.db.SetMaxOpenConns(1)
	s.progress = &progress{pool: m.Pool, report: m.Report, session: s.pgConn().PID()}
	s.stopReminders = s.progress.remind(ctx, cmp.Or(m.RemindEvery, time.Minute))
	return s, nil
}

func (s *migrationSession) pgConn() *pgconn.PgConn { return s.Conn.Conn().PgConn() }

// isInTransaction reports whether goose has begun a transaction on the connection.
func (s *migrationSession) isInTransaction() bool {
	const idle = 'I' // of the PostgreSQL protocol: neither in a transaction nor in a failed one
	return s.pgConn().TxStatus() != idle
}

// close closes the connection, which releases migrationLock. It waits up to sessionTimeout for the server to cancel an
// interrupted statement.
func (s *migrationSession) close() error {
	s.stopReminders()
	// db.Close leaves the connection open if goose never asked for it. Closing it twice is harmless.
	err := errors.Join(s.db.Close(), s.Conn.Close())
	select {
	case <-s.pgConn().CleanupDone():
	case <-time.After(sessionTimeout):
	}
	return err
}

// lock takes migrationLock. It waits while another process migrates, until ctx ends.
func (s *migrationSession) lock(ctx context.Context) error {
	for {
		var locked bool
		row := s.Conn.Conn().QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, migrationLock)
		if err := row.Scan(&locked); err != nil {
			return err
		}
		if locked {
			return nil
		}

		s.progress.reportWait(ctx, "waiting for another process that migrates this database")

		if err := sleep(ctx, lockPollInterval); err != nil {
			return err
		}
	}
}

// ExecContext implements driver.ExecerContext. It retries a statement outside of a transaction until the statement gets its
// locks. A transaction is retried as a whole, by applyAll.
func (s *migrationSession) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s.progress.setStatement(query)

	if s.isInTransaction() {
		return s.Conn.ExecContext(ctx, query, args)
	}
	if concurrently.MatchString(query) {
		return s.execConcurrently(ctx, query, args)
	}

	var retry lockRetry
	for {
		result, err := s.Conn.ExecContext(ctx, query, args)
		if !isLockTimeout(err) {
			return result, err
		}
		if err := retry.wait(ctx, s.progress); err != nil {
			return nil, err
		}
	}
}

// concurrently matches statements on indexes that don't block readers and writers. They wait until every transaction that
// began before them has ended.
//
//nolint:gochecknoglobals // a constant
var concurrently = regexp.MustCompile(`(?i)^\s*(CREATE\s+(UNIQUE\s+)?|DROP\s+)INDEX\s+CONCURRENTLY\s`)

// execConcurrently runs a statement without lockTimeout. With it, the statement would fail repeatedly while other sessions
// keep their transactions open.
func (s *migrationSession) execConcurrently(
	ctx context.Context, query string, args []driver.NamedValue,
) (driver.Result, error) {
	if _, err := s.Conn.ExecContext(ctx, `SET lock_timeout = 0`, nil); err != nil {
		return nil, err
	}
	result, err := s.Conn.ExecContext(ctx, query, args)
	if err != nil && s.Conn.Conn().PgConn().IsClosed() {
		return result, err
	}
	// Reset the timeout after a failure, too, since applyAll may retry the migration on this connection.
	_, resetErr := s.Conn.ExecContext(ctx, `RESET lock_timeout`, nil)
	return result, errors.Join(err, resetErr)
}

// SQLSTATEs of statements that had no effect and can be retried.
const (
	lockNotAvailable = "55P03"
	deadlockDetected = "40P01"
)

// isLockTimeout reports whether a statement failed because it got no lock in time or was the victim of a deadlock.
func isLockTimeout(err error) bool {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (refused.Code == lockNotAvailable || refused.Code == deadlockDetected)
}

// lockRetry computes the pauses between the attempts of one statement or one migration to get its locks.
type lockRetry struct{ lastPause time.Duration }

// wait reports the failed attempt and pauses. It returns ctx's error if ctx ends first.
func (r *lockRetry) wait(ctx context.Context, p *progress) error {
	p.reportLockWait(ctx)
	r.lastPause = min(max(2*r.lastPause, firstLockPause), maxLockPause)
	return sleep(ctx, r.lastPause)
}

// sleep waits for d. If ctx ends first, it returns ctx's error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
