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

// A modal is a window above Slack's page, with a form. These tests submit modals, and check what becomes of
// each answer of the app.

// modalWorld is a world in which Ann has a modal open.
type modalWorld struct {
	*world
	app     *app
	request slack.ModalViewRequest // by which it was opened
	view    slack.View             // as Slack answered that
	answers chan any               // to submissions
}

func newModalWorld(t *testing.T) *modalWorld {
	t.Helper()
	w := &modalWorld{world: newWorld(t, slackfake.Options{}), answers: make(chan any, 1)}
	noError(t, json.Unmarshal([]byte(modalJSON), &w.request))
	w.app = w.listen(func(ev socketmode.Event) (any, bool) {
		if cb, ok := ev.Data.(slack.InteractionCallback); ok && cb.Type == slack.InteractionTypeViewSubmission {
			return <-w.answers, true
		}
		return nil, true
	})
	trigger := w.app.newTrigger()
	w.view = must(w.api.OpenViewContext(w.ctx, trigger, w.request))(t).View
	_, err := w.api.OpenViewContext(w.ctx, trigger, w.request)
	wantError(t, err, "exchanged_trigger_id")
	return w
}

// newTrigger lets Ann use a shortcut, and gives the trigger with which the app may open a modal for her.
func (a *app) newTrigger() string {
	a.w.t.Helper()
	must(a.w.ann.GlobalShortcut(a.w.ctx, "conv_new"))(a.w.t)
	return a.waitInteraction().TriggerID
}

// A modal is updated only over the version that the app knows.
func TestUpdateView(t *testing.T) {
	t.Parallel()
	w := newModalWorld(t)
	_, err := w.api.UpdateViewContext(w.ctx, w.request, "", "wrong.hash", w.view.ID)
	wantError(t, err, "hash_conflict")
	updated := must(w.api.UpdateViewContext(w.ctx, w.request, "", w.view.Hash, w.view.ID))(t).View
	wantEqual(t, "id of the updated view", updated.ID, w.view.ID)
	wantEqual(t, "the updated view has the old hash", updated.Hash == w.view.Hash, false)
}

// By its answer to a submission the app shows errors, updates the modal, pushes another one over it, closes the one
// on top, or closes all.
func TestSubmit(t *testing.T) {
	t.Parallel()
	w := newModalWorld(t)
	id := w.view.ID
	if _, err := w.ann.Submit(w.ctx, id, nil); err == nil || !strings.Contains(err.Error(), "required field") {
		t.Errorf("an empty required input: got %v, want a required field", err)
	}

	submit := func(answer any) *slackfake.Outcome {
		t.Helper()
		w.answers <- answer
		o := must(w.ann.Submit(w.ctx, id, map[string][]string{"a": {"typed"}}))(t)
		wantEqual(t, "outcome", o.Error, "")
		return o
	}

	// Errors leave the modal open. The app got what was typed.
	o := submit(slack.NewErrorsViewSubmissionResponse(map[string]string{"b": "too short"}))
	wantEqual(t, "error of the field", o.Errors["b"], "too short")
	wantEqual(t, "view after errors", o.View.ID, id)
	cb := w.app.waitInteraction()
	wantEqual(t, "typed", cb.View.State.Values["b"]["a"].Value, "typed")
	wantEqual(t, "modal of the submission", cb.View.CallbackID, "m")

	// An update keeps the modal, and a push puts another one over it.
	wantEqual(t, "view after an update", submit(slack.NewUpdateViewSubmissionResponse(&w.request)).View.ID, id)
	pushed := submit(slack.NewPushViewSubmissionResponse(&w.request)).View
	wantEqual(t, "the pushed view has the id of the first", pushed.ID == id, false)
	wantEqual(t, "view below the pushed one", *pushed.PreviousViewID, id)
	wantEqual(t, "open modals", len(w.srv.Views(w.ann.ID())), 2)

	// An empty answer closes the modal on top, and clear closes all of them.
	first := id
	id = pushed.ID
	wantEqual(t, "view after an empty answer", submit(nil).View.ID, first)
	id = first
	if o = submit(slack.NewClearViewSubmissionResponse()); o.View != nil {
		t.Errorf("view after clear: got %+v, want none", o.View)
	}
	_, err := w.api.UpdateViewContext(w.ctx, w.request, "", "", id)
	wantError(t, err, "not_found")
}

func TestTriggerExpires(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := newWorld(t, slackfake.Options{Clock: c.now})
	a := w.listen(nil)
	ts := w.postCard("")
	must(w.ann.Click(w.ctx, slackfake.Target{Channel: w.ch, TS: ts}, "take"))(t)
	trigger := a.waitInteraction().TriggerID
	c.advance(3100 * time.Millisecond)
	body := w.callAsBot("views.open", "trigger_id", trigger, "view", modalJSON)
	wantFields(t, "opening a modal after three seconds", body, dict{"error": "expired_trigger_id"})
}

// Three modals may lie over one another.
func TestPushLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	for _, method := range []string{"views.open", "views.push", "views.push"} {
		wantFields(t, method, w.callAsBot(method, "trigger_id", a.newTrigger(), "view", modalJSON), dict{"ok": true})
	}
	body := w.callAsBot("views.push", "trigger_id", a.newTrigger(), "view", modalJSON)
	wantFields(t, "the fourth modal", body, dict{"error": "push_limit_reached"})
}

// The app is told when a person closes a modal that asks for that. Nobody can close another person's modal.
func TestViewClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	loud := strings.Replace(modalJSON, `"type":"modal"`, `"type":"modal","notify_on_close":true`, 1)
	body := w.callAsBot("views.open", "trigger_id", a.newTrigger(), "view", loud)
	id := field(body, "view")["id"].(string)
	const all = true
	if _, err := w.ben.CloseView(w.ctx, id, !all); err == nil {
		t.Error("Ben closed Ann's modal")
	}
	must(w.ann.CloseView(w.ctx, id, all))(t)
	cb := a.waitInteraction()
	wantEqual(t, "type", cb.Type, slack.InteractionTypeViewClosed)
	wantEqual(t, "all were closed", cb.IsCleared, all)
	wantEqual(t, "view", cb.View.ID, id)
}

// The refusal of a view says why, and doesn't use the trigger up.
func TestInvalidModals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	const submit = `"submit":{"type":"plain_text","text":"S"},`
	for _, r := range []struct{ from, to, want string }{ // a change of the good modal
		{from: `"text":"T"`, to: `"text":"` + strings.Repeat("T", 25) + `"`, want: "must be less than 25 characters"},
		{from: `"title":{"type":"plain_text","text":"T"},`, to: ``, want: "missing required field: title [json-pointer:/view]"},
		{from: submit, to: ``, want: "must define `submit` to use an `input` block in modals [json-pointer:/view/blocks/0/input]"},
		{from: `"type":"modal"`, to: `"type":"home"`, want: "unsupported type: home"},
	} {
		trigger := a.newTrigger()
		body := w.callAsBot("views.open", "trigger_id", trigger, "view", strings.Replace(modalJSON, r.from, r.to, 1))
		wantFields(t, "a bad modal", body, dict{"error": "invalid_arguments"})
		if faults := faultsOf(body); len(faults) == 0 || !strings.Contains(faults[0], r.want) {
			t.Errorf("faults: got %q, want %s", faults, r.want)
		}
		body = w.callAsBot("views.open", "trigger_id", trigger, "view", modalJSON)
		wantFields(t, "a good modal with the same trigger", body, dict{"ok": true})
	}
}
