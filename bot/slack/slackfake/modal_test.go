package slackfake_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"parley/bot/slack/slackfake"
)

// modalWorld opens a modal for ann; submissions are answered with what answers holds.
func modalWorld(t *testing.T) (w *world, a *app, view slack.ModalViewRequest, opened *slack.ViewResponse, answers chan any) {
	t.Helper()
	w = newWorld(t, slackfake.Options{})
	if err := json.Unmarshal([]byte(modalJSON), &view); err != nil {
		t.Fatal(err)
	}
	answers = make(chan any, 1)
	a = w.listen(func(ev socketmode.Event) (any, bool) {
		if cb, ok := ev.Data.(slack.InteractionCallback); ok && cb.Type == slack.InteractionTypeViewSubmission {
			return <-answers, true
		}
		return nil, true
	})
	if _, err := w.ann.GlobalShortcut(w.ctx, "conv_new"); err != nil {
		t.Fatal(err)
	}
	trigger := interaction(t, a.next(socketmode.EventTypeInteractive)).TriggerID
	opened, err := w.api.OpenViewContext(w.ctx, trigger, view)
	if err != nil || opened.View.Hash == "" || opened.View.ID == "" {
		t.Fatalf("views.open = %+v, %v", opened, err)
	}
	_, err = w.api.OpenViewContext(w.ctx, trigger, view)
	refused(t, err, "exchanged_trigger_id")
	return w, a, view, opened, answers
}

func TestUpdateView(t *testing.T) {
	t.Parallel()
	w, _, view, opened, _ := modalWorld(t)
	_, err := w.api.UpdateViewContext(w.ctx, view, "", "wrong.hash", opened.View.ID)
	refused(t, err, "hash_conflict")
	updated, err := w.api.UpdateViewContext(w.ctx, view, "", opened.View.Hash, opened.View.ID)
	if err != nil || updated.View.ID != opened.View.ID || updated.View.Hash == opened.View.Hash {
		t.Fatalf("views.update = %+v, %v", updated, err)
	}
}

// TestSubmit fills, is refused, updates, pushes and closes.
func TestSubmit(t *testing.T) {
	t.Parallel()
	w, a, view, opened, answers := modalWorld(t)
	id := opened.View.ID
	if _, err := w.ann.Submit(w.ctx, id, nil); err == nil || !strings.Contains(err.Error(), "required field") {
		t.Errorf("empty required input: %v", err)
	}
	submit := func(answer any) *slackfake.Outcome {
		t.Helper()
		answers <- answer
		o, err := w.ann.Submit(w.ctx, id, map[string][]string{"a": {"typed"}})
		if err != nil || o.Error != "" {
			t.Fatalf("submit = %+v, %v", o, err)
		}
		return o
	}
	o := submit(slack.NewErrorsViewSubmissionResponse(map[string]string{"b": "too short"}))
	if o.Errors["b"] != "too short" || o.View == nil || o.View.ID != id {
		t.Errorf("errors = %+v", o)
	}
	cb := interaction(t, a.next(socketmode.EventTypeInteractive))
	if cb.View.State.Values["b"]["a"].Value != "typed" || cb.View.CallbackID != "m" {
		t.Errorf("submission = %+v", cb.View.State)
	}
	if o = submit(slack.NewUpdateViewSubmissionResponse(&view)); o.View == nil || o.View.ID != id {
		t.Errorf("update = %+v", o)
	}
	if o = submit(slack.NewPushViewSubmissionResponse(&view)); o.View == nil || o.View.ID == id || *o.View.PreviousViewID != id {
		t.Errorf("push = %+v", o)
	}
	if n := len(w.srv.Views(w.ann.ID())); n != 2 {
		t.Errorf("%d modals open", n)
	}
	id = o.View.ID
	if o = submit(nil); o.View == nil || o.View.ID == id {
		t.Errorf("empty answer closes one: %+v", o)
	}
	id = o.View.ID
	if o = submit(slack.NewClearViewSubmissionResponse()); o.View != nil {
		t.Errorf("clear closes all: %+v", o)
	}
	_, err := w.api.UpdateViewContext(w.ctx, view, "", "", id)
	refused(t, err, "not_found")
}

func TestTriggerExpires(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := newWorld(t, slackfake.Options{Clock: c.now})
	a := w.listen(nil)
	ts := w.postCard("")
	if _, err := w.ann.Click(w.ctx, slackfake.Target{Channel: w.ch, TS: ts}, "take"); err != nil {
		t.Fatal(err)
	}
	trigger := interaction(t, a.next(socketmode.EventTypeInteractive)).TriggerID
	c.advance(3100 * time.Millisecond)
	_, _, body := w.call("views.open", w.srv.BotToken(), args("trigger_id", trigger, "view", modalJSON))
	if body["error"] != "expired_trigger_id" {
		t.Errorf("late trigger: %v", body)
	}
}

func TestPushLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	for i, method := range []string{"views.open", "views.push", "views.push", "views.push"} {
		if _, err := w.ann.GlobalShortcut(w.ctx, "x"); err != nil {
			t.Fatal(err)
		}
		trigger := interaction(t, a.next(socketmode.EventTypeInteractive)).TriggerID
		_, _, body := w.call(method, w.srv.BotToken(), args("trigger_id", trigger, "view", modalJSON))
		if i < 3 && body["ok"] != true || i == 3 && body["error"] != "push_limit_reached" {
			t.Errorf("%d %s = %v", i, method, body)
		}
	}
}

func TestViewClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	if _, err := w.ann.GlobalShortcut(w.ctx, "x"); err != nil {
		t.Fatal(err)
	}
	trigger := interaction(t, a.next(socketmode.EventTypeInteractive)).TriggerID
	loud := strings.Replace(modalJSON, `"type":"modal"`, `"type":"modal","notify_on_close":true`, 1)
	_, _, body := w.call("views.open", w.srv.BotToken(), args("trigger_id", trigger, "view", loud))
	id := body["view"].(map[string]any)["id"].(string)
	if _, err := w.ben.CloseView(w.ctx, id, false); err == nil {
		t.Error("another person's modal must not be reachable")
	}
	if _, err := w.ann.CloseView(w.ctx, id, true); err != nil {
		t.Fatal(err)
	}
	cb := interaction(t, a.next(socketmode.EventTypeInteractive))
	if cb.Type != slack.InteractionTypeViewClosed || !cb.IsCleared || cb.View.ID != id {
		t.Errorf("closed = %+v", cb)
	}
}

// TestInvalidModals needs a live trigger for each row.
func TestInvalidModals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	rows := []struct{ from, to, want string }{
		{`"text":"T"`, `"text":"` + strings.Repeat("T", 25) + `"`, "must be less than 25 characters"},
		{`"title":{"type":"plain_text","text":"T"},`, ``, "missing required field: title [json-pointer:/view]"},
		{`"submit":{"type":"plain_text","text":"S"},`, ``, "must define `submit` to use an `input` block in modals [json-pointer:/view/blocks/0/input]"},
		{`"type":"modal"`, `"type":"home"`, "unsupported type: home"},
	}
	for _, r := range rows {
		if _, err := w.ann.GlobalShortcut(w.ctx, "x"); err != nil {
			t.Fatal(err)
		}
		trigger := interaction(t, a.next(socketmode.EventTypeInteractive)).TriggerID
		view := strings.Replace(modalJSON, r.from, r.to, 1)
		_, _, body := w.call("views.open", w.srv.BotToken(), args("trigger_id", trigger, "view", view))
		meta, _ := body["response_metadata"].(map[string]any)
		list, _ := meta["messages"].([]any)
		if body["error"] != "invalid_arguments" || len(list) == 0 || !strings.Contains(list[0].(string), r.want) {
			t.Errorf("%s = %v", r.want, body)
		}
		_, _, body = w.call("views.open", w.srv.BotToken(), args("trigger_id", trigger, "view", modalJSON))
		if body["ok"] != true {
			t.Errorf("a refused view must not use the trigger up: %v", body)
		}
	}
}
