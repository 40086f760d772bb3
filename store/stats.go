package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// Limits of Read, which keep its cost bounded.
const (
	maxRows         = 10_000 // rows of each kind: events, quarantined events, undecided messages, bursts, …
	maxLanes        = 2_000  // lanes in all
	maxLanesPerGate = 100    // lanes of one gate and priority, in the order of their due times
	statsTimeout    = "2s"   // in PostgreSQL's notation
	ageBuckets      = 5      // the length of LaneStats.Ages
)

// Stats is the work that is waiting at one moment, for all processes together.
type Stats struct {
	Clock         time.Time // the database's clock
	Pending       int       // events that are not applied yet
	PendingOldest float64   // seconds since the oldest of them arrived
	Quarantined   []AccountCount
	Undecided     []AccountCount // messages for which a person has to decide whether they arrived
	Lanes         []LaneStats
	Gates         []GateStats
	Broken        []AccountID // accounts with a known fault that are not paused
	Suggestions   []SuggestionCount
	Bursts        int     // bursts, that is, messages that a customer wrote in quick succession, due to be analysed together
	BurstsOldest  float64 // seconds for which the oldest of these bursts has been due
	FiguresOldest float64 // seconds for which the oldest of maxRows changes has waited to be counted in the teams' figures
	Capped        bool    // a limit was reached, so that counts are lower bounds; doesn't concern FiguresOldest
}

// AccountCount is a number of records of one account.
type AccountCount struct {
	AccountID AccountID `db:"account_id"`
	N         int       `db:"n"`
	Oldest    float64   `db:"oldest"` // seconds for which the oldest record has waited
}

// LaneStats describes the lanes of one account that are not empty. The head of a lane is its first waiting delivery, the
// only one that may be sent.
type LaneStats struct {
	AccountID  AccountID `db:"account_id"`
	Deliveries int64     `db:"deliveries"` // all waiting deliveries, not only the heads
	Unknown    int       `db:"unknown"`    // heads for which it is unknown whether they arrived
	Oldest     float64   `db:"oldest"`     // seconds for which the oldest head has been due
	Ages       []int32   `db:"ages"`       // numbers of lanes by the age of their head: not due, < 1 min, < 10 min, < 1 h, older
	Capped     bool      `db:"capped"`     // a limit was reached; it is the same in the rows of all accounts
}

// GateStats describes the closed gates of one account.
type GateStats struct {
	AccountID AccountID `db:"account_id"`
	Blocked   int       `db:"blocked"`
	Wait      float64   `db:"wait"` // seconds until the last of them opens
}

// SuggestionCount is how many suggestions of a kind were shown to agents in the last seven days, and how many of these the
// agents used, edited or ignored. Only the latest maxRows suggestions of all kinds are counted.
type SuggestionCount struct {
	Kind    string `db:"kind"` // "tag"
	Shown   int    `db:"shown"`
	Used    int    `db:"used"`
	Edited  int    `db:"edited"`
	Ignored int    `db:"ignored"`
}

const countPending = `
	SELECT clock_timestamp() AS clock, (SELECT count(*) FROM (SELECT FROM queued LIMIT $1) AS counted) AS pending,
		coalesce((SELECT extract(epoch FROM clock_timestamp() - event.received_at)
			FROM events AS event
			WHERE event.id = (SELECT min(queue.first_event) FROM (SELECT first_event FROM queues LIMIT $1) AS queue)
		), 0)::double precision AS oldest`

const countQuarantined = `
	SELECT event.account_id, count(*) AS n, extract(epoch FROM clock_timestamp() - min(newest.at))::double precision AS oldest
	FROM (SELECT event_id, at FROM quarantine ORDER BY event_id DESC LIMIT $1) AS newest
	JOIN events AS event ON event.id = newest.event_id
	GROUP BY event.account_id`

// countUndecided omits messages whose delivery was removed when their customer was erased: nobody can decide about them.
const countUndecided = `
	SELECT conversation.account_id, count(*) AS n, extract(epoch FROM parley_now() - min(message.created_at))::double precision AS oldest
	FROM (SELECT id, conversation_id, created_at FROM messages WHERE fate = 'unclear' LIMIT $1) AS message
	JOIN conversations AS conversation ON conversation.id = message.conversation_id
	WHERE EXISTS (
		SELECT FROM deliveries
		WHERE message_id = message.id AND message_id <> 0 AND kind = 'reply' AND state = 'needs_decision')
	GROUP BY conversation.account_id`

// countLanes has three parts:
//
//   - waiting are the lanes that are examined: at most $1 of each gate and priority, and $2 in all. They are read in the
//     order of their due times, so that a gate's oldest lanes are among them.
//   - clock is read once, so that all ages refer to the same moment.
//   - heads has a row for each of these lanes: the number of waiting deliveries, and the state and age of the first. The
//     age is negative until that delivery is due.
const countLanes = `
	WITH waiting AS MATERIALIZED (
		SELECT gate.id AS gate, priorities.priority, lane.*
		FROM gates AS gate
		CROSS JOIN (VALUES (0), (1), (2), (3)) AS priorities(priority)
		CROSS JOIN LATERAL (
			SELECT lanes.id, lanes.account_id, lanes.head, lanes.tail
			FROM lanes
			WHERE lanes.gate_id = gate.id AND lanes.priority = priorities.priority AND lanes.due_at IS NOT NULL
			ORDER BY lanes.due_at
			LIMIT $1) AS lane
		LIMIT $2
	), clock AS MATERIALIZED (
		SELECT parley_now() AS now
	), heads AS MATERIALIZED (
		SELECT waiting.account_id, waiting.tail - waiting.head AS n, head.state,
			extract(epoch FROM clock.now - greatest(head.created_at, head.not_before))::double precision AS age
		FROM waiting
		CROSS JOIN clock
		LEFT JOIN LATERAL (
			SELECT delivery.state, delivery.created_at, delivery.not_before
			FROM deliveries AS delivery
			WHERE delivery.lane_id = waiting.id AND delivery.seq = waiting.head + 1) AS head ON true
	)
	SELECT account_id, sum(n)::bigint AS deliveries, count(*) FILTER (WHERE state = 'unknown') AS unknown,
		greatest(coalesce(max(age), 0), 0) AS oldest,
		ARRAY[count(*) FILTER (WHERE age IS NULL OR age < 0), count(*) FILTER (WHERE age >= 0 AND age < 60),
			count(*) FILTER (WHERE age >= 60 AND age < 600), count(*) FILTER (WHERE age >= 600 AND age < 3600),
			count(*) FILTER (WHERE age >= 3600)]::int[] AS ages,
		EXISTS (SELECT 1 FROM waiting GROUP BY gate, priority HAVING count(*) >= $1) OR (SELECT count(*) FROM waiting) >= $2 AS capped
	FROM heads
	GROUP BY account_id`

// countGates counts gates whose next_at is in the future. That is so only if the provider asked to wait: sending up to the
// rate limit moves it at most to now.
const countGates = `
	SELECT account_id, count(*) AS blocked, extract(epoch FROM max(next_at) - clock_timestamp())::double precision AS wait
	FROM gates
	WHERE next_at > (SELECT clock_timestamp())
	GROUP BY account_id`

const countSuggestions = `
	SELECT kind, count(*) AS shown, count(*) FILTER (WHERE fate = 'used') AS used, count(*) FILTER (WHERE fate = 'edited') AS edited,
		count(*) FILTER (WHERE fate = 'ignored') AS ignored
	FROM (
		SELECT kind, fate
		FROM suggestions
		WHERE shown_at > (SELECT parley_now()) - interval '7 days'
		ORDER BY shown_at DESC
		LIMIT $1) AS latest
	GROUP BY kind
	ORDER BY kind`

const countBursts = `
	SELECT count(*) AS bursts, coalesce(extract(epoch FROM parley_now() - min(due_at)), 0)::double precision AS oldest
	FROM (SELECT due_at FROM bursts WHERE due_at <= (SELECT parley_now()) ORDER BY due_at LIMIT $1) AS due`

const ageOfFigures = `
	SELECT coalesce(extract(epoch FROM clock_timestamp() - min(since)), 0)::double precision
	FROM (SELECT since FROM measure_due LIMIT $1) AS due`

// listBroken omits accounts that are paused or were removed from the configuration. They keep their last status, and nobody
// repairs them.
const listBroken = `SELECT id FROM accounts WHERE status <> $1 AND NOT paused`

// healthy is the status of an account without a known fault.
const healthy = "active"

// ReadStats returns the current numbers. It reads a bounded number of rows by index, and returns an error if one of its
// statements takes longer than statementTimeout.
func ReadStats(ctx context.Context, db Beginner) (Stats, error) {
	var s Stats
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error { return s.read(ctx, tx) })
	if err != nil {
		return Stats{}, fmt.Errorf("store: stats: %w", err)
	}
	return s, nil
}

// read fills s in one round trip.
func (s *Stats) read(ctx context.Context, tx pgx.Tx) error {
	var batch pgx.Batch
	batch.Queue(query.ByIndex, statsTimeout)
	batch.Queue(countPending, maxRows).QueryRow(func(row pgx.Row) error {
		return row.Scan(&s.Clock, &s.Pending, &s.PendingOldest)
	})

	batch.Queue(countBursts, maxRows).QueryRow(func(row pgx.Row) error { return row.Scan(&s.Bursts, &s.BurstsOldest) })
	batch.Queue(ageOfFigures, maxRows).QueryRow(func(row pgx.Row) error { return row.Scan(&s.FiguresOldest) })
	query.Read(&batch, &s.Quarantined, countQuarantined, maxRows)
	query.Read(&batch, &s.Undecided, countUndecided, maxRows)
	query.Read(&batch, &s.Lanes, countLanes, maxLanesPerGate, maxLanes)
	query.Read(&batch, &s.Gates, countGates)
	query.Read(&batch, &s.Suggestions, countSuggestions, maxRows)
	query.ReadIDs(&batch, &s.Broken, listBroken, healthy)

	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return err
	}

	for _, lane := range s.Lanes {
		if len(lane.Ages) != ageBuckets {
			return fmt.Errorf("account %d: %d ages of lanes instead of %d", lane.AccountID, len(lane.Ages), ageBuckets)
		}
	}

	s.Capped = s.hasReachedLimit()
	return nil
}

// hasReachedLimit reports whether there may be more records of some kind than were counted.
func (s *Stats) hasReachedLimit() bool {
	if len(s.Lanes) > 0 && s.Lanes[0].Capped {
		return true
	}
	return slices.Max([]int{s.Pending, s.Bursts, sumCounts(s.Quarantined), sumCounts(s.Undecided)}) >= maxRows
}

// sumCounts adds up the counts of all accounts.
func sumCounts(counts []AccountCount) int {
	sum := 0
	for _, account := range counts {
		sum += account.N
	}
	return sum
}
