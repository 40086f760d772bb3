// Package tag changes the list of tags, such as "Billing", that agents can add to conversations. Admins edit the list
// (Save, Retire, Forget), and agents create a tag when they use a new name (Insert).
//
// What does not belong here: which tags a conversation has (store.Conversation), and reading the list
// (store.LoadDirectory).
package tag

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

const lock = `LOCK TABLE tags IN SHARE ROW EXCLUSIVE MODE`

// Lock returns all tags, and blocks changes to them by others until the transaction ends. To avoid deadlocks, it must be
// the first lock that the transaction takes.
func Lock(ctx context.Context, tx pgx.Tx) ([]store.Tag, error) {
	if _, err := tx.Exec(ctx, lock); err != nil {
		return nil, fmt.Errorf("store: lock tags: %w", err)
	}
	return store.ListTags(ctx, tx)
}

const insert = `
	INSERT INTO tags (name, color)
	SELECT name, color
	FROM json_populate_recordset(NULL::tags, $1)
	ORDER BY name
	ON CONFLICT (name) DO UPDATE SET active = true`

// Insert adds tags with their names and colours. A tag that was retired becomes active again and keeps its old colour.
func Insert(ctx context.Context, q store.Execer, rows []store.Tag) error {
	if len(rows) == 0 {
		return nil
	}
	body, err := query.JSON(rows)
	if err != nil {
		return err
	}
	return query.Exec(ctx, q, "insert tags", insert, body)
}

const save = `
	INSERT INTO tags (name, color, description, category, kind, formerly)
	VALUES ($1, $2, $3, $4, $5, $6)
	ON CONFLICT (name) DO UPDATE
	SET color = EXCLUDED.color, description = EXCLUDED.description, category = EXCLUDED.category, kind = EXCLUDED.kind,
		formerly = EXCLUDED.formerly, active = true`

// Save creates the tag or replaces the one with the same name, and makes it active.
func Save(ctx context.Context, q store.Execer, t store.Tag) error {
	return query.Exec(ctx, q, "save tag", save, t.Name, t.Color, t.Description, t.Category, t.Kind, append([]string{}, t.Formerly...))
}

const retire = `UPDATE tags SET active = false WHERE name = $1`

// Retire removes a tag from the list of those that agents can choose. Conversations that have the tag keep it.
func Retire(ctx context.Context, q store.Execer, name string) error {
	return query.Exec(ctx, q, "retire tag", retire, name)
}

const forget = `DELETE FROM tags WHERE name = $1`

// Forget deletes the old name of a tag that was renamed or merged into another one. The other tag must list the old name
// in store.Tag.Formerly, so that conversations with the old name show the new one.
func Forget(ctx context.Context, q store.Execer, name string) error {
	return query.Exec(ctx, q, "forget tag", forget, name)
}
