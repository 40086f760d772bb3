package engine_test

import (
	"testing"

	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// An answer also names the mails before the one that it answers, so that the customer's mail program shows it in the
// right thread. The conversation keeps the ids of its mails for that, each once.
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
