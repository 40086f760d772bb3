package engine_test

import (
	"fmt"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels/channelstest"
	"parley/store"
)

// If somebody is no longer an agent, their conversations go on with the other owners. Those without one are unassigned,
// and a line says so. The lines come one after the other, so that customers' messages don't wait behind many of them. A
// resolved conversation keeps its owner until somebody opens it again.
func TestOwnerLeaves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	alone := w.openThread()
	w.reply(alone, "!assign @ben")
	w.waitCard(alone, "| Ben |")

	w.customerWrites("lee", "Both, please")
	both := w.waitThread("Both, please")
	w.reply(both, "!assign @ben @ann")
	w.waitLine(both, bridge.LineAssigned)

	w.customerSends(mail, channelstest.Event{From: "joe@x.test", Subject: "Thanks", Text: "Thanks"})
	over := w.waitThread("Thanks")
	w.reply(over, "!assign @ben")
	w.waitCard(over, "| Ben |")
	w.reply(over, "!resolve")
	w.waitCard(over, "resolved")
	w.waitDrained()

	// Ben leaves: of the three that he has, one is his alone, one has another owner, and one is resolved.
	check(t, store.RetireAgent(t.Context(), w.pool, w.agents["ben"]))
	check(t, store.BumpSettings(t.Context(), w.pool))
	if line := w.waitLine(alone, bridge.LineUnassigned); len(line.Mentions()) != 0 {
		t.Errorf("the line: %q", line.Text)
	}
	w.advance(5 * time.Second)
	w.waitCard(both, "| Ann |")
	w.waitDrained()

	apart := w.text(`SELECT max(due) - min(due) FROM (
		SELECT split_part(external_id, ':', 4)::bigint AS due FROM events WHERE external_id LIKE 'timer:%:left:%') AS timer`)
	wantEqual(t, "how long the two lines were due apart, in µs", apart, "5000000")
	owners := w.text(`SELECT string_agg(assignees::text, ' ' ORDER BY id) FROM conversations`)
	if want := fmt.Sprintf("{} {%d} {%d}", w.agents["ann"], w.agents["ben"]); owners != want {
		t.Errorf("owners are %s, want %s", owners, want)
	}
	wantEqual(t, "lines that nobody has the one with another owner", w.countLines(both, bridge.LineUnassigned), 0)

	// The resolved one is opened again, by an agent and by the customer.
	w.reply(over, "!reopen")
	w.waitLine(over, bridge.LineUnassigned)
	w.exec(`UPDATE conversations SET status = 'resolved', assignees = ARRAY[$1::bigint] WHERE id = 3`, w.agents["ben"])
	w.customerSends(mail, channelstest.Event{From: "joe@x.test", Subject: "Thanks", Text: "One more thing", Conversation: 3})
	w.waitThread("One more thing")
	w.waitDrained()
	if n := w.countLines(over, bridge.LineUnassigned); n != 2 {
		t.Errorf("%d lines say that nobody has it, want 2", n)
	}
}
