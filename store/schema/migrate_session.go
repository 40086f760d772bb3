package schema

import (
	"cmp"
	"context"
	"database/sql" //nolint:depguard // goose speaks to nothing else
	"database/sql/driver"
	"errors"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3/lock"
)

const (
	// migrationLock is the advisory lock of the one process that migrates: goose's own key,
	// which earlier versions of Parley take too.
	migrationLock  = lock.DefaultLockID
	askForLock     = time.Second // between two tries to get it
	sessionTimeout = 10 * time.Second

	// lockTimeout is how long a statement that changes a table may wait for its lock. While it waits,
	// all later users of the table wait behind it, even those who only read.
	lockTimeout = "2s"

	// Pauses before a statement that got no lock is tried again: they double.
	firstLockPause = time.Second
	mostLockPause  = 30 * time.Second
)

// migrationSession is the one connection on which the schema is changed. It holds migrationLock;
// therefore a broken connection is not replaced but ends the migration. For database/sql it is both
// the connector and the only connection that the connector gives.
type migrationSession struct {
	*stdlib.Conn
	db        *sql.DB
	connected bool // database/sql has been given the connection
	progress  *progress
	stop      func() // ends the reminders
}

var errSessionEnded = errors.New("the connection that was migrating ended")

// openMigrationSession opens a connection outside of the pool, with timeouts of its own.
func openMigrationSession(ctx context.Context, m Migrator) (*migrationSession, error) {
	config := m.Pool.Config().ConnConfig.Copy()
	config.RuntimeParams["application_name"] = "parley migrate"
	config.RuntimeParams["lock_timeout"] = lockTimeout
	config.RuntimeParams["statement_timeout"] = "0" // an index may take hours
	connect, cancel := context.WithTimeout(ctx, sessionTimeout)
	defer cancel()
	conn, err := stdlib.GetConnector(*config).Connect(connect)
	if err != nil {
		return nil, err
	}
	s := &migrationSession{Conn: conn.(*stdlib.Conn)}
	s.db = sql.OpenDB(s)
	s.db.SetMaxOpenConns(1)
	s.progress = &progress{pool: m.Pool, report: m.Report, session: s.pgConn().PID()}
	s.stop = s.progress.remind(ctx, cmp.Or(m.RemindEvery, time.Minute))
	return s, nil
}

// Connect implements driver.Connector.
func (s *migrationSession) Connect(context.Context) (driver.Conn, error) {
	if s.connected {
		return nil, errSessionEnded
	}
	s.connected = true
	return s, nil
}

// Driver implements driver.Connector.
func (s *migrationSession) Driver() driver.Driver { return stdlib.GetDefaultDriver() }

func (s *migrationSession) pgConn() *pgconn.PgConn { return s.Conn.Conn().PgConn() }

// close closes the connection, which frees migrationLock. It waits until an interrupted statement has
// been cancelled on the server.
func (s *migrationSession) close() error {
	s.stop()
	err := errors.Join(s.db.Close(), s.Conn.Close()) // database/sql may never have taken it
	select {
	case <-s.pgConn().CleanupDone():
	case <-time.After(sessionTimeout):
	}
	return err
}

// lock waits until no other process migrates.
func (s *migrationSession) lock(ctx context.Context) error {
	for {
		var mine bool
		if err := s.Conn.Conn().QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, migrationLock).Scan(&mine); err != nil || mine {
			return err
		}
		s.progress.waits(ctx, "waiting for another process that migrates this database")
		if err := pause(ctx, askForLock); err != nil {
			return err
		}
	}
}

// ExecContext implements driver.ExecerContext. A statement outside of a transaction is
// repeated until it gets its locks.
func (s *migrationSession) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s.progress.begins(query)
	if s.pgConn().TxStatus() != 'I' { // applyAll repeats the whole transaction
		return s.Conn.ExecContext(ctx, query, args)
	}
	if concurrently.MatchString(query) {
		return s.execConcurrently(ctx, query, args)
	}
	for retry := (lockRetry{}); ; {
		result, err := s.Conn.ExecContext(ctx, query, args)
		if !isLockTimeout(err) {
			return result, err
		}
		if err := retry.pause(ctx, s); err != nil {
			return nil, err
		}
	}
}

// concurrently matches the statements on indexes that don't block readers and writers. They wait
// until every transaction that began before them has ended.
//
//nolint:gochecknoglobals // a constant
var concurrently = regexp.MustCompile(`(?i)^\s*(CREATE\s+(UNIQUE\s+)?|DROP\s+)INDEX\s+CONCURRENTLY\s`)

// execConcurrently runs a statement without lockTimeout. With it, the statement would fail again and
// again while others hold their transactions open.
func (s *migrationSession) execConcurrently(
	ctx context.Context, query string, args []driver.NamedValue,
) (driver.Result, error) {
	if _, err := s.Conn.ExecContext(ctx, `SET lock_timeout = 0`, nil); err != nil {
		return nil, err
	}
	result, err := s.Conn.ExecContext(ctx, query, args)
	if err != nil {
		return result, err
	}
	_, err = s.Conn.ExecContext(ctx, `RESET lock_timeout`, nil)
	return result, err
}

// SQLSTATEs of statements that changed nothing and may be repeated.
const (
	lockNotAvailable = "55P03"
	deadlockDetected = "40P01"
)

// isLockTimeout says whether a statement failed because it got no lock, or gave way in a deadlock.
func isLockTimeout(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && (refused.Code == lockNotAvailable || refused.Code == deadlockDetected)
}

// lockRetry pauses between attempts to get a lock. The pauses grow, because each attempt makes others
// wait.
type lockRetry struct{ last time.Duration }

func (r *lockRetry) pause(ctx context.Context, s *migrationSession) error {
	s.progress.waitsForLock(ctx)
	r.last = min(max(2*r.last, firstLockPause), mostLockPause)
	return pause(ctx, r.last)
}

// pause waits for d, or gives ctx's error when that ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
