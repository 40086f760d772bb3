package slack

import (
	"testing"

	"parley/bot/slack/fact"
	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// otherTeam is the workspace of people of another workspace than ours. Their clicks arrive in channels that are
// shared with another organisation, and in Enterprise organisations of several workspaces.
const otherTeam = "T9"

// click is what Slack sends when somebody presses a button. Its zero value is a click of nobody.
type click struct {
	kind    string // block_actions, or block_suggestion for letters that are typed into a menu
	app     string
	team    any // Slack's object of a team, or nil
	user    string
	userIn  string // the user's team
	trigger string
	view    map[string]any // the window in which it was clicked; nil if it was in a message
	action  string
}

// takeClick has the surface take a click.
func (w *world) takeClick(self *fact.Self, c click) error {
	w.t.Helper()
	body := map[string]any{
		"type":       c.kind,
		"api_app_id": c.app,
		"team":       c.team,
		"user":       map[string]any{"id": c.user, "team_id": c.userIn},
		"container":  map[string]any{"type": "message", "channel_id": "C1", "message_ts": "1.2"},
		"trigger_id": c.trigger,
		"actions":    []any{map[string]any{"action_id": c.action, "value": ""}},
	}
	if c.view != nil {
		body["view"] = c.view
	}
	_, err := w.surface.intake.takeInteraction(w.ctx(), self, mustMarshal(w.t, body))
	return err
}

// In a channel that is shared with another organisation, a colleague's click is stored, whichever organisation Slack
// names first. Another person's click is stored only if it was in a window of ours.
func TestClickInASharedChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	self := w.self()
	theirTeam := map[string]any{"id": otherTeam}
	for _, tt := range []struct {
		name       string
		click      click
		wantStored bool
	}{
		{name: "by a colleague", click: click{app: self.App, team: theirTeam, user: w.ann, userIn: self.Team}, wantStored: true},
		{name: "by a colleague, without a team", click: click{app: self.App, team: nil, user: w.ann, userIn: self.Team}, wantStored: true},
		{name: "by one of theirs", click: click{app: self.App, team: theirTeam, user: "UEVE", userIn: otherTeam}},
		{
			name: "by one of theirs in a window of ours",
			click: click{
				app: self.App, team: theirTeam, user: "UEVE", userIn: otherTeam,
				view: map[string]any{"id": "V1", "app_installed_team_id": self.Team},
			},
			wantStored: true,
		},
		{name: "by a colleague for another app", click: click{app: "A0OTHER", team: theirTeam, user: w.ann, userIn: self.Team}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := w.in(t)

			before := len(w.desk.IDs())
			tt.click.kind, tt.click.action, tt.click.trigger = "block_actions", "b:resolve::1", tt.name
			noError(t, w.takeClick(self, tt.click))
			wantEqual(t, "is stored", len(w.desk.IDs()) > before, tt.wantStored)
		})
	}
}

// clickOfMember is a click of a member of the other workspace, as Slack sends it.
func clickOfMember(self *fact.Self, user, trigger string) click {
	return click{
		kind: "block_actions", app: self.App, team: map[string]any{"id": self.Team}, user: user, userIn: otherTeam,
		trigger: trigger, action: "b:take::1",
	}
}

// In an Enterprise organisation, Slack may name any workspace of a person who clicks, so Parley asks about the
// person. A member of our workspace counts as one of our people. Strangers and guests may do nothing.
func TestClickOfAPersonOfSeveralWorkspaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	self := w.self()
	for _, tt := range []struct {
		name string
		user slackfake.User
		want bridge.ActorKind
	}{
		{name: "of ours, too", user: slackfake.User{Teams: []string{otherTeam, self.Team}}, want: bridge.ActorPerson},
		{name: "of others", user: slackfake.User{Teams: []string{otherTeam}}, want: bridge.ActorForeign},
		{name: "a stranger", user: slackfake.User{Teams: []string{self.Team}, Stranger: true}, want: bridge.ActorForeign},
		{name: "a guest", user: slackfake.User{Teams: []string{otherTeam, self.Team}, Restricted: true}, want: bridge.ActorForeign},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := w.in(t)
			tt.user.Name, tt.user.TeamID = tt.name, otherTeam
			user := w.fake.Admin.AddUser(tt.user)

			noError(t, w.takeClick(self, clickOfMember(self, user.ID, tt.name)))
			wantEqual(t, "actor", w.waitAction(interactionFacts+tt.name).Actor, bridge.Actor{ID: bridge.SurfaceUser(user.ID), Kind: tt.want})
		})
	}
}

// addMia adds a member of our workspace and of another one.
func (w *world) addMia() (id string) {
	return w.fake.Admin.AddUser(slackfake.User{Name: "mia", TeamID: otherTeam, Teams: []string{otherTeam, w.fake.TeamID()}}).ID
}

// While Slack doesn't say who a person of another workspace is, her click isn't acknowledged. Slack then tells her
// that it failed, and keeps a form open.
func TestClickOfAPersonWhomSlackDoesNotTell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	self, mia := w.self(), w.addMia()
	w.fake.Inject(slackfake.Fault{Method: "users.info", Kind: slackfake.FaultRateLimit, Times: 1})
	if err := w.takeClick(self, clickOfMember(self, mia, "first")); err == nil {
		t.Error("the click is acknowledged, want an error while nobody knows who clicked")
	}
	w.wantFacts(allFacts, 0)

	noError(t, w.takeClick(self, clickOfMember(self, mia, "again")))
	wantEqual(t, "actor of the next click", w.waitAction(interactionFacts+"again").Actor.Kind, bridge.ActorPerson)
}

// Parley asks Slack only once about a person of another workspace.
func TestPersonOfSeveralWorkspacesIsAskedForOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	self, mia := w.self(), w.addMia()
	for _, trigger := range []string{"first", "second"} {
		noError(t, w.takeClick(self, clickOfMember(self, mia, trigger)))
		wantEqual(t, "actor of the "+trigger+" click", w.waitAction(interactionFacts+trigger).Actor.Kind, bridge.ActorPerson)
	}
	wantEqual(t, "questions to Slack", len(w.fake.Calls("users.info")), 1)
}

// While a person types letters into a menu, Parley doesn't ask Slack about her, because letters change nothing.
func TestPersonWhoTypesIntoAMenuIsNotAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	self, mia := w.self(), w.addMia()
	letter := clickOfMember(self, mia, "letter")
	letter.kind = "block_suggestion"
	noError(t, w.takeClick(self, letter))
	w.wantFacts(allFacts, 0)
	wantEqual(t, "questions to Slack", len(w.fake.Calls("users.info")), 0)
}
