package schema

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// progress calls Migrator.Report.
type progress struct {
	pool    *pgxpool.Pool
	report  func(string) // nil = no reports
	session uint32       // the server process of the session that migrates

	mu           sync.Mutex
	statement    string // the first line of the current statement
	now          string // what is being done or waited for; reminders repeat it
	reportedWait string // the last wait that was reported at once
}

// begins notes the statement that runs now.
func (p *progress) begins(query string) {
	line, _, more := strings.Cut(strings.TrimSuffix(strings.TrimSpace(query), ";"), "\n")
	if more {
		line += " …"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.statement, p.now = line, "running "+line
}

// waitsForLock reports that the current statement did not get its lock.
func (p *progress) waitsForLock(ctx context.Context) {
	p.mu.Lock()
	statement := p.statement
	p.mu.Unlock()
	p.waits(ctx, "waiting for the lock of "+statement)
}

// waits reports a wait, unless it was the last one to be reported.
func (p *progress) waits(ctx context.Context, text string) {
	p.mu.Lock()
	known := p.reportedWait == text
	p.now, p.reportedWait = text, text
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

// remind starts a goroutine that reports what is being done or waited for, again and again. stop ends
// it and waits for it; it also ends with ctx.
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

// inTheWay returns the second half of a report: the sessions that may hold the lock. "" = none found.
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
