package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
)

// newTriedForLong makes a world with a reply that Parley has been trying to send for ten minutes, as if its provider had
// been away.
func newTriedForLong(t *testing.T, o options) (w *world, thread, reply string) {
	t.Helper()
	o.hold = time.Hour
	w = newWorld(t, o)
	thread = w.openThread()
	reply = w.replyInHold(thread, "Hi Kin")
	w.exec(`UPDATE deliveries SET first_at = clock_timestamp() - interval '10 min' WHERE kind = 'reply'`)
	return w, thread, reply
}

// If Parley finds a deletion when it has tried to send a reply for long, it takes the reply back (requirement R-249).
func TestDeletionFoundWhenAReplyWasTriedForLong(t *testing.T) {
	t.Parallel()
	w, _, reply := newTriedForLong(t, options{})
	w.missEvents(func() { w.chat.Delete(support, reply) })
	w.endHoldAfterGap()
	w.waitFate(reply, "undone")
	w.waitDrained()
	w.wantNothingSent()
}

// An agent who deletes a sent reply is told that it was too late. A correction that was offered before can no longer be
// sent.
func TestDeletionAfterTheHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	said := w.reply(thread, "One")
	w.waitFate(said, "out")
	w.chat.Edit(support, said, "Uno")
	offered := w.waitLine(thread, bridge.LineEditLate)

	w.chat.Delete(support, said)
	w.waitLine(thread, bridge.LineDeleteLate)
	wantButtons(t, "the line about the edit", w.waitOutcome(offered, bridge.OutcomeDropped))

	w.waitDrained()
	w.provider.WaitTexts(t, "One")
}
