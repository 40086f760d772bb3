package engine_test

import (
	"testing"

	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// An answer names the messages before the one that it answers, too, so that the customer's mail program shows it in the thread in
// which the customer wrote. What a later mail names again is not kept a second time.
func TestConversationKeepsTheChainOfItsMails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(mail, channelstest.Event{
		ID: "c3@x.test", From: "kim@x.test", Text: "Which one?",
		References: []string{"c2@x.test", "c1@x.test"},
	})
	w.waitThread("Which one?")
	w.customerSends(mail, channelstest.Event{
		ID: "c5@x.test", From: "kim@x.test", Text: "The red one",
		References: []string{"c4@x.test", "c3@x.test", "c1@x.test"},
	})
	w.waitDrained()
	var kept []string
	check(t, w.pool.QueryRow(t.Context(), `SELECT refs FROM conversations WHERE id = 1`).Scan(&kept))
	wantList(t, "the mails that the conversation keeps", kept, []string{"c1@x.test", "c2@x.test", "c3@x.test", "c4@x.test", "c5@x.test"})
}
