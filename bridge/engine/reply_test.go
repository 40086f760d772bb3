package engine_test

import (
	"encoding/json"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/bridge/relay"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// The provider's answer to a sending is lost after it took the message. Parley finds the message and doesn't send it
// again.
func TestReplyLostAnswer(t *testing.T) {
	t.Parallel()
	for _, kind := range []channelstest.FaultKind{channelstest.FaultDropAfter, channelstest.FaultErrorAfter} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{lossy: true})
			thread := w.openThread()
			w.provider.AddFault(channelstest.Fault{Kind: kind})
			first := w.reply(thread, "One")
			w.reply(thread, "Two")
			w.provider.WaitTexts(t, "One", "Two")
			w.waitFate(first, "out")
			w.waitMarked(first, "sent")
			w.waitDrained()
			w.provider.WaitTexts(t, "One", "Two")
		})
	}
}

// A sending fails before it arrives. Parley sends it again after it has looked for the message twice in vain.
func TestReplyNeverArrived(t *testing.T) {
	t.Parallel()
	for _, kind := range []channelstest.FaultKind{channelstest.FaultDropBefore, channelstest.FaultErrorBefore} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{lossy: true})
			thread := w.openThread()
			w.provider.AddFault(channelstest.Fault{Kind: kind})
			w.reply(thread, "One")
			w.reply(thread, "Two")
			w.provider.WaitTexts(t, "One", "Two")
			w.waitDrained()
			w.provider.WaitTexts(t, "One", "Two")
			if n := w.provider.Calls(); n != 3 {
				t.Errorf("%d calls, want 3", n)
			}
		})
	}
}

// Parley can't find out whether a reply has left. A person is asked, who sends it again or marks it as sent. Later
// replies leave meanwhile.
func TestReplyUnclear(t *testing.T) {
	t.Parallel()
	for verb, want := range map[bridge.Verb][]string{ // what the customer gets
		bridge.VerbSendAgain: {"One", "Two", "One"},
		bridge.VerbMarkSent:  {"One", "Two"},
	} {
		t.Run(string(verb), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
			first := w.reply(thread, "One")
			w.waitDeliveryState(first, "unknown")
			w.reply(thread, "Two")

			w.repeatUntil("it was looked for", func() {
				w.exec(ageUnclear)
				w.exec(lookNow)
			}, func() bool {
				return w.count(`SELECT count(*) FROM lanes WHERE account_id = $1 AND epoch >= 2 AND leased_until IS NULL`, w.accounts[chat]) > 0
			})
			w.waitDeliveryState(first, "unknown")
			w.exec(`UPDATE deliveries SET sent_at = sent_at - interval '1 hour' WHERE state = 'unknown'`)
			w.repeatUntil("it is looked for again", func() { w.exec(lookNow) }, func() bool {
				return w.text(`SELECT state FROM deliveries WHERE kind = 'reply' ORDER BY created_at, seq LIMIT 1`) != "unknown"
			})

			w.waitDeliveryState(first, "needs_decision")
			w.waitFate(first, "unclear")
			line := w.waitLine(thread, bridge.LineUnclear)
			wantWords(t, "the line, with the reason", line.Plain(), "<@ann> The answer was lost. One")
			wantList(t, "who the line mentions", line.Mentions(), []string{"ann"})
			w.waitMarked(first, "warning")
			w.provider.WaitTexts(t, "One", "Two")

			w.chat.Press(t, "ben", line, verb)
			w.waitFate(first, "out")
			w.provider.WaitTexts(t, want...)
			w.chat.Press(t, "ben", line, verb)
			w.waitWhisper("ben", "[decided]")
			w.waitDrained()
			w.provider.WaitTexts(t, want...)
		})
	}
}

// While a provider is down for long, the author is told once. The reply leaves in the end.
func TestReplyLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{relay: lateAtOnce(), backoff: []time.Duration{10 * time.Millisecond}})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Times: -1})
	first := w.reply(thread, "One")
	w.waitLine(thread, bridge.LineRetrying)
	w.provider.WaitCalls(t, w.provider.Calls()+5)
	w.provider.ClearFaults()
	w.provider.WaitTexts(t, "One")
	w.waitFate(first, "out")
	w.waitDrained()
	if n := w.countLines(thread, bridge.LineRetrying); n != 1 {
		t.Errorf("told %d times, want 1", n)
	}
}

// A receipt never lowers the state of a reply, in whatever order receipts come. A bounce is told in the thread, and a
// later delivery replaces it.
// Requirement R-054: Sent, delivered, read or failed on each message.
func TestReceipts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	for name, tt := range map[string]struct {
		receipts []string
		state    store.DeliveryState // then
		fate     store.Fate
		mark     string
		failures int // lines
	}{
		"in order":                {receipts: []string{"sent", "delivered", "read"}, state: "read", fate: "out", mark: "read"},
		"backwards":               {receipts: []string{"read", "delivered", "sent"}, state: "read", fate: "out", mark: "read"},
		"twice":                   {receipts: []string{"delivered", "delivered"}, state: "delivered", fate: "out", mark: "delivered"},
		"bounced":                 {receipts: []string{"failed", "failed"}, state: "failed", fate: "failed", mark: "warning", failures: 1},
		"delivered, then bounced": {receipts: []string{"delivered", "failed"}, state: "delivered", fate: "out", mark: "delivered"},
		"bounced, then delivered": {receipts: []string{"failed", "delivered", "failed"}, state: "delivered", fate: "out", mark: "delivered", failures: 1},
	} {
		w.customerWrites("kim"+name, "Of "+name+".") // no text is a part of another
		thread := w.waitThread("Of " + name + ".")
		reply := w.reply(thread, name)
		w.waitMarked(reply, "sent")
		external := w.text(`SELECT d.external_id FROM deliveries AS d JOIN messages AS m ON m.id = d.message_id
			WHERE m.place = $1 AND d.kind = 'reply'`, reply)
		for i, s := range tt.receipts {
			w.reportStatus(channelstest.Event{ID: external + "." + string(rune('a'+i)), State: s, External: []string{external}})
		}

		w.waitDeliveryState(reply, tt.state)
		w.waitFate(reply, tt.fate)
		w.waitDrained()
		w.waitMarked(reply, tt.mark)
		wantList(t, name+": marks", w.chat.Get(support, reply).Marks, []string{tt.mark})
		wantEqual(t, name+": lines of failure", w.countLines(thread, bridge.LineFailed), tt.failures)
	}
}

// A receipt comes before the answer to a sending, or instead of it, and says read without delivered. The reply counts as
// read, and the next one leaves at once.
func TestReceiptBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	for _, kind := range []channelstest.FaultKind{channelstest.FaultNone, channelstest.FaultDropAfter} {
		t.Run("answer "+string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{relay: relay.Options{ReconcileAfter: time.Hour}})
			thread := w.openThread()
			release := make(chan struct{})
			w.provider.AddFault(channelstest.Fault{Kind: kind, Until: release})
			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
			reply := w.reply(thread, "One")
			w.provider.WaitCalls(t, 1)

			id := w.count(`SELECT id FROM messages WHERE place = $1`, reply)
			w.postEvents(chat, channelstest.Event{Type: "status", ID: "early", State: "read", Message: int64(id)})
			w.waitDeliveryState(reply, "read")

			w.reply(thread, "Two")
			close(release)
			w.provider.WaitTexts(t, "One", "Two")
			w.waitDrained()
			w.waitDeliveryState(reply, "read")
			w.waitFate(reply, "out")
			w.waitMarked(reply, "read")
			w.provider.WaitTexts(t, "One", "Two")
		})
	}
}

// journalSurfaceFact puts an event of the chat into the journal: "say", "edit" or "delete" of a message. With it a test
// tells events that the chat didn't tell, or in another order.
func (w *world) journalSurfaceFact(kind string, m bridgetest.Message) {
	w.t.Helper()
	body := must(json.Marshal(map[string]any{"type": kind, "message": m, "own_thread": true}))(w.t)
	id := "m:" + m.Channel + ":" + m.ID
	if kind != "say" {
		id = kind[:1] + id[1:]
	}
	check(w.t, w.engines[len(w.engines)-1].Accept(w.t.Context(), w.surface, channels.Fact{
		ExternalID: id,
		OrderKey:   m.Channel + ":" + m.Thread,
		Payload:    body,
	}))
}

// Replies leave in the order in which they were typed in the chat, even if their events came in another order.
func TestRepliesInTheSurfacesOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour, settings: map[string]string{"join_lines": "off"}})
	thread := w.openThread()
	w.chat.Mute(true)
	var typed []bridgetest.Message
	for _, text := range []string{"1", "2", "3", "4"} {
		typed = append(typed, w.chat.Get(support, w.reply(thread, text)))
	}
	w.chat.Mute(false)
	for _, i := range []int{2, 0, 3, 1} {
		w.journalSurfaceFact("say", typed[i])
		w.waitFate(typed[i].ID, "waiting")
	}
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "1", "2", "3", "4")
}

// A first reply is read late, while the provider is processing a second one, which it then refuses for now. The first one
// leaves before the second, even if that is to be given up if it is refused once more.
func TestRefusedReplyGivesWay(t *testing.T) {
	t.Parallel()
	for name, triedFor := range map[string]string{"tried for a moment": "0 s", "tried for days": "3 days"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testRefusedReplyGivesWay(t, triedFor)
		})
	}
}

func testRefusedReplyGivesWay(t *testing.T, triedFor string) {
	w := newWorld(t, options{})
	thread := w.openThread()
	w.chat.Mute(true)
	missed := w.chat.Get(support, w.reply(thread, "First"))
	w.chat.Mute(false)

	think := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Until: think})
	w.reply(thread, "Second")
	w.eventually("it is on its way", func() bool { return w.provider.Calls() == 1 })
	w.waitFate(w.reply(thread, "Third"), "waiting")

	w.journalSurfaceFact("say", missed)
	w.waitFate(missed.ID, "waiting")
	w.exec(`UPDATE deliveries SET first_at = first_at - $1::interval WHERE kind = 'reply' AND state = 'sending'`, triedFor)
	close(think)
	w.provider.WaitTexts(t, "First", "Second", "Third")
	w.waitDrained()
}

// A note that is edited into a reply, and back, never leaves by itself (edge case 35).
func TestNoteEditedIntoReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")
	m := w.reply(thread, "note: secret")
	w.waitFate(m, "inside")
	w.chat.Edit(support, m, "secret")
	w.waitFate(m, "ask")
	w.chat.Edit(support, m, "note: secret")
	w.waitDrained()
	w.wantNothingSent()
}
