package relay

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// How many sessions of the pool are for what.
const (
	appliers        = 4 // that work on batches
	suspectAppliers = 2 // that work on events which failed before
	otherSessions   = 3 // the dispatcher's turns, its looks for lanes that became due long ago, and one to spare
)

const (
	firstPlanPause = time.Second // until a session renews its plans for the first time; each further pause is twice as long
	maxPlanPause   = time.Minute // the longest of these pauses
)

// plans says when a session renews the plans of its statements. By itself a session keeps a plan until
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

// OpenSessions opens the small pool on which one Relay claims and applies, to the database of another pool. Its
// plan settings keep both flat: generic plans of LIMIT $n would hash-join all lanes, and planning each of many
// small statements costs more than running it.
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
		return renewPlans(ctx, conn) == nil, nil // a session that fails is closed, and another one takes its place
	}
	return pgxpool.NewWithConfig(ctx, config)
}
