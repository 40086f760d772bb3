package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

const lockTags = `LOCK TABLE tags IN SHARE ROW EXCLUSIVE MODE`

// LockTags returns all tags, and blocks changes to them by others until the transaction ends. To avoid deadlocks, it must be
// the first lock that the transaction takes.
func LockTags(ctx context.Context, tx pgx.Tx) ([]Tag, error) {
	if _, err := tx.Exec(ctx, lockTags); err != nil {
		return nil, fmt.Errorf("store: lock tags: %w", err)
	}
	return ListTags(ctx, tx)
}

const insertTags = `
	INSERT INTO tags (name, color)
	SELECT name, color
	FROM json_populate_recordset(NULL::tags, $1)
	ORDER BY name
	ON CONFLICT (name) DO UPDATE SET active = true`

// InsertTags adds tags with their names and colours. A tag that was retired becomes active again and keeps its old colour.
func InsertTags(ctx context.Context, q Execer, rows []Tag) error {
	if len(rows) == 0 {
		return nil
	}
	body, err := query.JSON(rows)
	if err != nil {
		return err
	}
	return query.Exec(ctx, q, "insert tags", insertTags, body)
}

const saveTag = `
	INSERT INTO tags (name, color, description, category, kind, formerly)
	VALUES ($1, $2, $3, $4, $5, $6)
	ON CONFLICT (name) DO UPDATE
	SET color = EXCLUDED.color, description = EXCLUDED.description, category = EXCLUDED.category, kind = EXCLUDED.kind,
		formerly = EXCLUDED.formerly, active = true`

// SaveTag creates the tag or replaces the one with the same name, and makes it active.
func SaveTag(ctx context.Context, q Execer, t Tag) error {
	return query.Exec(ctx, q, "save tag", saveTag, t.Name, t.Color, t.Description, t.Category, t.Kind, append([]string{}, t.Formerly...))
}

const retire = `UPDATE tags SET active = false WHERE name = $1`

// RetireTag removes a tag from the list of those that agents can choose. Conversations that have the tag keep it.
func RetireTag(ctx context.Context, q Execer, name string) error {
	return query.Exec(ctx, q, "retire tag", retire, name)
}

const forget = `DELETE FROM tags WHERE name = $1`

// ForgetTag deletes the old name of a tag that was renamed or merged into another one. The other tag must list the old name
// in store.Tag.Formerly, so that conversations with the old name show the new one.
func ForgetTag(ctx context.Context, q Execer, name string) error {
	return query.Exec(ctx, q, "forget tag", forget, name)
}
