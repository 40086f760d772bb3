package blockkit

import (
	"slices"
	"testing"
)

// A colleague who is mentioned in a block of code counts as mentioned, so that the text isn't sent to the customer.
func TestMentionInCode(t *testing.T) {
	t.Parallel()
	got := ReadText(Typed{Blocks: richTextBlocks(`{
		"type": "rich_text_preformatted",
		"elements": [
			{"type": "text", "text": "look at this, "},
			{"type": "user", "user_id": "U0BEN"},
			{"type": "broadcast", "range": "here"}
		]
	}`)})
	if want := []string{"U0BEN", "here"}; !slices.Equal(got.Mentions, want) {
		t.Errorf("got the mentions %q, want %q", got.Mentions, want)
	}
	if token, want := got.Tokens["<@U0BEN>"], "U0BEN"; token != want {
		t.Errorf("the token <@U0BEN> is that of %q, want %q; all: %v", token, want, got.Tokens)
	}
}
