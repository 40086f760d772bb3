package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Identity is one address of a contact, unique per account.
type Identity struct {
	ID        int64  `db:"id" json:"id"`
	AccountID int64  `db:"account_id" json:"account_id"`
	Key       string `db:"key" json:"key"`
	Name      string `db:"name" json:"name"`
	ContactID int64  `db:"contact_id" json:"contact_id"`
	Silenced  bool   `db:"silenced" json:"silenced"`
	BadReason string `db:"bad_reason" json:"bad_reason"`
}

// The caller sorts the rows: two batches that meet the same newcomers wait for
// each other instead of locking crosswise. DO UPDATE makes the second see the row.
const upsertIdentities = `
	INSERT INTO identities (id, account_id, key, name, contact_id)
	SELECT id, account_id, key, name, contact_id
	FROM json_populate_recordset(NULL::identities, $1)
	ON CONFLICT (account_id, key) DO UPDATE
	SET name = CASE WHEN EXCLUDED.name <> '' THEN EXCLUDED.name ELSE identities.name END
	RETURNING id, account_id, key, name, contact_id, silenced, bad_reason`

const insertContacts = `
	INSERT INTO contacts (id, name)
	SELECT contact_id, name
	FROM json_populate_recordset(NULL::identities, $1)`

// UpsertIdentities finds or makes identities and locks them. Rows must be unique
// and sorted by account and key; id and contact_id are used where a row is new.
func UpsertIdentities(ctx context.Context, tx pgx.Tx, rows []Identity) ([]Identity, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	body, err := jsonRows(rows)
	if err != nil {
		return nil, err
	}
	found, err := collect[Identity](ctx, tx, "upsert identities", upsertIdentities, body)
	if err != nil {
		return nil, err
	}
	wanted := make(map[int64]bool, len(rows))
	for _, r := range rows {
		wanted[r.ID] = true
	}
	var fresh []Identity
	for _, f := range found {
		if wanted[f.ID] {
			fresh = append(fresh, f)
		}
	}
	return found, execRows(ctx, tx, "insert contacts", insertContacts, fresh)
}

const getIdentities = `
	SELECT id, account_id, key, name, contact_id, silenced, bad_reason
	FROM identities
	WHERE id = ANY($1)`

// Identities reads identities by id.
func Identities(ctx context.Context, q Querier, ids []int64) ([]Identity, error) {
	return collect[Identity](ctx, q, "identities", getIdentities, ids)
}

const updateIdentities = `
	UPDATE identities AS i
	SET silenced = r.silenced, bad_reason = r.bad_reason
	FROM json_populate_recordset(NULL::identities, $1) AS r
	WHERE i.id = r.id`

// UpdateIdentities writes back what is known of identities.
func UpdateIdentities(ctx context.Context, q Querier, rows []Identity) error {
	return execRows(ctx, q, "update identities", updateIdentities, rows)
}
