// Package suggestion records which suggestions agents were shown and what became of them, for statistics on how useful they
// are. For example, an analysis posts a note that suggests the tag "Billing" for a conversation. Show records it, and
// Settle records later that an agent added the tag (Used). The same suggestion counts once in a conversation.
//
// What does not belong here: what is suggested, and when a suggestion counts as used (bridge/engine).
package suggestion

import (
	"context"
	"encoding/json"
	"fmt"

	"parley/store"
)

// Kind is what a suggestion proposes.
type Kind string

// The kinds of suggestions.
const (
	Tag      Kind = "tag"
	Template Kind = "template"
	Priority Kind = "priority"
	Reply    Kind = "reply"
	Snooze   Kind = "snooze"
)

// Kinds lists all kinds.
func Kinds() []Kind { return []Kind{Tag, Template, Priority, Reply, Snooze} }

// Fate is what became of a suggestion. It is empty while the suggestion is open.
type Fate string

// The fates of suggestions.
const (
	Used    Fate = "used"    // an agent did it, with the note's button or otherwise, or Parley did it and nobody undid it
	Edited  Fate = "edited"  // an agent used it after changing it
	Ignored Fate = "ignored" // the conversation ended without it, or somebody undid it
)

// Suggestion is one thing that was suggested in a conversation. Conversation, Kind and Value identify it.
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

// Show records that suggestions were shown. It ignores those that are recorded already, and Fate.
func Show(ctx context.Context, q store.Execer, rows []Suggestion) error {
	return write(ctx, q, "show suggestions", insertShown, rows)
}

// settle lets "ignored" replace another fate: a suggestion that was used and undone later counts as ignored.
const settle = `
	UPDATE suggestions
	SET fate = given.fate
	FROM json_populate_recordset(NULL::suggestions, $1) AS given
	WHERE suggestions.conversation_id = given.conversation_id AND suggestions.kind = given.kind AND suggestions.value = given.value
		AND (suggestions.fate = '' OR given.fate = 'ignored')`

// Settle records what became of suggestions. The first fate counts, but a later Ignored replaces it. Settle skips
// suggestions that were never shown.
func Settle(ctx context.Context, q store.Execer, rows []Suggestion) error {
	return write(ctx, q, "settle suggestions", settle, rows)
}

const ignoreRest = `UPDATE suggestions SET fate = 'ignored' WHERE conversation_id = ANY($1) AND fate = ''`

// IgnoreRest records the fate Ignored for all suggestions in conversations that have no fate yet.
func IgnoreRest(ctx context.Context, q store.Execer, conversations []store.ConversationID) error {
	if len(conversations) == 0 {
		return nil
	}
	if _, err := q.Exec(ctx, ignoreRest, conversations); err != nil {
		return fmt.Errorf("suggestion: ignore the rest: %w", err)
	}
	return nil
}

// write runs a statement that takes rows as JSON. what names it in errors.
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
