package demo

import (
	"slices"
	"strings"
	"testing"

	"parley/bot/slack/slackfake"
)

// The text of a message is that of its blocks. Its text field, which is cut short, is read only if there are no
// blocks.
func TestShownText(t *testing.T) {
	t.Parallel()
	const blocks = `[{"type":"context","elements":[{"type":"mrkdwn","text":"<!date^1^{time}|9:07>"}]},
		{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"one "},{"type":"text","text":"two","style":{"bold":true}},
			{"type":"link","url":"https://x.test","text":"three"},{"type":"emoji","name":"tada"}]},
			{"type":"rich_text_list","elements":[` +
		`{"type":"rich_text_section","elements":[{"type":"text","text":"a"}]},{"type":"rich_text_section","elements":[{"type":"text","text":"b"}]}]},
			{"type":"rich_text_quote","elements":[{"type":"text","text":"old"}]}]},
		{"type":"section","text":{"type":"mrkdwn","text":"from &lt;x@y.test&gt;\n&gt; old"}},
		{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Press"}}]}]`

	for _, c := range []struct {
		name string
		in   slackfake.Message
		want string
	}{
		{name: "blocks", in: slackfake.Message{Text: "one …", Blocks: []byte(blocks)}, want: "one twothree\na\nb\n\n\nfrom <x@y.test>"},
		{name: "text alone", in: slackfake.Message{Text: "one &lt;two&gt;"}, want: "one <two>"},
		{name: "broken blocks", in: slackfake.Message{Text: "one", Blocks: []byte("{")}, want: "one"},
	} {
		got := strings.ReplaceAll(MessageText(&c.in), " \n", "\n")
		if !slices.Equal(strings.Fields(got), strings.Fields(c.want)) {
			t.Errorf("words of %s: got %q, want %q", c.name, got, c.want)
		}
		if lines, want := len(WordingOf(got).Lines), len(WordingOf(c.want).Lines); lines != want {
			t.Errorf("lines of %s: got %d in %q, want %d as in %q", c.name, lines, got, want, c.want)
		}
	}
}

func FuzzShownText(f *testing.F) {
	f.Add([]byte(`[{"type":"section","text":{"text":"a"}}]`))
	f.Add([]byte(`[{"type":"rich_text","elements":[{"type":"text","text":"a"}]}]`))
	f.Fuzz(func(_ *testing.T, raw []byte) {
		_ = WordingOf(MessageText(&slackfake.Message{Text: "a", Blocks: raw}))
	})
}
