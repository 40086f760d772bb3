package store

import (
	"context"
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
		WHERE name LIKE 'process:%' AND name <> $1 AND until < clock_timestamp() - interval '1 minute'
	)
	SELECT name, until
	FROM leases
	WHERE name LIKE 'process:%' AND name <> $1
		AND until BETWEEN clock_timestamp() - interval '1 minute' AND clock_timestamp()`

// KeepPresence renews the presence of a process and gives those that let theirs run
// out within the last minute. Names begin with "process:".
func KeepPresence(ctx context.Context, q Querier, name string, seconds float64) ([]Vanished, error) {
	return collect[Vanished](ctx, q, "presence", keepPresence, name, seconds)
}
