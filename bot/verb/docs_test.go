package verb

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels/golden"
)

const docsHead = `# Commands

This page is written by a test: ` + "`go test ./bot/verb -run TestDocs -update`" + `. Each command is one file of
` + "`bot/verb`" + `.

In a conversation's thread a command begins with ` + "`!`" + ` or ` + "`@Parley`" + `; a chat that knows slash commands offers some of
them itself. From elsewhere it names its conversation: ` + "`@Parley #12 take`" + `. ` + "`!help COMMAND`" + ` explains one, with examples,
and says which buttons and emoji do the same.

`

// docs/verbs.md is written from the table of commands.
func TestDocs(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(docsHead)
	for _, v := range All() {
		if v.Help.Hidden {
			continue
		}
		also := ""
		if len(v.Typed.Words) > 1 {
			also = " (`!" + strings.Join(v.Typed.Words[1:], "`, `!") + "`)"
		}
		fmt.Fprintf(&b, "- `%s`%s: %s\n", v.Typed.Syntax, also, v.Help.Sentence)
	}
	golden.Text(t, "../../docs/verbs.md", b.String())
}

// Every verb of bridge/action.go has a row in the table, but for those that nobody gives by name.
func TestTableHasAllVerbs(t *testing.T) {
	t.Parallel()
	withoutName := []bridge.Verb{
		bridge.VerbSay, bridge.VerbEdit, bridge.VerbDelete, bridge.VerbMoveChannel, bridge.VerbReact, bridge.VerbUnreact, bridge.VerbUnknown,
	}
	source, err := os.ReadFile("../../bridge/action.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`(?m)^\tVerb\w+ +Verb = "(\w+)"`).FindAllStringSubmatch(string(source), -1)
	if len(declared) < 40 {
		t.Fatalf("only %d verbs found in bridge/action.go: this test can't read it any more", len(declared))
	}
	for _, d := range declared {
		name := bridge.Verb(d[1])
		hasRow := Of(name).Typed.Words != nil
		if want := !slices.Contains(withoutName, name); hasRow != want {
			t.Errorf("%s has a row in the table: %v, want %v", name, hasRow, want)
		}
	}
}

// A form is both asked and read, and a button that opens one has a label for people.
func TestTableIsWhole(t *testing.T) {
	t.Parallel()
	for _, v := range All() {
		asks, reads := v.Form.Ask != nil, v.Form.Read != nil
		if asks != reads && v.Name != bridge.VerbSend {
			t.Errorf("%s asks a form: %v, reads one: %v, want both or none", v.Name, asks, reads)
		}
		if v.Needs(bridge.Args{}) && v.ButtonLabel() == string(v.Name) {
			t.Errorf("%s needs a form, but its button has no label", v.Name)
		}
	}
}

// Teams takes ten entries in a message's menu, with those beside the message box.
func TestMenuFits(t *testing.T) {
	t.Parallel()
	const maxEntries = 10
	if n := len(InMenu()); n > maxEntries {
		t.Errorf("got %d entries in the menu, want at most %d", n, maxEntries)
	}
}
