package erase

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// erasure is a row of erasures.
type erasure struct {
	ID       string
	Contacts []store.ContactID
	Hashes   [][]byte
	By       string
	AskedAt  time.Time
	DoneAt   *time.Time
	Sealed   []byte
	Counts   map[string]int64
}

// ErrNoErasure means that there is no such erasure.
var ErrNoErasure = errors.New("store: there is no such erasure")

// readErasure compares ids as text, since people and files may name any text as an id. It needs no index: the table has
// one row for each erasure.
const readErasure = `SELECT id::text, contacts, hashes, asked_by, asked_at, done_at, sealed, counts FROM erasures WHERE id::text = $1`

// readRow reads the row of an erasure.
// Errors: ErrNoErasure.
func readRow(ctx context.Context, q store.Querier, id string) (e erasure, err error) {
	err = q.QueryRow(ctx, readErasure, id).Scan(&e.ID, &e.Contacts, &e.Hashes, &e.By, &e.AskedAt, &e.DoneAt, &e.Sealed, &e.Counts)
	if errors.Is(err, pgx.ErrNoRows) {
		return e, ErrNoErasure
	}
	if err != nil {
		return e, fmt.Errorf("store: erasure %s: %w", id, err)
	}
	return e, nil
}

// Exists reports whether there is an erasure with an id, done or not.
func Exists(ctx context.Context, q store.Querier, id string) (bool, error) {
	return query.Value[bool](ctx, q, "erasure", `SELECT EXISTS (SELECT FROM erasures WHERE id::text = $1)`, id)
}

// ListUnfinished returns the erasures that were begun and have not ended, the oldest first.
func ListUnfinished(ctx context.Context, q store.Querier) ([]string, error) {
	return readErasures(ctx, q, `SELECT id::text FROM erasures WHERE done_at IS NULL ORDER BY asked_at, id`)
}

// ListForgotten returns the erasures after which this database has nothing of the contacts any more, the oldest first. They
// have ended, or only posts are still being removed from chats.
func ListForgotten(ctx context.Context, q store.Querier) ([]string, error) {
	return readErasures(ctx, q, `
		SELECT id::text FROM erasures
		WHERE done_at IS NOT NULL OR EXISTS (SELECT FROM erased_posts AS p WHERE p.erasure_id = erasures.id AND p.asked AND p.kind <> 'card')
		ORDER BY asked_at, id`)
}

// readErasures returns the ids that a statement selects.
func readErasures(ctx context.Context, q store.Querier, sql string) ([]string, error) {
	return query.Column[string](ctx, q, "erasures", sql)
}

// Summary is an erasure in a list.
type Summary struct {
	ID      string     `db:"id"`
	By      string     `db:"asked_by"`
	AskedAt time.Time  `db:"asked_at"`
	DoneAt  *time.Time `db:"done_at"`  // nil while it goes on
	InChats int64      `db:"in_chats"` // posts that are still to be removed from chats
}

// List returns the newest erasures.
func List(ctx context.Context, q store.Querier, limit int) ([]Summary, error) {
	const list = `
		SELECT id::text, asked_by, asked_at, done_at, (
			SELECT count(*)
			FROM erased_posts AS e
			LEFT JOIN posts AS p ON p.account_id = e.account_id AND p.channel = e.channel AND p.message = e.message
			WHERE e.erasure_id = erasures.id AND e.kind NOT IN ('human', 'card') AND coalesce(p.version, '') NOT IN ('erased', 'kept')) AS in_chats
		FROM erasures
		ORDER BY asked_at DESC, id
		LIMIT $1`
	return query.Collect[Summary](ctx, q, "erasures", list, limit)
}
