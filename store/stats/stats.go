// Package stats counts what waits: events, deliveries, decisions and blocked gates, of all processes, and what
// became of suggestions. It
// reads a bounded number of rows, however much waits.
//
// What does not belong here: what one process does; that is counted where it happens.
package stats

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// Limits of Read, so that it costs the same however much waits.
const (
	statsRows      = 10_000 // events that wait; bursts; quarantined events; undecided messages
	statsLanes     = 2_000  // lanes in all
	statsLanesGate = 100    // lanes of one gate and priority, those first that were due first
	statsStatement = "2s"   // a statement is given up after this time
	ageBuckets     = 5      // len(LaneStats.Ages)
)

// Stats is what waits now, of all replicas.
type Stats struct {
	Clock         time.Time // the database's
	Pending       int       // events not applied yet
	PendingOldest float64   // seconds since the oldest of them arrived
	Quarantined   []AccountCount
	Undecided     []AccountCount // messages of which a person has to decide whether they arrived
	Lanes         []LaneStats
	Gates         []GateStats
	Broken        []store.AccountID // accounts with a known fault
	Suggestions   []SuggestionCount
	Bursts        int     // of customers' messages that are due to be analysed
	BurstsOldest  float64 // seconds that the oldest of them has been due
	FiguresOldest float64 // seconds that the oldest change has waited to be counted in the figures of the team
	Capped        bool    // a limit was reached: counts are lower bounds
}

// AccountCount counts something of an account.
type AccountCount struct {
	AccountID store.AccountID `db:"account_id"`
	N         int             `db:"n"`
	Oldest    float64         `db:"oldest"` // seconds
}

// LaneStats is what waits in the lanes to an account.
type LaneStats struct {
	AccountID  store.AccountID  `db:"account_id"`
	Deliveries store.DeliveryID `db:"deliveries"`
	Unknown    int              `db:"unknown"` // heads of which nobody knows whether they arrived
	Oldest     float64          `db:"oldest"`  // seconds that the oldest head has been due
	Ages       []int32          `db:"ages"`    // lanes by the age of their head: not due, < 1 min, < 10 min, < 1 h, more
	Capped     bool             `db:"capped"`  // a limit was reached; the same in the rows of all accounts
}

// GateStats is how many gates of an account their provider has closed now.
type GateStats struct {
	AccountID store.AccountID `db:"account_id"`
	Blocked   int             `db:"blocked"`
	Wait      float64         `db:"wait"` // seconds until the last of them opens
}

// SuggestionCount is how many suggestions of a kind were shown in the last seven days, and what became of
// them; the latest ones if there are very many.
type SuggestionCount struct {
	Kind    string `db:"kind"` // "tag"
	Shown   int    `db:"shown"`
	Used    int    `db:"used"`
	Edited  int    `db:"edited"`
	Ignored int    `db:"ignored"`
}

const statsPending = `
	SELECT clock_timestamp() AS clock, (SELECT count(*) FROM (SELECT FROM queued LIMIT $1) AS x) AS pending,
		coalesce((SELECT extract(epoch FROM clock_timestamp() - e.received_at)
			FROM events AS e
			WHERE e.id = (SELECT min(q.first_event) FROM (SELECT first_event FROM queues LIMIT $1) AS q)), 0)::double precision AS oldest`

const statsQuarantined = `
	SELECT e.account_id, count(*) AS n, extract(epoch FROM clock_timestamp() - min(q.at))::double precision AS oldest
	FROM (SELECT event_id, at FROM quarantine ORDER BY event_id DESC LIMIT $1) AS q
	JOIN events AS e ON e.id = q.event_id
	GROUP BY e.account_id`

const statsUndecided = `
	SELECT c.account_id, count(*) AS n, extract(epoch FROM parley_now() - min(m.created_at))::double precision AS oldest
	FROM (SELECT conversation_id, created_at FROM messages WHERE fate = 'unclear' LIMIT $1) AS m
	JOIN conversations AS c ON c.id = m.conversation_id
	GROUP BY c.account_id`

// A gate's lanes are read in the order in which they were due, so that the oldest are
// among those that are read.
const statsLanesOf = `
	WITH look AS MATERIALIZED (
		SELECT g.id AS gate, pr.n AS priority, l.*
		FROM gates AS g
		CROSS JOIN (VALUES (0), (1), (2), (3)) AS pr(n)
		CROSS JOIN LATERAL (
			SELECT lanes.id, lanes.account_id, lanes.head, lanes.tail
			FROM lanes
			WHERE lanes.gate_id = g.id AND lanes.priority = pr.n AND lanes.due_at IS NOT NULL
			ORDER BY lanes.due_at
			LIMIT $1) AS l
		LIMIT $2
	), t AS MATERIALIZED (
		SELECT parley_now() AS now
	), heads AS MATERIALIZED (
		SELECT look.account_id, look.tail - look.head AS n, d.state,
			extract(epoch FROM t.now - greatest(d.created_at, d.not_before))::double precision AS age
		FROM look
		CROSS JOIN t
		LEFT JOIN LATERAL (
			SELECT x.state, x.created_at, x.not_before
			FROM deliveries AS x
			WHERE x.lane_id = look.id AND x.seq = look.head + 1) AS d ON true
	)
	SELECT account_id, sum(n)::bigint AS deliveries, count(*) FILTER (WHERE state = 'unknown') AS unknown,
		greatest(coalesce(max(age), 0), 0) AS oldest,
		ARRAY[count(*) FILTER (WHERE age IS NULL OR age < 0), count(*) FILTER (WHERE age >= 0 AND age < 60),
			count(*) FILTER (WHERE age >= 60 AND age < 600), count(*) FILTER (WHERE age >= 600 AND age < 3600),
			count(*) FILTER (WHERE age >= 3600)]::int[] AS ages,
		EXISTS (SELECT 1 FROM look GROUP BY gate, priority HAVING count(*) >= $1) OR (SELECT count(*) FROM look) >= $2 AS capped
	FROM heads
	GROUP BY account_id`

// next_at is in the future only if the provider asked to wait: spending the gate's rate doesn't do that.
const statsGates = `
	SELECT account_id, count(*) AS blocked, extract(epoch FROM max(next_at) - clock_timestamp())::double precision AS wait
	FROM gates
	WHERE next_at > (SELECT clock_timestamp())
	GROUP BY account_id`

const statsSuggestions = `
	SELECT kind, count(*) AS shown, count(*) FILTER (WHERE fate = 'used') AS used, count(*) FILTER (WHERE fate = 'edited') AS edited,
		count(*) FILTER (WHERE fate = 'ignored') AS ignored
	FROM (
		SELECT kind, fate
		FROM suggestions
		WHERE shown_at > (SELECT parley_now()) - interval '7 days'
		ORDER BY shown_at DESC
		LIMIT $1) AS s
	GROUP BY kind
	ORDER BY kind`

const statsBursts = `
	SELECT count(*) AS bursts, coalesce(extract(epoch FROM parley_now() - min(due_at)), 0)::double precision AS oldest
	FROM (SELECT due_at FROM bursts WHERE due_at <= (SELECT parley_now()) ORDER BY due_at LIMIT $1) AS b`

const statsFigures = `
	SELECT coalesce(extract(epoch FROM clock_timestamp() - min(since)), 0)::double precision
	FROM (SELECT since FROM measure_due LIMIT $1) AS d`

const statsBroken = `SELECT id FROM accounts WHERE status <> $1`

// healthy is the status of an account without a known fault.
const healthy = "active"

// Read counts what waits. It reads a bounded number of rows by index and gives up a statement
// after two seconds.
func Read(ctx context.Context, db interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}) (s Stats, err error) {
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		s, err = readStats(ctx, tx)
		return err
	})
	if err != nil {
		return Stats{}, fmt.Errorf("store: stats: %w", err)
	}
	return s, nil
}

// readStats asks everything in one round trip.
func readStats(ctx context.Context, tx pgx.Tx) (s Stats, err error) {
	var batch pgx.Batch
	batch.Queue(query.ByIndex, statsStatement)
	batch.Queue(statsPending, statsRows).QueryRow(func(row pgx.Row) error {
		return row.Scan(&s.Clock, &s.Pending, &s.PendingOldest)
	})
	batch.Queue(statsBursts, statsRows).QueryRow(func(row pgx.Row) error { return row.Scan(&s.Bursts, &s.BurstsOldest) })
	batch.Queue(statsFigures, statsRows).QueryRow(func(row pgx.Row) error { return row.Scan(&s.FiguresOldest) })
	query.Read(&batch, &s.Quarantined, statsQuarantined, statsRows)
	query.Read(&batch, &s.Undecided, statsUndecided, statsRows)
	query.Read(&batch, &s.Lanes, statsLanesOf, statsLanesGate, statsLanes)
	query.Read(&batch, &s.Gates, statsGates)
	query.Read(&batch, &s.Suggestions, statsSuggestions, statsRows)
	batch.Queue(statsBroken, healthy).Query(func(rows pgx.Rows) (err error) {
		s.Broken, err = pgx.CollectRows(rows, pgx.RowTo[store.AccountID])
		return err
	})
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return s, err
	}
	for _, l := range s.Lanes {
		if len(l.Ages) != ageBuckets {
			return s, errors.New("wrong number of ages")
		}
	}
	s.Capped = s.capped()
	return s, nil
}

// capped says whether a limit was reached.
func (s Stats) capped() bool {
	quarantined, undecided := 0, 0
	for _, c := range s.Quarantined {
		quarantined += c.N
	}
	for _, c := range s.Undecided {
		undecided += c.N
	}
	lanesCapped := len(s.Lanes) > 0 && s.Lanes[0].Capped
	return s.Pending >= statsRows || s.Bursts >= statsRows || quarantined >= statsRows || undecided >= statsRows || lanesCapped
}
