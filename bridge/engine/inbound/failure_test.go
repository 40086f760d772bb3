package inbound

import (
	"testing"

	"parley/bridge/engine/book"
	"parley/channels"
	"parley/store"
)

// A text has left, and its voice message behind it fails: only the voice message is missing, whatever is known of it. If the text
// fails, or if the voice message waits for its turn, the customer lacks the text.
func TestWhichPieceFailed(t *testing.T) {
	t.Parallel()
	for state, lacksText := range map[string][2]bool{ // if what failed has the id of the text, and if it has an unknown id
		store.Queued:        {true, true},
		store.Sending:       {true, false},
		store.Unknown:       {true, false},
		store.NeedsDecision: {true, false},
	} {
		d := &book.Delivery{Delivery: store.Delivery{State: state, Part: 1, ExternalID: "text"}}
		for i, id := range []string{"text", "unheard of"} {
			if got := isAboutEarlierPiece(d, &channels.Status{External: []string{id}}); got != lacksText[i] {
				t.Errorf("%s, %s: the text is missing: %v", state, id, got)
			}
		}
	}
	landed := &book.Delivery{Delivery: store.Delivery{State: store.Accepted, Part: 1, ExternalID: "voice"}}
	if isAboutEarlierPiece(landed, &channels.Status{External: []string{"voice"}}) || !isAboutEarlierPiece(landed, &channels.Status{External: []string{"text"}}) {
		t.Error("of a reply that has landed, the wrong piece failed")
	}
}
