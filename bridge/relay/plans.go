package relay

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	planSoon = time.Second // a session makes its plans anew after that for the first time
	planLate = time.Minute // and at least so often later
)

// plans says when a session makes the plans of its statements anew. It keeps a plan until PostgreSQL
// analyses one of its tables, which may be a minute after the table has grown from nothing to
// thousands of rows; for an empty table, reading the whole of it is the best plan.
type plans struct {
	every time.Duration
	next  time.Time
}

// plansKey is where a session's plans are in its custom data.
const plansKey = "parley.plans"

// renewPlans has a session forget plans that have become old: those of its first second soon, later
// ones rarely.
func renewPlans(ctx context.Context, conn *pgx.Conn) error {
	data, now := conn.PgConn().CustomData(), time.Now()
	p, known := data[plansKey].(plans)
	switch {
	case !known:
		p.every = planSoon
	case now.Before(p.next):
		return nil
	default:
		p.every = min(2*p.every, planLate)
		if _, err := conn.Exec(ctx, `DISCARD PLANS`); err != nil {
			return fmt.Errorf("relay: renew plans: %w", err)
		}
	}
	p.next = now.Add(p.every)
	data[plansKey] = p
	return nil
}
