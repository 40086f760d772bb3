package teams

import (
	"context"
	"net/http"
	"testing"
	"time"

	"parley/bot/teams/fact"
	"parley/bot/teams/teamsfake"
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
	return w, fact.MessageID(w.channel, id)
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

// If Graph doesn't let Parley read, Parley finds nothing in old threads, and no reply waits for that.
func TestOldThreadThatMayNotBeRead(t *testing.T) {
	t.Parallel()
	w, lost := newOldThreads(t, 1)
	w.failGraph("graph.*", http.StatusForbidden)
	w.run()
	w.desk.Connected(t, 1)
	w.wantFacts(lost, 0)
}

// newRefusedOldThreads makes more old threads than are read without a pause. Graph refuses to show the first of them.
func newRefusedOldThreads(t *testing.T) (w *world, lost string) {
	t.Helper()
	w, lost = newOldThreads(t, oldThreadsBeforePause+3)
	w.fake.Inject(teamsfake.Fault{
		Method: "graph.replies", Kind: teamsfake.FaultHTTP, Status: http.StatusBadRequest, Code: "BadRequest", Times: 1,
	})
	w.surface.CatchUp(time.Time{})
	return w, lost
}

// If Graph refuses to show one old thread, Parley still reads the others.
func TestOldThreadThatIsRefusedKeepsNoOtherFromBeingRead(t *testing.T) {
	t.Parallel()
	w, lost := newRefusedOldThreads(t)
	w.surface.history.pauseFor = func(context.Context, time.Duration) bool { return true }
	if err := w.catchUp(); !isRefused(err) {
		t.Errorf("got error %v, want the refusal of the first thread", err)
	}
	w.wantFacts(lost, 1)
}

// If there are many old threads, Parley pauses between them. That leaves some of the calls that Graph allows to replies
// that must be read again before they are sent.
func TestPausesBetweenOldThreads(t *testing.T) {
	t.Parallel()
	w, _ := newRefusedOldThreads(t)
	var readBeforePauses []int // how many threads were read before each pause
	w.surface.history.pauseFor = func(context.Context, time.Duration) bool {
		readBeforePauses = append(readBeforePauses, len(w.fake.Calls("graph.replies")))
		return true
	}
	if err := w.catchUp(); !isRefused(err) {
		t.Errorf("got error %v, want the refusal of the first thread", err)
	}
	const first = oldThreadsBeforePause
	want := []int{first, first + 1, first + 2, first + 3} // the last pause comes before the channel that is gone
	wantList(t, "threads that were read before each pause", readBeforePauses, want)
}
