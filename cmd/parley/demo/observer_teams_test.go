package demo

import (
	"encoding/json"
	"slices"
	"testing"

	"parley/bot/teams/teamsfake"
)

// The observer knows the words of what people type in Teams, and whether they look like a reply to the customer.
func TestTeamsText(t *testing.T) {
	t.Parallel()
	w, err := New(t.Context(), CompanyOptions{TeamsOptions: TeamsOptions{Teams: true}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	for _, tt := range []struct {
		name            string
		user            string
		typed           string
		wantText        string
		wantForCustomer bool
	}{
		{
			name:            "an answer",
			user:            TeamsAnn,
			typed:           "It leaves today",
			wantText:        "It leaves today",
			wantForCustomer: true,
		},
		{
			name:            "an answer that begins with a quotation",
			user:            TeamsAnn,
			typed:           "> Where is it?\n\nIt leaves today",
			wantText:        "It leaves today",
			wantForCustomer: true,
		},
		{
			name:            "nothing but a quotation",
			user:            TeamsAnn,
			typed:           "> It leaves today",
			wantText:        "It leaves today",
			wantForCustomer: true,
		},
		{name: "a note", user: TeamsAnn, typed: "note: ask the workshop", wantText: "note: ask the workshop"},
		{
			name:            "an answer that is given to Parley",
			user:            TeamsBen,
			typed:           "<@bot> reply: It leaves today",
			wantText:        "It leaves today",
			wantForCustomer: true,
		},
		{name: "a verb", user: TeamsBen, typed: "<@bot> resolve", wantText: "resolve"},
		{name: "to a colleague", user: TeamsBen, typed: "<@" + TeamsAnn + "> look", wantText: "@Ann Lee look"},
		{
			name:     "by somebody who isn't an agent",
			user:     TeamsZoe,
			typed:    "Hello from next door",
			wantText: "Hello from next door",
		},
	} {
		t.Run(tt.name, func(t *testing.T) { // one after the other: they share a channel
			id, err := w.Teams.As(tt.user).Post(teamsfake.Post{Channel: TeamsRandom, Text: tt.typed})
			if err != nil {
				t.Fatal(err)
			}
			text, forCustomer := teamsText(w.Teams.Message(TeamsRandom, id))
			if text != tt.wantText {
				t.Errorf("text: got %q, want %q", text, tt.wantText)
			}
			if forCustomer != tt.wantForCustomer {
				t.Errorf("for the customer: got %t, want %t", forCustomer, tt.wantForCustomer)
			}
		})
	}
}

// A post whose first line is a customer's name is that customer's message.
func TestTeamsObservationOfCustomer(t *testing.T) {
	t.Parallel()
	got := teamsObservation(&teamsfake.Message{
		ID:      "2",
		Channel: TeamsSupport,
		Text:    "📧 Maria Lopez (customer)\nTwo mugs are chipped",
	}, "1")
	if want := NameKey("Maria Lopez"); got.CustomerKey != want {
		t.Errorf("customer: got %q, want %q", got.CustomerKey, want)
	}
	if words, want := got.MessageWords(), WordsOf("Two mugs are chipped"); !slices.Equal(words, want) {
		t.Errorf("words: got %q, want %q", words, want)
	}
	if want := TeamsSupport + "/1"; got.Thread != want {
		t.Errorf("thread: got %q, want %q", got.Thread, want)
	}
}

// A card is Parley's own text. The observer takes it for a notice, which may tell of a message.
func TestTeamsObservationOfCard(t *testing.T) {
	t.Parallel()
	card := json.RawMessage(`{
		"type": "AdaptiveCard",
		"body": [
			{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "Maria Lopez"}]},
			{"type": "ColumnSet", "columns": [{"items": [{"type": "TextBlock", "text": "wrote again"}]}]},
			{"type": "ActionSet", "actions": [{"title": "Take"}]}
		]}`)
	got := teamsObservation(&teamsfake.Message{Channel: TeamsSupport, Cards: []json.RawMessage{card}}, "1")
	if got.CustomerKey != "" {
		t.Errorf("customer: got %q, want none", got.CustomerKey)
	}
	if want := "Maria Lopez\nwrote again"; got.Notice != want {
		t.Errorf("notice: got %q, want %q", got.Notice, want)
	}
}
