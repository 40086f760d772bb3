package engine

import (
	"testing"

	"parley/channels"
	"parley/store"
)

// A text has left, and its voice message behind it fails: only the voice message is missing, whatever is known of it. If the text
// fails, or if the voice message waits for its turn, the customer lacks the text.
func TestWhichPieceFailed(t *testing.T) {
	t.Parallel()
	const text, voice, unknown = "text", "voice", "unheard of" // ids of messages
	for _, c := range []struct {
		state  store.DeliveryState // of the reply
		newest string              // the id of the piece that left last
		failed string
		want   bool // the customer lacks the text
	}{
		{state: store.Queued, newest: text, failed: text, want: true},
		{state: store.Sending, newest: text, failed: text, want: true},
		{state: store.Unknown, newest: text, failed: text, want: true},
		{state: store.NeedsDecision, newest: text, failed: text, want: true},

		{state: store.Queued, newest: text, failed: unknown, want: true},
		{state: store.Sending, newest: text, failed: unknown, want: false},
		{state: store.Unknown, newest: text, failed: unknown, want: false},
		{state: store.NeedsDecision, newest: text, failed: unknown, want: false},

		{state: store.Accepted, newest: voice, failed: voice, want: false},
		{state: store.Accepted, newest: voice, failed: text, want: true},
	} {
		d := &Delivery{Delivery: store.Delivery{State: c.state, Part: 1, ExternalID: c.newest}}
		if got := isAboutEarlierPiece(d, &channels.Status{External: []string{c.failed}}); got != c.want {
			t.Errorf("the reply is %s, and the message %q failed: the customer lacks the text: %v, want %v", c.state, c.failed, got, c.want)
		}
	}
}
