package card

import (
	"fmt"
	"strings"
	"testing"

	"parley/bot/shape"
	"parley/bot/view"
)

// maxSentBytes is how large a text message may be, as JSON in UTF-16: Teams refuses about 100 KB.
const maxSentBytes = 80 << 10

// A paragraph with many links, whose addresses are long, becomes several text messages, and no link is lost.
func TestParagraphOfManyLinks(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 60 {
		fmt.Fprintf(&text, "[offer %d](https://shop.example/%d?%s) ", i, i, strings.Repeat("a=1&", 170))
	}
	shown := ""
	for i, m := range Messages(view.Card{Blocks: []view.Block{{Kind: shape.BlockBody, Text: text.String()}}}, "", Home{}) {
		if n := escapedSize(m.Text); n > maxSentBytes {
			t.Errorf("message %d has %d bytes, want at most %d", i, n, maxSentBytes)
		}
		shown += m.Text
	}
	for i := range 60 {
		if link := fmt.Sprintf(`<a href="https://shop.example/%d?a=1&amp;`, i); strings.Count(shown, link) != 1 {
			t.Errorf("the link of offer %d is shown %d times, want once", i, strings.Count(shown, link))
		}
	}
}
