package teams

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/bot/teams/fact"
	"parley/bot/teams/graph"
	"parley/bot/teams/teamsfake"
)

// A pass reads the threads of a channel when something may have been missed. These tests check which threads a pass
// reads, and how often.

// A thread's last change is that of its latest reply, so an old thread with a reply of today is read.
func TestLastChangeOfAThreadIsThatOfItsReplies(t *testing.T) {
	t.Parallel()
	now := time.Now()
	got := lastChange(&graph.Message{
		CreatedAt: now.Add(-time.Hour),
		Replies:   []graph.Message{{CreatedAt: now.Add(-time.Minute), ModifiedAt: now}},
	})
	if !got.Equal(now) {
		t.Errorf("got %v, want %v, when its reply was changed", got, now)
	}
}

// If Graph's answer with all threads would be too long, the threads are read all the same.
func TestThreadsThatAreTooLongForOneAnswer(t *testing.T) {
	t.Parallel()
	const repliesPerThread = 20
	w := newThreadWorld(t, func(o *Options, _ *teamsfake.Options) { o.PageBytes = 1 << 20 })
	text := strings.Repeat("y", 3000)
	w.withoutEvents(func() error {
		for range threadsPerPage {
			root := w.openThread()
			for range repliesPerThread {
				if _, err := w.ann.Reply(w.channel, root, text); err != nil {
					return err
				}
			}
		}
		return nil
	})
	noError(t, w.catchUp())
	w.wantFacts(messageFacts+w.channel, threadsPerPage*repliesPerThread)
}

// withEmptyPages lets Graph's lists begin with a page without messages. That says nothing about the pages after it.
func withEmptyPages(_ *Options, f *teamsfake.Options) { f.EmptyPages = true }

func TestCatchUpReadsOnAfterAnEmptyPage(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t, withEmptyPages)
	w.replyUnheard("hello")
	noError(t, w.catchUp())
	w.wantFacts(messageFacts+w.channel, 1)
}

// If a later page has expired, that says nothing about the channel. The pass fails, so that it is made again.
func TestPageOfThreadsThatHasExpired(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t, withEmptyPages)
	w.replyUnheard("hello")
	w.fake.Inject(teamsfake.Fault{
		Method: "graph.messages", Kind: teamsfake.FaultHTTP, Status: http.StatusGone, Code: "Gone", Skip: 1, Times: 1,
	})
	if err := w.catchUp(); err == nil {
		t.Error("the first pass has no error, want one")
	}
	noError(t, w.catchUp())
	w.wantFacts(messageFacts+w.channel, 1)
}

// If Graph doesn't show the replies of one thread, the other threads of the channel are still read, and this one in the
// next pass. If only one page of its replies has expired, the thread is read again at once.
func TestThreadThatGraphDoesNotShow(t *testing.T) {
	t.Parallel()
	const repliesPerThread = 3
	for _, tt := range []struct {
		name       string
		status     int // with which Graph refuses pages of the first thread
		times      int
		wantStored int // replies after the first pass, of the six in both threads
		wantErr    bool
	}{
		{name: "refused", status: http.StatusBadRequest, times: 1, wantStored: repliesPerThread, wantErr: true},
		{name: "not there", status: http.StatusNotFound, times: 2, wantStored: repliesPerThread},
		{name: "a page expired", status: http.StatusGone, times: 1, wantStored: 2 * repliesPerThread},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newThreadWorld(t, func(_ *Options, f *teamsfake.Options) { f.GraphPage = 1 })
			var missed []string
			for _, root := range []string{w.root, w.openThread()} {
				for n := range repliesPerThread {
					missed = append(missed, w.replyUnheardIn(root, fmt.Sprintf("reply %d", n)))
				}
			}

			w.surface.sweeper.Announce(time.Time{})
			w.fake.Inject(teamsfake.Fault{
				Method: "graph.replies", Kind: teamsfake.FaultHTTP, Status: tt.status, Code: "NotNow", Times: tt.times,
			})

			err := w.catchUp()
			if gotErr := err != nil; gotErr != tt.wantErr {
				t.Errorf("the first pass: got error %v, want an error: %v", err, tt.wantErr)
			}
			w.wantFacts(messageFacts, tt.wantStored)

			noError(t, w.catchUp())
			for _, id := range missed {
				w.wantFacts(fact.MessageID(w.channel, id), 1)
			}
		})
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
		c.surface.sweeper.Run(ctx, func(ctx context.Context) error {
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
	c.surface.sweeper.Wake()
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

func TestFirstPassReadsAllThreads(t *testing.T) {
	t.Parallel()
	c := newSweptChannel(t)
	wantEqual(t, "pages", c.mustPass(), allPages)
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

// Every two hours a pass reads all threads.
func TestFullPassReadsOldThreads(t *testing.T) {
	t.Parallel()
	c := newSweptChannel(t)
	c.mustPass()
	c.replyUnheard("hello") // in an old thread
	c.advance(fullPassInterval)
	c.mustPass()
	c.wantStored(1)
}

// After a gap the next pass reads all threads. If Graph doesn't show a page during that pass, the whole pass is made
// again.
func TestPassAfterAGapReadsOldThreads(t *testing.T) {
	t.Parallel()
	c := newSweptChannel(t)
	c.mustPass()
	c.replyUnheard("hello") // in an old thread
	c.surface.sweeper.Announce(c.surface.org.Now())
	c.fake.Inject(teamsfake.Fault{
		Method: "graph.messages", Kind: teamsfake.FaultHTTP, Status: http.StatusNotFound, Code: "NotFound", Times: 1,
	})

	c.mustPass() // during which a page isn't shown
	wantEqual(t, "pages of the next pass", c.mustPass(), allPages)
	c.wantStored(1)
	if pages := c.mustPass(); pages >= allPages {
		t.Errorf("after the gap was filled: got %d pages, want fewer than all %d", pages, allPages)
	}
}
