package plaintext

import (
	"strings"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/cmd/parley/demo/judge"
)

// What a person reads stands in the blocks; the text beside them is cut short.
func TestShownText(t *testing.T) {
	t.Parallel()
	const blocks = `[{"type":"context","elements":[{"type":"mrkdwn","text":"<!date^1^{time}|9:07>"}]},
		{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"one "},{"type":"text","text":"two","style":{"bold":true}},
			{"type":"link","url":"https://x.test","text":"three"},{"type":"emoji","name":"tada"}]},
			{"type":"rich_text_list","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"a"}]},{"type":"rich_text_section","elements":[{"type":"text","text":"b"}]}]},
			{"type":"rich_text_quote","elements":[{"type":"text","text":"old"}]}]},
		{"type":"section","text":{"type":"mrkdwn","text":"from &lt;x@y.test&gt;\n&gt; old"}},
		{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Press"}}]}]`
	for text, m := range map[string]*slackfake.Message{
		"one twothree\na\nb\n\n\nfrom <x@y.test>": {Text: "one …", Blocks: []byte(blocks)},
		"one <two>": {Text: "one &lt;two&gt;"},
		"one":       {Text: "one", Blocks: []byte("{")},
	} {
		if got := strings.ReplaceAll(MessageText(m), " \n", "\n"); strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(text), " ") || len(judge.WordingOf(got).Lines) != len(judge.WordingOf(text).Lines) {
			t.Errorf("got %q, want %q", got, text)
		}
	}
}

func FuzzShownText(f *testing.F) {
	f.Add([]byte(`[{"type":"section","text":{"text":"a"}}]`))
	f.Add([]byte(`[{"type":"rich_text","elements":[{"type":"text","text":"a"}]}]`))
	f.Fuzz(func(_ *testing.T, raw []byte) {
		_ = judge.WordingOf(MessageText(&slackfake.Message{Text: "a", Blocks: raw}))
	})
}
