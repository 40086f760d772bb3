package slack

import (
	"slices"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// Who isn't in the channel learns of an assignment by a direct message. Who is in it is mentioned in the thread and gets no second
// message.
func TestAssignedAbroad(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	away := st.fake.Admin.AddUser(slackfake.User{Name: "away", Email: "away@acme.test"})
	root := st.postRoot()
	p := st.newPost(bridge.PostLine, root, "t1")
	p.Line = &bridge.Line{Content: bridge.LineAssigned, By: bridge.AgentRef{Name: "Ann"},
		Mentions: []bridge.AgentRef{{Name: "Away", User: away.ID}, {Name: "Ann", User: st.ann}}}
	st.mustSend(p)
	got := st.fake.Messages(st.fake.DM(away.ID))
	if len(got) != 1 {
		t.Fatalf("got the direct messages %+v, want one", got)
	}
	wantWords(t, got[0].Text, "assigned this", root.Channel)
	wantEqual(t, "direct messages to Ann", len(st.fake.Messages(st.fake.DM(st.ann))), 0)
}

// Everybody may read a public channel, its members a private one. Of a private one that Parley isn't in nobody can tell.
func TestAudience(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	public, err := st.surface.Audience(st.ctx(), st.channel)
	must(t, err)
	wantEqual(t, "everyone may read the public channel", public.Everyone, true)

	vault := st.fake.Admin.AddChannel(slackfake.Channel{Name: "vault", Private: true, Members: []string{st.fake.BotUserID(), st.ann}})
	private, err := st.surface.Audience(st.ctx(), vault.ID)
	must(t, err)
	wantEqual(t, "everyone may read the private channel", private.Everyone, false)
	if got, want := slices.Sorted(slices.Values(private.Users)), slices.Sorted(slices.Values([]string{st.ann, st.fake.BotUserID()})); !slices.Equal(got, want) {
		t.Errorf("the private channel is read by %v, want %v", got, want)
	}

	foreign := st.fake.Admin.AddChannel(slackfake.Channel{Name: "foreign", Private: true, Members: []string{st.ann}})
	if a, err := st.surface.Audience(st.ctx(), foreign.ID); err == nil {
		t.Errorf("a private channel without Parley is read by %+v, want an error", a)
	}
}
