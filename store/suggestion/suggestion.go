// Package suggestion counts what notes of analyses suggest, and what becomes of it: each suggestion once for a
// conversation.
//
// What does not belong here: what is suggested, and when a suggestion counts as used (bridge/engine).
package suggestion

import (
	"context"
	"encoding/json"
	"fmt"

	"parley/store"
)

// Kind of a suggestion.
type Kind string

// Kinds.
const (
	Tag      Kind = "tag"
	Template Kind = "template"
	Priority Kind = "priority"
	Reply    Kind = "reply"
	Assign   Kind = "assign"
	Snooze   Kind = "snooze"
)

// Kinds lists all kinds.
func Kinds() []Kind { return []Kind{Tag, Template, Priority, Reply, Assign, Snooze} }

// Fate is what became of a suggestion. It is empty while nobody knows.
type Fate string

// Fates.
const (
	Used    Fate = "used"    // somebody did it, by the note's button or otherwise, or Parley did and nobody took it back
	Edited  Fate = "edited"  // somebody used it, and changed it first
	Ignored Fate = "ignored" // the conversation ended without it, or somebody took it back
)

// Suggestion is something that a note suggested in a conversation.
type Suggestion struct {
	ConversationID store.ConversationID `json:"conversation_id"`
	Kind           Kind                 `json:"kind"`
	Value          string               `json:"value"` // the name of a tag or template, a priority …
	Fate           Fate                 `json:"fate"`
}

const insertShown = `
	INSERT INTO suggestions (conversation_id, kind, value, shown_at)
	SELECT conversation_id, kind, value, parley_now()
	FROM json_populate_recordset(NULL::suggestions, $1)
	ORDER BY conversation_id, kind, value
	ON CONFLICT DO NOTHING`

// Show records suggestions that are shown. One that was shown before counts once.
func Show(ctx context.Context, q store.Execer, rows []Suggestion) error {
	return write(ctx, q, "show suggestions", insertShown, rows)
}

// Whoever takes back what was suggested, and was done, ignores it after all.
const settle = `
	UPDATE suggestions
	SET fate = given.fate
	FROM json_populate_recordset(NULL::suggestions, $1) AS given
	WHERE suggestions.conversation_id = given.conversation_id AND suggestions.kind = given.kind AND suggestions.value = given.value
		AND (suggestions.fate = '' OR given.fate = 'ignored')`

// Settle records what became of suggestions. The first fate counts, unless a later one is Ignored. What was
// never suggested is left out.
func Settle(ctx context.Context, q store.Execer, rows []Suggestion) error {
	return write(ctx, q, "settle suggestions", settle, rows)
}

const ignoreRest = `UPDATE suggestions SET fate = 'ignored' WHERE conversation_id = ANY($1) AND fate = ''`

// IgnoreRest records that what is left of the suggestions in conversations was ignored.
func IgnoreRest(ctx context.Context, q store.Execer, conversations []store.ConversationID) error {
	if len(conversations) == 0 {
		return nil
	}
	if _, err := q.Exec(ctx, ignoreRest, conversations); err != nil {
		return fmt.Errorf("suggestion: ignore the rest: %w", err)
	}
	return nil
}

func write(ctx context.Context, q store.Execer, what, sql string, rows []Suggestion) error {
	if len(rows) == 0 {
		return nil
	}
	body, err := json.Marshal(rows)
	if err == nil {
		_, err = q.Exec(ctx, sql, string(body))
	}
	if err != nil {
		return fmt.Errorf("suggestion: %s: %w", what, err)
	}
	return nil
}
