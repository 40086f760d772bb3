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

// The desk is told when the form of a reply is opened, when Slack couldn't show it, and when it is closed, with the time at which
// that form was made. Of other forms, and of one that is submitted, it isn't told.
//
func TestReplyFormsAreTold(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	root := st.postRoot()
	ann := st.fake.As(st.ann)
	at := when()
	openForm := func(shortcut string) {
		t.Helper()
		at = at.Add(time.Minute)
		st.withFactsAt(at)
		_, err := ann.Shortcut(st.ctx(), shortcut, root.Channel, root.Message)
		must(t, err)
	}
	var want []string
	wantTold := func(list ...string) {
		t.Helper()
		for _, what := range list {
			want = append(want, fmt.Sprintf("%s #12 %s %d", what, st.ann, at.Unix()))
		}
		st.desk.Wait(t, strings.Join(list, " and "), func() bool { return len(st.desk.Replies()) >= len(want) })
		if got := st.desk.Replies(); !slices.Equal(got, want) {
			t.Errorf("the desk was told %q, want %q", got, want)
		}
	}

	// It is closed alone, or with all windows.
	for _, all := range []bool{false, true} {
		openForm("conv_reply")
		v := st.waitForWindow(st.ann, hasField("text"))
		wantTold("opened")
		_, err := ann.CloseView(st.ctx(), v.ID, all)
		must(t, err)
		wantTold("closed")
	}
	// Slack can't show it.
	st.fake.Inject(slackfake.Fault{Method: "views.open", Kind: slackfake.FaultError, Error: "expired_trigger_id", Times: 1})
	openForm("conv_reply")
	wantTold("opened", "closed")

	// A note is no reply.
	openForm("conv_note")
	v := st.waitForWindow(st.ann, func(v *slackfake.View) bool { return isForm(v) && strings.Contains(string(v.Title), "Note") })
	_, err := ann.CloseView(st.ctx(), v.ID, false)
	must(t, err)

	// A reply that is submitted isn't told as closed.
	openForm("conv_reply")
	wantTold("opened")
	st.submitForm(st.waitForWindow(st.ann, hasField("add")), map[string]string{"text": "On our way"})
	wantEqual(t, "submitted action", st.waitAction("i:").Verb, bridge.VerbReply)
	if got := st.desk.Replies(); !slices.Equal(got, want) {
		t.Errorf("after submitting the desk was told %q, want %q", got, want)
	}
}
