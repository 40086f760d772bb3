package view

import (
	"slices"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels/golden"
)

// Help explains one command, all of them, or the everyday ones. Of a word that is no command it says so.
func TestHelp(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, word := range []string{"", "all", "snooze", "!r", "xyz\n", "cc", "why"} {
		c := Help(word, fullSyntax())
		checkCard(t, word, c)
		b.WriteString(dump("help "+strings.TrimSpace(word), c))
	}
	golden.Text(t, "testdata/help.txt", b.String())
}

// fullSyntax is the syntax of a chat in which Parley hears everything that is typed.
func fullSyntax() CommandSyntax {
	return CommandSyntax{Signs: []string{"!", "@Parley "}, SignsOutside: []string{"@Parley ", "/parley "}}
}

// helpItems returns what help says can be typed.
func helpItems(c Card) (typed []string) {
	for _, b := range c.Blocks {
		if b.Kind == BlockItem {
			typed = append(typed, b.Pieces[0].Text)
		}
	}
	return typed
}

// The whole help names every command that its reader may use, and no other.
func TestHelpNamesAllThatIsAllowed(t *testing.T) {
	t.Parallel()
	c := Help("all", fullSyntax())
	all, some := helpItems(Help("ALL", fullSyntax())), helpItems(Help("all", fullSyntax(), bridge.VerbClose))
	if len(all) < 25 {
		t.Errorf("got %d commands, want all: %q", len(all), all)
	}
	wantEqual(t, "commands without closing", len(some), len(all)-1)
	wantEqual(t, "closing is among them", slices.Contains(some, "!close"), false)
	wantEqual(t, "buttons", len(c.Buttons), 0)
}

// If Parley hears only mentions, its hints name verbs as they are heard, such as "@Parley assign". Words of people
// stay as they are.
func TestHintsNameWhatIsHeard(t *testing.T) {
	t.Parallel()
	onlyMentions := CommandSyntax{Signs: []string{"@Parley "}, OnlyMentions: true}
	line := bridge.Line{
		Content: &bridge.RefusedLine{
			Why:  bridge.InWords("“!frob” is none (!help lists them)."),
			Hint: "Say to whom: !assign @ann, or !assign #billing. Wow!wake!",
		},
		Verb: bridge.VerbAssign, Text: "!reply Hello",
	}
	for _, kind := range []bridge.PostKind{bridge.PostLine, bridge.PostEphemeral} {
		card, _ := Post(bridge.Post{Kind: kind, Line: &line}, onlyMentions)
		for _, want := range []string{
			"“!frob” is none (@Parley help lists", "Say to whom: @Parley assign @ann, or @Parley assign #billing. Wow!wake!", "!reply Hello",
		} {
			if got := Plain(card); !strings.Contains(got, want) {
				t.Errorf("got %q, want %q in it", got, want)
			}
		}
	}

	for hint, want := range map[string]string{
		"Say !close, “or” !wake, not “!spam”.":   "Say @Parley close, “or” @Parley wake, not “!spam”.",
		"“Kim said “!close it”, or !wake me”":    "“Kim said “!close it”, or !wake me”",
		"“a mark ” too” many !close and “!wake”": "“a mark ” too” many !close and “!wake”",
		"“Hello” and “I !close it in":            "“Hello” and “I !close it in",
	} {
		line.Content = &bridge.RefusedLine{Hint: hint}
		card, _ := Post(bridge.Post{Kind: bridge.PostLine, Line: &line}, onlyMentions)
		if got := Plain(card); !strings.Contains(got, want) {
			t.Errorf("got %q, want %q in it", got, want)
		}
	}

	for _, quoting := range []bridge.LineContent{
		&bridge.ChangedLine{Before: "please !close it"},
		&bridge.DeletedLine{Message: "please !close it"},
		&bridge.AnalysisLine{Urgent: "please !close it"},
	} {
		card, _ := Post(bridge.Post{Kind: bridge.PostLine, Line: &bridge.Line{Content: quoting}}, onlyMentions)
		if got := Plain(card); !strings.Contains(got, "please !close it") {
			t.Errorf("the customer's words are changed in %q", got)
		}
	}
}
