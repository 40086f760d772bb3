package torture

import (
	"encoding/json"
	"slices"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/cmd/parley/lab"
)

// cardOf makes a card with a text and one button. nonce is what all buttons of one post have in common.
func cardOf(t *testing.T, text, verb, nonce string) []json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(map[string]any{
		"type":    "AdaptiveCard",
		"body":    []any{map[string]any{"type": "TextBlock", "text": text}},
		"actions": []any{map[string]any{"type": "Action.Execute", "verb": verb, "data": map[string]any{"v": verb, "n": nonce + "-1"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return []json.RawMessage{raw}
}

// readTestThreads reads the threads of a channel in which Parley posted the card of Case 001 (1), a message of its customer
// (2) and a line with a button (4); Ann replied (3) and typed a command (5); people talk elsewhere (6); and Parley posted
// the card a second time (7). Teams gave up telling Parley of Ann's reply.
func readTestThreads(t *testing.T, blind bool) []Thread {
	t.Helper()
	const shownTwice = "(This may be shown twice: …)"
	threads := teamsReader{isBlind: blind, lost: map[string]bool{"3": true}}.readThreads([]*teamsfake.Message{
		{ID: "1", Root: "1", Bot: true, Cards: cardOf(t, "Case\u2060 001 · Support", "take", "aa")},
		{
			ID:   "2",
			Root: "1",
			Bot:  true,
			HTML: "<strong>Customer 001</strong><br>inbound-c001-1<br>" + shownTwice,
			Text: "Customer 001\ninbound-c001-1\n" + shownTwice,
		},
		{ID: "4", Root: "1", Bot: true, Cards: cardOf(t, "not sent: outbound-c001-2", "send", "bb")},
		{ID: "3", Root: "1", User: lab.TeamsAnn, Text: "outbound-c001-2", HTML: "outbound-c001-2"},
		{ID: "5", Root: "1", User: lab.TeamsAnn, Text: "@Parley resolve"},
		{ID: "6", Root: "6", User: lab.TeamsZoe, Text: "lunch?"},
		{ID: "7", Root: "7", Bot: true, Cards: cardOf(t, "Case 001 · Support", "take", "aa")},
	})
	if len(threads) != 3 {
		t.Fatalf("got %d threads, want 3: %+v", len(threads), threads)
	}
	return threads
}

// The posts of a thread are in order of time.
func TestTeamsPostsInOrder(t *testing.T) {
	t.Parallel()
	var ids []string
	for _, p := range readTestThreads(t, false)[0].Posts {
		ids = append(ids, p.ID)
	}
	if want := []string{"1", "2", "3", "4", "5"}; !slices.Equal(ids, want) {
		t.Errorf("got the posts %q, want %q", ids, want)
	}
}
