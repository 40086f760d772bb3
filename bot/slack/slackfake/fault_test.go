package slackfake_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"parley/bot/slack/slackfake"
)

// TestCallFaults has a row for each fault, before and after the effect.
func TestCallFaults(t *testing.T) {
	t.Parallel()
	is := func(code string) func(error) bool {
		return func(err error) bool {
			var e slack.SlackErrorResponse
			return errors.As(err, &e) && e.Err == code
		}
	}
	status := func(code int) func(error) bool {
		return func(err error) bool {
			var e slack.StatusCodeError
			return errors.As(err, &e) && e.Code == code
		}
	}
	rows := []struct {
		fault  slackfake.Fault
		check  func(error) bool
		landed bool
	}{
		{slackfake.Fault{Kind: slackfake.FaultRateLimit, Retry: 7}, func(err error) bool {
			var e *slack.RateLimitedError
			return errors.As(err, &e) && e.RetryAfter == 7*time.Second
		}, false},
		{slackfake.Fault{Kind: slackfake.FaultBareLimit}, status(http.StatusTooManyRequests), false},
		{slackfake.Fault{Kind: slackfake.FaultLimitBody}, is("ratelimited"), false},
		{slackfake.Fault{Kind: slackfake.FaultLimitBody, Error: "rate_limited"}, is("rate_limited"), false},
		{slackfake.Fault{Kind: slackfake.FaultHTTP}, status(http.StatusBadGateway), false},
		{slackfake.Fault{Kind: slackfake.FaultHTTP, Status: 503, After: true}, status(503), true},
		{slackfake.Fault{Kind: slackfake.FaultDrop}, func(err error) bool { return err != nil }, false},
		{slackfake.Fault{Kind: slackfake.FaultDrop, After: true}, func(err error) bool { return err != nil }, true},
		{slackfake.Fault{Kind: slackfake.FaultBlank}, func(err error) bool { return err == nil }, false},
		{slackfake.Fault{Kind: slackfake.FaultBlank, After: true}, func(err error) bool { return err == nil }, true},
		{slackfake.Fault{Kind: slackfake.FaultError, After: true}, is("internal_error"), true},
		{slackfake.Fault{Kind: slackfake.FaultError, Error: "edit_window_closed"}, is("edit_window_closed"), false},
		{slackfake.Fault{Kind: slackfake.FaultDelay, Delay: time.Millisecond}, func(err error) bool { return err == nil }, true},
		{slackfake.Fault{Kind: slackfake.FaultDelay, Delay: time.Millisecond, After: true}, func(err error) bool { return err == nil }, true},
	}
	for _, r := range rows {
		w := newWorld(t, slackfake.Options{})
		r.fault.Method, r.fault.Times = "chat.post*", 1
		w.srv.Inject(r.fault)
		_, _, err := w.api.PostMessageContext(w.ctx, w.ch, slack.MsgOptionText("x", false))
		if !r.check(err) {
			t.Errorf("%+v: error = %v", r.fault, err)
		}
		if landed := len(w.srv.Messages(w.ch)) == 1; landed != r.landed {
			t.Errorf("%+v: landed = %v", r.fault, landed)
		}
		w.post("the fault is over")
		if f := w.srv.Faults(); f[0].Fired != 1 || f[0].Matched != 2 {
			t.Errorf("%+v: counters %d/%d", r.fault, f[0].Fired, f[0].Matched)
		}
	}
}

func TestFaultRules(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := newWorld(t, slackfake.Options{Clock: c.now, Seed: 7})
	try := func() bool {
		_, err := w.api.AuthTestContext(w.ctx)
		return err == nil
	}
	w.srv.Inject(slackfake.Fault{Method: "*", Kind: slackfake.FaultRateLimit, For: time.Minute})
	_, head, _ := w.call("auth.test", w.srv.BotToken(), nil)
	if head.Get("Retry-After") != "60" {
		t.Errorf("Retry-After = %s", head.Get("Retry-After"))
	}
	c.advance(time.Minute)
	if !try() {
		t.Error("429 on everything must end after its minute")
	}
	w.srv.ClearFaults()
	w.srv.Inject(slackfake.Fault{Method: "auth.test", Kind: slackfake.FaultError, Skip: 2, Times: 1})
	if got := []bool{try(), try(), try(), try()}; got[0] != true || got[1] != true || got[2] != false || got[3] != true {
		t.Errorf("skip 2, once = %v", got)
	}
	w.srv.ClearFaults()
	w.srv.Inject(slackfake.Fault{Method: "auth.test", Kind: slackfake.FaultError, Chance: 0.3})
	failed := 0
	for range 200 {
		if !try() {
			failed++
		}
	}
	if failed < 35 || failed > 85 {
		t.Errorf("chance 0.3 failed %d of 200", failed)
	}
	w.srv.ClearFaults()
	w.srv.Inject(slackfake.Fault{Method: "chat.postMessage", Channel: "C0OTHER001", Kind: slackfake.FaultError})
	w.post("another channel's fault")
}

func TestEventFaults(t *testing.T) {
	t.Parallel()
	texts := func(a *app, n int) string {
		var got []string
		for len(got) < n {
			_, raw := a.inner("message")
			got = append(got, raw["text"].(string))
		}
		return strings.Join(got, " ")
	}
	rows := []struct {
		kind slackfake.FaultKind
		n    int
		want string
	}{
		{slackfake.FaultDuplicate, 3, "one one two"},
		{slackfake.FaultReorder, 2, "two one"},
		{slackfake.FaultLose, 1, "two"},
		{slackfake.FaultDelay, 2, "two one"},
	}
	for _, r := range rows {
		c := newClock()
		w := newWorld(t, slackfake.Options{Clock: c.now, AckTimeout: time.Hour})
		a := w.listen(nil)
		w.srv.Inject(slackfake.Fault{Method: "event:message.*", Kind: r.kind, Times: 1, Delay: 3 * time.Second})
		w.say(w.ann, "", "one")
		w.say(w.ann, "", "two")
		c.advance(3 * time.Second)
		if got := texts(a, r.n); got != r.want {
			t.Errorf("%s: got %q, want %q", r.kind, got, r.want)
		}
	}
}

// TestSlowEvents: only what the app learned late is listed.
func TestSlowEvents(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := newWorld(t, slackfake.Options{Clock: c.now, AckTimeout: time.Hour})
	a := w.listen(nil)
	w.srv.Inject(slackfake.Fault{Method: "event:message.*", Kind: slackfake.FaultDelay, Times: 1, Delay: 5 * time.Second})
	late := w.say(w.ann, "", "late")
	w.say(w.ann, "", "in time")
	a.inner("message")
	w.until("the one is acknowledged", func() bool { return w.srv.Events.Pending() == 0 })
	c.advance(5 * time.Second)
	a.inner("message")
	w.until("the other is acknowledged", func() bool {
		slow := w.srv.Events.Slow(5 * time.Second)
		return w.srv.Events.Pending() == 0 && len(slow) == 1 && slow[0].Told && slow[0].TS == late
	})
}

// TestSlowEdit: a change that nobody acknowledges is listed by the message that it is about.
func TestSlowEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	ts := w.say(w.ann, "", "hi")
	if err := w.ann.Edit(w.ch, ts, "hello"); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(w.srv.Events.Slow(0), func(e slackfake.SlowEvent) bool { return e.Subtype == "message_changed" && e.TS == ts && !e.Told }) {
		t.Errorf("no change of %s in %+v", ts, w.srv.Events.Slow(0))
	}
}

// TestDropBeforeAck: the event arrives, its ack is lost with the socket, it comes again.
func TestDropBeforeAck(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	w.srv.Inject(slackfake.Fault{Method: "event:message.channels", Kind: slackfake.FaultDrop, Times: 1})
	w.say(w.ann, "", "hi")
	for {
		ev := a.next(socketmode.EventTypeEventsAPI)
		if ev.Request.RetryAttempt > 0 {
			break
		}
	}
	w.until("quiet", func() bool { return w.srv.Events.Pending() == 0 })
}

func TestLimits(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := newWorld(t, slackfake.Options{Clock: c.now, Limits: true, Channels: []slackfake.Channel{
		{ID: "C0OTHER001", Name: "other", Members: []string{"U0FAKEBOT01"}},
	}})
	post := func(ch string) (ok bool, retry string) {
		status, head, body := w.call("chat.postMessage", w.srv.BotToken(), args("channel", ch, "text", "x"))
		return status == 200 && body["ok"] == true, head.Get("Retry-After")
	}
	for i := range 4 {
		if ok, retry := post(w.ch); ok != (i < 3) || !ok && retry != "1" {
			t.Errorf("post %d: %v, Retry-After %q", i, ok, retry)
		}
	}
	if ok, _ := post("C0OTHER001"); !ok {
		t.Error("another channel has a budget of its own")
	}
	c.advance(time.Second)
	if ok, _ := post(w.ch); !ok {
		t.Error("after a second one more may pass")
	}
	_, _, body := w.call("chat.postMessage", w.srv.BotToken(), args("channel", w.ch, "text", "x"))
	if body["error"] != "ratelimited" {
		t.Errorf("body = %v", body)
	}
	for i := range 21 {
		status, head, _ := w.call("users.list", w.srv.BotToken(), nil)
		if (status == 200) != (i < 20) || i == 20 && head.Get("Retry-After") != "60" {
			t.Errorf("tier 2 call %d: %d, Retry-After %q", i+1, status, head.Get("Retry-After"))
		}
	}
}
