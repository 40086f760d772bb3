package slack

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// Colleagues see who is writing a reply: the desk is told when the form of a reply is opened and when it is
// closed, with the time at which that form was made.

// formMadeAt is the time at which the forms of these tests are made.
func formMadeAt() time.Time { return when().Add(time.Minute) }

// openFormOf opens a form by a shortcut in the menu of a new thread's root, and waits for it.
func (w *world) openFormOf(shortcut string, match func(*slackfake.View) bool) *slackfake.View {
	w.t.Helper()
	w.letAnnSeeAt(formMadeAt())
	w.useShortcut(shortcut, w.postRoot().Message)
	return w.waitForWindow(w.ann, match)
}

// wantTold waits until the desk was told this often about forms of replies. It checks what the desk was told: opened
// or closed.
func (w *world) wantTold(want ...string) {
	w.t.Helper()
	for i, what := range want {
		want[i] = fmt.Sprintf("%s #12 %s %d", what, w.ann, formMadeAt().Unix())
	}
	w.desk.Wait(w.t, strings.Join(want, " and "), func() bool { return len(w.desk.Replies()) >= len(want) })
	if got := w.desk.Replies(); !slices.Equal(got, want) {
		w.t.Errorf("the desk was told %q, want %q", got, want)
	}
}

// Requirement R-241: Colleagues see who writes.
func TestReplyFormIsOpenedAndClosed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		allWindows bool // all windows are closed, not this one alone
	}{
		{name: "alone"},
		{name: "with all windows", allWindows: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newConnectedWorld(t)
			form := w.openFormOf("conv_reply", hasField("text"))
			w.wantTold("opened")

			_, err := w.fake.As(w.ann).CloseView(w.ctx(), form.ID, tt.allWindows)
			noError(t, err)
			w.wantTold("opened", "closed")
		})
	}
}

// The desk is told about a form that is opened anew with its own time, so that it isn't taken for the former one.
// Requirement R-241: Colleagues see who writes.
func TestReplyFormIsOpenedAnew(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	root := w.postRoot()
	var want []string
	for minutes := range 2 {
		madeAt := when().Add(time.Duration(minutes) * time.Minute)
		w.letAnnSeeAt(madeAt)
		w.useShortcut("conv_reply", root.Message)
		form := w.waitForWindow(w.ann, hasField("text"))
		_, err := w.fake.As(w.ann).CloseView(w.ctx(), form.ID, false)
		noError(t, err)

		want = append(want, fmt.Sprintf("opened #12 %s %d", w.ann, madeAt.Unix()), fmt.Sprintf("closed #12 %s %d", w.ann, madeAt.Unix()))
		w.desk.Wait(t, "the form closed", func() bool { return len(w.desk.Replies()) >= len(want) })
	}
	if got := w.desk.Replies(); !slices.Equal(got, want) {
		t.Errorf("the desk was told %q, want %q", got, want)
	}
}

// If Slack can't show the form, it counts as closed.
// Requirement R-241: Colleagues see who writes.
func TestReplyFormThatSlackCannotShowIsClosed(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.letAnnSeeAt(formMadeAt())
	w.fake.Inject(slackfake.Fault{Method: "views.open", Kind: slackfake.FaultError, Error: "expired_trigger_id", Times: 1})
	w.useShortcut("conv_reply", w.postRoot().Message)
	w.wantTold("opened", "closed")
}

// The desk isn't told about the form of a note, because a note isn't a reply.
// Requirement R-241: Colleagues see who writes.
func TestFormOfANoteIsNotTold(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	note := w.openFormOf("conv_note", func(v *slackfake.View) bool { return isForm(v) && strings.Contains(string(v.Title), "Note") })
	_, err := w.fake.As(w.ann).CloseView(w.ctx(), note.ID, false)
	noError(t, err)
	// If the desk were told about the note, it would be before it is told about the reply.
	w.openFormOf("conv_reply", hasField("text"))
	w.wantTold("opened")
}

// The desk isn't told that a form is closed if the reply was submitted, because the action says that it was written.
// Requirement R-241: Colleagues see who writes.
func TestReplyFormThatIsSubmittedIsNotClosed(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	form := w.openFormOf("conv_reply", hasField("add"))
	w.wantTold("opened")
	w.submitForm(form, map[string]string{"text": "On our way"})
	wantEqual(t, "verb of the submitted action", w.waitAction(interactionFacts).Verb, bridge.VerbReply)
	w.wantTold("opened")
}
