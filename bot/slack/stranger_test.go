package slack

import (
	"strings"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// A stranger is somebody of another organisation who sees our cards in a shared channel. These tests check that a
// stranger's actions have no effect.

// newWorldWithEve makes a workspace whose channel #support is shared with another organisation, to which Eve belongs.
// The desk takes her for an agent, and shows her the conversation #12. The card's place is returned, too.
func newWorldWithEve(t *testing.T) (w *world, eve string, root bridge.Place) {
	t.Helper()
	w = newConnectedWorld(t)
	w.letAnnSee()
	eve = w.fake.Admin.AddUser(slackfake.User{Name: "eve", TeamID: otherTeam, Teams: []string{otherTeam}}).ID
	noError(t, w.fake.Admin.Invite(w.channel, eve, w.ann))
	w.becomesAgent(eve)

	w.desk.mu.Lock()
	defer w.desk.mu.Unlock()
	w.desk.facts = func(bridge.Place, bridge.ConversationID, bridge.SurfaceUser) (bridge.Facts, error) {
		return sampleFacts(), nil
	}
	return w, eve, w.postRoot()
}

// A window shows nothing to somebody of another organisation, even if the desk would show it to her. It says why.
func TestWindowsAreClosedToStrangers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		button string // of the card; "" means an entry of a menu
		menu   string // the entry of the menu beside the message box; "" means one of a message's menu
	}{
		{name: "a form", button: "Snooze"},
		{name: "details", button: "More"},
		{name: "a message's menu"},
		{name: "a new conversation", menu: "conv_start"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, eve, root := newWorldWithEve(t)
			person := w.fake.As(eve)

			var err error
			switch {
			case tt.menu != "":
				_, err = person.GlobalShortcut(w.ctx(), tt.menu)
			case tt.button == "":
				_, err = person.Shortcut(w.ctx(), "conv_assign", w.channel, w.postAsAnn(root.Message, "Dear customer"))
			default:
				blocks := w.fake.Message(root.Channel, root.Message).Blocks
				_, err = person.Click(w.ctx(), slackfake.Target{Channel: root.Channel, TS: root.Message}, buttonID(t, blocks, tt.button))
			}

			noError(t, err)
			w.waitForWindow(eve, func(v *slackfake.View) bool { return strings.Contains(string(v.Blocks), "another organisation") })
		})
	}
}

// A form that a stranger submits does nothing, and says why.
func TestFormOfAStranger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.submitMailFormOf(userRef{ID: "UEVE", TeamID: otherTeam}, "1.1", "Hello")
	wantWindow(t, a.payload, "another organisation")
	w.wantFacts(interactionFacts, 0)
}

// reactAs has the surface take an emoji of a user, and returns which kind of actor the user is.
func (w *world) reactAs(user, ts string) bridge.ActorKind {
	w.t.Helper()
	w.takeEvent(`{"type":"event_callback","team_id":"TEAM","api_app_id":"APP","event":{"type":"reaction_added","user":"` + user + `",` +
		`"reaction":"white_check_mark","item":{"type":"message","channel":"C1","ts":"` + ts + `"},"event_ts":"1700000003.000300"}}`)
	return w.waitAction("r:C1:" + ts + ":").Actor.Kind
}

// An emoji doesn't say to which workspace its user belongs, so Parley asks Slack about agents. If the agent belongs
// to another organisation, the emoji does nothing. An agent of several workspaces, of which one is ours, may act by
// it.
func TestEmojiOfAnAgent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		user slackfake.User
		want bridge.ActorKind
	}{
		{name: "of ours", user: slackfake.User{}, want: bridge.ActorPerson},
		{
			name: "of several workspaces",
			user: slackfake.User{TeamID: otherTeam, Teams: []string{otherTeam, "OURS"}},
			want: bridge.ActorPerson,
		},
		{name: "of another one", user: slackfake.User{TeamID: otherTeam, Teams: []string{otherTeam}}, want: bridge.ActorForeign},
		{name: "a stranger", user: slackfake.User{TeamID: otherTeam, Teams: []string{"OURS"}, Stranger: true}, want: bridge.ActorForeign},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.user.Name = "mia"
			for i, team := range tt.user.Teams {
				if team == "OURS" {
					tt.user.Teams[i] = w.self().Team
				}
			}

			user := w.fake.Admin.AddUser(tt.user).ID
			w.becomesAgent(user)
			wantEqual(t, "kind of who put the emoji", w.reactAs(user, "1700000002.000200"), tt.want)
		})
	}
}
