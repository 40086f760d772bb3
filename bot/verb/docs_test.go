package verb

import (
	"cmp"
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
them itself. From elsewhere it names its conversation: ` + "`@Parley #12 take`" + `. ` + "`!help COMMAND`" + ` explains one.
`

// docs/verbs.md says what the table says.
func TestDocs(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(docsHead)
	for _, v := range All() {
		if v.Help.Hidden {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n`%s` – %s\n\n", v.Typed.Words[0], v.Typed.Syntax, v.Help.Sentence)
		for _, e := range v.Help.Examples {
			fmt.Fprintf(&b, "- `%s`\n", e)
		}
		if also := ways(v); also != "" {
			fmt.Fprintf(&b, "\nAlso: %s.\n", also)
		}
	}
	golden.Text(t, "../../docs/verbs.md", b.String())
}

// ways are the other ways in which a verb can be given.
func ways(v *Verb) string {
	var list []string
	for _, w := range v.Typed.Words[1:] {
		list = append(list, "`!"+w+"`")
	}
	if v.Slash {
		list = append(list, "elsewhere by number")
	}
	if label := cmp.Or(v.Button.Label, v.Button.Unlisted); label != "" {
		list = append(list, "the button *"+label+"*")
	}
	if v.Menus.Message != nil {
		list = append(list, "*"+v.Menus.Message.Title+"* in a message's menu")
	}
	if v.Menus.Box != nil {
		list = append(list, "*"+v.Menus.Box.Title+"* beside the message box")
	}
	for _, e := range v.Emoji {
		list = append(list, ":"+e+":")
	}
	return strings.Join(list, ", ")
}

// Every verb of the vocabulary is in the table, but for those that people don't give by name, and
// every one in the table is whole.
func TestTableIsWhole(t *testing.T) {
	t.Parallel()
	behaviour := []bridge.Verb{bridge.VerbSay, bridge.VerbEdit, bridge.VerbDelete, bridge.VerbMoveChannel, bridge.VerbReact, bridge.VerbUnreact, bridge.VerbUnknown}
	source, err := os.ReadFile("../../bridge/action.go")
	if err != nil {
		t.Fatal(err)
	}
	known := regexp.MustCompile(`(?m)^\tVerb\w+ +Verb = "(\w+)"`).FindAllStringSubmatch(string(source), -1)
	if len(known) < 40 {
		t.Fatalf("only %d verbs found in bridge/action.go", len(known))
	}
	for _, k := range known {
		if name := bridge.Verb(k[1]); (Of(name).Typed.Words == nil) != slices.Contains(behaviour, name) {
			t.Errorf("%s has no line in the table, or is none that people give", name)
		}
	}
	for _, v := range All() {
		if (v.Form.Ask == nil) != (v.Form.Read == nil) && v.Name != bridge.VerbSend {
			t.Errorf("%s has a form that is never read, or reads one that is never asked", v.Name)
		}
		if v.Needs(bridge.Args{}) && v.ButtonLabel() == string(v.Name) {
			t.Errorf("%s asks something, but nobody wrote what stands on its button", v.Name)
		}
	}
	if n := len(InMenu()); n > 10 {
		t.Errorf("%d entries in a message's menu: Teams takes 10 with those beside the message box", n)
	}
}
