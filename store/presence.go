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
// when processes must know of something before others may use it: KnowsRuns, KnowsSeen.
const ProcessName = "process:3:"

// What a process may have to know of, by the number in ProcessName.
const (
	KnowsRuns = 2 // deliveries may leave together (Claim.Join): earlier processes would send them again
	KnowsSeen = 3 // events are removed: earlier processes would take what comes a second time for new
)

const allKnow = `
	SELECT NOT EXISTS (
		SELECT 1 FROM leases
		WHERE name LIKE 'process:%' AND coalesce(substring(name FROM '^process:([0-9]+):')::int, 1) < $1
			AND until > (SELECT clock_timestamp()) - interval '1 minute')`

// AllKnow says whether every process that lives, or did lately, knows of something.
func AllKnow(ctx context.Context, q Querier, what int) (bool, error) {
	var all bool
	err := q.QueryRow(ctx, allKnow, what).Scan(&all)
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
