package teams

import (
	"testing"
	"time"

	"parley/bridge"
)

// newOldThreads makes threads of conversations that are 200 days old, and enough newer threads of other conversations
// that a normal pass doesn't reach the old ones. Ann answers in the last of the old threads, which Teams doesn't
// report, and Parley restarts. lost is the id of the fact of her reply.
func newOldThreads(t *testing.T, number int) (w *world, lost string) {
	t.Helper()
	w = newClockedWorld(t)
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

	w.advance(200 * 24 * time.Hour)
	w.openThread()
	id := w.replyUnheardIn(roots[len(roots)-1], "typed while Parley was down")
	w.surface = w.restartedSurface()
	return w, MessageID(w.channel, id)
}

// Parley finds a missed reply even in a thread that is older than those that a pass over the channel reads.
func TestReplyInAnOldThreadIsFound(t *testing.T) {
	t.Parallel()
	w, lost := newOldThreads(t, 1)
	w.run()
	w.desk.Connected(t, 1)
	w.wantFacts(lost, 1)

	// Without a gap, Graph isn't asked for the old threads again.
	asked := len(w.fake.Calls("graph.replies"))
	noError(t, w.catchUp())
	wantEqual(t, "questions for replies", len(w.fake.Calls("graph.replies"))-asked, 0)
}
