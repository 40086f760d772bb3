package view

import (
	"strings"
	"testing"
	"time"

	"parley/bot/verb"
	"parley/bridge"
)

// A card says who is replying. A form tells its reader, who is Bob Ray here, of the others only, and how long ago
// they began.
// Requirement R-241: Colleagues see who writes.
func TestReplyingWords(t *testing.T) {
	t.Parallel()
	began := func(who bridge.AgentRef, ago time.Duration) bridge.Replying {
		return bridge.Replying{By: who, Since: now(t).Add(-ago)}
	}
	for _, tt := range []struct {
		name           string
		replying       []bridge.Replying
		onCard, inForm string
	}{
		{name: "nobody"},
		{name: "only the reader", replying: []bridge.Replying{began(bob(), 0)}, onCard: "Bob Ray is replying"},
		{name: "somebody whose clock is ahead", replying: []bridge.Replying{began(ann(), -time.Second)},
			onCard: "Ann Lee is replying", inForm: "Ann Lee opened a reply just now"},
		{name: "two", replying: []bridge.Replying{began(ann(), time.Minute), began(bob(), 0)},
			onCard: "Ann Lee and Bob Ray are replying", inForm: "Ann Lee opened a reply 1 minute ago"},
		{name: "three", replying: []bridge.Replying{began(ann(), 4*time.Minute+time.Second), began(bob(), 0), began(eve(), 59*time.Second)},
			onCard: "Ann Lee, Bob Ray and Eve Fox are replying", inForm: "Ann Lee opened a reply 4 minutes ago\nEve Fox opened a reply just now"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := with(facts(t), func(f *bridge.Facts) { f.Replying = tt.replying })
			wantEqual(t, "words of the card", textOf(replyingPieces(f)), tt.onCard)
			wantWords(t, dump("", Root(f)), tt.onCard)
			var lines []string
			for _, b := range verb.OthersReplying(FormInput{Verb: bridge.VerbReply, Facts: f, Now: now(t)}) {
				lines = append(lines, textOf(b.Pieces))
			}
			wantEqual(t, "words of the form", strings.Join(lines, "\n"), tt.inForm)
		})
	}
}

// textOf returns the words of pieces, one after the other.
func textOf(pieces []Piece) (all string) {
	for _, p := range pieces {
		all += p.Text
	}
	return all
}
