package slack

import (
	"slices"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// sendAssignment posts in a new thread that somebody assigned the conversation to these people.
func (w *world) sendAssignment(to ...bridge.AgentRef) {
	w.t.Helper()
	p := w.newPost(bridge.PostLine, w.postRoot(), "t1")
	p.Line = &bridge.Line{Content: bridge.LineAssigned, By: bridge.AgentRef{Name: "Ann"}, Mentions: to}
	w.mustSend(p)
}

// Who isn't in the channel would see no mention in its thread, and learns of the assignment by a direct message.
//
func TestAssigneeOutsideTheChannelGetsADirectMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	away := w.fake.Admin.AddUser(slackfake.User{Name: "away", Email: "away@acme.test"})
	w.sendAssignment(bridge.AgentRef{Name: "Away", User: away.ID}, bridge.AgentRef{Name: "Ann", User: w.ann})
	got := w.fake.Messages(w.fake.DM(away.ID))
	if len(got) != 1 {
		t.Fatalf("got %d direct messages, want one: %+v", len(got), got)
	}
	wantWords(t, got[0].Text, "assigned this", w.channel)
}

// Who is in the channel is mentioned in the thread, and gets no second message, also if somebody else who is assigned gets one.
//
func TestAssigneeInTheChannelGetsNoDirectMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	away := w.fake.Admin.AddUser(slackfake.User{Name: "away", Email: "away@acme.test"})
	w.sendAssignment(bridge.AgentRef{Name: "Away", User: away.ID}, bridge.AgentRef{Name: "Ann", User: w.ann})
	wantEqual(t, "direct messages to Ann", len(w.fake.Messages(w.fake.DM(w.ann))), 0)
}

func TestAudienceOfAPublicChannelIsEveryone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	audience, err := w.surface.Audience(w.ctx(), w.channel)
	must(t, err)
	wantEqual(t, "everyone may read the channel", audience.Everyone, true)
}

func TestAudienceOfAPrivateChannelIsItsMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	vault := w.fake.Admin.AddChannel(slackfake.Channel{Name: "vault", Private: true, Members: []string{w.fake.BotUserID(), w.ann}})
	audience, err := w.surface.Audience(w.ctx(), vault.ID)
	must(t, err)
	wantEqual(t, "everyone may read the channel", audience.Everyone, false)
	got, want := slices.Clone(audience.Users), []string{w.ann, w.fake.BotUserID()}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the channel is read by %v, want %v", got, want)
	}
}

// Slack doesn't say who is in a private channel that our app isn't in.
func TestAudienceOfAHiddenChannelIsUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hidden := w.fake.Admin.AddChannel(slackfake.Channel{Name: "hidden", Private: true, Members: []string{w.ann}})
	if audience, err := w.surface.Audience(w.ctx(), hidden.ID); err == nil {
		t.Errorf("got the audience %+v, want an error", audience)
	}
}
