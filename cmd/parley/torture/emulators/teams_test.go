package emulators

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/cmd/parley/lab"
	"parley/cmd/parley/torture/checker"
)

// The oracle reads threads, cards and messages off a channel of Teams. Where Parley is blind, cards have no tokens by which
// copies are told apart.
func TestTeamsThreads(t *testing.T) {
	t.Parallel()
	card := func(text, verb, nonce string) []json.RawMessage {
		raw, err := json.Marshal(map[string]any{"type": "AdaptiveCard", "body": []any{map[string]any{"type": "TextBlock", "text": text}},
			"actions": []any{map[string]any{"type": "Action.Execute", "verb": verb, "data": map[string]any{"v": verb, "n": nonce + "-1"}}}})
		if err != nil {
			t.Fatal(err)
		}
		return []json.RawMessage{raw}
	}
	list := []*teamsfake.Message{
		{ID: "1", Root: "1", Bot: true, Cards: card("Case\u2060 001 · Support", "take", "aa")},
		{ID: "2", Root: "1", Bot: true, HTML: "<strong>Customer 001</strong><br>inbound-c001-1<br>(This may be shown twice: …)", Text: "Customer 001\ninbound-c001-1\n(This may be shown twice: …)"},
		{ID: "4", Root: "1", Bot: true, Cards: card("not sent: outbound-c001-2", "send", "bb")},
		{ID: "3", Root: "1", User: lab.TeamsAnn, Text: "outbound-c001-2", HTML: "outbound-c001-2"},
		{ID: "5", Root: "1", User: lab.TeamsAnn, Text: "@Parley resolve"},
		{ID: "6", Root: "6", User: lab.TeamsZoe, Text: "lunch?"},
		{ID: "7", Root: "7", Bot: true, Cards: card("Case 001 · Support", "take", "aa")},
	}
	for _, blind := range []bool{true, false} {
		threads := teamsThreads(list, blind, map[string]bool{"3": true})
		if len(threads) != 3 || len(threads[0].Posts) != 5 {
			t.Fatalf("threads: got %+v, want 3, the first of 5 posts", threads)
		}
		if got := subjectIn(threads[0].Card); got != "Case 001" {
			t.Errorf("the first card is about %q, want Case 001", got)
		}
		if got := threads[1].Card; got != "" {
			t.Errorf("the card of what people talk about: got %q, want none", got)
		}
		cardPost, customers, reply, line, command := threads[0].Posts[0], threads[0].Posts[1], threads[0].Posts[2], threads[0].Posts[3], threads[0].Posts[4]
		if customers.CustomerName != "Customer 001" || !customers.MaybeCopy || !slices.Equal(customers.Markers, []checker.Marker{{Kind: checker.Inbound, Conversation: 1, Number: 1}}) {
			t.Errorf("a customer's message: got %+v, want inbound-c001-1 by Customer 001, which may be shown twice", customers)
		}
		if reply.Author != lab.TeamsAnn || reply.CustomerName != "" || !reply.EventLost || reply.IsResolve {
			t.Errorf("a reply: got %+v, want one by Ann of which nobody told Parley", reply)
		}
		if !command.IsResolve {
			t.Errorf("a command: got %+v, want Resolve", command)
		}
		if line.Token != "bb" || !maps.Equal(line.Buttons, map[string]string{"send": "send"}) {
			t.Errorf("a line of Parley's: got the token %q and the buttons %v, want bb and send", line.Token, line.Buttons)
		}
		again := threads[2].Posts[0]
		if again.Token != cardPost.Token || (again.Token == "") != blind {
			t.Errorf("blind %t: the tokens of two cards of a conversation are %q and %q, want the same, and none if blind", blind, cardPost.Token, again.Token)
		}
	}
}
