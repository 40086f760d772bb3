package view

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/bot/command"
	"parley/bot/verb"
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

// Help names what can be typed in the chat in which it is read. Each of its items is read there as the command that
// it explains.
func TestHelpBySyntax(t *testing.T) {
	t.Parallel()
	private := CommandSyntax{Private: true}
	onlyMentions := CommandSyntax{
		Signs: []string{"@Parley "}, SignsOutside: []string{"@Parley "}, SlashCommands: []string{"note", "take"}, OnlyMentions: true,
		EmojiOnPostsOnly: true,
	}
	for name, syntax := range map[string]CommandSyntax{"everything": fullSyntax(), "only mentions": onlyMentions, "private": private} {
		for _, u := range verb.All() {
			c := Help(u.Typed.Words[0], syntax)
			checkCard(t, name+" "+u.Typed.Words[0], c)
			for _, typed := range helpItems(c) {
				wantEqual(t, fmt.Sprintf("%s: the verb of %q", name, typed), readAs(syntax, typed).Verb, u.Name)
			}
		}
	}

	var b strings.Builder
	for _, syntax := range []CommandSyntax{onlyMentions, private} {
		for _, word := range []string{"", "all", "snooze", "reply", "undo"} {
			b.WriteString(dump("help "+word, Help(word, syntax)))
		}
	}
	golden.Text(t, "testdata/help_syntax.txt", b.String())
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

// readAs reads what was typed as a chat with this syntax does. It returns nothing for what such a chat doesn't hear.
func readAs(syntax CommandSyntax, typed string) command.Parsed {
	mentioned, isMention := strings.CutPrefix(typed, "@Parley ")
	switch {
	case syntax.Private:
		return command.Slash("parley", typed, command.Options{})
	case isMention:
		return command.Mention(mentioned, command.Options{})
	case syntax.OnlyMentions:
		return command.Parsed{}
	}
	return command.Parse(typed, command.Options{})
}

// The help names ten everyday commands and leads to the others.
func TestHelpIsShort(t *testing.T) {
	t.Parallel()
	c := Help("", fullSyntax())
	wantEqual(t, "commands", len(helpItems(c)), 10)
	wantEqual(t, "buttons", len(c.Buttons), 1)
	wantEqual(t, "the button", c.Buttons[0].Label, "All commands")
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
