package store

import (
	"context"
	"time"

	"parley/store/internal/query"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Reaction is a customer's current reaction to a message.
type Reaction struct {
	AccountID  int64  `db:"account_id" json:"account_id"`
	Target     string `db:"target" json:"target"` // the provider's id of the message
	IdentityID int64  `db:"identity_id" json:"identity_id"`
	Emoji      string `db:"emoji" json:"emoji"`             // "" = taken back
	DeliveryID int64  `db:"delivery_id" json:"delivery_id"` // the thread line that shows it
}

const findReactions = `
	SELECT account_id, target, identity_id, emoji, delivery_id
	FROM reactions
	WHERE (account_id, target) IN (SELECT * FROM unnest($1::bigint[], $2::text[]))`

// FindReactions reads the reactions to messages, by account and provider's message id (parallel lists).
func (p *Pipeline) FindReactions(list *[]Reaction, accounts []int64, targets []string) {
	if len(accounts) > 0 {
		short, original := query.ShortIDs(targets)
		readChanged(p, list, func(r *Reaction) { r.Target = original[r.Target] }, findReactions, accounts, short)
	}
}

const upsertReactions = `
	INSERT INTO reactions (account_id, target, identity_id, emoji, delivery_id)
	SELECT account_id, target, identity_id, emoji, delivery_id
	FROM json_populate_recordset(NULL::reactions, $1)
	ORDER BY account_id, target, identity_id
	ON CONFLICT (account_id, target, identity_id) DO UPDATE SET emoji = EXCLUDED.emoji, delivery_id = EXCLUDED.delivery_id`

// UpsertReactions writes reactions. Rows must be unique.
func UpsertReactions(ctx context.Context, q Execer, rows []Reaction) error {
	rows = append([]Reaction(nil), rows...)
	for i := range rows {
		rows[i].Target = query.ShortID(rows[i].Target)
	}
	return execRows(ctx, q, "upsert reactions", upsertReactions, rows)
}

// The oldest reactions, by the ids of their lines' deliveries, which rise with time. A reaction whose
// line is gone is removed too, because the row serves to change that line.
const dropReactions = `
	WITH t AS MATERIALIZED (
		SELECT parley_now() - make_interval(secs => $1) AS before
	), page AS MATERIALIZED (
		SELECT r.account_id, r.target, r.identity_id
		FROM (SELECT * FROM reactions ORDER BY delivery_id LIMIT $2) AS r
		CROSS JOIN t
		LEFT JOIN deliveries AS d ON d.id = r.delivery_id
		WHERE d.id IS NULL OR d.created_at < t.before
	), gone AS (
		DELETE FROM reactions AS r
		USING page AS p
		WHERE r.account_id = p.account_id AND r.target = p.target AND r.identity_id = p.identity_id
		RETURNING r.identity_id
	)
	SELECT count(*) FROM gone`

// DropReactions removes one batch of reactions that are older than keep (Parley's clock). If the
// customer changes such a reaction later, that gets a new line.
func DropReactions(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (Emptied, error) {
	return oneBatch(ctx, pool, "drop reactions", func(tx pgx.Tx, _ rounds) (done Emptied, err error) {
		err = tx.QueryRow(ctx, dropReactions, keep.Seconds(), retainRows).Scan(&done.Reactions)
		done.More = done.Reactions == retainRows
		return done, err
	})
}
