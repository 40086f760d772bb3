package blockkit

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/bot/shape"
	"parley/bot/view"
)

// maxPostedBlocks is how long the blocks of a message may be as JSON before Slack refuses them.
const maxPostedBlocks = 13_100

// Links with long addresses fill a message as well: what they need as JSON counts, where & is written with six characters.
func TestAddressesOfLinksFillAMessage(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 40 {
		fmt.Fprintf(&text, "[offer %d](https://shop.example/?%s)\n\n", i, strings.Repeat("a=1&", 60))
	}
	messages := Home("").Messages(view.Card{Blocks: []view.Block{{Kind: shape.BlockBody, Text: text.String()}}}, "s")
	shown := ""
	for i, m := range messages {
		raw, err := json.Marshal(m.Blocks)
		if err != nil {
			t.Fatal(err)
		}
		if n := utf8.RuneCount(raw); n > maxPostedBlocks {
			t.Errorf("message %d has %d characters, want at most %d", i, n, maxPostedBlocks)
		}
		shown += string(raw)
	}
	for i := range 40 {
		if label := fmt.Sprintf(`"offer %d"`, i); !strings.Contains(shown, label) {
			t.Errorf("%s isn't shown", label)
		}
	}
}

// An address for which no message has room as that of a link is shown as text, in several messages.
func TestAddressThatFillsAMessage(t *testing.T) {
	t.Parallel()
	address := "https://shop.example/?" + strings.Repeat("&", 2800)
	messages := Home("").Messages(view.Card{Blocks: []view.Block{{Kind: shape.BlockBody, Text: "[offer](" + address + ")"}}}, "s")
	shown := ""
	for _, m := range messages {
		raw, err := json.Marshal(m.Blocks)
		if err != nil {
			t.Fatal(err)
		}
		shown += ReadText(Typed{Blocks: raw}).Plain
	}
	if want := "offer (" + address + ")"; shown != want {
		t.Errorf("got %d characters in %d messages, want %d: %.60s…", len(shown), len(messages), len(want), shown)
	}
}
