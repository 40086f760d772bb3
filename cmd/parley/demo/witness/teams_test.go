package witness

import (
	"encoding/json"
	"slices"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/cmd/parley/demo/judge"
	"parley/cmd/parley/demo/outside"
)

// Of what agents type in Teams, the witness knows the words, and whether they are meant for the customer.
func TestTypedInTeams(t *testing.T) {
	t.Parallel()
	w, err := outside.New(t.Context(), outside.Options{TeamsOptions: outside.TeamsOptions{Teams: true}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	for _, c := range []struct {
		name, user, typed string
		text              string
		meant             bool
	}{
		{name: "an answer", user: outside.TeamsAnn, typed: "It leaves today", text: "It leaves today", meant: true},
		{name: "a note", user: outside.TeamsAnn, typed: "note: ask the workshop", text: "note: ask the workshop"},
		{name: "an answer to Parley", user: outside.TeamsBen, typed: "<@bot> reply: It leaves today", text: "It leaves today", meant: true},
		{name: "a verb", user: outside.TeamsBen, typed: "<@bot> resolve", text: "resolve"},
		{name: "to a colleague", user: outside.TeamsBen, typed: "<@" + outside.TeamsAnn + "> look", text: "@Ann Lee look"},
		{name: "by somebody who is no agent", user: outside.TeamsZoe, typed: "Hello from next door", text: "Hello from next door"},
	} {
		id, err := w.Teams.As(c.user).Post(teamsfake.Post{Channel: outside.TeamsRandom, Text: c.typed})
		if err != nil {
			t.Fatal(err)
		}
		if text, meant := typedInTeams(w.Teams.Message(outside.TeamsRandom, id)); text != c.text || meant != c.meant {
			t.Errorf("%s: got %q, meant %t; want %q, meant %t", c.name, text, meant, c.text, c.meant)
		}
	}
}

// Of what Parley posts in Teams, the witness tells a customer's words from Parley's own.
func TestSeenInTeams(t *testing.T) {
	t.Parallel()
	said := &teamsfake.Message{ID: "2", Channel: outside.TeamsSupport, Text: "📧 Maria Lopez (customer)\nTwo mugs are chipped"}
	a := seenInTeams(said, "1")
	if want := judge.NameKey("Maria Lopez"); a.From != want {
		t.Errorf("a customer's words: got from %q, want %q", a.From, want)
	}
	if want := judge.WordsOf("Two mugs are chipped"); !slices.Equal(a.Said(), want) {
		t.Errorf("a customer's words: got %q, want %q", a.Said(), want)
	}
	if want := outside.TeamsSupport + "/1"; a.Thread != want {
		t.Errorf("a customer's words: got the thread %q, want %q", a.Thread, want)
	}
	card := json.RawMessage(`{"type":"AdaptiveCard","body":[{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"Maria Lopez"}]},
		{"type":"ColumnSet","columns":[{"items":[{"type":"TextBlock","text":"wrote again"}]}]},{"type":"ActionSet","actions":[{"title":"Take"}]}]}`)
	if a := seenInTeams(&teamsfake.Message{Channel: outside.TeamsSupport, Cards: []json.RawMessage{card}}, "1"); a.From != "" || a.Told != "Maria Lopez\nwrote again" {
		t.Errorf("Parley's own words: got from %q, told %q; want from nobody, told %q", a.From, a.Told, "Maria Lopez\nwrote again")
	}
}
