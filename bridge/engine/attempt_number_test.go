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

// counted is a splitter that keeps the numbers of the attempts at each part.
type attemptCounter struct {
	*splitter
	mu      sync.Mutex
	numbers []string // "part:number"
}

func (c *attemptCounter) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	c.mu.Lock()
	c.numbers = append(c.numbers, fmt.Sprint(o.Attempt.Part, ":", o.Attempt.Number))
	c.mu.Unlock()
	return c.splitter.Send(ctx, o)
}

// waitAttempts waits until so many attempts have been made, and returns their numbers.
func (c *attemptCounter) waitAttempts(w *world, n int) (list []string) {
	w.t.Helper()
	w.eventually(fmt.Sprint(n, " attempts"), func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		list = slices.Clone(c.numbers)
		return len(list) >= n
	})
	return list
}

// A channel is told how often the provider was called for what it sends: not how often the reply was looked at while it waited, nor
// what was called for its first part, or before a person sent it again.
func TestNumberOfAnAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{stopped: true, hold: time.Hour})
	c := &attemptCounter{splitter: &splitter{Channel: w.live[chat].Load()}}
	w.engines[0].SetChannel(w.accounts[chat], c)
	w.start()
	thread := w.openThread()
	w.waitFate(w.reply(thread, "Hi"), "waiting")
	w.saveAccount(chat, func(a *store.Account) { a.Paused = true })
	w.advance(time.Hour)
	for n := 1; n <= 6; n++ {
		w.eventually(fmt.Sprintf("attempt %d called nobody", n), func() bool {
			return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND attempt = $1 AND state = 'queued'`, n) == 1
		})
		if n < 6 {
			w.advance(outbound.PausedWait)
		}
	}

	w.provider.AddFault(channelstest.Fault{Text: "Hi 1", Kind: channelstest.FaultRefuse})
	w.provider.AddFault(channelstest.Fault{Text: "Hi 2", Kind: channelstest.FaultReject, Class: channels.BadContent})
	w.saveAccount(chat, nil)
	w.advance(outbound.PausedWait)
	if got, want := c.waitAttempts(w, 3), []string{"0:1", "0:2", "1:1"}; !slices.Equal(got, want) {
		t.Errorf("the channel was told of the attempts %q, want %q", got, want)
	}
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineFailed), bridge.VerbSendAgain)
	if got := c.waitAttempts(w, 4); got[3] != "1:1" {
		t.Errorf("sent again, as the attempt %s, want 1:1", got[3])
	}
	w.provider.WaitTexts(t, "Hi 1", "Hi 2")
}
