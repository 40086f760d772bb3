package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// An attempt to send a reply has ended, but what became of it waits to be applied, for example behind a flood of customers: agents
// who change the reply meanwhile are told what is so.

// sayUntold lets ann reply by an account of which nothing is applied any more until release is called. It returns her message once the
// attempt to send it has ended in a state.
func (w *world) sayUntold(thread string, state store.DeliveryState) (said string, release func()) {
	w.t.Helper()
	release = w.holdQueues(w.accounts[chat])
	said = w.reply(thread, "Your lamp is repaired.")
	w.repeatUntil("the attempt has ended", w.ageUntilNobodyCanTell, func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND state = $1`, state) == 1
	})
	return said, release
}

// Who deletes a reply of which nobody can tell whether it was sent is told so, and a click on Send again sends it.
func TestDeletionOfAReplyOfWhichNobodyCanTell(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropBefore})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	said, release := w.sayUntold(thread, store.NeedsDecision)
	w.chat.Delete(support, said)
	wantWords(t, "what ann is told", w.waitLine(thread, bridge.LineDeleteLate).Plain(), "unclear")
	release()
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineUnclear), bridge.VerbSendAgain)
	w.provider.WaitTexts(t, "Your lamp is repaired.")
}

// Who takes back a reply that was refused, or keeps it inside, isn't told that it is on its way to the customer, and nobody is asked to
// send it again.
func TestRefusedReplyIsTakenBack(t *testing.T) {
	t.Parallel()
	for verb, fate := range map[bridge.Verb]store.Fate{bridge.VerbUndo: "undone", bridge.VerbKeep: "inside"} {
		t.Run(string(verb), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent})
			said, release := w.sayUntold(thread, store.Failed)
			w.chat.Choose("ann", support, said, verb)
			w.waitFate(said, fate)
			release()
			w.waitDrained()
			wantEqual(t, "lines that it failed", w.countLines(thread, bridge.LineFailed), 0)
			wantEqual(t, "who spoke last", w.text(`SELECT last_from FROM conversations`), string(store.FromCustomer))

			w.chat.Choose("ann", support, said, bridge.VerbSend)
			w.provider.WaitTexts(t, "Your lamp is repaired.")
			w.waitFate(said, "out")
		})
	}
}
