package teams

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/bot/teams/teamsfake"
)

// What came first in a thread is stored first. Other threads don't wait for it, and nothing waits longer than it may.
func TestQueues(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var q queues
		leaveFirst, err := q.enter(t.Context(), "thread")
		must(t, err)

		leaveOther, err := q.enter(t.Context(), "other thread")
		must(t, err)
		leaveOther()

		bounded, cancel := context.WithTimeout(t.Context(), activityTimeout)
		defer cancel()
		leaveBounded, err := q.enter(bounded, "thread")
		wantEqual(t, "what may not wait longer ends with its time", errors.Is(err, context.DeadlineExceeded), true)

		isStored := false
		var behind sync.WaitGroup
		behind.Go(func() {
			leave, err := q.enter(t.Context(), "thread")
			defer leave()
			isStored = err == nil
		})
		synctest.Wait()
		wantEqual(t, "what came second is stored while the first is there", isStored, false)
		leaveFirst()
		leaveBounded()
		behind.Wait()
		wantEqual(t, "what came second is stored when the first has left", isStored, true)
		wantEqual(t, "queues that are left", len(q.last), 0)
	})
}

// askedGraph is a transport that tells when Graph is asked about a reply for the first time.
type askedGraph struct {
	once  sync.Once
	asked chan struct{}
}

func (g *askedGraph) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.Contains(r.URL.Path, "/replies/") {
		g.once.Do(func() { close(g.asked) })
	}
	return http.DefaultTransport.RoundTrip(r)
}

// A text is stored behind the message with a file that was typed before it, though Graph takes its time to tell of the file.
func TestTextBehindAFile(t *testing.T) {
	t.Parallel()
	graph := &askedGraph{asked: make(chan struct{})}
	w := newTalk(t, func(o *Options, _ *teamsfake.Options) { o.Client = &http.Client{Transport: graph} })
	w.annTypes("so that it is known who Ann is")
	w.fake.Inject(teamsfake.Fault{Method: "graph.reply", Kind: teamsfake.FaultDelay, Delay: time.Second})
	said := func(id, html string) {
		status, answer := w.sendActivity(map[string]any{"type": "message", "id": id, "timestamp": time.Now().UTC().Format(time.RFC3339Nano),
			"attachments": []map[string]any{{"contentType": "text/html", "content": html}}}, w.root)
		wantEqual(t, answer+": status", status, http.StatusOK)
	}
	var first sync.WaitGroup
	first.Go(func() { said("1800000000001", `<p>The manual <attachment id="f1"></attachment></p>`) })
	<-graph.asked
	said("1800000000002", "<p>See page 4</p>")
	first.Wait()

	var texts []string
	for _, a := range w.acceptedActions()[1:] {
		texts = append(texts, strings.TrimSpace(a.Text))
	}
	wantList(t, "texts in the order in which they were stored", texts, []string{"The manual", "See page 4"})
}
