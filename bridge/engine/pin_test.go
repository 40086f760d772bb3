package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/routing"
	"parley/store"
)

// An owner pins the customer: a conversation that the customer reopens in other hands goes there. Only the pinner and admins detach. That
// new ones go there is shown by the story presence.
// Requirement R-137: Pin a customer to oneself.
// Requirement R-138: Unpin.
// Requirement R-140: Change whose customer it is.
// Requirement R-141: A pin outlives other hands.
func TestPin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"reply_after_resolve": "reopen"}})
	w.addMembers("ann", "ben", "cat")
	thread := w.openThread()
	w.chat.Say("ben", support, thread, "!pin")
	w.waitWhisper("ben", "Only whoever has the conversation pins")
	w.chat.Say("ben", support, thread, "!take")
	w.chat.Say("ben", support, thread, "!pin")
	w.eventually("it is Ben's customer", func() bool { return w.count(`SELECT count(*) FROM pins WHERE agent_id = $1`, w.agents["ben"]) == 1 })
	w.chat.Say("ben", support, thread, "!assign @cat")
	w.waitCard(thread, "Cat")
	w.chat.Say("cat", support, thread, "!unpin")
	w.waitWhisper("cat", "Only Ben")
	w.chat.Say("cat", support, thread, "!resolve")
	w.waitCard(thread, "resolved")
	w.customerWrites("kim", "Hello again")
	wantWords(t, "the line of the reopened one", w.waitLine(thread, bridge.LineRouted).Plain(), "Ben", "pin")

	w.chat.Say("ben", support, thread, "!unpin")
	w.eventually("it is nobody's customer", func() bool { return w.count(`SELECT count(*) FROM pins`) == 0 })
}

// Who was chosen for a customer in the imported table comes before the rules.
// Requirement R-127: Rule: a field of the customer.
// Requirement R-199: Owners set at the customer.
func TestPreset(t *testing.T) {
	t.Parallel()
	w := newRuledWorld(t, options{}, 0, bridge.PresenceAway, routing.Plan{Rules: []routing.Rule{{By: routing.ByLeastLoad}}})
	w.addCustomer(store.Customer{Assignees: []string{"cat@acme.test"}}, "kim")
	wantWords(t, "the line", w.waitLine(w.openThread(), bridge.LineRouted).Plain(), "Cat", "preset")
}

// addCustomer adds a record with an address.
func (w *world) addCustomer(c store.Customer, address string) store.RecordID {
	w.t.Helper()
	id := must(store.AddCustomer(w.t.Context(), w.pool, c))(w.t)
	check(w.t, store.SetAddresses(w.t.Context(), w.pool, store.CustomerAddress{Address: address, RecordID: id}))
	return id
}
