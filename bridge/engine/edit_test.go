package engine_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/bridge/relay"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// waitText waits until the record of a message that an agent typed has a text.
func (w *world) waitText(message, want string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("the record says %q", want), func() bool {
		return w.text(`SELECT text FROM messages WHERE place = $1`, message) == want
	})
}

// A reply is deleted while an attempt runs that then fails for certain. The reply never leaves, and nobody is told that
// the customer has it.
func TestDeletedDuringAFailingAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	release := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Until: release})
	first := w.reply(thread, "Never mind")
	w.provider.WaitCalls(t, 1)
	for _, verb := range []bridge.Verb{bridge.VerbUndo, bridge.VerbKeep} {
		w.chat.Choose("ann", support, first, verb)
	}
	w.chat.Wait(t, "both clicks are answered", func() bool { return len(w.chat.Whispers("ann")) == 2 })
	w.waitWhisper("ann", "on its way to the customer already")
	w.chat.Delete(support, first)

	w.waitFate(first, "undone")
	close(release)
	w.waitDeliveryState(first, store.Cancelled)
	w.waitDrained()
	w.waitFate(first, "undone")
	wantEqual(t, "lines that the customer has it", w.countLines(thread, bridge.LineDeleteLate), 0)
	wantList(t, "marks of the reply", w.chat.Get(support, first).Marks, nil)
	wantEqual(t, "calls to the provider", w.provider.Calls(), 1)
}

// A reply is edited while nobody knows whether it left. When Parley finds that the old text left, it tells the author.
func TestEditWhileUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{relay: relay.Options{ReconcileAfter: time.Minute}})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
	first := w.reply(thread, "Uno")
	w.waitDeliveryState(first, store.Unknown)
	w.chat.Edit(support, first, "One")
	w.waitText(first, "One")

	w.exec(`UPDATE deliveries SET sent_at = sent_at - interval '2 min' WHERE state = 'unknown'`) // so that it is looked for
	w.exec(`UPDATE lanes SET due_at = parley_now() WHERE due_at IS NOT NULL`)
	w.waitLine(thread, bridge.LineEditLate)
	w.waitFate(first, "out")
	w.waitDrained()
	w.provider.WaitTexts(t, "Uno")
}

// takesOnce is a provider that takes each message once, by its token. If the message comes again, it answers that it has
// it.
type takesOnce struct {
	channels.Channel
	seen sync.Map
}

func (p *takesOnce) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	token := fmt.Sprint(o.DeliveryID, " ", o.Attempt.Again)
	if _, known := p.seen.LoadOrStore(token, true); known {
		return channels.Receipt{ExternalID: token, State: channels.StateAccepted}, nil
	}
	return p.Channel.Send(ctx, o)
}

// If the first part of a long reply has left, an edit doesn't change the rest: the customer would get the beginning of
// one text and the end of another. The author is told, and offered to send the new text.
func TestEditOfAHalfSentReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	long := w.replyInHold(thread, "A long story")
	w.exec(`UPDATE deliveries SET part = 1, attempt = 2, error_class = 'retry' WHERE kind = 'reply'`) // the second part has failed once
	w.chat.Edit(support, long, "A short story")
	w.waitLine(thread, bridge.LineEditLate)
	wantEqual(t, "the text of which the rest is taken", w.text(`SELECT text FROM messages WHERE place = $1`, long), "A long story")
}

// newFailedReply makes a world in which a reply "Uno" has failed for good. It returns the thread, the reply and the line
// that says so.
func newFailedReply(t *testing.T) (w *world, thread, reply string, failed bridgetest.Message) {
	t.Helper()
	w = newWorld(t, options{})
	thread = w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent})
	reply = w.reply(thread, "Uno")
	w.waitFate(reply, "failed")
	return w, thread, reply, w.waitLine(thread, bridge.LineFailed)
}

// If a failed reply was made a note or deleted, it can't be sent again.
func TestFailedReplyThatIsNoReplyAnyMore(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(w *world, message string)
	}{
		{name: "made a note", change: func(w *world, m string) { w.chat.Edit(support, m, "note: one") }},
		{name: "deleted", change: func(w *world, m string) { w.chat.Delete(support, m) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, thread, reply, failed := newFailedReply(t)
			tt.change(w, reply)
			w.waitDrained()
			w.chat.Press(t, "ann", failed, bridge.VerbSendAgain)
			w.waitWhisper("ann", "[decided]")
			w.waitDrained()
			wantList(t, "what the customer got", w.sentTexts(), nil)
			wantEqual(t, "lines that the customer has the old text", w.countLines(thread, bridge.LineEditLate), 0)
		})
	}
}

// A reply is edited between two attempts, the first of which failed for certain. The customer gets the new text.
func TestEditBetweenAttempts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{backoff: hourBackoff()})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Text: "Hi Kin"})
	edited := w.reply(thread, "Hi Kin")
	w.waitFailedAttempt()
	w.chat.Edit(support, edited, "Hi Kim")
	w.waitText(edited, "Hi Kim")
	w.advance(2 * time.Hour)
	w.provider.WaitTexts(t, "Hi Kim")
	w.waitFate(edited, "out")
	w.waitDrained()
	wantEqual(t, "lines that it was too late", w.countLines(thread, bridge.LineEditLate), 0)
}

// After the hold, an edit doesn't reach the customer. The author is told what the customer has, and may send the newest
// text as a correction.
func TestEditAfterTheHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	said := w.reply(thread, "One")
	w.waitFate(said, "out")
	w.chat.Edit(support, said, "Uno")
	earlier := w.waitLine(thread, bridge.LineEditLate)
	wantSuffix(t, "the line, with what the customer has", earlier.Plain(), " One")

	another := w.reply(thread, "Two")
	w.waitFate(another, "out")
	w.chat.Edit(support, another, "Dos")
	others := w.waitLineAbout(thread, bridge.LineEditLate, "Two")

	w.chat.Edit(support, said, "Eins")
	wantEqual(t, "the line about what was offered first", w.waitOutcome(earlier, bridge.OutcomeDropped).Plain(),
		"[edit_late] <@ann> One Uno = dropped")
	w.eventually("the newest text is offered", func() bool { return w.countLines(thread, bridge.LineEditLate) == 3 })
	newest := w.waitLineAbout(thread, bridge.LineEditLate, "One")
	w.chat.Press(t, "ann", newest, bridge.VerbSend)
	w.waitOutcome(newest, bridge.OutcomeSent)

	w.chat.Edit(support, said, "One!") // what was sent stays sent, and the other reply's correction is still offered
	w.eventually("the next text is offered", func() bool { return w.countLines(thread, bridge.LineEditLate) == 4 })
	w.chat.Press(t, "ann", others, bridge.VerbSend)
	w.provider.WaitTexts(t, "One", "Two", "Eins", "Dos")
	w.waitDrained()
	wantEqual(t, "the line about what was sent", w.waitOutcome(newest, bridge.OutcomeSent).Plain(), "[edit_late] <@ann> One Eins = sent Ann")
}

// editWhileSent lets ann say a text, and edit it while the attempt runs that the fault concerns. It returns the message
// once it has left.
func (w *world) editWhileSent(thread, text, edited string, kind channelstest.FaultKind) string {
	w.t.Helper()
	release := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Kind: kind, Text: text, Until: release})
	m := w.reply(thread, text)
	w.provider.WaitCalls(w.t, 1)
	w.chat.Edit(support, m, edited)
	w.eventually("the edit is known", func() bool { return w.text(`SELECT text FROM messages WHERE place = $1`, m) != text })
	close(release)
	w.waitFate(m, "out")
	return m
}

// A reply is edited while it is being sent, and the old text leaves. The author is told what the customer has, with a
// button that sends the new text.
func TestEditWhileItIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	said := w.editWhileSent(thread, "Uno", "One", channelstest.FaultNone)
	line := w.waitLineAbout(thread, bridge.LineEditLate, "Uno")
	wantEqual(t, "the text that the customer has", w.text(`SELECT text FROM messages WHERE place = $1`, said), "Uno")
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.provider.WaitTexts(t, "Uno", "One")
	w.waitOutcome(line, bridge.OutcomeSent)
	wantEqual(t, "lines that tell of the edit", w.countLines(thread, bridge.LineEditLate), 1)
}

// The surface may tell Parley of one edit in two ways, with different times. Parley shows it once. An edit that restores
// the sent words shows no line and withdraws the offered correction. The edit after that is shown again.
func TestEditToldTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	id := w.reply(thread, "One")
	w.provider.WaitTexts(t, "One")
	w.waitFate(id, "out")
	edits := []string{
		"Uno",
		"Uno", // told again
		"One", // as it was sent
		"Uno",
	}
	for _, text := range edits {
		w.chat.Edit(support, id, text)
	}
	w.eventually("the last edit is told", func() bool { return w.countLines(thread, bridge.LineEditLate) >= 2 })
	w.waitDrained()
	wantEqual(t, "lines that tell of two edits", w.countLines(thread, bridge.LineEditLate), 2)
}
