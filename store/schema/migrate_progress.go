package schema

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A migration may take minutes, or wait for another session that holds a lock on a table. So that an admin who watches
// `parley serve` start can tell the two apart, waits are reported with the sessions that may be the cause:
//
//	waiting for the lock of ALTER TABLE messages …; in the way may be psql (process 4711, for 00:03:10)

// progress calls Migrator.Report for each new wait, and again at intervals while the wait lasts. It is shared by the
// session that migrates and the goroutine that sends reminders.
type progress struct {
	pool    *pgxpool.Pool
	report  func(string) // nil if nobody wants reports
	session uint32       // the PostgreSQL process ID of the session that migrates

	mu           sync.Mutex // guards the fields below
	statement    string     // the first line of the current statement
	activity     string     // what is being done or waited for; reminders repeat it
	reportedWait string     // the last wait that reportWait has seen
}

// setStatement records the statement that is about to run.
func (p *progress) setStatement(query string) {
	line, _, more := strings.Cut(strings.TrimSuffix(strings.TrimSpace(query), ";"), "\n")
	if more {
		line += " …"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.statement = line
	p.activity = "running " + line
}

// reportLockWait reports that the current statement did not get its lock.
func (p *progress) reportLockWait(ctx context.Context) {
	p.mu.Lock()
	statement := p.statement
	p.mu.Unlock()
	p.reportWait(ctx, "waiting for the lock of "+statement)
}

// reportWait reports a wait, unless it is the same as the previous one.
func (p *progress) reportWait(ctx context.Context, text string) {
	p.mu.Lock()
	alreadyReported := p.reportedWait == text
	p.activity = text
	p.reportedWait = text
	p.mu.Unlock()
	if !alreadyReported {
		p.tell(text + p.describeBlockers(ctx))
	}
}

// tell passes a text to Migrator.Report, if there is one.
func (p *progress) tell(text string) {
	if p.report != nil {
		p.report(text)
	}
}

// remind starts a goroutine that reports the current activity at the given interval. stop ends the goroutine and waits
// until it has returned. The end of ctx ends it, too.
func (p *progress) remind(ctx context.Context, every time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)

		for sleep(ctx, every) == nil {
			p.mu.Lock()
			activity := p.activity
			p.mu.Unlock()

			if activity != "" {
				p.tell(activity + p.describeBlockers(ctx))
			}
		}
	}()

	return func() {
		cancel()
		<-done
	}
}

// findBlockers returns up to three sessions that a migration may be waiting for: the one that holds the advisory lock $2 of
// migrations, and those with the oldest open transactions. $1 is the process ID of our own session.
const findBlockers = `
	SELECT coalesce(nullif(session.application_name, ''), session.backend_type) || ' (process ' || session.pid || ', for '
		|| date_trunc('second', clock_timestamp() - coalesce(session.xact_start, session.backend_start)) || ')'
	FROM pg_stat_activity AS session
	WHERE session.datname = current_database() AND session.pid NOT IN ($1, pg_backend_pid())
		AND (session.xact_start IS NOT NULL OR EXISTS (
			SELECT 1 FROM pg_locks AS held
			WHERE held.pid = session.pid AND held.locktype = 'advisory' AND held.granted AND held.classid = 0 AND held.objid = $2::bigint::oid))
	ORDER BY coalesce(session.xact_start, session.backend_start)
	LIMIT 3`

// describeBlockers returns the second half of a report, which names the sessions that may hold the lock. It is empty if
// there are none or the query fails.
func (p *progress) describeBlockers(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	rows, err := p.pool.Query(ctx, findBlockers, int64(p.session), int64(migrationLock))
	if err != nil {
		return ""
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(names) == 0 {
		return ""
	}
	return "; in the way may be " + strings.Join(names, ", ")
}
