package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"parley/store/internal/query"
)

// Parley assigns most rows their id before it inserts them, so that rows of one batch can refer to each other. Conversations
// have a sequence of their own, because people read their numbers: #1234.

// Querier is a pool, a connection or a transaction.
type Querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// IDs allocates ids of rows. It takes them from the database in blocks of blockSize, so a new id rarely needs a query. It is
// not safe for concurrent use. Unused ids are lost when the process ends.
type IDs struct{ free []int64 }

// blockSize is the increment of the sequence "ids".
const blockSize = 256

// spareIDs is how many additional ids Ensure takes, so that the next batches need no query.
const spareIDs = 16 * blockSize

const takeBlocks = `SELECT nextval('ids') FROM generate_series(1, $1)`

// Ensure makes at least n ids available to Next.
func (ids *IDs) Ensure(ctx context.Context, q Querier, n int) error {
	if len(ids.free) >= n {
		return nil
	}

	missing := n + spareIDs - len(ids.free)
	blocks := (missing + blockSize - 1) / blockSize // rounded up
	firsts, err := query.Column[int64](ctx, q, "ids", takeBlocks, blocks)
	if err != nil {
		return err
	}

	for _, first := range firsts {
		for k := range int64(blockSize) {
			ids.free = append(ids.free, first+k)
		}
	}

	return nil
}

// Next returns a new id. It panics if there is none, because Ensure was called for too few: that is a programming error.
func (ids *IDs) Next() int64 {
	if len(ids.free) == 0 {
		panic("store: ids: none left; Ensure was called for too few")
	}
	id := ids.free[0]
	ids.free = ids.free[1:]
	return id
}

const takeNumbers = `SELECT nextval('conversation_number') FROM generate_series(1, $1)`

// ConversationNumbers returns n new conversation ids. They are not taken in blocks, so they stay small and have few gaps.
func ConversationNumbers(ctx context.Context, q Querier, n int) ([]ConversationID, error) {
	return query.Column[ConversationID](ctx, q, "conversation numbers", takeNumbers, n)
}

// execRows runs a statement for all rows at once: its $1 is a JSON array of rows. what describes the statement in errors. It
// does nothing if there are no rows.
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
