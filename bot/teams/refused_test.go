package teams

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/bot/teams/fact"
	"parley/bot/teams/teamsfake"
	"parley/bridge"
)

// If Teams doesn't take a mark, an earlier one that has become wrong goes all the same: what could not be delivered doesn't stay
// "sent".
func TestRefusedMarkClearsTheEarlierOne(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	id, err := w.ann.Reply(w.channel, w.root, "On our way")
	must(t, err)
	mark := bridge.Post{Kind: bridge.PostMark, Token: "sent", Attempt: 1, Place: bridge.Place{Channel: w.channel, Thread: w.root, Message: id}, Mark: bridge.MarkSent}
	w.mustSend(mark)
	w.fake.Inject(teamsfake.Fault{Method: "reactions.add", Kind: teamsfake.FaultHTTP, Status: 400, Code: "BadArgument", Times: 1})
	mark.Token, mark.Mark, mark.Clears = "failed", bridge.MarkWarning, bridge.MarkSent
	w.mustSend(mark)
	wantEqual(t, "marks that are left", len(w.fake.Message(w.channel, id).Reactions), 0)
}

// If Graph doesn't show the replies of one thread, the others of its channel are read all the same, and this one in the next
// pass. If only a page of them has expired, the thread is read anew at once.
func TestThreadThatIsRefused(t *testing.T) {
	t.Parallel()
	const repliesPerThread = 3
	for name, tt := range map[string]struct {
		status int
		times  int
		stored int // of two threads' replies, after the first pass
		isTold bool
	}{
		"refused":        {status: 400, times: 1, stored: repliesPerThread, isTold: true},
		"not there":      {status: 404, times: 2, stored: repliesPerThread},
		"a page expired": {status: 410, times: 1, stored: 2 * repliesPerThread},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTalk(t, func(_ *Options, f *teamsfake.Options) { f.GraphPage = 1 })
			var unheard []string
			for _, root := range []string{w.root, w.openThread()} {
				for n := range repliesPerThread {
					w.withoutEvents(func() error {
						id, err := w.ann.Reply(w.channel, root, fmt.Sprintf("reply %d", n))
						unheard = append(unheard, fact.MessageID(w.channel, id))
						return err
					})
				}
			}
			w.surface.sweeper.Announce(time.Time{})
			w.fake.Inject(teamsfake.Fault{Method: "graph.replies", Kind: teamsfake.FaultHTTP, Status: tt.status, Code: "NotNow", Times: tt.times})
			if err := w.surface.history.catchUp(w.ctx()); (err != nil) != tt.isTold {
				t.Errorf("got error %v, want one: %v", err, tt.isTold)
			}
			w.wantFacts("m:", tt.stored)
			must(t, w.surface.history.catchUp(w.ctx()))
			for _, id := range unheard {
				wantEqual(t, id+" is stored after the next pass", slices.Contains(w.desk.IDs(), id), true)
			}
		})
	}
}
