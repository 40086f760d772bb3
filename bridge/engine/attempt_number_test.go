package engine_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// attemptCounter is a splitter that keeps the attempts of which it is told: a reply is sent in two parts.
type attemptCounter struct {
	*splitter
	mu       sync.Mutex
	attempts []partAttempt
}

// partAttempt is an attempt to send a part of a reply: the parts are counted from 0, their attempts from 1.
type partAttempt struct{ Part, Number int }

func (c *attemptCounter) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	c.mu.Lock()
	c.attempts = append(c.attempts, partAttempt{Part: o.Attempt.Part, Number: o.Attempt.Number})
	c.mu.Unlock()
	return c.splitter.Send(ctx, o)
}

// waitAttempts waits until so many attempts have been made, and returns them.
func (c *attemptCounter) waitAttempts(w *world, n int) (list []partAttempt) {
	w.t.Helper()
	w.eventually(fmt.Sprint(n, " attempts"), func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		list = slices.Clone(c.attempts)
		return len(list) >= n
	})
	return list
}

// newAttemptCounter makes a world whose chat account sends by an attemptCounter, and holds replies for an hour.
func newAttemptCounter(t *testing.T) (*world, *attemptCounter) {
	t.Helper()
	w := newWorld(t, options{stopped: true, hold: time.Hour})
	c := &attemptCounter{splitter: &splitter{Channel: w.live[chat].Load()}}
	w.engines[0].SetChannel(w.accounts[chat], c)
	w.start()
	return w, c
}

// A channel is told how often the provider was called for the part that it sends: not how often the reply was looked at while it
// waited for a paused account.
func TestAttemptsCountCallsAlone(t *testing.T) {
	t.Parallel()
	w, c := newAttemptCounter(t)
	thread := w.openThread()
	w.replyInHold(thread, "Hi")
	w.saveAccount(chat, func(a *store.Account) { a.Paused = true })
	w.advance(time.Hour)
	const looks = 6
	for n := 1; n <= looks; n++ {
		w.eventually(fmt.Sprintf("look %d called nobody", n), func() bool {
			return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND attempt = $1 AND state = 'queued'`, n) == 1
		})
		if n < looks {
			w.advance(outbound.PausedWait)
		}
	}
	w.saveAccount(chat, nil)
	w.advance(outbound.PausedWait)
	wantList(t, "attempts", c.waitAttempts(w, 2), []partAttempt{{Part: 0, Number: 1}, {Part: 1, Number: 1}})
}

// Each part of a reply has attempts of its own, and they begin anew when a person sends the reply again.
func TestAttemptsOfEachPart(t *testing.T) {
	t.Parallel()
	w, c := newAttemptCounter(t)
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Text: "Hi 1", Kind: channelstest.FaultRefuse})
	w.provider.AddFault(channelstest.Fault{Text: "Hi 2", Kind: channelstest.FaultReject, Class: channels.BadContent})
	w.replyInHold(thread, "Hi")
	w.advance(time.Hour)
	wantList(t, "attempts", c.waitAttempts(w, 3), []partAttempt{{Part: 0, Number: 1}, {Part: 0, Number: 2}, {Part: 1, Number: 1}})

	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineFailed), bridge.VerbSendAgain)
	wantEqual(t, "the attempt when it was sent again", c.waitAttempts(w, 4)[3], partAttempt{Part: 1, Number: 1})
	w.provider.WaitTexts(t, "Hi 1", "Hi 2")
}
