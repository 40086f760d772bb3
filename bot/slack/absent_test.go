package slack

import (
	"strings"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// who isn't in the channel learns of an assignment by a direct message; who is
// in it is mentioned in the thread and gets no second message.
func TestAssignedAbroad(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	away := st.fake.AddUser(slackfake.User{Name: "away", Email: "away@acme.test"})
	root := st.root()
	p := st.post(bridge.PostLine, root, "t1")
	p.Line = &bridge.Line{Kind: bridge.LineAssigned, By: bridge.AgentRef{Name: "Ann"},
		Mentions: []bridge.AgentRef{{Name: "Away", User: away.ID}, {Name: "Ann", User: st.ann}}}
	st.send(p)
	got := st.fake.Messages(st.fake.DM(away.ID))
	if len(got) != 1 || !strings.Contains(got[0].Text, "assigned this") || !strings.Contains(got[0].Text, root.Channel) {
		t.Errorf("direct messages: %+v", got)
	}
	if got := st.fake.Messages(st.fake.DM(st.ann)); len(got) != 0 {
		t.Errorf("told twice: %+v", got)
	}
}
