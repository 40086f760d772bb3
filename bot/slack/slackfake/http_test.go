package slackfake_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
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

// nextForm waits for the next request, and reads its form.
func (a *httpApp) nextForm(w *world) url.Values {
	w.t.Helper()
	body := string(a.next(w).body)
	form, err := url.ParseQuery(body)
	if err != nil {
		w.t.Fatalf("the form %q: %v", body, err)
	}
	return form
}

// newHTTPWorld makes a world whose app is in HTTP mode, with one address for all that Slack sends.
func newHTTPWorld(t *testing.T) (*world, *httpApp) {
	t.Helper()
	w := newWorld(t, slackfake.Options{})
	app, address := w.startApp()
	noError(t, w.srv.Webhooks.Use(w.ctx, slackfake.Targets{Events: address, Commands: address, Interactions: address}))
	return w, app
}

// An event is a signed request that names workspace and app. The first attempt isn't marked as a retry.
func TestHTTPEvent(t *testing.T) {
	t.Parallel()
	w, app := newHTTPWorld(t)
	root := w.postAs(w.ann, "", "hi")
	r := app.next(w)
	ev, err := slackevents.ParseEvent(r.body, slackevents.OptionNoVerifyToken())
	m, isMessage := ev.InnerEvent.Data.(*slackevents.MessageEvent)
	if err != nil || !isMessage || m.TimeStamp != root {
		t.Fatalf("event = %s, %v; want the message %s", r.body, err, root)
	}
	wantEqual(t, "workspace", ev.TeamID, w.srv.TeamID())
	wantEqual(t, "app", ev.APIAppID, w.srv.AppID())
	wantEqual(t, "retry as which it is marked", r.head.Get("X-Slack-Retry-Num"), "")
}

// A slash command is a form with its words.
func TestHTTPCommand(t *testing.T) {
	t.Parallel()
	w, app := newHTTPWorld(t)
	wantEqual(t, "outcome", must(w.ann.Command(w.ctx, w.ch, "/helpdesk", "list"))(t).Error, "")
	form := app.nextForm(w)
	for field, want := range map[string]string{"command": "/helpdesk", "text": "list", "team_id": w.srv.TeamID()} {
		wantEqual(t, field, form.Get(field), want)
	}
}

// A person who uses a shortcut sees that the app answered 500.
func TestHTTPFailedShortcut(t *testing.T) {
	t.Parallel()
	w, app := newHTTPWorld(t)
	root := w.postAs(w.ann, "", "hi")
	app.next(w)
	app.answers <- http.StatusInternalServerError
	wantEqual(t, "outcome", must(w.ann.Shortcut(w.ctx, "x", w.ch, root))(t).Error, "http_500")
	wantEqual(t, "the interaction has a payload", app.nextForm(w).Get("payload") != "", true)
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

// An app that answers with X-Slack-No-Retry loses the event at once. The app of the test echoes the challenge as
// JSON, which Slack takes as well as plain text.
func TestNoRetryHeader(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	app := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) //nolint:errcheck // test
		if ev, err := slackevents.ParseEvent(body, slackevents.OptionNoVerifyToken()); err == nil && ev.Type == slackevents.URLVerification {
			io.WriteString(rw, `{"challenge":"`+ev.Data.(*slackevents.EventsAPIURLVerificationEvent).Challenge+`"}`) //nolint:errcheck // test
			return
		}
		rw.Header().Set("X-Slack-No-Retry", "1")
		rw.WriteHeader(http.StatusForbidden)
	}))

	t.Cleanup(app.Close)
	noError(t, w.srv.Webhooks.Use(w.ctx, slackfake.Targets{Events: app.URL}))
	w.postAs(w.ann, "", "hi")
	w.waitFor("the loss", func() bool { return len(w.srv.Events.Lost()) == 1 })
}

// HTTP mode isn't switched on for an address that doesn't echo the challenge.
func TestURLVerificationFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	app := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(app.Close)
	if err := w.srv.Webhooks.Use(w.ctx, slackfake.Targets{Events: app.URL}); err == nil {
		t.Error("an address that does not echo was accepted")
	}
}
