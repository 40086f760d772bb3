package engine_test

import (
	"context"
	"fmt"
	"slices"
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

// A receipt comes before the answer to the sending, and says read without delivered: it counts, and the answer doesn't
// lower it. Later, lower receipts don't either (edge cases 1 and 2).
func TestStatusBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	release := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Until: release})
	reply := w.reply(thread, "Hi Kim")
	w.provider.WaitCalls(t, 1)
	message := w.count(`SELECT id FROM messages WHERE place = $1`, reply)
	w.reportStatus(channelstest.Event{State: "read", Message: int64(message), External: []string{"out-1"}})
	w.waitMarked(reply, "read")
	w.waitFate(reply, "out")

	close(release)
	w.provider.WaitTexts(t, "Hi Kim")
	w.waitDrained()
	w.waitDeliveryState(reply, "read")
	w.reportStatus(channelstest.Event{State: "delivered", External: []string{"out-1"}}) // late, and lower
	w.reportStatus(channelstest.Event{State: "failed", External: []string{"out-1"}, Reason: "late news"})
	w.waitDrained()
	w.waitDeliveryState(reply, "read")
	if n := w.countLines(thread, bridge.LineFailed); n != 0 {
		t.Errorf("%d lines of failure, want none", n)
	}
}

// A failure after a delivery doesn't count. A delivery after a failure does (edge case 3).
func TestFailedAndDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	reply := w.reply(thread, "Hi Kim")
	w.provider.WaitTexts(t, "Hi Kim")
	w.waitMarked(reply, "sent")
	id := w.provider.Sent()[0].ID
	w.reportStatus(channelstest.Event{State: "failed", External: []string{id}, Reason: "Nobody there."})
	w.waitFate(reply, "failed")
	w.reportStatus(channelstest.Event{State: "delivered", External: []string{id}})
	w.waitFate(reply, "out")
	w.reportStatus(channelstest.Event{ID: "again", State: "failed", External: []string{id}})
	w.waitDrained()
	w.waitFate(reply, "out")
}

// A watermark says that everything until a time was read. It counts for all messages to that customer until then, for no
// later ones and for no other customers.
func TestWatermark(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"join_lines": "off"}})
	kim := w.openThread()
	w.customerWrites("lea", "I am Lea")
	lea := w.waitThread("I am Lea")
	one, two, other := w.reply(kim, "One"), w.reply(kim, "Two"), w.reply(lea, "To Lea")
	w.provider.Wait(t, "three replies", func(s []channelstest.Sent) bool { return len(s) == 3 })
	w.waitDrained()
	until := time.Now()
	late := w.reply(kim, "Three")
	w.provider.Wait(t, "four replies", func(s []channelstest.Sent) bool { return len(s) == 4 })
	w.waitDrained()

	w.reportStatus(channelstest.Event{From: "kim", State: "read", UpTo: until})
	w.waitMarked(one, "read")
	w.waitMarked(two, "read")
	w.reportStatus(channelstest.Event{From: "nobody", State: "read", UpTo: time.Now()})
	w.waitDrained()
	w.waitDeliveryState(late, "accepted")
	w.waitDeliveryState(other, "accepted")
	if n := w.count(`SELECT count(*) FROM identities WHERE key = 'nobody'`); n != 0 {
		t.Error("a watermark made a customer")
	}
}

// A watermark doesn't count for a file that is still being uploaded.
func TestWatermarkDuringAnUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	uploaded := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{With: "b.txt", Until: uploaded})
	w.chat.Say("ann", support, thread, "Two plans", file("a.txt", 1), file("b.txt", 1))
	states := `SELECT string_agg(state, ', ' ORDER BY seq) FROM deliveries WHERE kind = 'reply'`
	w.eventually("the second file is sent", func() bool { return w.text(states) == "accepted, sending" })
	release := w.holdQueues(w.accounts[chat])
	w.reportStatus(channelstest.Event{From: "kim", State: "read", UpTo: time.Now().Add(time.Second)})
	w.exec(`UPDATE events SET received_at = received_at + interval '1 hour'`) // what waited would wait that long
	release()
	w.eventually("the first one is read", func() bool { return w.text(states) == "read, sending" })
	close(uploaded)
	w.eventually("the second one is sent", func() bool { return w.text(states) == "read, accepted" })
}

// If the provider counts a reply as several messages, one line says so. The price category is kept (requirement R-074).
func TestPartsAndCost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	reply := w.reply(thread, "A long text")
	w.provider.WaitTexts(t, "A long text")
	w.waitMarked(reply, "sent")
	id := w.provider.Sent()[0].ID
	w.reportStatus(channelstest.Event{State: "sent", External: []string{id}, Parts: 1}) // no news: nobody is told
	w.reportStatus(channelstest.Event{State: "sent", External: []string{id}, Parts: 2, Cost: "service"})
	if m := w.waitLine(thread, bridge.LineParts); !strings.Contains(m.Plain(), "2") {
		t.Errorf("the line says %q", m.Plain())
	}
	w.reportStatus(channelstest.Event{State: "delivered", External: []string{id}, Parts: 2, Cost: "service"})
	w.waitDrained()
	if n := w.countLines(thread, bridge.LineParts); n != 1 {
		t.Errorf("%d lines, want 1", n)
	}
	wantEqual(t, "the price category", w.annsFacts().LastMessage.Cost, "service")
}

// The provider's notice about an account is told to its admins.
func TestAccountNotice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.postChatEvent(channelstest.Event{Type: "notice", Notices: []string{"The number's quality fell to yellow."}})
	w.chat.Wait(t, "ann is told", func() bool {
		return slices.ContainsFunc(w.chat.Messages("@ann", ""), func(m bridgetest.Message) bool {
			return strings.Contains(m.Plain(), "quality fell")
		})
	})
}

// Another system sends from the same number. Its receipts are told to nobody, except that a message was not delivered.
func TestStatusOfAnotherSystem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.openThread()
	for _, state := range []string{"sent", "delivered", "read"} {
		w.reportStatus(channelstest.Event{ID: "other-" + state, From: "kim", State: state, Message: 1 << 50, External: []string{"other-1"}})
	}
	w.waitDrained()
	if n := w.countRoots(); n != 1 {
		t.Errorf("%d threads, want 1\n%s", n, w.dump())
	}
	w.reportStatus(channelstest.Event{ID: "other-failed", From: "kim", State: "failed", Message: 1 << 50, External: []string{"other-1"},
		Reason: "unknown number"})
	w.waitShown("unknown number")
}

// splitter sends each message as two, one after the other, and notes in which round of sending each of them was sent.
type splitter struct {
	channels.Channel
	mu    sync.Mutex
	again []int
}

func (s *splitter) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	s.mu.Lock()
	s.again = append(s.again, o.Attempt.Again)
	s.mu.Unlock()
	o.Text += fmt.Sprint(" ", o.Attempt.Part+1)
	r, err := s.Channel.Send(ctx, o)
	r.More = err == nil && o.Attempt.Part == 0
	return r, err
}

// A reply failed after the provider took it. Send again sends it from the part that failed on, so that none is missing.
func TestSendAgainAfterItFailed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		failed int // which part
		want   []string
		again  []int // in which round each part was sent
	}{
		"its first part": {failed: 0, want: []string{"Hi 1", "Hi 2", "Hi 1", "Hi 2"}, again: []int{0, 0, 1, 1}},
		"its last part":  {failed: 1, want: []string{"Hi 1", "Hi 2", "Hi 2"}, again: []int{0, 0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{stopped: true})
			s := &splitter{Channel: w.live[chat].Load()}
			w.engines[0].SetChannel(w.accounts[chat], s)
			w.start()
			thread := w.openThread()
			reply := w.reply(thread, "Hi")
			w.provider.WaitTexts(t, "Hi 1", "Hi 2")
			w.waitMarked(reply, "sent")

			message := w.count(`SELECT id FROM messages WHERE direction = 'out'`)
			w.reportStatus(channelstest.Event{State: "failed", Message: int64(message), External: []string{w.provider.Sent()[c.failed].ID},
				Reason: "Nobody there."})
			w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineFailed), bridge.VerbSendAgain)
			w.provider.WaitTexts(t, c.want...)
			w.waitFate(reply, "out")
			s.mu.Lock()
			defer s.mu.Unlock()
			wantList(t, "rounds in which the parts were sent", s.again, c.again)
		})
	}
}

// The provider reports that a text failed which it had taken. That says nothing about the file whose answer was lost.
func TestEarlyPartFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{stopped: true})
	w.engines[0].SetChannel(w.accounts[chat], &splitter{Channel: w.live[chat].Load()})
	w.start()
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter, With: "b.txt"})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	w.chat.Say("ann", support, thread, "Two plans", file("a.txt", 1), file("b.txt", 1))
	states := `SELECT string_agg(state || ' ' || part, ', ' ORDER BY seq) FROM deliveries WHERE kind = 'reply'`
	w.eventually("nobody knows of the second file", func() bool { return w.text(states) == "accepted 1, unknown 0" })
	message := w.count(`SELECT id FROM messages WHERE direction = 'out'`)
	w.reportStatus(channelstest.Event{State: "failed", Early: true, Message: int64(message), External: []string{w.provider.Sent()[0].ID},
		Reason: "Nobody there."})
	w.waitLine(thread, bridge.LineFailed)
	if got := w.text(states); got != "failed 0, unknown 0" { // Send again begins with the text
		t.Errorf("the deliveries are %s, want failed 0, unknown 0", got)
	}
}

// The first part of a reply failed and the second was delivered, reported in either order. The reply counts as failed,
// and its author may send both parts again.
func TestEarlyPartFailedLastDelivered(t *testing.T) {
	t.Parallel()
	for name, failsFirst := range map[string]bool{"failed, delivered": true, "delivered, failed": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{stopped: true})
			w.engines[0].SetChannel(w.accounts[chat], &splitter{Channel: w.live[chat].Load()})
			w.start()
			thread := w.openThread()
			reply := w.reply(thread, "Hi")
			w.provider.WaitTexts(t, "Hi 1", "Hi 2")
			w.waitMarked(reply, "sent")
			message, sent := int64(w.count(`SELECT id FROM messages WHERE direction = 'out'`)), w.provider.Sent()
			reportFailed := func() {
				w.reportStatus(channelstest.Event{State: "failed", Early: true, Message: message, External: []string{sent[0].ID},
					Reason: "Nobody there."})
			}

			if failsFirst {
				reportFailed()
				w.waitLine(thread, bridge.LineFailed)
			}
			for _, state := range []string{"delivered", "read"} {
				w.reportStatus(channelstest.Event{State: state, Message: message, External: []string{sent[1].ID}})
			}
			w.waitDrained()
			if !failsFirst {
				reportFailed()
			}

			line := w.waitLine(thread, bridge.LineFailed)
			w.waitMarked(reply, "warning")
			w.waitFate(reply, "failed")
			w.chat.Press(t, "ann", line, bridge.VerbSendAgain)
			w.provider.WaitTexts(t, "Hi 1", "Hi 2", "Hi 1", "Hi 2")
			w.reportStatus(channelstest.Event{ID: "again", State: "delivered", Message: message, External: []string{w.provider.Sent()[3].ID}})
			w.waitDeliveryState(reply, store.Delivered)
			w.waitFate(reply, "out")
		})
	}
}

// The first part fails once more after it was sent again, while the second part waits. A line tells that, and nothing
// leaves until an agent clicks.
func TestEarlyPartFailsAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{stopped: true, backoff: []time.Duration{time.Hour}})
	w.engines[0].SetChannel(w.accounts[chat], &splitter{Channel: w.live[chat].Load()})
	w.start()
	thread := w.openThread()
	reply := w.reply(thread, "Hi")
	w.provider.WaitTexts(t, "Hi 1", "Hi 2")
	w.waitMarked(reply, "sent")
	message := int64(w.count(`SELECT id FROM messages WHERE direction = 'out'`))
	reportFailed := func(id string, piece int) {
		w.reportStatus(channelstest.Event{ID: id, State: "failed", Early: true, Message: message,
			External: []string{w.provider.Sent()[piece].ID}, Reason: "Nobody there."})
	}

	reportFailed("once", 0)
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Text: "Hi 2"})
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineFailed), bridge.VerbSendAgain)
	state := `SELECT state || ' ' || part FROM deliveries WHERE kind = 'reply'`
	w.eventually("the second piece waits", func() bool { return w.text(state) == "queued 1" })
	reportFailed("twice", 2)
	w.eventually("the second failure is told", func() bool { return w.countLines(thread, bridge.LineFailed) == 2 })
	if got := w.text(state); got != "failed 0" {
		t.Errorf("the delivery is %s, want failed 0", got)
	}
}

// The first part is reported as failed while the second is being sent. The second one's result doesn't hide that failure.
func TestEarlyPartFailedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{stopped: true})
	w.engines[0].SetChannel(w.accounts[chat], &splitter{Channel: w.live[chat].Load()})
	w.start()
	thread := w.openThread()
	release := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Text: "Hi 2", Until: release})
	reply := w.reply(thread, "Hi")
	w.waitDeliveryState(reply, "sending")
	w.eventually("the second part is on its way", func() bool { return w.provider.Calls() == 2 })
	message := w.count(`SELECT id FROM messages WHERE direction = 'out'`)
	w.reportStatus(channelstest.Event{State: "failed", Early: true, Message: int64(message), External: []string{w.provider.Sent()[0].ID},
		Reason: "Nobody there."})
	line := w.waitLine(thread, bridge.LineFailed)
	close(release)
	w.waitDrained()
	w.chat.Press(t, "ann", line, bridge.VerbSendAgain)
	w.provider.WaitTexts(t, "Hi 1", "Hi 2", "Hi 1", "Hi 2")
}

// An agent sends a reply again while its lane, the queue to the customer, still waits to look for it. The lane goes on.
func TestSendAgainBeforeTheLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{relay: relay.Options{ReconcileAfter: time.Hour}})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
	first := w.reply(thread, "One")
	w.waitDeliveryState(first, store.Unknown)
	w.eventually("nobody works on it", func() bool {
		return w.count(`SELECT count(*) FROM lanes WHERE account_id = $1 AND leased_until IS NULL`, w.accounts[chat]) == 1
	})
	w.postEvents(chat, channelstest.Event{Type: "status", State: "failed", Reason: "No such user",
		Message: int64(w.count(`SELECT id FROM messages WHERE place = $1`, first))})
	line := w.waitLine(thread, bridge.LineFailed)
	w.chat.Press(t, "ann", line, bridge.VerbSendAgain)
	w.provider.WaitTexts(t, "One", "One")
	w.reply(thread, "Two")
	w.provider.WaitTexts(t, "One", "One", "Two")
	w.waitFate(first, "out")
	w.waitDrained()
}

// A reply is deleted while it is unknown whether it left, and then sent after all. It isn't sent a second time while
// Parley still looks for the first attempt.
func TestSendWhileUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{relay: relay.Options{ReconcileAfter: time.Minute, AbsentAgain: 20 * time.Millisecond}})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropBefore})
	first := w.reply(thread, "One")
	w.waitDeliveryState(first, store.Unknown)

	w.chat.Delete(support, first)
	w.waitFate(first, "undone")
	w.chat.Submit("ann", support, thread, bridgetest.Button{Verb: bridge.VerbSend,
		Args: bridge.Args{Conversation: 1, Message: store.MessageID(w.count(`SELECT id FROM messages WHERE place = $1`, first))}}, "")
	w.waitFate(first, "waiting")
	w.exec(`UPDATE deliveries SET sent_at = sent_at - interval '2 min' WHERE state = 'unknown'`)
	w.exec(`UPDATE lanes SET due_at = parley_now() WHERE due_at IS NOT NULL`)
	w.waitFate(first, "out")
	w.provider.WaitTexts(t, "One")
	w.waitDrained()
	w.provider.WaitTexts(t, "One")
	if n := w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply'`); n != 1 {
		t.Errorf("%d deliveries, want 1", n)
	}
}

// A mail server may file a mail minutes after it took it. A mail that isn't found at once is therefore not sent again
// before that time is over.
func TestAbsentForAsLongAsTheChannelSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{relay: relay.Options{ReconcileAfter: time.Minute},
		caps: func(c *channels.Capabilities) { c.Sending.AbsentFor = 8 * time.Minute }})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropBefore})
	said := w.reply(thread, "One")
	w.waitDeliveryState(said, store.Unknown)
	w.exec(`UPDATE deliveries SET sent_at = sent_at - interval '2 min' WHERE state = 'unknown'`)
	w.exec(`UPDATE lanes SET due_at = parley_now() WHERE due_at IS NOT NULL`)
	w.eventually("the first look, and the wait for the next one", func() bool {
		return w.count(`SELECT count(*) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id
			WHERE d.absent_at IS NOT NULL AND l.leased_until IS NULL AND l.due_at > parley_now() + interval '30 s'`) == 1
	})
	w.exec(`UPDATE deliveries SET absent_at = absent_at - interval '8 min', sent_at = sent_at - interval '8 min' WHERE state = 'unknown'`)
	w.exec(`UPDATE lanes SET due_at = parley_now() WHERE due_at IS NOT NULL`)
	w.waitFate(said, "out")
	w.provider.WaitTexts(t, "One")
}
