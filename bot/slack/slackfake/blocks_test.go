package slackfake_test

import (
	"slices"
	"strings"
	"testing"

	"parley/bot/slack/slackfake"
)

// These tests post blocks. The emulator refuses what Slack doesn't know in a block, in the words of Slack's
// validator.

// A refusal says in which place of the blocks a fault is, because developers rely on that.
func TestInvalidBlocksNameThePlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	for _, tt := range []struct {
		name   string
		blocks string
		want   string
	}{
		{name: "long text", blocks: sections(1, 3001), want: "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"},
		{
			name:   "section with nothing in it",
			blocks: `[{"type":"section"}]`,
			want:   "must define either `text` or `fields` [json-pointer:/blocks/0/type]",
		},
		{
			name:   "empty text",
			blocks: `[{"type":"section","text":{"type":"mrkdwn","text":""}}]`,
			want:   "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
		},
		{
			name:   "header with markup",
			blocks: `[{"type":"header","text":{"type":"mrkdwn","text":"x"}}]`,
			want:   "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
		},
		{
			name:   "two blocks with one id",
			blocks: `[{"type":"divider","block_id":"a"},{"type":"divider","block_id":"a"}]`,
			want:   "`block_id`: a already exists for another block [json-pointer:/blocks/1/block_id]",
		},
		{
			name: "button with a long label",
			blocks: `[{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"` +
				strings.Repeat("x", 76) + `"}}]}]`,
			want: "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
		},
		{
			name:   "button with an unknown style",
			blocks: `[{"type":"actions","elements":[{"type":"button","style":"loud","text":{"type":"plain_text","text":"x"}}]}]`,
			want:   "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]",
		},
		{
			name:   "context with nothing in it",
			blocks: `[{"type":"context","elements":[]}]`,
			want:   "must provide at least 1 items [json-pointer:/blocks/0/elements]",
		},
		{
			name:   "rich text with an unknown part",
			blocks: `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"blink"}]}]}]`,
			want:   "unsupported type: blink [json-pointer:/blocks/0/elements/0/elements/0/type]",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := faultsOf(w.callAsBot("chat.postMessage", "channel", w.ch, "blocks", tt.blocks))
			if want := []string{tt.want}; !slices.Equal(got, want) {
				t.Errorf("got the faults %q, want %q", got, want)
			}
		})
	}
}
