package command

import (
	"testing"

	"parley/bridge"
)

// Formatting of the command alone leaves nothing in its text, and that of the text stays.
func TestFormattedCommand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		plain, markdown string
		toApp           bool
		verb            bridge.Verb
		want            string
	}{
		{"!reply Hello", "`!reply` Hello", false, bridge.VerbReply, "Hello"},
		{"!reply Hello", "`!reply `Hello", false, bridge.VerbReply, "Hello"},
		{"!reply: Hello", "**!reply:** Hello **Kim**", false, bridge.VerbReply, "Hello **Kim**"},
		{"!reply: Hello", "**!reply**: Hello", false, bridge.VerbReply, "Hello"},
		{"!reply Hello", "**`!reply`** Hello", false, bridge.VerbReply, "Hello"},
		{"!reply Hello", "_!reply Hello_", false, bridge.VerbReply, "Hello"},
		{"!reply Hello", "!reply **Hello**", false, bridge.VerbReply, "**Hello**"},
		{"/parley note Hello", "`/parley note` Hello", false, bridge.VerbNote, "Hello"},
		{"!n Hello", "`!n` Hello `x`", false, bridge.VerbNote, "Hello `x`"},
		{"note: Hello Kim", "**note:** Hello **Kim**", false, bridge.VerbNote, "Hello **Kim**"},
		{"note: Hello", "**note: Hello**", false, bridge.VerbNote, "Hello"},
		{"reply: Hello", "**reply:** Hello", true, bridge.VerbReply, "Hello"},
		{"reply: Hello", "*reply*: Hello", true, bridge.VerbReply, "Hello"},
		{"#12 reply Hello", "`#12 reply` Hello", true, bridge.VerbReply, "Hello"},
		{"note: Hello", "**note:** Hello", true, bridge.VerbNote, "Hello"},
		{"!new a@x.test see here", "!new a@x.test see [here](<https://x.test>)", false, bridge.VerbNew, "see [here](<https://x.test>)"},
		{"new a@x.test Hello", "new a@x.test **Hello**", true, bridge.VerbNew, "**Hello**"},
		{"!new a@x.test Hello", "!new [a@x.test](mailto:a@x.test) **Hello**", false, bridge.VerbNew, "**Hello**"},
		{"!new shop_sms +491715550100 2*3", `!new shop\_sms +491715550100 2\*3`, false, bridge.VerbNew, `2\*3`},
		{"!new sms +1 (415) 555-0100 Hello *", `!new sms +1 \(415\) 555-0100 Hello \*`, false, bridge.VerbNew, `Hello \*`},
		{"!new sms +4917155501001 1. Lamp", `!new sms +4917155501001 1. Lamp`, false, bridge.VerbNew, `1. Lamp`},
	} {
		var got bridge.Action
		Message{Plain: c.plain, Markdown: c.markdown, ToApp: c.toApp, Named: func(text string) string { return text }}.Ask(&got)
		if got.Verb != c.verb || got.Text != c.want {
			t.Errorf("%q = %s %q, want %q", c.markdown, got.Verb, got.Text, c.want)
		}
	}
}

// A note has a note's marker however it was typed, because the edit of a message keeps the marker and not the verb.
func TestMarkerOfANote(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"!note x", "!n x", "/note x", "note: x", "// x"} {
		var got bridge.Action
		Message{Plain: text, Markdown: text, Named: func(text string) string { return text }}.Ask(&got)
		if got.Verb != bridge.VerbNote || got.Marker != bridge.MarkNote || got.Text != "x" {
			t.Errorf("%q = %s %q %q", text, got.Verb, got.Marker, got.Text)
		}
	}
}
