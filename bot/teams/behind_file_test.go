package teams

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/channels/emulator"
)

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
