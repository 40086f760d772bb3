package slackfake_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack/socketmode"

	"parley/bot/slack/slackfake"
)

// In Socket Mode the app gets events by WebSockets and acknowledges each. These tests check connections, lost
// ones too, and which events are sent. world (helper_test.go) is an emulated workspace with Ann, Ben and the
// channel #support, and clients of the app.

// slack-go's Socket Mode needs a hello that tells of the app. An event that isn't acknowledged has to come again in
// another envelope.
func TestSocketModeContract(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := newWorld(t, slackfake.Options{Clock: c.now})
	var mu sync.Mutex
	seen := map[string]int{}
	a := w.listen(func(ev socketmode.Event) (any, bool) {
		if ev.Type != socketmode.EventTypeEventsAPI {
			return nil, true
		}
		mu.Lock()
		defer mu.Unlock()
		seen[ev.Request.EnvelopeID]++
		return nil, ev.Request.RetryAttempt > 0 // silent at first
	})

	hello := a.waitEvent(socketmode.EventTypeHello).Request
	wantEqual(t, "connections in the hello", hello.NumConnections, 1)
	wantEqual(t, "app in the hello", hello.ConnectionInfo.AppID, w.srv.AppID())

	w.postAs(w.ann, "", "hi")
	first := a.waitEvent(socketmode.EventTypeEventsAPI)
	c.advance(3 * time.Second)
	again := a.waitEvent(socketmode.EventTypeEventsAPI)
	wantEqual(t, "attempt at first", first.Request.RetryAttempt, 0)
	wantEqual(t, "attempt the second time", again.Request.RetryAttempt, 1)
	wantEqual(t, "the second attempt has a reason", again.Request.RetryReason != "", true)
	wantEqual(t, "the second attempt has the same envelope", again.Request.EnvelopeID == first.Request.EnvelopeID, false)
	wantEqual(t, "event of the second attempt", eventID(t, again), eventID(t, first))
	w.waitFor("the ack", func() bool { return w.srv.Events.Pending() == 0 })
	wantEqual(t, "lost events", len(w.srv.Events.Lost()), 0)
}

func eventID(t *testing.T, ev socketmode.Event) string {
	t.Helper()
	var p struct {
		EventID string `json:"event_id"`
	}
	noError(t, json.Unmarshal(ev.Request.Payload, &p))
	return p.EventID
}
