package store

import (
	"context"
	"encoding/json"
	"fmt"
)

// SuggestionKind is what a suggestion proposes.
type SuggestionKind string

// The kinds of suggestions.
const (
	SuggestsTag      SuggestionKind = "tag"
	SuggestsTemplate SuggestionKind = "template"
	SuggestsPriority SuggestionKind = "priority"
	SuggestsReply    SuggestionKind = "reply"
	SuggestsSnooze   SuggestionKind = "snooze"
)

// SuggestionKinds lists all kinds.
func SuggestionKinds() []SuggestionKind {
	return []SuggestionKind{SuggestsTag, SuggestsTemplate, SuggestsPriority, SuggestsReply, SuggestsSnooze}
}

// SuggestionFate is what became of a suggestion. It is empty while the suggestion is open.
type SuggestionFate string

// The fates of suggestions.
const (
	SuggestionUsed    SuggestionFate = "used"    // an agent did it, with the note's button or otherwise, or Parley did it and nobody undid it
	SuggestionEdited  SuggestionFate = "edited"  // an agent used it after changing it
	SuggestionIgnored SuggestionFate = "ignored" // the conversation ended without it, or somebody undid it
)

// Suggestion is one thing that was suggested in a conversation. Conversation, Kind and Value identify it.
type Suggestion struct {
	ConversationID ConversationID `json:"conversation_id"`
	Kind           SuggestionKind `json:"kind"`
	Value          string         `json:"value"` // the name of a tag or template, a priority …
	Fate           SuggestionFate `json:"fate"`
}

const insertShown = `
	INSERT INTO suggestions (conversation_id, kind, value, shown_at)
	SELECT conversation_id, kind, value, parley_now()
	FROM json_populate_recordset(NULL::suggestions, $1)
	ORDER BY conversation_id, kind, value
	ON CONFLICT DO NOTHING`

// ShowSuggestions records that suggestions were shown. It ignores those that are recorded already, and Fate.
func ShowSuggestions(ctx context.Context, q Execer, rows []Suggestion) error {
	return writeSuggestions(ctx, q, "show suggestions", insertShown, rows)
}

// settle lets "ignored" replace another fate: a suggestion that was used and undone later counts as ignored.
const settle = `
	UPDATE suggestions
	SET fate = given.fate
	FROM json_populate_recordset(NULL::suggestions, $1) AS given
	WHERE suggestions.conversation_id = given.conversation_id AND suggestions.kind = given.kind AND suggestions.value = given.value
		AND (suggestions.fate = '' OR given.fate = 'ignored')`

// SettleSuggestions records what became of suggestions. The first fate counts, but a later Ignored replaces it. Settle skips
// suggestions that were never shown.
func SettleSuggestions(ctx context.Context, q Execer, rows []Suggestion) error {
	return writeSuggestions(ctx, q, "settle suggestions", settle, rows)
}

const ignoreRest = `UPDATE suggestions SET fate = 'ignored' WHERE conversation_id = ANY($1) AND fate = ''`

// IgnoreOpenSuggestions records the fate Ignored for all suggestions in conversations that have no fate yet.
func IgnoreOpenSuggestions(ctx context.Context, q Execer, conversations []ConversationID) error {
	if len(conversations) == 0 {
		return nil
	}
	if _, err := q.Exec(ctx, ignoreRest, conversations); err != nil {
		return fmt.Errorf("suggestion: ignore the rest: %w", err)
	}
	return nil
}

// write runs a statement that takes rows as JSON. what names it in errors.
func writeSuggestions(ctx context.Context, q Execer, what, sql string, rows []Suggestion) error {
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
