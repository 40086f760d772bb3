package teams

import (
	"context"
	"sync/atomic"
	"testing"
	"time"
)

// A pass reads the threads of a channel when something may have been missed. These tests check which threads a pass
// reads, and how often.

// A thread's last change is that of its latest reply, so an old thread with a reply of today is read.
func TestLastChangeOfAThreadIsThatOfItsReplies(t *testing.T) {
	t.Parallel()
	now := time.Now()
	got := lastChange(&Message{
		CreatedAt: now.Add(-time.Hour),
		Replies:   []Message{{CreatedAt: now.Add(-time.Minute), ModifiedAt: now}},
	})
	if !got.Equal(now) {
		t.Errorf("got %v, want %v, when its reply was changed", got, now)
	}
}

// sweptChannel is a channel with more old threads than fit into two of Graph's pages, and a thread of today. Its
// sweeper runs, and makes a pass when the test asks for one.
type sweptChannel struct {
	*world
	today  string       // the root of the thread of today
	begun  atomic.Int64 // how many passes have begun
	passes chan pass    // the passes that have ended
}

// pass is one pass of a sweeper.
type pass struct {
	number int64 // 1 for the first
	pages  int   // how many it asked Graph for
	err    error
}

// allPages is the number of pages in a pass that reads all threads of a sweptChannel: two full ones, and one with the
// thread of newClockedWorld and the thread of today.
const allPages = 3

// newSweptChannel makes a sweptChannel that was never read.
func newSweptChannel(t *testing.T) *sweptChannel {
	t.Helper()
	c := &sweptChannel{world: newClockedWorld(t), passes: make(chan pass)}
	for range 2 * threadsPerPage {
		c.openThread()
	}
	c.advance(recentSpan + time.Hour)
	c.today = c.openThread()

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.surface.org.Sweep.Run(ctx, func(ctx context.Context) error {
			p := pass{number: c.begun.Add(1)}
			before := len(c.fake.Calls("graph.messages"))
			p.err = c.surface.history.catchUp(ctx)
			p.pages = len(c.fake.Calls("graph.messages")) - before
			select {
			case c.passes <- p:
			case <-ctx.Done(): // the test is over
			}
			return p.err
		})
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return c
}

// mustPass waits for a pass that the sweeper begins after this call, and returns how many pages it read. A pass that
// the sweeper began earlier doesn't count.
func (c *sweptChannel) mustPass() (pages int) {
	c.t.Helper()
	before := c.begun.Load()
	c.surface.org.Sweep.Wake()
	for p := range c.passes {
		if p.number > before {
			noError(c.t, p.err)
			return p.pages
		}
	}
	return 0
}

// wantStored checks how many replies are stored.
func (c *sweptChannel) wantStored(want int) {
	c.t.Helper()
	c.wantFacts(messageFacts+c.channel, want)
}

// Without a gap, a pass reads only the threads of the last days.
func TestNextPassReadsRecentThreads(t *testing.T) {
	t.Parallel()
	c := newSweptChannel(t)
	c.mustPass()
	c.replyUnheardIn(c.today, "hello")
	c.advance(defaultSweepInterval)
	if pages := c.mustPass(); pages >= allPages {
		t.Errorf("got %d pages, want fewer than all %d", pages, allPages)
	}
	c.wantStored(1)
}
