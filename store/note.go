package store

import (
	"context"
	"encoding/json"
	"fmt"

	"parley/store/internal/query"
)

// SurfaceNote is a value that a surface (a chat of agents, such as Slack) stores for itself under a key of its choice.
type SurfaceNote struct {
	Key   string          `db:"key"`
	Value json.RawMessage `db:"value"`
}

const saveSurfaceNote = `
	INSERT INTO surface_notes (account_id, key, value)
	VALUES ($1, $2, $3)
	ON CONFLICT (account_id, key) DO UPDATE
	SET value = EXCLUDED.value
	WHERE surface_notes.value <> EXCLUDED.value`

const dropSurfaceNote = `DELETE FROM surface_notes WHERE account_id = $1 AND key = $2`

// SaveSurfaceNote stores a note in place of the earlier one with its key. A nil Value removes it.
func SaveSurfaceNote(ctx context.Context, q Execer, surface AccountID, n SurfaceNote) (err error) {
	if n.Value == nil {
		_, err = q.Exec(ctx, dropSurfaceNote, surface, n.Key)
	} else {
		_, err = q.Exec(ctx, saveSurfaceNote, surface, n.Key, n.Value)
	}
	if err != nil {
		return fmt.Errorf("store: surface note: %w", err)
	}
	return nil
}

const listSurfaceNotes = `SELECT key, value FROM surface_notes WHERE account_id = $1 ORDER BY key`

// ListSurfaceNotes reads all notes of a surface, ordered by key.
func ListSurfaceNotes(ctx context.Context, q Querier, surface AccountID) ([]SurfaceNote, error) {
	return query.Collect[SurfaceNote](ctx, q, "surface notes", listSurfaceNotes, surface)
}
