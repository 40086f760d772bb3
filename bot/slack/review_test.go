package slack

import (
	"slices"
	"testing"
)

// Whoever is mentioned in a block of code is mentioned: such a text stays inside.
func TestMentionInCode(t *testing.T) {
	t.Parallel()
	got := readText([]byte(`[{"type":"rich_text","elements":[{"type":"rich_text_preformatted","elements":[
		{"type":"text","text":"look at this, "},{"type":"user","user_id":"U0BEN"},{"type":"broadcast","range":"here"}]}]}]`), "")
	if want := []string{"U0BEN", "here"}; !slices.Equal(got.Mentions, want) {
		t.Errorf("mentions %v, want %v", got.Mentions, want)
	}
	if got.Tokens["<@U0BEN>"] != "U0BEN" {
		t.Errorf("tokens %v", got.Tokens)
	}
}
