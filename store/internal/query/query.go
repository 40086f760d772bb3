// Package query has the helpers with which package store and its subpackages run SQL. They scan rows into values, turn
// values into arguments, and wrap errors:
//
//	tags, err := query.Column[string](ctx, pool, "tags", `SELECT name FROM tags WHERE category = $1`, category)
//
// What does not belong here: statements about one table, except conditions that several packages share.
package query

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Querier is a pool, a connection or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Execer runs statements that return no rows.
type Execer interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Batcher sends several statements in one round trip and one transaction.
type Batcher interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// Collect runs a query and scans its rows into structs by column name. what describes the query in errors.
func Collect[T any](ctx context.Context, q Querier, what, sql string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	list, err := Rows[T](rows)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	return list, nil
}

// Exec runs a statement that returns no rows. what describes the statement in errors.
func Exec(ctx context.Context, q Execer, what, sql string, args ...any) error {
	if _, err := q.Exec(ctx, sql, args...); err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	return nil
}

// Value runs a query that returns a single value: one column of one row. what describes the query in errors.
// Errors: pgx.ErrNoRows if there is no row.
func Value[T any](ctx context.Context, q Querier, what, sql string, args ...any) (T, error) {
	var value T
	rows, err := q.Query(ctx, sql, args...)
	if err == nil {
		value, err = pgx.CollectOneRow(rows, pgx.RowTo[T])
	}
	if err != nil {
		return *new(T), fmt.Errorf("store: %s: %w", what, err)
	}
	return value, nil
}

// Column runs a query that returns one column. what describes the query in errors.
func Column[T any](ctx context.Context, q Querier, what, sql string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	return list, nil
}

// Map runs a query that returns two columns, the keys and the values of a map. what describes the query in errors.
func Map[K comparable, V any](ctx context.Context, q Querier, what, sql string, args ...any) (map[K]V, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}

	values := map[K]V{}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (key K, err error) {
		var value V
		err = row.Scan(&key, &value)
		values[key] = value
		return key, err
	})
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	return values, nil
}

// Read adds a query to a batch. When the batch is sent and closed, the query's rows are stored in list.
func Read[T any](batch *pgx.Batch, list *[]T, sql string, args ...any) {
	batch.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		*list, err = Rows[T](rows)
		return err
	})
}

// ReadIDs is Read for a query that returns one column of ids.
func ReadIDs[T ~int64](batch *pgx.Batch, list *[]T, sql string, args ...any) {
	batch.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		*list, err = pgx.CollectRows(rows, pgx.RowTo[T])
		return err
	})
}

// Field returns one field of all rows. Statements that take parallel lists (unnest) need one such list for each column.
func Field[R, F any](rows []R, field func(*R) F) []F {
	list := make([]F, len(rows))
	for i := range rows {
		list[i] = field(&rows[i])
	}
	return list
}

// JSON returns rows as a JSON array, for PostgreSQL's json_populate_recordset.
func JSON[T any](rows []T) (string, error) {
	body, err := json.Marshal(rows)
	if err != nil {
		return "", fmt.Errorf("store: rows: %w", err)
	}
	return string(body), nil
}

// InQueue is the condition that the event e waits to be applied. Events (incoming messages, for example) wait in queues, one
// for each order key. Normally they are applied in the order of their ids, so e waits if its id is not less than
// that of the queue's next event (first_event). After a replay, an older event may wait after newer ones, so for older
// events the table queue_events is searched. In that case some newer events that were applied already also count as
// waiting, which the callers tolerate.
const InQueue = `EXISTS (
	SELECT FROM queues AS q
	WHERE q.key = e.order_key AND (q.first_event <= e.id OR q.last_place > q.place
		AND EXISTS (SELECT FROM queue_events AS behind WHERE behind.queue_id = q.id AND behind.event_id = e.id)))`

// ByIndex makes the planner use indexes in this transaction, whatever it estimates for limits and lists. $1 is the statement
// timeout, such as "30s".
const ByIndex = `SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
	set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true), set_config('statement_timeout', $1, true)`

// OnePlan makes the following statements of this transaction use a generic plan with indexes, which PostgreSQL caches.
// Planning a small statement again for each execution takes longer than executing it.
const OnePlan = `SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true),
	set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)`

// CollectOnePlan is Collect with OnePlan, for statements that run often.
func CollectOnePlan[T any](ctx context.Context, q Batcher, what, sql string, args ...any) (list []T, err error) {
	var batch pgx.Batch
	batch.Queue(OnePlan)
	Read(&batch, &list, sql, args...)
	if err := q.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	return list, nil
}
