package engine_test

import (
	"testing"
	"time"

	"parley/bridge/relay"
	"parley/channels/channelstest"
	"parley/store"
)

// Nobody could tell for ten minutes whether the second of two files arrived, and then the provider tells it: that is no word on the
// text and the first file. What it tells of the second one later is about that one, too.
func TestReceiptAfterAPersonWasAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{lossy: true, relay: relay.Options{UnclearAfter: 30 * time.Second, MaxWait: 100 * time.Millisecond}})
	thread := w.opened()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter, With: "b.txt", Times: 2})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	states := `SELECT string_agg(state, ', ' ORDER BY seq) FROM deliveries WHERE kind = 'reply' AND message_id = $1`
	for i, told := range []string{store.Delivered, store.Failed} {
		reply := w.chat.Say("ann", support, thread, "Two plans", file("a.txt", 1), file("b.txt", 1))
		w.fate(reply, "unclear")
		message := w.count(`SELECT id FROM messages WHERE place = $1`, reply)
		second := w.provider.Sent()[2*i+1].ID
		for _, state := range []string{"sent", told} {
			w.tells(channelstest.Event{ID: second, State: state, Message: int64(message), External: []string{second}})
		}
		w.eventually("it is about the second file", func() bool { return w.text(states, message) == "accepted, "+told })
		w.fate(reply, map[string]store.Fate{store.Delivered: store.FateOut, store.Failed: store.FateFailed}[told])
	}
}
