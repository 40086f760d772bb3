package engine_test

import (
	"testing"

	"parley/channels/channelstest"
	"parley/store"
)

// The list of an account on trial names a customer by any of their keys: people list phone numbers, while a provider
// may name whoever writes by an id of its own. A number that the customer has no longer doesn't count.
// Requirement R-265: Watch and trial before live.
func TestTrialListNamesAnyKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{account: func(a *store.Account) { a.Mode, a.TrialTo = "trial", []string{"+491511", "+491512"} }})
	w.customerSends(chat, channelstest.Event{From: "US.1", Also: []string{"+491511"}, Text: "Id first"})
	w.customerSends(chat, channelstest.Event{From: "+491512", Text: "Number first"})
	number := w.waitThread("Number first")
	w.customerSends(chat, channelstest.Event{From: "US.2", Also: []string{"+491512"}, Text: "Now by id"})
	w.waitShown("Now by id")
	w.customerSends(chat, channelstest.Event{From: "US.3", Also: []string{"+491513"}, Text: "Not listed"})
	w.reply(w.waitThread("Id first"), "One")
	w.waitSent(1)
	w.reply(number, "Two")
	w.waitSent(2)
	other := w.reply(w.waitThread("Not listed"), "Three")
	w.waitFate(other, "ask")
	w.customerSends(chat, channelstest.Event{From: "US.4", Also: []string{"+491512"}, Text: "The number is mine now"})
	w.waitShown("The number is mine now")
	former := w.reply(number, "Four")
	w.waitFate(former, "ask")
	w.waitDrained()
	w.provider.WaitTexts(t, "One", "Two")
}
