package teams

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/channels/emulator"
)

// Activities of one thread go one after the other, in the order of their coming, and those of another thread don't wait for them.
func TestActivitiesOfAThreadGoInOrder(t *testing.T) {
	t.Parallel()
	q := &queues{}
	leaveFirst := mustEnter(t, q, "thread")
	second := q.add("thread")

	mustEnter(t, q, "other thread")()
	if isFirst(second) {
		t.Fatal("the second activity goes before the first has left")
	}
	leaveFirst()

	if !isFirst(second) {
		t.Error("the second activity still waits after the first has left")
	}
	q.remove("thread", second)
	wantEqual(t, "queues that are left", len(q.waiting), 0)
}

// The sender of an activity that waits hangs up. The one behind it goes on waiting for the one before it.
func TestWaiterThatGivesUpLetsNobodyPass(t *testing.T) {
	t.Parallel()
	q := &queues{}
	leaveFirst := mustEnter(t, q, "thread")
	hungUp, hangUp := context.WithCancel(t.Context())
	hangUp()
	leaveSecond, err := q.enter(hungUp, "thread")
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("the second activity's wait ended with %v, want %v", err, context.Canceled)
	}
	third := q.add("thread")

	leaveSecond()
	if isFirst(third) {
		t.Fatal("the third activity goes before the first has left")
	}
	leaveFirst()

	if !isFirst(third) {
		t.Error("the third activity still waits though nobody is before it")
	}
}

// askedGraph is a network that tells when Graph is asked for a reply for the first time.
type askedGraph struct {
	once  sync.Once
	asked chan struct{} // closed then
}

func (g *askedGraph) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.Contains(r.URL.Path, "/replies/") {
		g.once.Do(func() { close(g.asked) })
	}
	return emulator.NewClient().Transport.RoundTrip(r)
}

// sendHTML sends a message of Ann's in the conversation's thread, as Teams does.
func (w *world) sendHTML(id, html string) {
	w.t.Helper()
	status, answer := w.sendActivity(w.root, object{
		"type": "message", "id": id, "timestamp": time.Now().UTC().Format(time.RFC3339Nano),
		"attachments": []object{{"contentType": "text/html", "content": html}},
	})
	if status != http.StatusOK {
		w.t.Errorf("%s is answered with %d, want 200: %s", html, status, answer)
	}
}

// A text is stored behind the message with a file that was typed before it, though Graph takes its time to tell of the file.
func TestTextBehindAFile(t *testing.T) {
	t.Parallel()
	graph := &askedGraph{asked: make(chan struct{})}
	w := newThreadWorld(t, func(o *Options, _ *teamsfake.Options) { o.Client = &http.Client{Transport: graph} })
	w.typeAsAnn("so that it is known who Ann is")
	w.fake.Inject(teamsfake.Fault{Method: "graph.reply", Kind: teamsfake.FaultDelay, Delay: time.Second})
	var first sync.WaitGroup
	first.Go(func() { w.sendHTML("1800000000001", `<p>The manual <attachment id="f1"></attachment></p>`) })
	select {
	case <-graph.asked: // so that the first message came first
	case <-w.ctx().Done():
		t.Fatal("Graph isn't asked for the first message")
	}
	w.sendHTML("1800000000002", "<p>See page 4</p>")
	first.Wait()
	wantList(t, "texts in the order in which they were stored", w.acceptedTexts()[1:], []string{"The manual", "See page 4"})
}

// mustEnter enters the queue of a thread in which nobody waits.
func mustEnter(t *testing.T, q *queues, thread string) (leave func()) {
	t.Helper()
	leave, err := q.enter(t.Context(), thread)
	if err != nil {
		t.Fatal(err)
	}
	return leave
}

// isFirst reports whether an activity is the first of its queue, by the channel that add returned for it.
func isFirst(turn chan struct{}) bool {
	select {
	case <-turn:
		return true
	default:
		return false
	}
}
