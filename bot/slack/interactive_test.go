package slack

import (
	"strings"
	"testing"
	"time"

	"parley/bot/slack/fact"
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
	wantEqual(t, "order key", f.OrderKey, fact.OrderKey(w.channel, root.Message))
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

// The days in a form are those of Parley's clock, which may not be the machine's.
func TestFormByParleysClock(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.letAnnSeeAt(time.Date(2031, 3, 3, 12, 0, 0, 0, time.UTC))
	_, form := w.openSnoozeForm()
	wantWords(t, string(form.Blocks), "Tomorrow (Tue 4 Mar 09:00)")
	if out := w.submitForm(form, map[string]string{"other": "2031-03-03 11:00"}); len(out.Errors) == 0 {
		t.Errorf("an hour ago is answered with %+v, want an error at its field", out)
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
	wantEqual(t, "order key", f.OrderKey, fact.OrderKey(w.channel, root.Message))
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

// Slack's triggers, by which a window is opened, live for 3 seconds. If a form takes longer to make, a window first
// says that it is loading.
func TestSlowFormIsAnnounced(t *testing.T) {
	t.Parallel()
	if most := 1500 * time.Millisecond; maxFormDelay > most {
		t.Errorf("the form is announced after %s, want at most %s", maxFormDelay, most)
	}

	w := newConnectedWorld(t)
	w.letAnnSee()
	root := w.postRoot()
	slow := make(chan struct{})
	w.desk.mu.Lock()
	w.desk.slow = slow
	w.desk.mu.Unlock()

	w.press(root, "Resolve")
	w.waitForWindow(w.ann, isCardWith("Loading"))
	close(slow)
	w.waitForWindow(w.ann, isForm)
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

// A button of the card opens the details. A button of the details opens another window on top of them.
func TestDetailsAndTheirButtons(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.letAnnSee()
	w.press(w.postRoot(), "More")
	details := w.waitForWindow(w.ann, isCardWith(`"History"`))
	w.pressInWindow(details, "History")
	w.waitForWindow(w.ann, func(v *slackfake.View) bool {
		return strings.Contains(string(v.Blocks), "assigned") && len(w.fake.Views(w.ann)) == 2
	})
}

// A form that was opened from the details closes them too, because they show the state from before.
func TestFormClosesDetails(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.letAnnSee()
	w.press(w.postRoot(), "More")
	details := w.waitForWindow(w.ann, isCardWith(`"Note"`))
	w.pressInWindow(details, "Note")
	out := w.submitForm(w.waitForWindow(w.ann, isForm), map[string]string{"text": "Asked the warehouse"})
	wantEqual(t, "error of the form", out.Error, "")
	wantEqual(t, "open windows", len(w.fake.Views(w.ann)), 0)
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

// A list's buttons show the next list or page in the same window, because Slack refuses a fourth window on top of
// three.
func TestListsFollowEachOther(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	p := w.newPost(bridge.PostLine, w.postRoot(), "t1")
	p.Line = &bridge.Line{
		Content: &bridge.ListLine{List: "mine", Rows: []bridge.Facts{sampleFacts()}, More: true},
		Args:    bridge.Args{ListArgs: bridge.ListArgs{List: "mine"}},
	}
	hasTitle := func(words string) func(*slackfake.View) bool {
		return func(v *slackfake.View) bool { return strings.Contains(string(v.Title), words) }
	}

	// The first list is a message, whose buttons open a window. The further ones are in that window.
	w.press(bridge.Place{Channel: w.channel, Message: w.mustSend(p).Message}, "All")
	v := w.waitForWindow(w.ann, hasTitle("All"))
	for _, list := range []string{"Team", "All", "Team", "Mine"} {
		w.pressInWindow(v, list)
		v = w.waitForWindow(w.ann, hasTitle(list))
	}
	wantEqual(t, "open windows", len(w.fake.Views(w.ann)), 1)
}

// If a person may not see a conversation, the window that was to show it says so.
func TestProblemIsShown(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.letAnnSee()
	root := w.postRoot()
	ben := w.fake.Admin.AddUser(slackfake.User{ID: "U0BEN", Name: "ben"})
	noError(t, w.fake.Admin.Invite(w.channel, ben.ID, w.ann))
	blocks := w.fake.Message(w.channel, root.Message).Blocks
	_, err := w.fake.As(ben.ID).Click(w.ctx(), slackfake.Target{Channel: w.channel, TS: root.Message}, buttonID(t, blocks, "More"))
	noError(t, err)
	w.waitForWindow(ben.ID, func(v *slackfake.View) bool { return strings.Contains(string(v.Blocks), "You may not see this.") })
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

func TestShortcutsWithForms(t *testing.T) {
	t.Parallel()
	for _, callback := range []string{"conv_assign", "conv_snooze", "conv_tag", "conv_resolve"} {
		t.Run(callback, func(t *testing.T) {
			t.Parallel()
			w := newConnectedWorld(t)
			w.letAnnSee()
			w.useShortcut(callback, w.postAsAnn(w.postRoot().Message, "Dear *customer*"))
			w.waitForWindow(w.ann, isForm)
		})
	}
}

// The form of a note that is opened from a message begins with that message's words.
func TestNoteOfAMessageHasItsWords(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.letAnnSee()
	w.useShortcut("conv_note", w.postAsAnn(w.postRoot().Message, "Dear *customer*"))
	w.waitForWindow(w.ann, isFormWith("Dear"))
}
