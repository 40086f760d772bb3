package slackfake_test

import (
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

// hook is an app in HTTP mode: it verifies signatures with slack-go and records requests.
type hook struct {
	got    chan received
	status chan int // answers of the next requests; then 200
}

type received struct {
	head http.Header
	body []byte
}

func (w *world) hook() (*hook, string) {
	h := &hook{got: make(chan received, 100), status: make(chan int, 100)}
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		v, err := slack.NewSecretsVerifier(r.Header, w.srv.SigningSecret())
		if err != nil {
			w.t.Errorf("headers: %v", err)
			return
		}
		body, _ := io.ReadAll(io.TeeReader(r.Body, &v)) //nolint:errcheck // shows below
		if err := v.Ensure(); err != nil {
			w.t.Errorf("signature: %v", err)
		}
		if ev, err := slackevents.ParseEvent(body, slackevents.OptionNoVerifyToken()); err == nil && ev.Type == slackevents.URLVerification {
			io.WriteString(rw, ev.Data.(*slackevents.EventsAPIURLVerificationEvent).Challenge) //nolint:errcheck // test
			return
		}
		h.got <- received{r.Header, body}
		select {
		case s := <-h.status:
			rw.WriteHeader(s)
		default:
		}
	}))
	w.t.Cleanup(srv.Close)
	return h, srv.URL
}

func (h *hook) next(w *world) received {
	w.t.Helper()
	select {
	case r := <-h.got:
		return r
	case <-w.ctx.Done():
		w.t.Fatal("no request")
		return received{}
	}
}

func TestHTTPMode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	h, address := w.hook()
	if err := w.srv.Webhooks.Use(w.ctx, slackfake.Targets{Events: address, Commands: address, Interactions: address}); err != nil {
		t.Fatal(err)
	}
	root := w.say(w.ann, "", "hi")
	r := h.next(w)
	ev, err := slackevents.ParseEvent(r.body, slackevents.OptionNoVerifyToken())
	if m, ok := ev.InnerEvent.Data.(*slackevents.MessageEvent); err != nil || !ok || m.TimeStamp != root || ev.TeamID != w.srv.TeamID() || ev.APIAppID != w.srv.AppID() {
		t.Errorf("event = %s, %v", r.body, err)
	}
	if r.head.Get("X-Slack-Retry-Num") != "" {
		t.Error("first attempt must not look like a retry")
	}
	if o, err := w.ann.Command(w.ctx, w.ch, "/helpdesk", "list"); err != nil || o.Error != "" {
		t.Fatalf("command = %+v, %v", o, err)
	}
	form, err := url.ParseQuery(string(h.next(w).body))
	if err != nil || form.Get("command") != "/helpdesk" || form.Get("text") != "list" || form.Get("team_id") != w.srv.TeamID() {
		t.Errorf("command = %v, %v", form, err)
	}
	h.status <- http.StatusInternalServerError
	if o, err := w.ann.Shortcut(w.ctx, "x", w.ch, root); err != nil || o.Error != "http_500" {
		t.Errorf("failed shortcut = %+v, %v", o, err)
	}
	form, err = url.ParseQuery(string(h.next(w).body))
	if err != nil || form.Get("payload") == "" {
		t.Errorf("interaction = %v, %v", form, err)
	}
	if status, err := w.srv.Webhooks.CheckSSL(w.ctx); err != nil || status != http.StatusOK {
		t.Errorf("ssl_check = %d, %v", status, err)
	}
	if form, _ := url.ParseQuery(string(h.next(w).body)); form.Get("ssl_check") != "1" {
		t.Errorf("ssl_check = %v", form)
	}
}

// TestHTTPRetries: at once, after a minute, after five, then lost; by Slack's clock.
func TestHTTPRetries(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := newWorld(t, slackfake.Options{Clock: c.now, SignClock: time.Now, AckTimeout: time.Minute})
	h, address := w.hook()
	if err := w.srv.Webhooks.Use(w.ctx, slackfake.Targets{Events: address}); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		h.status <- http.StatusServiceUnavailable
	}
	w.say(w.ann, "", "hi")
	for i, wait := range []time.Duration{0, 0, time.Minute, 5 * time.Minute} {
		if wait > 0 {
			c.advance(wait - time.Second)
			if n := len(h.got); n != 0 {
				t.Errorf("retry %d came early", i)
			}
			c.advance(time.Second)
		}
		r := h.next(w)
		num, reason := r.head.Get("X-Slack-Retry-Num"), r.head.Get("X-Slack-Retry-Reason")
		if want := []string{"", "1", "2", "3"}[i]; num != want || (reason == "http_error") != (i > 0) {
			t.Errorf("attempt %d has %q %q", i, num, reason)
		}
		w.until("the failure to be noted", func() bool { return w.srv.Events.Pending() == 0 })
	}
	slow := w.srv.Events.Slow(6 * time.Minute)
	if len(slow) != 1 || slow[0].Name != "message.channels" || slow[0].TS == "" || slow[0].Told || len(w.srv.Events.Slow(time.Hour)) != 0 {
		t.Errorf("slow = %+v", slow)
	}
	if lost := w.srv.Events.Lost(); len(lost) != 1 || lost[0].Name != "message.channels" {
		t.Errorf("lost = %+v", lost)
	}
}

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
	if err := w.srv.Webhooks.Use(w.ctx, slackfake.Targets{Events: app.URL}); err != nil {
		t.Fatal(err)
	}
	w.say(w.ann, "", "hi")
	w.until("the loss", func() bool { return len(w.srv.Events.Lost()) == 1 })
}

func TestURLVerificationFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	app := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(app.Close)
	if err := w.srv.Webhooks.Use(w.ctx, slackfake.Targets{Events: app.URL}); err == nil {
		t.Error("an address that does not echo was accepted")
	}
}
