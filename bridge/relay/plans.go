package relay

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Sessions in the pool, by purpose.
const (
	appliers        = 4 // apply batches of events
	suspectAppliers = 2 // apply events that failed earlier, one by one
	otherSessions   = 3 // the dispatcher's turns, its search for long-due lanes, and a spare one
)

const (
	firstPlanPause = time.Second // until a session first renews its plans; each further pause is twice as long
	maxPlanPause   = time.Minute // the longest of these pauses
)

// plans says when a session renews its query plans. Left alone, a session keeps a plan until PostgreSQL
// analyses one of the plan's tables. That may be a minute after the table has grown from nothing to thousands
// of rows, and the best plan for an empty table is to read all of it.
type plans struct {
	every time.Duration
	next  time.Time
}

// plansKey is the key of plans in the session's CustomData.
const plansKey = "parley.plans"

// renewPlans discards the plans of a session if they are due for renewal.
func renewPlans(ctx context.Context, conn *pgx.Conn) error {
	data, now := conn.PgConn().CustomData(), time.Now()
	p, known := data[plansKey].(plans)
	if known && now.Before(p.next) {
		return nil
	}

	if known {
		p.every = min(2*p.every, maxPlanPause)
		if _, err := conn.Exec(ctx, `DISCARD PLANS`); err != nil {
			return fmt.Errorf("relay: renew plans: %w", err)
		}
	} else { // a new session has no plans
		p.every = firstPlanPause
	}

	p.next = now.Add(p.every)
	data[plansKey] = p
	return nil
}

// OpenSessions opens the small pool on which one Relay claims deliveries and applies events, in the database of
// another pool. Its planner settings keep the cost of both constant: a generic plan for LIMIT $n would
// hash-join all lanes, and planning each of many small statements costs more than running it. The caller closes
// the pool.
func OpenSessions(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Pool, error) {
	config := pool.Config().Copy()
	config.MaxConns, config.MinConns = appliers+suspectAppliers+otherSessions, 0
	for name, value := range map[string]string{
		"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off",
		"plan_cache_mode":                     "force_generic_plan",
		"idle_in_transaction_session_timeout": "30s",
	} {
		config.ConnConfig.RuntimeParams[name] = value
	}
	config.PrepareConn = func(ctx context.Context, conn *pgx.Conn) (bool, error) {
		return renewPlans(ctx, conn) == nil, nil // false closes a broken session, and the pool opens another
	}
	return pgxpool.NewWithConfig(ctx, config)
}
