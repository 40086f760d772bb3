package store

import (
	"context"
	"fmt"
	"time"
)

// Vanished is a process that stopped keeping its presence without saying goodbye.
type Vanished struct {
	Name  string    `db:"name"`
	Until time.Time `db:"until"`
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

// ProcessName begins the name under which a process keeps its presence. The number rises
// when processes must know of something before others may use it; 2: runs.
const ProcessName = "process:2:"

const allKnowRuns = `
	SELECT NOT EXISTS (
		SELECT 1 FROM leases
		WHERE name LIKE 'process:%' AND name NOT LIKE 'process:2:%' AND until > (SELECT clock_timestamp()) - interval '1 minute')`

// AllKnowRuns says whether every process that lives, or did lately, knows that deliveries
// may leave together (Claim.Join). One of an earlier version would send them again.
func AllKnowRuns(ctx context.Context, q Querier) (bool, error) {
	var all bool
	err := q.QueryRow(ctx, allKnowRuns).Scan(&all)
	if err != nil {
		err = fmt.Errorf("store: processes: %w", err)
	}
	return all, err
}

// KeepPresence renews the presence of a process and gives those that let theirs run
// out within the last minute. Names begin with ProcessName.
func KeepPresence(ctx context.Context, q Querier, name string, seconds float64) ([]Vanished, error) {
	return collect[Vanished](ctx, q, "presence", keepPresence, name, seconds)
}
