package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// factsIn returns what ann's details show of the conversation in a thread.
func (w *world) factsIn(thread string) bridge.Facts {
	w.t.Helper()
	at := bridge.Place{Channel: support, Thread: thread}
	return must(w.engines[0].Desk(w.surface).FactsAt(w.t.Context(), at, "ann"))(w.t)
}

// newCustomerWithPhone makes a world in which a customer without a name is known by the provider's id US.1 and by the
// phone number +4917. It returns the thread.
func newCustomerWithPhone(t *testing.T) (w *world, thread string) {
	t.Helper()
	w = newWorld(t, options{})
	w.customerSends(chat, channelstest.Event{From: "US.1", Phone: "+4917", Also: []string{"+4917"}, Text: "Hello"})
	thread = w.waitThread("Hello")
	w.waitDrained()
	return w, thread
}

// A provider may identify a customer by an id of its own. Agents read the phone number instead, wherever the customer
// is named. Replies go to the id.
func TestAgentsSeeThePhoneNumber(t *testing.T) {
	t.Parallel()
	w, thread := newCustomerWithPhone(t)
	want := bridge.PartyRef{Name: "+4917", Address: "US.1", Phone: "+4917"}
	f := w.factsIn(thread)
	wantEqual(t, "the contact", f.Contact, want)
	wantList(t, "the recipients", f.Recipients.To, []bridge.PartyRef{want})
	wantWords(t, "the card", w.cardText(thread), "+4917")
	wantEqual(t, "the author of the message", w.waitShown("Hello").Name, "+4917")

	w.reply(thread, "Hi")
	wantList(t, "whom the reply was sent to", w.waitSent(1)[0].To, []string{"US.1"})
}
