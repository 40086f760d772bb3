package store

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// progress tells the owner of a Migrator what goes on.
type progress struct {
	pool    *pgxpool.Pool
	report  func(string) // nil = nobody is told
	session uint32       // server process of the session that migrates

	mu        sync.Mutex
	statement string // the first line of what runs, or is to be tried again
	now       string // what is being done or waited for
	told      string // the last wait that was told of at once
}

// begins notes which statement runs.
func (p *progress) begins(query string) {
	line, _, more := strings.Cut(strings.TrimSuffix(strings.TrimSpace(query), ";"), "\n")
	if more {
		line += " …"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.statement, p.now = line, "running "+line
}

// waitsForLock tells that the statement did not get its lock.
func (p *progress) waitsForLock(ctx context.Context) {
	p.mu.Lock()
	statement := p.statement
	p.mu.Unlock()
	p.waits(ctx, "waiting for the lock of "+statement)
}

// waits tells what is waited for, unless that was told last.
func (p *progress) waits(ctx context.Context, text string) {
	p.mu.Lock()
	known := p.told == text
	p.now, p.told = text, text
	p.mu.Unlock()
	if !known {
		p.tell(text + p.inTheWay(ctx))
	}
}

func (p *progress) tell(text string) {
	if p.report != nil {
		p.report(text)
	}
}

// remind repeats what is being done or waited for, until the function that it gives is
// called or ctx ends.
func (p *progress) remind(ctx context.Context, every time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for pause(ctx, every) == nil {
			p.mu.Lock()
			now := p.now
			p.mu.Unlock()
			if now != "" {
				p.tell(now + p.inTheWay(ctx))
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// Sessions that a migration may be waiting for: the one that migrates, and those whose
// transactions have been open for longest.
const sessionsInTheWay = `
	SELECT coalesce(nullif(a.application_name, ''), a.backend_type) || ' (process ' || a.pid || ', for '
		|| date_trunc('second', clock_timestamp() - coalesce(a.xact_start, a.backend_start)) || ')'
	FROM pg_stat_activity AS a
	WHERE a.datname = current_database() AND a.pid NOT IN ($1, pg_backend_pid())
		AND (a.xact_start IS NOT NULL OR EXISTS (
			SELECT 1 FROM pg_locks AS l
			WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = $2::bigint::oid))
	ORDER BY coalesce(a.xact_start, a.backend_start)
	LIMIT 3`

// inTheWay names those who may be waited for; "" when nobody knows.
func (p *progress) inTheWay(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	rows, err := p.pool.Query(ctx, sessionsInTheWay, int64(p.session), int64(migrationLock))
	if err != nil {
		return ""
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(names) == 0 {
		return ""
	}
	return "; in the way may be " + strings.Join(names, ", ")
}
