package store

import (
	"context"

	"parley/store/internal/query"
)

// Gate is a provider's rate limit: a token bucket. Deliveries leave through lanes (queues), and several lanes may share a
// gate. For example, Slack allows one message a second in each channel, so all threads of a channel share one gate. A gate
// may have a second, wide bucket, for a limit over a longer time; then a delivery needs a token of both.
type Gate struct {
	ID        GateID    `db:"id" json:"id"`
	AccountID AccountID `db:"account_id" json:"account_id"`
	Key       string    `db:"key" json:"key"`
	PerSecond float64   `db:"per_second" json:"per_second"` // 0 means no limit of our own: only the provider's responses (429) slow it down
	Burst     int       `db:"burst" json:"burst"`           // capacity of the bucket in tokens

	WidePerSecond float64 `db:"wide_per_second" json:"wide_per_second"` // 0 means that there is no wide bucket
	WideBurst     int     `db:"wide_burst" json:"wide_burst"`
}

const findGates = `
	SELECT gates.id, gates.account_id, gates.key, gates.per_second, gates.burst, gates.wide_per_second, gates.wide_burst
	FROM gates
	JOIN json_populate_recordset(NULL::gates, $1) AS given ON given.account_id = gates.account_id AND given.key = gates.key`

// FindGates returns the stored gates with the accounts and keys of rows.
func FindGates(ctx context.Context, q Querier, rows []Gate) ([]Gate, error) {
	body, err := query.JSON(rows)
	if err != nil {
		return nil, err
	}
	return query.Collect[Gate](ctx, q, "gates", findGates, body)
}

const upsertGates = `
	INSERT INTO gates (account_id, key, per_second, burst, wide_per_second, wide_burst)
	SELECT account_id, key, per_second, burst, wide_per_second, wide_burst
	FROM json_populate_recordset(NULL::gates, $1)
	ORDER BY account_id, key
	ON CONFLICT (account_id, key) DO UPDATE
	SET per_second = EXCLUDED.per_second, burst = EXCLUDED.burst,
		wide_per_second = EXCLUDED.wide_per_second, wide_burst = EXCLUDED.wide_burst
	RETURNING id, account_id, key, per_second, burst, wide_per_second, wide_burst`

// UpsertGates inserts gates, or updates those that exist, and returns them with their ids.
func UpsertGates(ctx context.Context, q Querier, rows []Gate) ([]Gate, error) {
	body, err := query.JSON(rows)
	if err != nil {
		return nil, err
	}
	return query.Collect[Gate](ctx, q, "gates", upsertGates, body)
}
