package engine_test

import (
	"context"
	"testing"

	"parley/bridge"
)

// suggestionsIn returns the id of the suggestions in the newest note of a conversation that has any, or 0 if none has.
func (w *world) suggestionsIn(conversation int) bridge.EventID {
	return bridge.EventID(w.count(`SELECT coalesce(max((d.payload #>> '{line,Suggested}')::bigint), 0) FROM deliveries AS d
		JOIN lanes AS l ON l.id = d.lane_id
		WHERE d.kind = 'line' AND l.conversation_id = $1`, conversation))
}

// wantSuggested checks the texts of suggested replies.
func wantSuggested(t *testing.T, what string, got []bridge.SuggestedReply, want ...string) {
	t.Helper()
	var list []string
	for _, s := range got {
		list = append(list, s.Text)
	}
	wantList(t, "suggested "+what, list, want)
}

// If an account has a channel of its own, only members of that channel can read its suggested replies.
// Requirement R-185: Suggested replies.
// Requirement R-212: Only some people read an account.
func TestSuggestedRepliesOfAPrivateChannel(t *testing.T) {
	t.Parallel()
	w := newSecludedWorld(t, options{})
	w.exec(`INSERT INTO suggested_replies (conversation_id, event_id, replies) VALUES (1, 7, '[{"text": "It is the tax."}]')`)
	d := w.engines[0].Desk(w.surface)
	w.eventually("a member reads them", func() bool {
		got, err := d.Suggested(context.Background(), 1, 7, "ben")
		return err == nil && len(got) == 1
	})
	got, err := d.Suggested(t.Context(), 1, 7, "cat")
	_ = wantProblem(t, "for somebody who isn't in the channel", err)
	wantSuggested(t, "to somebody who isn't in the channel", got)
}
