package slack

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
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
