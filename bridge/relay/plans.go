package relay

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	planSoon = time.Second // until a session makes its plans anew for the first time; each further pause is twice as long
	planLate = time.Minute // the longest of these pauses
)

// plans says when a session makes the plans of its statements anew. By itself a session keeps a plan until
// PostgreSQL analyses one of the plan's tables. That may be a minute after the table has grown from
// nothing to thousands of rows, and the best plan for an empty table is to read the whole of it.
type plans struct {
	every time.Duration
	next  time.Time
}

// plansKey is where a session's plans are in its custom data.
const plansKey = "parley.plans"

// renewPlans makes a session forget plans that have become old.
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
