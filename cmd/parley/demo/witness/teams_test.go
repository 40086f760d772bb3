package witness

import (
	"encoding/json"
	"slices"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/cmd/parley/demo/judge"
	"parley/cmd/parley/demo/outside"
)

// What the witness hears in Teams: whose it is, whether it is for the customer, and whether
// Parley is told of it at all.
func TestWitnessInTeams(t *testing.T) {
	t.Parallel()
	w, err := outside.New(t.Context(), outside.Options{TeamsOptions: outside.TeamsOptions{Teams: true}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	for _, c := range []struct {
		user, typed string
		text        string
		meant       bool
	}{
		{outside.TeamsAnn, "It leaves today", "It leaves today", true},
		{outside.TeamsAnn, "note: ask the workshop", "note: ask the workshop", false},
		{outside.TeamsBen, "<@bot> reply: It leaves today", "It leaves today", true},
		{outside.TeamsBen, "<@bot> resolve", "resolve", false},
		{outside.TeamsBen, "<@" + outside.TeamsAnn + "> look", "@Ann Lee look", false},
		{outside.TeamsZoe, "Hello from next door", "Hello from next door", false},
	} {
		id, err := w.Teams.As(c.user).Post(teamsfake.Post{Channel: outside.TeamsRandom, Text: c.typed})
		if err != nil {
			t.Fatal(err)
		}
		if text, meant := typedInTeams(w.Teams.Message(outside.TeamsRandom, id)); text != c.text || meant != c.meant {
			t.Errorf("%q: heard %q, meant %v", c.typed, text, meant)
		}
	}
	said := &teamsfake.Message{ID: "2", Channel: outside.TeamsSupport, Text: "📧 Maria Lopez (customer)\nTwo mugs are chipped"}
	if a := seenInTeams(said, "1"); a.From != judge.NameKey("Maria Lopez") || !slices.Equal(a.Said(), judge.WordsOf("Two mugs are chipped")) || a.Thread != outside.TeamsSupport+"/1" {
		t.Errorf("a customer's words: %+v", a)
	}
	card := json.RawMessage(`{"type":"AdaptiveCard","body":[{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"Maria Lopez"}]},
		{"type":"ColumnSet","columns":[{"items":[{"type":"TextBlock","text":"wrote again"}]}]},{"type":"ActionSet","actions":[{"title":"Take"}]}]}`)
	if a := seenInTeams(&teamsfake.Message{Channel: outside.TeamsSupport, Cards: []json.RawMessage{card}}, "1"); a.From != "" || a.Told != "Maria Lopez\nwrote again" {
		t.Errorf("Parley's own words: %+v", a)
	}
}
