package slack

import "testing"

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
func (w *world) takeClick(self *Self, c click) error {
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
