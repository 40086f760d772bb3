package slackfake_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"

	"parley/bot/slack/slackfake"
)

// httpApp is an app in HTTP mode. It checks Slack's signatures with slack-go, answers url_verification, and
// records all other requests.
type httpApp struct {
	requests chan received
	answers  chan int // the statuses of the next answers; without any it is 200
}

// received is a request that the app got.
type received struct {
	head http.Header
	body []byte
}

// startApp starts an app, and returns its address.
func (w *world) startApp() (app *httpApp, address string) {
	app = &httpApp{requests: make(chan received, 100), answers: make(chan int, 100)}
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		v, err := slack.NewSecretsVerifier(r.Header, w.srv.SigningSecret())
		if err != nil {
			w.t.Errorf("headers: %v", err)
			return
		}
		body, _ := io.ReadAll(io.TeeReader(r.Body, &v)) //nolint:errcheck // a body that was cut doesn't fit its signature
		if err := v.Ensure(); err != nil {
			w.t.Errorf("signature: %v", err)
		}
		if ev, err := slackevents.ParseEvent(body, slackevents.OptionNoVerifyToken()); err == nil && ev.Type == slackevents.URLVerification {
			io.WriteString(rw, ev.Data.(*slackevents.EventsAPIURLVerificationEvent).Challenge) //nolint:errcheck // test
			return
		}
		app.requests <- received{r.Header, body}
		select {
		case status := <-app.answers:
			rw.WriteHeader(status)
		default:
		}
	}))
	w.t.Cleanup(srv.Close)
	return app, srv.URL
}

// next waits for the next request.
func (a *httpApp) next(w *world) received {
	w.t.Helper()
	select {
	case r := <-a.requests:
		return r
	case <-w.ctx.Done():
		w.t.Fatal("no request")
		return received{}
	}
}

// An event that fails is tried again at once, after a minute and after five more, by Slack's clock. Then it is lost.
func TestHTTPRetries(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := newWorld(t, slackfake.Options{Clock: c.now, SignClock: time.Now, AckTimeout: time.Minute})
	app, address := w.startApp()
	noError(t, w.srv.Webhooks.Use(w.ctx, slackfake.Targets{Events: address}))
	for range 4 {
		app.answers <- http.StatusServiceUnavailable
	}

	w.postAs(w.ann, "", "hi")
	for attempt, tt := range []struct {
		wait        time.Duration // since the attempt before
		num, reason string        // of the retry
	}{
		{},
		{wait: 0, num: "1", reason: "http_error"},
		{wait: time.Minute, num: "2", reason: "http_error"},
		{wait: 5 * time.Minute, num: "3", reason: "http_error"},
	} {
		if tt.wait > 0 {
			c.advance(tt.wait - time.Second)
			if len(app.requests) != 0 {
				t.Errorf("attempt %d came early", attempt)
			}
			c.advance(time.Second)
		}
		r := app.next(w)
		wantEqual(t, fmt.Sprint("number of attempt ", attempt), r.head.Get("X-Slack-Retry-Num"), tt.num)
		wantEqual(t, fmt.Sprint("reason of attempt ", attempt), r.head.Get("X-Slack-Retry-Reason"), tt.reason)
		w.waitFor("the failure to be noted", func() bool { return w.srv.Events.Pending() == 0 })
	}

	slow := w.srv.Events.Slow(6 * time.Minute)
	if len(slow) != 1 {
		t.Fatalf("%d events were slow, want 1: %+v", len(slow), slow)
	}
	if slow[0].Name != "message.channels" || slow[0].TS == "" || slow[0].Told {
		t.Errorf("slow was %+v, want a message of which the app was not told", slow[0])
	}
	if slower := w.srv.Events.Slow(time.Hour); len(slower) != 0 {
		t.Errorf("an hour long took %+v, want none", slower)
	}
	if lost := w.srv.Events.Lost(); len(lost) != 1 || lost[0].Name != "message.channels" {
		t.Errorf("lost are %+v, want the message", lost)
	}
}
