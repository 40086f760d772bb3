package world

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/cmd/parley/lab"
	"parley/cmd/parley/torture/judge"
)

// TestTeamsThreads: what the oracle reads off a channel, where Parley may look and where not.
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
		{ID: "2", Root: "1", Bot: true, HTML: "<strong>Customer 001</strong><br>said-c001-1<br>(This may be shown twice: …)", Text: "Customer 001\nsaid-c001-1\n(This may be shown twice: …)"},
		{ID: "4", Root: "1", Bot: true, Cards: card("not sent: out-c001-2", "send", "bb")},
		{ID: "3", Root: "1", User: lab.TeamsAnn, Text: "out-c001-2", HTML: "out-c001-2"},
		{ID: "5", Root: "1", User: lab.TeamsAnn, Text: "@Parley resolve"},
		{ID: "6", Root: "6", User: lab.TeamsZoe, Text: "lunch?"},
		{ID: "7", Root: "7", Bot: true, Cards: card("Case 001 · Support", "take", "aa")},
	}
	for _, blind := range []bool{true, false} {
		threads := teamsThreads(list, blind, map[string]bool{"3": true})
		if len(threads) != 3 || len(threads[0].Posts) != 5 || threads[1].Card != "" || subjectIn(threads[0].Card) != "Case 001" {
			t.Fatalf("threads %+v", threads)
		}
		p := threads[0].Posts
		if p[1].Name != "Customer 001" || !p[1].Again || !slices.Equal(p[1].Marks, []judge.Mark{{Kind: judge.Said, Conv: 1, N: 1}}) {
			t.Errorf("a customer's message: %+v", p[1])
		}
		if p[2].User != lab.TeamsAnn || !p[2].Untold || p[2].Name != "" || p[2].Resolve || !p[4].Resolve {
			t.Errorf("people's messages: %+v, %+v", p[2], p[4])
		}
		if p[3].Token != "bb" || !maps.Equal(p[3].Buttons, map[string]string{"send": "send"}) {
			t.Errorf("a line of ours: %+v", p[3])
		}
		if one := threads[2].Posts[0].Token; blind != (one == "") || one != p[0].Token {
			t.Errorf("two cards of one conversation: %q and %q", p[0].Token, one)
		}
	}
}
