package slack

import (
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// Slack may name another workspace for a person who is a member of ours. These tests check which messages count as an
// agent's.

// newWorldWithMia makes a workspace of an Enterprise organisation. Mia is a member of it, but Slack names another
// workspace as hers.
func newWorldWithMia(t *testing.T) (w *world, mia string) {
	t.Helper()
	w = newWorld(t)
	return w, w.fake.Admin.AddUser(slackfake.User{Name: "mia", TeamID: "T9", Teams: []string{"T9", w.self().Team}}).ID
}

// becomesAgent makes somebody one of Parley's agents.
func (w *world) becomesAgent(user string) {
	w.desk.mu.Lock()
	defer w.desk.mu.Unlock()
	w.desk.people = []bridge.AgentRef{{User: bridge.SurfaceUser(user), Name: "Mia"}}
}

// kindOfAuthor has the surface take a message of a user, for whom Slack names another workspace. It returns which
// kind of actor the user is.
func (w *world) kindOfAuthor(user string) bridge.ActorKind {
	w.t.Helper()
	const ts = "1700000002.000200"
	w.takeEvent(`{"type":"event_callback","team_id":"TEAM","api_app_id":"APP","event":{"type":"message","user":"` + user + `",` +
		`"team":"T9","user_team":"T9","source_team":"T9","channel":"C1","ts":"` + ts + `","thread_ts":"1700000001.000100","text":"hi"}}`)
	return w.waitAction(MessageID("C1", ts)).Actor.Kind
}

// An agent who isn't a member of our workspace any more counts as a stranger.
func TestMessageOfAnAgentWhoLeftTheWorkspace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	eve := w.fake.Admin.AddUser(slackfake.User{Name: "eve", TeamID: "T9", Teams: []string{"T9"}})
	w.becomesAgent(eve.ID)
	wantEqual(t, "kind of the author", w.kindOfAuthor(eve.ID), bridge.ActorForeign)
}

// While Slack doesn't say to which workspace an agent belongs, her message is stored as a stranger's, so it doesn't
// leave.
func TestMessageWhileSlackDoesNotSayWhoSheIs(t *testing.T) {
	t.Parallel()
	w, mia := newWorldWithMia(t)
	w.becomesAgent(mia)
	w.fake.Inject(slackfake.Fault{Method: "users.info", Kind: slackfake.FaultRateLimit, Times: 1})
	wantEqual(t, "kind of the author", w.kindOfAuthor(mia), bridge.ActorForeign)
}
