package store

import (
	"context"
	"slices"

	"parley/store/internal/query"
)

// Reaction is a customer's current reaction to a message.
type Reaction struct {
	AccountID  AccountID  `db:"account_id" json:"account_id"`
	Target     string     `db:"target" json:"target"` // the provider's id of the message
	IdentityID IdentityID `db:"identity_id" json:"identity_id"`
	Emoji      string     `db:"emoji" json:"emoji"`             // empty once it was taken back
	DeliveryID DeliveryID `db:"delivery_id" json:"delivery_id"` // the thread line that shows it
}

const findReactions = `
	SELECT account_id, target, identity_id, emoji, delivery_id
	FROM reactions
	WHERE (account_id, target) IN (SELECT * FROM unnest($1::bigint[], $2::text[]))`

// FindReactions reads the reactions to messages, by account and provider's message id (parallel lists).
func (p *Pipeline) FindReactions(list *[]Reaction, accounts []AccountID, targets []string) {
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
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].Target = query.ShortID(rows[i].Target)
	}
	return execRows(ctx, q, "upsert reactions", upsertReactions, rows)
}
