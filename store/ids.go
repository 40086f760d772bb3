package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"parley/store/internal/query"
)

// Most rows get their id from Parley before they are inserted, so that rows of one batch can name each other.
// Conversations are numbered apart, since people read those numbers: #1234.

// Querier is a pool, a connection or a transaction.
type Querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// IDs hands out ids of rows. It takes them from the database in blocks of blockSize, so a new id rarely needs a
// query. It must not be used by several goroutines at once.
type IDs struct{ free []int64 }

// blockSize is the increment of the sequence "ids".
const blockSize = 256

// spareIDs is how many ids Ensure takes beyond those asked for, so that the next batches need no query.
const spareIDs = 16 * blockSize

const takeBlocks = `SELECT nextval('ids') FROM generate_series(1, $1)`

// Ensure makes at least n ids available to Next.
func (i *IDs) Ensure(ctx context.Context, q Querier, n int) error {
	if len(i.free) >= n {
		return nil
	}

	missing := n + spareIDs - len(i.free)
	blocks := (missing + blockSize - 1) / blockSize // rounded up
	firsts, err := query.Column[int64](ctx, q, "ids", takeBlocks, blocks)
	if err != nil {
		return err
	}

	for _, first := range firsts {
		for k := range int64(blockSize) {
			i.free = append(i.free, first+k)
		}
	}

	return nil
}

// Next returns a new id. It panics when Ensure was called for too few ids: a programming error that
// must not become a wrong row.
func (i *IDs) Next() int64 {
	if len(i.free) == 0 {
		panic("store: ids: none left; Ensure was called for too few")
	}
	id := i.free[0]
	i.free = i.free[1:]
	return id
}

const takeNumbers = `SELECT nextval('conversation_number') FROM generate_series(1, $1)`

// ConversationNumbers takes n new conversation ids. They have a sequence of their own, because people
// read and say them (#1234): they stay small and have few gaps.
func ConversationNumbers(ctx context.Context, q Querier, n int) ([]ConversationID, error) {
	return query.Column[ConversationID](ctx, q, "conversation numbers", takeNumbers, n)
}

// execRows runs a set-wise statement whose $1 is a JSON array of rows.
func execRows[T any](ctx context.Context, q Execer, what, sql string, rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	body, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	if _, err := q.Exec(ctx, sql, string(body)); err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	return nil
}
