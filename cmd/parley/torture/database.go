package torture

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/pgserver"
)

// database is the durable PostgreSQL that all replicas share.
type database struct {
	dir string

	mu     sync.Mutex
	server *pgserver.Server
}

func (d *database) start(ctx context.Context) error {
	server, err := pgserver.Start(ctx, pgserver.Options{Dir: d.dir, Durable: true, Say: func(string) {}})
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.server = server
	return nil
}

func (d *database) url() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.server.URL(pgserver.Database)
}

// killAndStart kills the postmaster and starts the server again at the same address.
func (d *database) killAndStart(ctx context.Context) error {
	d.mu.Lock()
	old := d.server
	d.mu.Unlock()
	before := d.url()
	if err := syscall.Kill(old.PID(), syscall.SIGKILL); err != nil {
		return err
	}
	<-old.Done()
	if err := old.Close(ctx); err != nil {
		return err
	}
	if err := d.start(ctx); err != nil {
		return err
	}
	if d.url() != before {
		return fmt.Errorf("the database moved from %s to %s", before, d.url())
	}
	return nil
}

func (d *database) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.server == nil {
		return nil
	}
	return d.server.Close(ctx)
}

// load is what Parley still has to do. The run waits for it; the verdict does not
// depend on it.
type load struct {
	Pending     int // facts to be applied
	Lanes       int // with something to deliver
	Quarantined int
}

const loadQuery = `
	SELECT (SELECT count(*) FROM pending),
		(SELECT count(*) FROM lanes WHERE due_at IS NOT NULL OR leased_until IS NOT NULL),
		(SELECT count(*) FROM quarantine)`

func (d *database) load(ctx context.Context) (load, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var l load
	conn, err := pgx.Connect(ctx, d.url())
	if err != nil {
		return l, fmt.Errorf("torture: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := conn.QueryRow(ctx, loadQuery).Scan(&l.Pending, &l.Lanes, &l.Quarantined); err != nil {
		return l, fmt.Errorf("torture: %w", err)
	}
	return l, nil
}
