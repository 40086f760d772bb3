package engine_test

import (
	"context"
	"fmt"
	"strings"
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

// A reply that is deleted while an attempt runs that then fails for certain never
// leaves, and nobody is told that the customer has it.
func TestDeletedDuringAFailingAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	release := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Until: release})
	first := w.reply(thread, "Never mind")
	w.provider.WaitCalls(t, 1)
	w.chat.Delete(support, first)
	w.waitFate(first, "undone")
	close(release)
	w.waitDeliveryState(first, store.Cancelled)
	w.waitDrained()
	w.waitFate(first, "undone")
	if n := w.countLines(thread, bridge.LineDeleteLate); n != 0 {
		t.Error("the thread says that the customer has it")
	}
	if marks := w.chat.Get(support, first).Marks; len(marks) != 0 {
		t.Errorf("it is marked %v, want none", marks)
	}
	if n := w.provider.Calls(); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
}

// An edit while nobody knows whether the message left is told once it turns out that
// the old text did.
func TestEditWhileUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{relay: relay.Options{ReconcileAfter: time.Minute}})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
	first := w.reply(thread, "Uno")
	w.waitDeliveryState(first, store.Unknown)
	w.chat.Edit(support, first, "One")
	w.eventually("the edit", func() bool { return w.text(`SELECT text FROM messages WHERE place = $1`, first) == "One" })
	w.exec(`UPDATE deliveries SET sent_at = sent_at - interval '2 min' WHERE state = 'unknown'`)
	w.exec(`UPDATE lanes SET due_at = parley_now() WHERE due_at IS NOT NULL`)
	w.waitLine(thread, bridge.LineEditLate)
	w.waitFate(first, "out")
	w.waitDrained()
	w.provider.WaitTexts(t, "Uno")
}

// takesOnce is a provider that takes a message once, by its token, and answers to a repetition that it has it.
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

// A reply that was edited while nobody knew whether it had left, and that somebody sends again, is another message for a
// provider that takes each once: the customer gets the new words.
func TestEditedWhileUnknownSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{stopped: true, lossy: true, relay: relay.Options{UnclearAfter: 30 * time.Second, MaxWait: 100 * time.Millisecond}})
	w.engines[0].SetChannel(w.accounts[chat], &takesOnce{Channel: w.live[chat].Load()})
	w.start()
	thread := w.openThread()
	release := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter, Until: release})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	first := w.reply(thread, "Uno")
	w.provider.WaitCalls(t, 1)
	w.chat.Edit(support, first, "One")
	w.eventually("the edit", func() bool { return w.text(`SELECT text FROM messages WHERE place = $1`, first) == "One" })
	close(release)
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineUnclear), bridge.VerbSendAgain)
	w.waitFate(first, "out")
	w.provider.WaitTexts(t, "Uno", "One")
}

// A long reply of which the first part has left is not changed: the customer would get the beginning of one
// text and the end of another. Its author is told, and offered to send the new text.
func TestEditOfAHalfSentReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	long := w.replyInHold(thread, "A long story")
	w.exec(`UPDATE deliveries SET part = 1, attempt = 2, error_class = 'retry' WHERE kind = 'reply'`) // the second part has failed once
	w.chat.Edit(support, long, "A short story")
	w.waitLine(thread, bridge.LineEditLate)
	if text := w.text(`SELECT text FROM messages WHERE place = $1`, long); text != "A long story" {
		t.Errorf("the rest of the reply would be taken from %q, want \"A long story\"", text)
	}
}

// A reply that failed is repaired by an edit: Send again sends what it says now. One
// that was made a note or deleted is not sent again.
func TestEditOfAFailedReply(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(w *world, message string)
		sent   []string
	}{
		"edited":  {change: func(w *world, m string) { w.chat.Edit(support, m, "One") }, sent: []string{"One"}},
		"noted":   {change: func(w *world, m string) { w.chat.Edit(support, m, "note: one") }, sent: nil},
		"deleted": {change: func(w *world, m string) { w.chat.Delete(support, m) }, sent: nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent})
			first := w.reply(thread, "Uno")
			w.waitFate(first, "failed")
			line := w.waitLine(thread, bridge.LineFailed)
			c.change(w, first)
			w.waitDrained()
			w.chat.Press(t, "ann", line, bridge.VerbSendAgain)
			w.provider.WaitTexts(t, c.sent...)
			if c.sent == nil {
				w.waitWhisper("ann", "[decided]")
			}
			w.waitDrained()
			w.provider.WaitTexts(t, c.sent...)
			if n := w.countLines(thread, bridge.LineEditLate); n != 0 {
				t.Error("the thread says that the customer has the old text")
			}
		})
	}
}

// An edit or a deletion that comes before its message wins all the same.
func TestEditBeforeItsMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.chat.Mute(true)
	edited, deleted, noted := w.reply(thread, "Hi Kin"), w.reply(thread, "Go away"), w.reply(thread, "He is mad")
	said := []bridgetest.Message{w.chat.Get(support, edited), w.chat.Get(support, deleted), w.chat.Get(support, noted)}
	w.chat.Edit(support, edited, "Hi Kim")
	w.chat.Delete(support, deleted)
	w.chat.Edit(support, noted, "note: He is mad")
	w.journalSurfaceFact("edit", w.chat.Get(support, edited))
	w.journalSurfaceFact("delete", w.chat.Get(support, deleted))
	w.journalSurfaceFact("edit", w.chat.Get(support, noted))
	for _, m := range said {
		w.journalSurfaceFact("say", m)
	}
	w.chat.Mute(false)
	w.provider.WaitTexts(t, "Hi Kim")
	w.waitFate(deleted, "undone")
	w.waitFate(noted, "inside")
	w.waitDrained()
	w.provider.WaitTexts(t, "Hi Kim")
}

// An edit or a deletion between two attempts that failed for certain wins, too.
func TestEditBetweenAttempts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{backoff: []time.Duration{time.Hour}})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Text: "Hi Kin"})
	edited := w.reply(thread, "Hi Kin")
	w.eventually("the first attempt failed", func() bool {
		return w.count(`SELECT count(*) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id WHERE d.error_class = 'retry' AND l.leased_until IS NULL`) == 1
	})
	w.chat.Edit(support, edited, "Hi Kim")
	w.eventually("the edit", func() bool { return w.text(`SELECT text FROM messages WHERE place = $1`, edited) == "Hi Kim" })
	w.advance(2 * time.Hour)
	w.provider.WaitTexts(t, "Hi Kim")
	w.waitFate(edited, "out")
	w.waitDrained()
	if n := w.countLines(thread, bridge.LineEditLate); n != 0 {
		t.Errorf("%d lines say that it was too late", n)
	}
}

// An edit after the hold never reaches the customer silently: the author is told what the customer
// has, and may send the newest text as a correction.
func TestEditAfterTheHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	first, second := w.reply(thread, "One"), w.reply(thread, "Two")
	w.provider.WaitTexts(t, "One", "Two")
	w.waitFate(second, "out")
	w.chat.Edit(support, first, "Uno")
	w.chat.Delete(support, second)
	earlier := w.waitLine(thread, bridge.LineEditLate)
	if !strings.HasSuffix(earlier.Plain(), " One") {
		t.Errorf("the line does not say what the customer has: %q", earlier.Text)
	}
	w.waitLine(thread, bridge.LineDeleteLate)
	w.chat.Edit(support, first, "Eins")
	w.waitOutcome(earlier, bridge.OutcomeDropped)
	w.eventually("the newest text is offered", func() bool { return w.countLines(thread, bridge.LineEditLate) == 2 })
	newest := w.waitLineAbout(thread, bridge.LineEditLate, "One")
	w.waitDrained()
	w.provider.WaitTexts(t, "One", "Two")
	w.chat.Press(t, "ann", newest, bridge.VerbSend)
	w.provider.WaitTexts(t, "One", "Two", "Eins")
	w.waitOutcome(newest, bridge.OutcomeSent)
	if n := w.countLines(thread, bridge.LineEditLate); n != 2 {
		t.Errorf("%d lines tell of two edits, want 2", n)
	}
}

// An edit while the attempt runs is told of once it is known that the old text left, like one that
// comes after the sending: with what the customer has, and a button that sends the new text. What
// became a note is not offered. If the attempt sent nothing, the next one sends the new text.
func TestEditWhileItIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	editWhileSent := func(text, edited string, kind channelstest.FaultKind) string {
		release := make(chan struct{})
		w.provider.AddFault(channelstest.Fault{Kind: kind, Text: text, Until: release})
		calls := w.provider.Calls()
		m := w.reply(thread, text)
		w.provider.WaitCalls(t, calls+1)
		w.chat.Edit(support, m, edited)
		w.eventually("the edit", func() bool { return w.text(`SELECT text FROM messages WHERE place = $1`, m) != text })
		close(release)
		w.waitFate(m, "out")
		return m
	}
	said := editWhileSent("Uno", "One", channelstest.FaultNone)
	line := w.waitLineAbout(thread, bridge.LineEditLate, "Uno")
	if got := w.text(`SELECT text FROM messages WHERE place = $1`, said); got != "Uno" {
		t.Errorf("the message that the customer has says %q, want \"Uno\"", got)
	}
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.provider.WaitTexts(t, "Uno", "One")
	w.waitOutcome(line, bridge.OutcomeSent)

	editWhileSent("Dos", "note: never mind", channelstest.FaultNone)
	if noted := w.waitLineAbout(thread, bridge.LineEditLate, "Dos"); len(noted.Buttons) != 0 {
		t.Errorf("a note is offered as a correction: %q", noted.Text)
	}
	editWhileSent("Tres", "Three", channelstest.FaultRefuse)
	w.waitDrained()
	w.provider.WaitTexts(t, "Uno", "One", "Dos", "Three")
	if n := w.countLines(thread, bridge.LineEditLate); n != 2 {
		t.Errorf("%d lines tell of two late edits, want 2", n)
	}
}

// An edit that the surface tells of by two ways, which give it different times, is said to be
// late once; the next edit is another. One that brings the sent words back tells nothing, and drops what was offered.
func TestEditToldTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	id := w.reply(thread, "One")
	w.provider.WaitTexts(t, "One")
	w.waitFate(id, "out")
	for _, text := range []string{"Uno", "Uno", "One", "Uno"} {
		w.chat.Edit(support, id, text)
	}
	w.eventually("the last edit", func() bool { return w.countLines(thread, bridge.LineEditLate) >= 2 })
	w.waitDrained()
	if n := w.countLines(thread, bridge.LineEditLate); n != 2 {
		t.Errorf("%d lines tell of two edits, want 2", n)
	}
}

// An earlier edit that comes after the later one changes nothing: the reply leaves as it was edited last.
func TestEarlierEditComesLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	id := w.replyInHold(thread, "On Monday")
	w.chat.Mute(true)
	w.chat.Edit(support, id, "On Tuesday")
	earlier := w.chat.Get(support, id)
	w.chat.Mute(false)
	w.chat.Edit(support, id, "On Friday")
	w.waitEdited("On Friday")
	w.journalSurfaceFact("edit", earlier)
	w.waitQueued(0)
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "On Friday")
}

// A sent reply that its author deletes and brings back says what the customer has.
func TestSentReplyRestored(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	id := w.reply(thread, "One")
	w.waitFate(id, "out")
	w.chat.Delete(support, id)
	w.waitLine(thread, bridge.LineDeleteLate)
	w.chat.Restore(support, id)
	w.waitDrained()
	if n := w.countLines(thread, bridge.LineEditLate); n != 0 {
		t.Errorf("%d lines offer a correction, want none", n)
	}
}

// A file that is added after the sending leaves by a click, without the words that the customer has.
func TestFileAddedAfterTheSending(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	id := w.reply(thread, "Here is the plan")
	w.waitFate(id, "out")
	w.chat.Edit(support, id, "Here is the plan", bridgetest.File{Name: "plan.txt", Content: []byte("the plan")})
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineEditLate), bridge.VerbSend)
	sent := w.waitSent(2)
	wantEqual(t, "the text beside the added file", sent[1].Text, "")
	if got := sent[1].Files; len(got) != 1 || string(got[0].Content) != "the plan" {
		t.Errorf("the customer got the files %+v, want the plan alone", got)
	}
}
