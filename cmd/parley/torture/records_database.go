package torture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/channels/wire"
	"parley/cmd/parley/lab"
	"parley/store"
	"parley/store/pgserver"
)

// Database is the PostgreSQL server of a test run, which all Parley processes share. A run can kill it, fill its disk and
// query it. The zero value with Dir set is ready for Start. Queries may be made concurrently.
type Database struct {
	Dir string // the data folder

	mu     sync.Mutex
	server *pgserver.Server // nil before Start
	idle   *pgx.Conn        // an open connection for the next WithConn; nil if there is none
}

// Start starts PostgreSQL in the folder.
func (d *Database) Start(ctx context.Context) error {
	server, err := pgserver.Start(ctx, pgserver.Options{
		Dir:     d.Dir,
		Durable: true,
		Say:     func(string) {},
		Settings: map[string]string{
			"max_connections":        "200",
			"track_commit_timestamp": "on", // so that the audit knows the order in which events were stored
		},
	})
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.server = server
	return nil
}

// Current returns the server; nil before Start.
func (d *Database) Current() *pgserver.Server {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.server
}

// URL returns the URL of the database. The server must have been started.
func (d *Database) URL() string { return d.Current().URL(pgserver.Database) }

// KillAndStart kills the postmaster and starts the server again at the same address.
func (d *Database) KillAndStart(ctx context.Context) error {
	old := d.Current()
	if err := syscall.Kill(old.PID(), syscall.SIGKILL); err != nil {
		return err
	}
	<-old.Done()
	return d.startAgain(ctx)
}

// startAgain restarts a server that has ended. The address must stay the same.
func (d *Database) startAgain(ctx context.Context) error {
	old, before := d.Current(), d.URL()
	if err := old.Close(ctx); err != nil {
		return err
	}
	if err := d.Start(ctx); err != nil {
		return err
	}
	if d.URL() != before {
		return fmt.Errorf("the database moved from %s to %s", before, d.URL())
	}
	return nil
}

// FillDisk fills the disk of the database for some time and then frees the space. If the server exits because of that,
// FillDisk restarts it, as an operator would. It returns whether the server exited, and how many of its own test writes
// failed.
func (d *Database) FillDisk(ctx context.Context, lasting time.Duration) (ended bool, refused int, err error) {
	ballast := filepath.Join(d.Dir, "ballast")
	if err := fillFile(ballast); err != nil {
		return false, 0, err
	}

	for until := time.Now().Add(lasting); time.Now().Before(until) && ctx.Err() == nil; wire.For(ctx, writeEvery) {
		if d.write(ctx) != nil {
			refused++
		}
	}

	if err := os.Remove(ballast); err != nil {
		return false, refused, err
	}

	// The server may recover or exit.
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline) && ctx.Err() == nil; wire.For(ctx, writeEvery) {
		select {
		case <-d.Current().Done():
			return true, refused, d.startAgain(ctx)
		default:
		}

		if d.write(ctx) == nil {
			return false, refused, nil
		}
	}

	return true, refused, errors.New("it does not answer though there is space again")
}

// writeEvery is the pause between two writes to a database whose disk is full, or was full a moment ago.
const writeEvery = 300 * time.Millisecond

// write writes rows and starts a new file of the write-ahead log, so that the server soon uses up its preallocated space.
// The rows are removed again.
func (d *Database) write(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return d.WithConn(ctx, func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "CREATE TEMP TABLE filling AS SELECT generate_series(1, 10000); DROP TABLE filling; SELECT pg_switch_wal()")
		return err
	})
}

// Close ends the server.
func (d *Database) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.server == nil {
		return nil
	}
	if d.idle != nil {
		_ = d.idle.Close(ctx) // the server ends
		d.idle = nil
	}
	return d.server.Close(ctx)
}

// queryTimeout bounds WithConn, since the database may have been killed or be full.
const queryTimeout = 30 * time.Second

// WithConn calls f with a direct connection, which doesn't go through the proxies that inject faults. It keeps the
// connection for the next call, since a run makes hundreds of calls.
func (d *Database) WithConn(ctx context.Context, f func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	conn, err := d.takeConn(ctx)
	if err != nil {
		return fmt.Errorf("torture: %w", err)
	}
	if err := f(ctx, conn); err != nil {
		_ = conn.Close(ctx) // a failed transaction may still be open
		return fmt.Errorf("torture: %w", err)
	}
	d.keepConn(ctx, conn)
	return nil
}

// takeConn returns the idle connection, if it still works, or opens a new one.
func (d *Database) takeConn(ctx context.Context) (*pgx.Conn, error) {
	d.mu.Lock()
	conn := d.idle
	d.idle = nil
	d.mu.Unlock()

	if conn != nil {
		if conn.Ping(ctx) == nil {
			return conn, nil
		}
		_ = conn.Close(ctx) // of a server that was killed
	}

	config, err := pgx.ParseConfig(d.URL())
	if err != nil {
		return nil, err
	}

	config.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec // an upgrade may change tables between two queries
	return pgx.ConnectConfig(ctx, config)
}

// keepConn keeps a connection for the next call, or closes it if there already is an idle one.
func (d *Database) keepConn(ctx context.Context, conn *pgx.Conn) {
	d.mu.Lock()
	if d.idle == nil {
		d.idle, conn = conn, nil
	}
	d.mu.Unlock()
	if conn != nil {
		_ = conn.Close(ctx)
	}
}

// MoveClock moves Parley's clock forward.
func (d *Database) MoveClock(ctx context.Context, by time.Duration) error {
	return d.WithConn(ctx, func(ctx context.Context, c *pgx.Conn) error { return store.MoveClock(ctx, c, by) })
}

// Load returns how much work Parley still has to do. The run waits until there is none.
func (d *Database) Load(ctx context.Context) (l lab.Load, err error) {
	err = d.WithConn(ctx, func(ctx context.Context, c *pgx.Conn) (err error) {
		l, err = lab.ReadLoad(ctx, c)
		return err
	})
	return l, err
}

// WithConnRetry is WithConn, repeated until the database answers, for at most a minute.
func (d *Database) WithConnRetry(ctx context.Context, f func(context.Context, *pgx.Conn) error) error {
	for deadline := time.Now().Add(time.Minute); ; {
		err := d.WithConn(ctx, f)
		if err == nil || time.Now().After(deadline) {
			return err
		}
		if !wire.For(ctx, time.Second) {
			return err
		}
	}
}

// AreMailboxesWatched reports whether Parley fetches new mail from every mailbox; see lab.Unwatched.
func (d *Database) AreMailboxesWatched(ctx context.Context) (ok bool, err error) {
	err = d.WithConn(ctx, func(ctx context.Context, c *pgx.Conn) error {
		n, err := lab.Unwatched(ctx, c)
		ok = n == 0
		return err
	})
	return ok, err
}

// Export writes the exportedTables to dir, one CSV file each.
func (d *Database) Export(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}

	return d.WithConn(ctx, func(ctx context.Context, c *pgx.Conn) error {
		for _, table := range exportedTables() {
			file, err := os.OpenFile(filepath.Join(dir, table+".csv"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
			if err != nil {
				return err
			}
			_, err = c.PgConn().CopyTo(ctx, file, "COPY "+table+" TO STDOUT (FORMAT csv, HEADER)")
			if err = errors.Join(err, file.Close()); err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
		}
		return nil
	})
}

// exportedTables returns the tables that help to find out what happened in a run.
func exportedTables() []string {
	return []string{
		"events", "queues", "queue_events", "quarantine",
		"conversations", "messages", "threads", "external_ids", "log_entries", "timers",
		"deliveries", "lanes", "gates", "posts",
		"accounts", "leases", "clock",
	}
}
