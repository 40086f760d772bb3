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

// The desk hears when the form of a reply or of a template is opened, when Slack couldn't show it, and
// when it is closed, with the time at which that form was made; of other forms, and of one that is handed
// in, it hears nothing.
//
func TestReplyFormsAreTold(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	root := st.root()
	ann := st.fake.As(st.ann)
	at := when()
	open := func(shortcut string) {
		t.Helper()
		at = at.Add(time.Minute)
		st.withFacts(at)
		_, err := ann.Shortcut(st.ctx(), shortcut, root.Channel, root.Message)
		must(t, err)
	}
	var want []string
	heard := func(list ...string) {
		t.Helper()
		for _, what := range list {
			want = append(want, fmt.Sprintf("%s #12 %s %d", what, st.ann, at.Unix()))
		}
		st.desk.Wait(t, strings.Join(list, " and "), func() bool { return len(st.desk.Replies()) >= len(want) })
		if got := st.desk.Replies(); !slices.Equal(got, want) {
			t.Errorf("the desk heard %q, want %q", got, want)
		}
	}
	for _, all := range []bool{false, true} {
		open("conv_reply")
		v := st.view(st.ann, hasField("text"))
		heard("opened")
		_, err := ann.CloseView(st.ctx(), v.ID, all)
		must(t, err)
		heard("closed")
	}
	st.fake.Inject(slackfake.Fault{Method: "views.open", Kind: slackfake.FaultError, Error: "expired_trigger_id", Times: 1})
	open("conv_reply")
	heard("opened", "closed")

	open("conv_note")
	v := st.view(st.ann, func(v *slackfake.View) bool { return isForm(v) && strings.Contains(string(v.Title), "Note") })
	_, err := ann.CloseView(st.ctx(), v.ID, false)
	must(t, err)
	open("conv_reply")
	heard("opened")
	st.fill(st.view(st.ann, hasField("add")), map[string]string{"text": "On our way"})
	if a := st.decode(st.desk.First(t, "i:")); a.Verb != bridge.VerbReply {
		t.Errorf("handed in: %+v", a)
	}
	if got := st.desk.Replies(); !slices.Equal(got, want) {
		t.Errorf("handed in, the desk heard %q", got)
	}
}
