package store

import (
	"context"
	"fmt"
	"time"

	"parley/store/internal/query"
)

// Vanished is a process that no longer renews its presence, and didn't drop it either: it crashed.
type Vanished struct {
	Name  string    `db:"name"`
	Until time.Time `db:"until"` // when its presence ran out
}

const keepPresence = `
	WITH mine AS (
		INSERT INTO leases (name, holder, until)
		VALUES ($1, $1, clock_timestamp() + make_interval(secs => $2))
		ON CONFLICT (name) DO UPDATE
		SET until = EXCLUDED.until
	), forgotten AS (
		DELETE FROM leases
		WHERE name LIKE 'process:%' AND name <> $1 AND until < (SELECT clock_timestamp()) - interval '1 minute'
	)
	SELECT name, until
	FROM leases
	WHERE name LIKE 'process:%' AND name <> $1
		AND until BETWEEN (SELECT clock_timestamp()) - interval '1 minute' AND (SELECT clock_timestamp())`

// ProcessName begins the name under which a process keeps its presence. Its number says what the
// process knows. It rises when a feature may be used only once all processes know it.
const ProcessName = "process:4:"

// Features that all processes must know, by the lowest number in ProcessName of those that do.
const (
	KnowsRuns = 2 // deliveries leave together (Claim.Join); earlier processes would send them again
	KnowsSeen = 3 // old events are removed; earlier processes would take a repeated fact for a new one

	KnowsErasing = 4 // posts of erased contacts go from chats; earlier processes would give that up as failed
)

const allKnow = `
	SELECT NOT EXISTS (
		SELECT 1 FROM leases
		WHERE name LIKE 'process:%' AND coalesce(substring(name FROM '^process:([0-9]+):')::int, 1) < $1
			AND until > (SELECT clock_timestamp()) - interval '1 minute')`

// AllKnow says whether every process that lives, or lived within the last minute, knows a feature.
func AllKnow(ctx context.Context, q Querier, feature int) (bool, error) {
	var all bool
	err := q.QueryRow(ctx, allKnow, feature).Scan(&all)
	if err != nil {
		err = fmt.Errorf("store: processes: %w", err)
	}
	return all, err
}

// KeepPresence renews the presence of a process for so many seconds, and returns the processes whose
// presence ran out within the last minute. name begins with ProcessName.
func KeepPresence(ctx context.Context, q Querier, name string, seconds float64) ([]Vanished, error) {
	return query.Collect[Vanished](ctx, q, "presence", keepPresence, name, seconds)
}
