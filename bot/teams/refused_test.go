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

// A mark that Teams doesn't take leaves none behind that has become wrong: what could not be delivered doesn't stay "sent".
func TestRefusedMarkClearsTheEarlierOne(t *testing.T) {
	t.Parallel()
	w, _, root, p := talk(t)
	id, err := p.Reply(w.channel, root, "On our way")
	must(t, err)
	mark := bridge.Post{Kind: bridge.PostMark, Token: "sent", Attempt: 1, Place: bridge.Place{Channel: w.channel, Thread: root, Message: id}, Mark: bridge.MarkSent}
	_, err = w.s.Send(within(t), mark)
	must(t, err)
	w.fake.Inject(teamsfake.Fault{Method: "reactions.add", Kind: teamsfake.FaultHTTP, Status: 400, Code: "BadArgument", Times: 1})
	mark.Token, mark.Mark, mark.Clears = "failed", bridge.MarkWarning, bridge.MarkSent
	_, err = w.s.Send(within(t), mark)
	must(t, err)
	if left := w.fake.Message(w.channel, id).Reactions; len(left) > 0 {
		t.Errorf("left: %+v", left)
	}
}

// A thread whose replies Graph doesn't show keeps none of its channel's others from being read, and is read in the next
// pass. Where only a page of them has expired, it is read anew at once.
func TestThreadThatIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status, times, stored int
		told                  bool
	}{
		"refused":        {400, 1, 3, true},
		"not there":      {404, 2, 3, false},
		"a page expired": {410, 1, 6, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			w := newWorld(t, d, func(_ *Options, f *teamsfake.Options) { f.GraphPage = 1 }).connect()
			d.Open(w.channel)
			var lost []string
			for range 2 {
				root := w.thread(d)
				for n := range 3 {
					w.unheard(func() error {
						id, err := w.fake.As(ann).Reply(w.channel, root, fmt.Sprintf("reply %d", n))
						lost = append(lost, fact.MessageID(w.channel, id))
						return err
					})
				}
			}
			w.s.sweeper.Announce(time.Time{})
			w.fake.Inject(teamsfake.Fault{Method: "graph.replies", Kind: teamsfake.FaultHTTP, Status: c.status, Code: "NotNow", Times: c.times})
			err := w.s.history.catchUp(within(t))
			if told := err != nil; told != c.told {
				t.Errorf("the failure is %v", err)
			}
			if n := d.Number("m:"); n != c.stored {
				t.Errorf("beside the thread that was refused %d replies are stored, want %d", n, c.stored)
			}
			must(t, w.s.history.catchUp(within(t)))
			for _, id := range lost {
				if !slices.Contains(d.IDs(), id) {
					t.Errorf("%s isn't stored", id)
				}
			}
		})
	}
}
