package slack

import (
	"strings"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
)

// These tests press buttons and fill in forms, and check which action the Surface stores for the engine, and
// which windows people see. world (harness_test.go) puts a Surface between slackfake, which plays Slack and its
// people, and fakeDesk, which plays the engine.

// openSnoozeForm presses the button of a new card that opens the form to snooze. It returns the card's place and the
// form.
func (w *world) openSnoozeForm() (bridge.Place, *slackfake.View) {
	w.t.Helper()
	root := w.postRoot()
	w.press(root, "Snooze")
	return root, w.waitForWindow(w.ann, isForm)
}

// A button of the card opens a form, which stores one action once its values are good.
func TestFormOfACardBecomesOneAction(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.letAnnSee()
	root, form := w.openSnoozeForm()
	out := w.mustSubmitForm(form, map[string]string{"other": "2h"})
	if out.View != nil {
		t.Errorf("after the form the window %+v is open, want none", out.View)
	}

	f := w.desk.First(t, interactionFacts)
	wantEqual(t, "order key", f.OrderKey, OrderKey(w.channel, root.Message))
	a := w.mustDecode(f)
	wantEqual(t, "verb", a.Verb, bridge.VerbSnooze)
	wantEqual(t, "until", a.Args.Until, "2h")
	wantEqual(t, "conversation", a.Args.Conversation, 12)
	wantEqual(t, "origin", a.Origin, bridge.OriginForm)
	wantEqual(t, "author", a.Actor.ID, bridge.SurfaceUser(w.ann))
	wantEqual(t, "place", a.Place, bridge.Place{Channel: w.channel, Message: root.Message})
}

// A form with nonsense says so at its field, and stores nothing. It can be submitted again.
func TestFormWithNonsenseIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		open func(*testing.T) *world
	}{
		{name: "by Socket Mode", open: func(t *testing.T) *world { return newConnectedWorld(t) }},
		{name: "by HTTP", open: newCalledWorld},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			w := tt.open(t)
			w.letAnnSee()
			_, form := w.openSnoozeForm()
			out := w.submitForm(form, map[string]string{"other": "blurgh"})
			wantWords(t, out.Errors["f:other"], "can't read “blurgh” as a time")
			w.wantFacts(interactionFacts, 0)

			w.mustSubmitForm(form, map[string]string{"other": "2h"})
			wantEqual(t, "verb of what is stored", w.waitAction(interactionFacts).Verb, bridge.VerbSnooze)
		})
	}
}

// postQuestion posts a line in a root's thread that asks whether message 7 is to be sent, with the buttons of
// these verbs.
func (w *world) postQuestion(root bridge.Place, verbs ...bridge.Verb) bridge.Sent {
	w.t.Helper()
	p := w.newPost(bridge.PostLine, root, "t1")
	p.Line = &bridge.Line{Content: &bridge.AskLine{}, Text: "Sure?", Verbs: verbs, Args: bridge.Args{Message: 7}}
	return w.mustSend(p)
}

// A click on a button that acts at once is stored before it is acknowledged.
func TestButtonBecomesAnAction(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	root := w.postRoot()
	question := w.postQuestion(root, bridge.VerbSend, bridge.VerbKeep)
	w.press(bridge.Place{Channel: w.channel, Message: question.Message}, "Send to customer")
	w.wantFacts(interactionFacts, 1)

	f := w.desk.First(t, interactionFacts)
	wantEqual(t, "order key", f.OrderKey, OrderKey(w.channel, root.Message))
	a := w.mustDecode(f)
	wantEqual(t, "verb", a.Verb, bridge.VerbSend)
	wantEqual(t, "message that is meant", a.Args.Message, 7)
	wantEqual(t, "origin", a.Origin, bridge.OriginButton)
	wantEqual(t, "place", a.Place, bridge.Place{Channel: w.channel, Thread: root.Message, Message: question.Message})
}

// A double click is stored as two facts, because Slack gives each click its own trigger (case 27).
func TestDoubleClickIsTwoFacts(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	question := w.postQuestion(w.postRoot(), bridge.VerbSend, bridge.VerbKeep)
	for range 2 {
		w.press(bridge.Place{Channel: w.channel, Message: question.Message}, "Send to customer")
	}
	w.wantFacts(interactionFacts, 2)
}

// A click that can't be stored isn't acknowledged, so that the person sees that it failed.
func TestButtonThatIsNotStored(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t, func(_ *Options, f *slackfake.Options) { f.AckTimeout = 2 * time.Second })
	question := w.postQuestion(w.postRoot(), bridge.VerbKeep)
	w.desk.Refuse(channels.ErrOverloaded)

	m := w.fake.Message(w.channel, question.Message)
	_, afterVerb, _ := strings.Cut(string(m.Blocks), "b:keep::")
	keep := "b:keep::" + afterVerb[:1] // the number of the button is one digit
	out, err := w.fake.As(w.ann).Click(w.ctx(), slackfake.Target{Channel: w.channel, TS: m.TS}, keep)
	noError(t, err)
	if out.Error == "" {
		t.Errorf("the click is answered with %+v, want an error", out)
	}
}

// A trigger that has expired opens nothing. Only the person who pressed is told so, and can press again (case 27).
func TestExpiredTrigger(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.letAnnSee()
	root := w.postRoot()
	w.fake.Inject(slackfake.Fault{Method: "views.open", Kind: slackfake.FaultError, Error: "expired_trigger_id", Times: 1})

	w.press(root, "Resolve")
	noError(t, w.fake.WaitFor(w.ctx(), func() bool { return len(w.fake.Ephemerals(w.ann)) == 1 }))
	answer := w.fake.Ephemerals(w.ann)[0]
	wantWords(t, answer.Text, tooLateText)
	wantEqual(t, "thread in which she is told", answer.ThreadTS, root.Message)

	w.press(root, "Resolve")
	w.waitForWindow(w.ann, isForm)
}

// A shortcut that needs nothing more is stored at once.
func TestShortcutsThatNeedNothingMore(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		callback string
		want     bridge.Verb
	}{
		{callback: "conv_undo", want: bridge.VerbUndo},
		{callback: "conv_send", want: bridge.VerbSend},
	} {
		t.Run(tt.callback, func(t *testing.T) {
			t.Parallel()
			w := newConnectedWorld(t)
			w.letAnnSee()

			root := w.postRoot()
			ts := w.postAsAnn(root.Message, "Dear *customer*")
			w.useShortcut(tt.callback, ts)
			w.wantFacts(interactionFacts, 1)

			a := w.waitAction(interactionFacts)
			wantEqual(t, "verb", a.Verb, tt.want)
			wantEqual(t, "origin", a.Origin, bridge.OriginShortcut)
			wantEqual(t, "place", a.Place, bridge.Place{Channel: w.channel, Thread: root.Message, Message: ts})
			wantEqual(t, "in a thread of ours", a.OwnThread, true)
		})
	}
}

// In the form to assign, one click on a name hands the conversation over to that agent.
// Requirement R-118: Assign within one's own rights.
func TestHandOver(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.letAnnSee()
	w.press(w.postRoot(), "Assign")
	w.pressInWindow(w.waitForWindow(w.ann, isForm), "Ben")
	a := w.waitAction(interactionFacts)
	wantEqual(t, "verb", a.Verb, bridge.VerbAssign)
	wantEqual(t, "assigned to", strings.Join(a.Args.Agents, " "), "U0BEN")
	wantEqual(t, "conversation", a.Args.Conversation, 12)
	w.waitForWindow(w.ann, isCard)
}
