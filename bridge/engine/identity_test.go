package engine_test

import (
	"fmt"
	"testing"

	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// A new customer may have several keys. The one that they wrote with first identifies them, whether the facts that name
// the keys are applied together or one by one.
func TestFirstOfSeveralNewKeysStands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	const rounds, perRound = 6, 3 // customers
	for i := range rounds {
		id, phone := fmt.Sprint("US.", i), fmt.Sprint("+49151000", i)
		w.postEvents(chat, // both are applied together
			channelstest.Event{Type: "message", From: id, Text: "Hello"},
			channelstest.Event{Type: "message", From: id, Also: []string{phone}, Text: "Hello?"})
		w.customerSends(chat, channelstest.Event{From: "US.x" + phone, Also: []string{phone + "1"}, Text: "Hello"})
		w.customerSends(chat, channelstest.Event{From: phone + "2", Also: []string{"US.y" + phone}, Text: "Hello"})
	}
	w.waitDrained()
	stand := w.count(`SELECT count(*) FROM conversations AS c JOIN identities AS i ON i.id = c.identity_id
		WHERE i.key = c.participants->0->>'key'`)
	wantEqual(t, "customers who stand by the key that they came with", stand, rounds*perRound)
}
