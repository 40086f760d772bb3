package slackfake_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"parley/bot/slack/slackfake"
)

// A test of an app can inject faults: a lost answer, a rate limit, an event that comes twice. These tests check
// that each has the effect it promises. world (helper_test.go) is an emulated workspace with Ann, Ben and the
// channel #support, and clients of the app.

// callError says what an app's call failed with: "" for nothing.
func callError(err error) string {
	var limited *slack.RateLimitedError
	var status slack.StatusCodeError
	var said slack.SlackErrorResponse
	switch {
	case err == nil:
		return ""
	case errors.As(err, &limited):
		return "limited for " + limited.RetryAfter.String()
	case errors.As(err, &status):
		return fmt.Sprint("status ", status.Code)
	case errors.As(err, &said):
		return said.Err
	}
	return "no answer"
}

// Each fault fails the call in its way, before or after the call's effect.
func TestCallFaults(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		fault  slackfake.Fault
		want   string // as callError says it
		landed bool
	}{
		{fault: slackfake.Fault{Kind: slackfake.FaultRateLimit, Retry: 7}, want: "limited for 7s"},
		{fault: slackfake.Fault{Kind: slackfake.FaultBareLimit}, want: "status 429"},
		{fault: slackfake.Fault{Kind: slackfake.FaultLimitBody}, want: "ratelimited"},
		{fault: slackfake.Fault{Kind: slackfake.FaultLimitBody, Error: "rate_limited"}, want: "rate_limited"},
		{fault: slackfake.Fault{Kind: slackfake.FaultHTTP}, want: "status 502"},
		{fault: slackfake.Fault{Kind: slackfake.FaultHTTP, Status: 503, After: true}, want: "status 503", landed: true},
		{fault: slackfake.Fault{Kind: slackfake.FaultDrop}, want: "no answer"},
		{fault: slackfake.Fault{Kind: slackfake.FaultDrop, After: true}, want: "no answer", landed: true},
		{fault: slackfake.Fault{Kind: slackfake.FaultBlank}, want: ""},
		{fault: slackfake.Fault{Kind: slackfake.FaultBlank, After: true}, want: "", landed: true},
		{fault: slackfake.Fault{Kind: slackfake.FaultError, After: true}, want: "internal_error", landed: true},
		{fault: slackfake.Fault{Kind: slackfake.FaultError, Error: "edit_window_closed"}, want: "edit_window_closed"},
		{fault: slackfake.Fault{Kind: slackfake.FaultDelay, Delay: time.Millisecond}, want: "", landed: true},
		{fault: slackfake.Fault{Kind: slackfake.FaultDelay, Delay: time.Millisecond, After: true}, want: "", landed: true},
	} {
		w := newWorld(t, slackfake.Options{})
		r.fault.Method, r.fault.Times = "chat.post*", 1
		w.srv.Inject(r.fault)
		_, _, err := w.api.PostMessageContext(w.ctx, w.ch, slack.MsgOptionText("x", false))
		what := fmt.Sprintf("%+v: ", r.fault)
		wantEqual(t, what+"error", callError(err), r.want)
		wantEqual(t, what+"the message landed", len(w.srv.Messages(w.ch)) == 1, r.landed)
		w.postAsBot("the fault is over")
		wantEqual(t, what+"calls that it failed", w.srv.Faults()[0].Fired, 1)
		wantEqual(t, what+"calls that it looked at", w.srv.Faults()[0].Matched, 2)
	}
}

// A fault may end after some time, skip calls, hit by chance, or be of one channel alone.
func TestFaultRules(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := newWorld(t, slackfake.Options{Clock: c.now, Seed: 7})
	works := func() bool {
		_, err := w.api.AuthTestContext(w.ctx)
		return err == nil
	}

	w.srv.Inject(slackfake.Fault{Method: "*", Kind: slackfake.FaultRateLimit, For: time.Minute})
	_, head, _ := w.call("auth.test", w.srv.BotToken(), nil)
	wantEqual(t, "Retry-After", head.Get("Retry-After"), "60")
	c.advance(time.Minute)
	wantEqual(t, "calls work after the minute", works(), true)

	w.srv.ClearFaults()
	w.srv.Inject(slackfake.Fault{Method: "auth.test", Kind: slackfake.FaultError, Skip: 2, Times: 1})
	for call, want := range []bool{true, true, false, true} {
		wantEqual(t, fmt.Sprint("with skip 2, once: call ", call, " works"), works(), want)
	}

	w.srv.ClearFaults()
	w.srv.Inject(slackfake.Fault{Method: "auth.test", Kind: slackfake.FaultError, Chance: 0.3})
	failed := 0
	for range 200 {
		if !works() {
			failed++
		}
	}
	if failed < 35 || failed > 85 { // 60 are expected; 25 are four standard deviations
		t.Errorf("a chance of 0.3 failed %d of 200 calls", failed)
	}

	w.srv.ClearFaults()
	w.srv.Inject(slackfake.Fault{Method: "chat.postMessage", Channel: "C0OTHER001", Kind: slackfake.FaultError})
	w.postAsBot("another channel's fault")
}

func TestEventFaults(t *testing.T) {
	t.Parallel()
	for kind, want := range map[slackfake.FaultKind][]string{
		slackfake.FaultDuplicate: {"one", "one", "two"},
		slackfake.FaultReorder:   {"two", "one"},
		slackfake.FaultLose:      {"two"},
		slackfake.FaultDelay:     {"two", "one"},
	} {
		c := newClock()
		w := newWorld(t, slackfake.Options{Clock: c.now, AckTimeout: time.Hour})
		a := w.listen(nil)
		w.srv.Inject(slackfake.Fault{Method: "event:message.*", Kind: kind, Times: 1, Delay: 3 * time.Second})
		w.postAs(w.ann, "", "one")
		w.postAs(w.ann, "", "two")
		c.advance(3 * time.Second)
		for _, text := range want {
			wantFields(t, "the next event with "+string(kind), a.waitRaw("message"), dict{"text": text})
		}
	}
}

// Only an event that the app learned late is listed as slow.
func TestSlowEvents(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := newWorld(t, slackfake.Options{Clock: c.now, AckTimeout: time.Hour})
	a := w.listen(nil)
	w.srv.Inject(slackfake.Fault{Method: "event:message.*", Kind: slackfake.FaultDelay, Times: 1, Delay: 5 * time.Second})
	late := w.postAs(w.ann, "", "late")
	w.postAs(w.ann, "", "in time")
	a.waitRaw("message")
	w.waitFor("the one is acknowledged", func() bool { return w.srv.Events.Pending() == 0 })
	c.advance(5 * time.Second)
	a.waitRaw("message")
	w.waitFor("the other is acknowledged", func() bool {
		slow := w.srv.Events.Slow(5 * time.Second)
		return w.srv.Events.Pending() == 0 && len(slow) == 1 && slow[0].Told && slow[0].TS == late
	})
}

// A change that the app hasn't acknowledged is listed by the message that it is about.
func TestSlowEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	ts := w.postAs(w.ann, "", "hi")
	noError(t, w.ann.Edit(w.ch, ts, "hello"))
	isEdit := func(e slackfake.SlowEvent) bool { return e.Subtype == "message_changed" && e.TS == ts && !e.Told }
	if slow := w.srv.Events.Slow(0); !slices.ContainsFunc(slow, isEdit) {
		t.Errorf("the slow events are %+v, want the change of %s among them", slow, ts)
	}
}

// An event arrives, and its ack is lost with the socket, so the event comes again.
func TestDropBeforeAck(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	w.srv.Inject(slackfake.Fault{Method: "event:message.channels", Kind: slackfake.FaultDrop, Times: 1})
	w.postAs(w.ann, "", "hi")
	for attempt := 0; attempt == 0; { // until it comes again
		attempt = a.waitEvent(socketmode.EventTypeEventsAPI).Request.RetryAttempt
	}
	w.waitFor("the ack of the retry", func() bool { return w.srv.Events.Pending() == 0 })
}

// With limits on, a channel takes one post a second and three at once, and a method as many calls a minute as
// its tier says.
func TestLimits(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := newWorld(t, slackfake.Options{Clock: c.now, Limits: true, Channels: []slackfake.Channel{
		{ID: "C0OTHER001", Name: "other", Members: []string{"U0FAKEBOT01"}},
	}})
	wantPost := func(what, ch string, wantStatus int) {
		t.Helper()
		status, head, body := w.call("chat.postMessage", w.srv.BotToken(), args("channel", ch, "text", "x"))
		wantEqual(t, what+": status", status, wantStatus)
		if status == http.StatusOK {
			wantFields(t, what, body, dict{"ok": true})
		} else {
			wantFields(t, what, body, dict{"error": "ratelimited"})
			wantEqual(t, what+": Retry-After", head.Get("Retry-After"), "1")
		}
	}

	for i := range 3 {
		wantPost(fmt.Sprint("post ", i+1), w.ch, http.StatusOK)
	}
	wantPost("post 4", w.ch, http.StatusTooManyRequests)
	wantPost("a post in another channel", "C0OTHER001", http.StatusOK)
	c.advance(time.Second)
	wantPost("a post after a second", w.ch, http.StatusOK)
	wantPost("one more after a second", w.ch, http.StatusTooManyRequests)

	const tier2 = 20 // calls a minute
	for i := range tier2 {
		status, _, _ := w.call("users.list", w.srv.BotToken(), nil)
		wantEqual(t, fmt.Sprint("status of call ", i+1, " of tier 2"), status, http.StatusOK)
	}
	status, head, _ := w.call("users.list", w.srv.BotToken(), nil)
	wantEqual(t, "status of one call too many", status, http.StatusTooManyRequests)
	wantEqual(t, "Retry-After of one call too many", head.Get("Retry-After"), "60")
}
