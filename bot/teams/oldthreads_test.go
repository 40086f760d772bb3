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

// newOldThreads makes threads that are 200 days old, and as many of others behind them as a pass doesn't look at. While nobody is
// told, Ann answers in the last of the old ones, and Parley starts anew. lost is the fact of her reply.
func newOldThreads(t *testing.T, number int) (w *world, lost string) {
	t.Helper()
	w = newClockedTalk(t)
	roots := []string{w.root}
	for len(roots) < number {
		roots = append(roots, w.openThread())
	}
	for _, root := range roots {
		w.desk.OpenThread(bridge.Place{Channel: w.channel, Message: root})
	}
	w.desk.OpenThread(bridge.Place{Channel: "19:gone@thread.tacv2", Message: w.root})
	w.desk.OpenThread(bridge.Place{Channel: w.channel, Message: "no-id-of-teams"})
	for range 2 * threadsPerPage {
		w.openThread()
	}
	w.later(200 * 24 * time.Hour)
	w.openThread()
	w.withoutEvents(func() error {
		id, err := w.ann.Reply(w.channel, roots[len(roots)-1], "typed while Parley was down")
		lost = fact.MessageID(w.channel, id)
		return err
	})
	s, err := New(w.surface.opt)
	must(t, err)
	w.surface = s
	return w, lost
}

// A reply in a conversation that has been open for longer than a channel's threads are read is found, too, if Graph lets Parley
// read. If it doesn't, nothing can be found, and no reply waits for it.
func TestDownBesideAnOldThread(t *testing.T) {
	t.Parallel()
	for _, reads := range []bool{true, false} {
		t.Run(fmt.Sprintf("reads %v", reads), func(t *testing.T) {
			t.Parallel()
			w, lost := newOldThreads(t, 1)
			if !reads {
				w.fake.Inject(teamsfake.Fault{Method: "graph.*", Kind: teamsfake.FaultHTTP, Status: 403, Code: "Forbidden"})
			}
			w.run()
			w.desk.Connected(t, 1)
			wantEqual(t, "the reply is found", slices.Contains(w.desk.IDs(), lost), reads)
		})
	}
}

// Where there are many old threads, replies that wait to be read again before they leave get a part of the calls that Graph
// allows. A thread that Graph doesn't show keeps none of the others from being read.
func TestManyOldThreads(t *testing.T) {
	t.Parallel()
	w, lost := newOldThreads(t, oldThreadsBeforePause+3)
	w.fake.Inject(teamsfake.Fault{Method: "graph.replies", Kind: teamsfake.FaultHTTP, Status: 400, Code: "BadRequest", Times: 1})
	var readBefore []int // each pause
	w.surface.history.pauseFor = func(context.Context, time.Duration) bool {
		readBefore = append(readBefore, len(w.fake.Calls("graph.replies")))
		return true
	}
	w.surface.CatchUp(time.Time{})
	if err := w.surface.history.catchUp(w.ctx()); !isRefused(err) {
		t.Errorf("got error %v, want the first failure, which is a refusal", err)
	}
	wantEqual(t, "the reply is found", slices.Contains(w.desk.IDs(), lost), true)
	const first = oldThreadsBeforePause
	wantList(t, "threads that were read before each pause", readBefore, []int{first, first + 1, first + 2, first + 3}) // the last pause is before the channel that is gone
}
