package blockkit

import (
	"testing"

	"parley/channels/markdown"
)

// ReadText reads anything that Slack may send without a crash, and each mention has the token of our Markdown.
func FuzzReadText(f *testing.F) {
	f.Add([]byte(richTextBlocks(section(run("x")))), "x *y* <@U1> `c` ```d```")
	f.Add([]byte(`[{"type":"rich_text","elements":[{"type":"rich_text_list","elements":[{}]}]}]`), "&gt; <!date^1|x")
	f.Add([]byte(`[{"type":"rich_text","elements":[{"type":"rich_text_list","border":1,"elements":[{}]},{"type":"rich_text_quote"}]}]`), "")
	f.Add([]byte(`[{"blocks":[{"type":"table","rows":[[{"text":"x"}],[],[{"elements":[{}]},null]]}]}]`), "")
	f.Fuzz(func(t *testing.T, blocks []byte, fallback string) {
		got := ReadText(Typed{Blocks: blocks, Attachments: blocks, Text: fallback})
		for token, id := range got.Tokens {
			if token != markdown.MentionToken(id) {
				t.Fatalf("the token of %q is %q, want %q", id, token, markdown.MentionToken(id))
			}
		}
		markdown.Parts(got.Markdown)
	})
}
