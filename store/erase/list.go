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

// erasure is a row of the table erasures: the request to delete everything about one customer. A customer may be several
// contacts.
type erasure struct {
	ID       string // a UUID
	Contacts []store.ContactID
	Hashes   [][]byte // keyed hashes of the addresses
	By       string   // who requested it
	AskedAt  time.Time
	DoneAt   *time.Time       // nil until it is done
	Sealed   []byte           // the encrypted names and addresses to search for; nil once it is done
	Counts   map[string]int64 // removed rows by place

	Conversation store.ConversationID // what is erased, if that isn't contacts
}

// ErrNoErasure means that there is no such erasure.
var ErrNoErasure = errors.New("store: there is no such erasure")

// readErasure compares ids as text, because an id that a person typed may not be a valid UUID. The table is too small to need
// an index.
const readErasure = `SELECT id::text, contacts, hashes, asked_by, asked_at, done_at, sealed, counts,
	conversation_id FROM erasures WHERE id::text = $1`

// readRow returns the row of an erasure. Errors: ErrNoErasure.
func readRow(ctx context.Context, q store.Querier, id string) (e erasure, err error) {
	err = q.QueryRow(ctx, readErasure, id).Scan(&e.ID, &e.Contacts, &e.Hashes, &e.By, &e.AskedAt, &e.DoneAt, &e.Sealed, &e.Counts,
		&e.Conversation)
	if errors.Is(err, pgx.ErrNoRows) {
		return e, ErrNoErasure
	}
	if err != nil {
		return e, fmt.Errorf("store: erasure %s: %w", id, err)
	}
	return e, nil
}

// Exists reports whether there is an erasure with the id, finished or not.
func Exists(ctx context.Context, q store.Querier, id string) (bool, error) {
	return query.Value[bool](ctx, q, "erasure", `SELECT EXISTS (SELECT FROM erasures WHERE id::text = $1)`, id)
}

// ListUnfinished returns the ids of the erasures that are not finished, the oldest first.
func ListUnfinished(ctx context.Context, q store.Querier) ([]string, error) {
	return readErasures(ctx, q, `SELECT id::text FROM erasures WHERE done_at IS NULL ORDER BY asked_at, id`)
}

// ListForgotten returns the ids of the erasures whose contacts this database has forgotten, the oldest first: those that are
// finished, and those that only wait for posts to be removed from chats.
func ListForgotten(ctx context.Context, q store.Querier) ([]string, error) {
	return readErasures(ctx, q, `SELECT id::text FROM erasures WHERE `+isForgotten+` ORDER BY asked_at, id`)
}

const isForgotten = `done_at IS NOT NULL
	OR EXISTS (SELECT FROM erased_posts AS p WHERE p.erasure_id = erasures.id AND p.asked AND p.kind <> 'card')`

// ListBegun returns the ids of the erasures whose contacts this database hasn't forgotten yet, the oldest first.
func ListBegun(ctx context.Context, q store.Querier) ([]string, error) {
	return readErasures(ctx, q, `SELECT id::text FROM erasures WHERE NOT (`+isForgotten+`) ORDER BY asked_at, id`)
}

func readErasures(ctx context.Context, q store.Querier, sql string) ([]string, error) {
	return query.Column[string](ctx, q, "erasures", sql)
}

// Summary describes an erasure in a list.
type Summary struct {
	ID      string     `db:"id"`
	By      string     `db:"asked_by"`
	AskedAt time.Time  `db:"asked_at"`
	DoneAt  *time.Time `db:"done_at"`  // nil until it is finished
	InChats int64      `db:"in_chats"` // posts that have not been removed from chats yet
}

// List returns the newest erasures, at most limit of them. Their times are of Parley's clock, as in the log.
func List(ctx context.Context, q store.Querier, limit int) ([]Summary, error) {
	const list = `
		SELECT id::text, asked_by, asked_at + (SELECT ahead FROM clock) AS asked_at, done_at, (
			SELECT count(*)
			FROM erased_posts AS e
			LEFT JOIN posts AS p ON p.account_id = e.account_id AND p.channel = e.channel AND p.message = e.message
			WHERE e.erasure_id = erasures.id AND e.kind NOT IN ('human', 'card') AND coalesce(p.version, '') NOT IN ('erased', 'kept')) AS in_chats
		FROM erasures
		ORDER BY asked_at DESC, id
		LIMIT $1`
	return query.Collect[Summary](ctx, q, "erasures", list, limit)
}
