// Package query runs the statements of package store and of the packages below it: it turns rows into
// values, values into arguments, and external ids into the form in which they are indexed. Being
// internal, it lends no SQL to anybody outside of store.
//
// What does not belong here: statements about one noun, except conditions that several packages share.
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

// Collect runs a query and scans its rows by column name. what names it in errors.
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

// Exec runs a statement that returns no rows. what names it in errors.
func Exec(ctx context.Context, q Execer, what, sql string, args ...any) error {
	if _, err := q.Exec(ctx, sql, args...); err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	return nil
}

// Value runs a query that returns one value: one column of one row. what names it in errors.
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

// Column runs a query that returns one column. what names it in errors.
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

// Map runs a query for two columns, and returns the values of the second by those of the first. what names it in errors.
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

// Read adds a query to a batch; when the batch is sent, the query's rows are put into list.
func Read[T any](batch *pgx.Batch, list *[]T, sql string, args ...any) {
	batch.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		*list, err = Rows[T](rows)
		return err
	})
}

// ReadIDs adds a query for one column of ids to a batch; when the batch is sent, they are put into list.
func ReadIDs[T ~int64](batch *pgx.Batch, list *[]T, sql string, args ...any) {
	batch.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		*list, err = pgx.CollectRows(rows, pgx.RowTo[T])
		return err
	})
}

// Field returns one field of all rows, as statements with parallel lists need it.
func Field[R, F any](rows []R, field func(*R) F) []F {
	list := make([]F, len(rows))
	for i := range rows {
		list[i] = field(&rows[i])
	}
	return list
}

// JSON returns rows as a JSON array, the form that json_populate_recordset reads.
func JSON[T any](rows []T) (string, error) {
	body, err := json.Marshal(rows)
	if err != nil {
		return "", fmt.Errorf("store: rows: %w", err)
	}
	return string(body), nil
}

// InQueue is the condition that the event e waits to be applied. An event waits if it came after the next event of its
// queue (first_event); events that are not older than that one are counted without a look at their places, even if they were
// applied already, as they may be after a replay. An older event that was replayed may wait behind newer ones, so that its own
// place has to be looked up.
const InQueue = `EXISTS (
	SELECT FROM queues AS q
	WHERE q.key = e.order_key AND (q.first_event <= e.id OR q.last_place > q.place
		AND EXISTS (SELECT FROM queue_events AS behind WHERE behind.queue_id = q.id AND behind.event_id = e.id)))`

// ByIndex makes the planner use indexes in this transaction, whatever it guesses about limits and
// lists. $1 is the time after which a statement is cancelled.
const ByIndex = `SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
	set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true), set_config('statement_timeout', $1, true)`

// OnePlan makes the statements that follow it in this transaction keep one plan for all arguments, found by indexes,
// as the relay's own sessions do. Planning a small statement anew each time costs more than running it.
const OnePlan = `SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true),
	set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)`

// CollectOnePlan is Collect for a statement that is run often: it keeps one plan for all arguments.
func CollectOnePlan[T any](ctx context.Context, q Batcher, what, sql string, args ...any) (list []T, err error) {
	var batch pgx.Batch
	batch.Queue(OnePlan)
	Read(&batch, &list, sql, args...)
	if err := q.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	return list, nil
}
