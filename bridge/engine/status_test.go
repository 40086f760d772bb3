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
