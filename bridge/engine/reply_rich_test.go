package engine

import (
	"strings"
	"testing"

	"parley/store"
)

// A quote has the words that people see: no address or mark of Markdown is torn apart, and nothing in them becomes formatting.
func TestQuoteOf(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 290)
	for _, c := range []struct{ about, text, want string }{
		{"plain lines", "Is it red?\nAnd big?", "> Is it red?\n> And big?"},
		{"marks, and signs that are none", `**Is** it 5 \* 3_a?`, `> Is it 5 \* 3\_a?`},
		{"a link at the end", long + " [Track your order](https://shop.test/track?id=1)", "> " + long + " Track you…"},
		{"a picture", "See ![shot.png](cid:shot@x)", "> See shot.png"},
		{"an emoji at the end", long + "12345678👋🏽", "> " + long + "12345678👋🏽"},
		{"an emoji that has no room", long + "123456789👋🏽", "> " + long + "123456789…"},
		{"many lines", "1\n2\n3\n4\n5\n6\n7", "> 1\n> 2\n> 3\n> 4\n> 5\n> 6…"},
		{"paragraphs, and what they quote", "> Or blue?\n\nNo.\n\nRed.", "> > Or blue?\n>\n> No.\n>\n> Red."},
		{"a list", "Both:\n\n- red\n- blue", "> Both:\n>\n> - red\n> - blue"},
		{"paragraphs up to the end of the room", "1\n2\n3\n4\n5\n6\n\n7", "> 1\n> 2\n> 3\n> 4\n> 5\n> 6…"},
		{"a file alone", "", `> my\_order.pdf`},
	} {
		t.Run(c.about, func(t *testing.T) {
			t.Parallel()
			m := &Message{Message: store.Message{
				Text: c.text, MessageExtras: store.MessageExtras{Files: []store.FileRef{{Name: "my_order.pdf"}}},
			}}
			if got := quoteOf(m); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
