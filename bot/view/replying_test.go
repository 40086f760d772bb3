package view

import (
	"strings"
	"testing"
	"time"

	"parley/bot/verb"
	"parley/bridge"
)

// Who is replying stands on the card in plain words; a form tells its reader of the others only, and how
// long ago they began.
//
func TestReplyingWords(t *testing.T) {
	t.Parallel()
	since := func(who bridge.AgentRef, ago time.Duration) bridge.Replying {
		return bridge.Replying{By: who, Since: now(t).Add(-ago)}
	}
	for _, tt := range []struct {
		replying   []bridge.Replying
		card, form string // the form's reader is Bob Ray
	}{
		{nil, "", ""},
		{[]bridge.Replying{since(bob(), 0)}, "Bob Ray is replying", ""},
		{[]bridge.Replying{since(ann(), -time.Second)}, "Ann Lee is replying", "Ann Lee opened a reply just now"},
		{[]bridge.Replying{since(ann(), time.Minute), since(bob(), 0)}, "Ann Lee and Bob Ray are replying", "Ann Lee opened a reply 1 minute ago"},
		{[]bridge.Replying{since(ann(), 4*time.Minute+time.Second), since(bob(), 0), since(eve(), 59*time.Second)}, "Ann Lee, Bob Ray and Eve Fox are replying",
			"Ann Lee opened a reply 4 minutes ago\nEve Fox opened a reply just now"},
	} {
		f := with(facts(t), func(f *bridge.Facts) { f.Replying = tt.replying })
		if got := textOf(replyingPieces(f)); got != tt.card {
			t.Errorf("the card says %q, want %q", got, tt.card)
		}
		if card := dump("", Root(f)); !strings.Contains(card, tt.card) {
			t.Errorf("the card is without it:\n%s", card)
		}
		var lines []string
		for _, b := range verb.OthersReplying(FormInput{Verb: bridge.VerbReply, Facts: f, Now: now(t)}) {
			lines = append(lines, textOf(b.Pieces))
		}
		if got := strings.Join(lines, "\n"); got != tt.form {
			t.Errorf("the form says %q, want %q", got, tt.form)
		}
	}
}

// textOf gives the words of pieces, one after the other.
func textOf(pieces []Piece) (all string) {
	for _, p := range pieces {
		all += p.Text
	}
	return all
}
