package teams

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/bot/teams/fact"
	"parley/bot/teams/teamsfake"
	"parley/bridge"
)

// oldThreads makes threads, and as many of others behind them as a pass doesn't look at, 200 days ago. While nobody is
// told, somebody answers in the last of them; its id is given. Parley starts anew then.
func oldThreads(t *testing.T, number int) (w *world, d *desk, lost string) {
	t.Helper()
	w, d, first, p, later := talkLater(t)
	roots := []string{first}
	for len(roots) < number {
		roots = append(roots, w.thread(d))
	}
	for _, root := range roots {
		d.OpenThread(bridge.Place{Channel: w.channel, Message: root})
	}
	d.OpenThread(bridge.Place{Channel: "19:gone@thread.tacv2", Message: first})
	d.OpenThread(bridge.Place{Channel: w.channel, Message: "no-id-of-teams"})
	for range 2 * threadsPerPage {
		w.thread(d)
	}
	later(200 * 24 * time.Hour)
	w.thread(d)
	w.unheard(func() (err error) {
		lost, err = p.Reply(w.channel, roots[len(roots)-1], "typed while Parley was down")
		return err
	})
	s, err := New(w.s.opt)
	must(t, err)
	w.s = s
	return w, d, lost
}

// A conversation that has been open for longer than a channel's threads are read gets its reply, too, where Graph lets
// Parley read. Where it doesn't, nothing can be found, and no reply waits for it.
func TestDownBesideAnOldThread(t *testing.T) {
	t.Parallel()
	for _, reads := range []bool{true, false} {
		t.Run(fmt.Sprintf("reads %v", reads), func(t *testing.T) {
			t.Parallel()
			w, d, lost := oldThreads(t, 1)
			if !reads {
				w.fake.Inject(teamsfake.Fault{Method: "graph.*", Kind: teamsfake.FaultHTTP, Status: 403, Code: "Forbidden"})
			}
			w.run()
			d.Connected(t, 1)
			if found := slices.Contains(d.IDs(), fact.MessageID(w.channel, lost)); found != reads {
				t.Errorf("found: %v; stored are %v", found, d.IDs())
			}
		})
	}
}

// Where there are many old threads, replies that wait to be read again before they leave get a part of the calls that Graph
// allows; and one that Graph doesn't show keeps none of the others from being read.
func TestManyOldThreads(t *testing.T) {
	t.Parallel()
	w, d, lost := oldThreads(t, oldThreadsBeforePause+3)
	w.fake.Inject(teamsfake.Fault{Method: "graph.replies", Kind: teamsfake.FaultHTTP, Status: 400, Code: "BadRequest", Times: 1})
	var read []int
	w.s.history.pauseFor = func(context.Context, time.Duration) bool {
		read = append(read, len(w.fake.Calls("graph.replies")))
		return true
	}
	w.s.CatchUp(time.Time{})
	if err := w.s.history.catchUp(within(t)); !isRefused(err) {
		t.Errorf("the first failure is not told, but %v", err)
	}
	if !slices.Contains(d.IDs(), fact.MessageID(w.channel, lost)) {
		t.Errorf("of %s only %v are stored", lost, d.IDs())
	}
	want := []int{oldThreadsBeforePause, oldThreadsBeforePause + 1, oldThreadsBeforePause + 2, oldThreadsBeforePause + 3} // the last before one of a channel that is gone
	if !slices.Equal(read, want) {
		t.Errorf("before the pauses %v threads were read, want %v", read, want)
	}
}
