package slackfake_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/slack-go/slack"

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
