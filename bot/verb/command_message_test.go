package verb

import (
	"testing"

	"parley/bridge"
)

// readMessage reads a message that a surface gives without and with its formatting. toApp means that only the app
// gets it, so that a command needs no sign.
func readMessage(plain, markdown string, toApp bool) (got bridge.Action) {
	Message{Plain: plain, Markdown: markdown, ToApp: toApp, Named: func(text string) string { return text }}.Ask(&got)
	return got
}

func wantAction(t *testing.T, typed string, got bridge.Action, verb bridge.Verb, text string) {
	t.Helper()
	if got.Verb != verb || got.Text != text {
		t.Errorf("%q: got %s %q, want %s %q", typed, got.Verb, got.Text, verb, text)
	}
}

// formattedCommand is a command with formatting, and the verb and the text that are expected.
type formattedCommand struct {
	plain, markdown string
	verb            bridge.Verb
	text            string
}

// The formatting of the command itself leaves nothing in the text. The formatting of the text stays.
func TestFormattedCommand(t *testing.T) {
	t.Parallel()
	for _, tt := range []formattedCommand{
		{plain: "!reply Hello", markdown: "`!reply` Hello", verb: bridge.VerbReply, text: "Hello"},
		{plain: "!reply Hello", markdown: "`!reply `Hello", verb: bridge.VerbReply, text: "Hello"},
		{plain: "!reply: Hello", markdown: "**!reply:** Hello **Kim**", verb: bridge.VerbReply, text: "Hello **Kim**"},
		{plain: "!reply: Hello", markdown: "**!reply**: Hello", verb: bridge.VerbReply, text: "Hello"},
		{plain: "!reply Hello", markdown: "**`!reply`** Hello", verb: bridge.VerbReply, text: "Hello"},
		{plain: "!reply Hello", markdown: "_!reply Hello_", verb: bridge.VerbReply, text: "Hello"},
		{plain: "!reply Hello", markdown: "!reply **Hello**", verb: bridge.VerbReply, text: "**Hello**"},
		{plain: "/parley note Hello", markdown: "`/parley note` Hello", verb: bridge.VerbNote, text: "Hello"},
		{plain: "!n Hello", markdown: "`!n` Hello `x`", verb: bridge.VerbNote, text: "Hello `x`"},
		{plain: "note: Hello Kim", markdown: "**note:** Hello **Kim**", verb: bridge.VerbNote, text: "Hello **Kim**"},
		{plain: "note: Hello", markdown: "**note: Hello**", verb: bridge.VerbNote, text: "Hello"},
		{plain: "!new a@x.test see here", markdown: "!new a@x.test see [here](<https://x.test>)", verb: bridge.VerbNew, text: "see [here](<https://x.test>)"},
		{plain: "!new a@x.test Hello", markdown: "!new [a@x.test](mailto:a@x.test) **Hello**", verb: bridge.VerbNew, text: "**Hello**"},
		{plain: "!new shop_sms +491715550100 2*3", markdown: `!new shop\_sms +491715550100 2\*3`, verb: bridge.VerbNew, text: `2\*3`},
		{plain: "!new sms +1 (415) 555-0100 Hello *", markdown: `!new sms +1 \(415\) 555-0100 Hello \*`, verb: bridge.VerbNew, text: `Hello \*`},
		{plain: "!reply + 20 EUR", markdown: "!reply + 20 EUR", verb: bridge.VerbReply, text: `\+ 20 EUR`},
		{plain: "note: > 2 weeks", markdown: "note: > 2 weeks", verb: bridge.VerbNote, text: `\> 2 weeks`},
		{plain: "!reply\na\nb", markdown: "!reply\n\n- a\n- b", verb: bridge.VerbReply, text: "- a\n- b"},
		{plain: "!reply #12 is yours", markdown: "!reply #12 is yours", verb: bridge.VerbReply, text: "#12 is yours"},
		{plain: "!new sms +4917155501001 1. Lamp", markdown: `!new sms +4917155501001 1. Lamp`, verb: bridge.VerbNew, text: `1. Lamp`},
	} {
		wantAction(t, tt.markdown, readMessage(tt.plain, tt.markdown, false), tt.verb, tt.text)
	}
	for _, tt := range []formattedCommand{
		{plain: "reply: Hello", markdown: "**reply:** Hello", verb: bridge.VerbReply, text: "Hello"},
		{plain: "reply: Hello", markdown: "*reply*: Hello", verb: bridge.VerbReply, text: "Hello"},
		{plain: "#12 reply Hello", markdown: "`#12 reply` Hello", verb: bridge.VerbReply, text: "Hello"},
		{plain: "note: Hello Kim", markdown: "**note:** Hello **Kim**", verb: bridge.VerbNote, text: "Hello **Kim**"},
		{plain: "new a@x.test Hello", markdown: "new a@x.test **Hello**", verb: bridge.VerbNew, text: "**Hello**"},
	} {
		wantAction(t, tt.markdown+", to the app", readMessage(tt.plain, tt.markdown, true), tt.verb, tt.text)
	}
}
