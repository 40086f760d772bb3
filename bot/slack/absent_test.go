package slack

import (
	"slices"
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
	away := st.fake.Admin.AddUser(slackfake.User{Name: "away", Email: "away@acme.test"})
	root := st.root()
	p := st.post(bridge.PostLine, root, "t1")
	p.Line = &bridge.Line{Content: bridge.LineAssigned, By: bridge.AgentRef{Name: "Ann"},
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

// A public channel is everybody's, a private one its members'; of one that Parley isn't in nobody
// can tell.
func TestAudience(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	if a, err := st.s.Audience(st.ctx(), st.ch); err != nil || !a.Everyone {
		t.Errorf("a public channel: %+v, %v", a, err)
	}
	vault := st.fake.Admin.AddChannel(slackfake.Channel{Name: "vault", Private: true, Members: []string{st.fake.BotUserID(), st.ann}})
	if a, err := st.s.Audience(st.ctx(), vault.ID); err != nil || a.Everyone || !slices.Contains(a.Users, st.ann) || len(a.Users) != 2 {
		t.Errorf("a private channel: %+v, %v", a, err)
	}
	foreign := st.fake.Admin.AddChannel(slackfake.Channel{Name: "foreign", Private: true, Members: []string{st.ann}})
	if a, err := st.s.Audience(st.ctx(), foreign.ID); err == nil {
		t.Errorf("a private channel without Parley: %+v", a)
	}
}
