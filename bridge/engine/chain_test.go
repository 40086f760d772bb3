package engine_test

import (
	"testing"

	"parley/channels/channelstest"
)

// An answer names the messages before the one that it answers, too, so that the customer's mail program shows it in the thread in
// which the customer wrote. What a later mail names again is not kept a second time.
func TestConversationKeepsTheChainOfItsMails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	answered := []string{"c2@x.test", "c1@x.test"}
	w.customerSends(mail, channelstest.Event{ID: "c3@x.test", From: "kim@x.test", Text: "Which one?", References: answered})
	w.waitThread("Which one?")
	answered = []string{"c4@x.test", "c3@x.test", "c1@x.test"}
	w.customerSends(mail, channelstest.Event{ID: "c5@x.test", From: "kim@x.test", Text: "The red one", References: answered})
	w.waitDrained()
	const want = "c1@x.test c2@x.test c3@x.test c4@x.test c5@x.test"
	if got := w.text(`SELECT array_to_string(refs, ' ') FROM conversations WHERE id = 1`); got != want {
		t.Errorf("the conversation keeps %q, want %q", got, want)
	}
}
