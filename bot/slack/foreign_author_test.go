package slack

import (
	"testing"

	"parley/bot/slack/fact"
	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// Slack may name another workspace for a person who is a member of ours. These tests check whose messages count
// as an agent's.

// newWorldWithMia makes a workspace of an Enterprise organisation. Mia is a member of ours, too, but Slack
// names another one as hers.
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

// kindOfAuthor takes a message of somebody of whom Slack names another workspace, and returns which kind of
// actor that is.
func (w *world) kindOfAuthor(user string) bridge.ActorKind {
	w.t.Helper()
	const ts = "1700000002.000200"
	w.takeEvent(`{"type":"event_callback","team_id":"TEAM","api_app_id":"APP","event":{"type":"message","user":"` + user + `",` +
		`"team":"T9","user_team":"T9","source_team":"T9","channel":"C1","ts":"` + ts + `","thread_ts":"1700000001.000100","text":"hi"}}`)
	return w.waitAction(fact.MessageID("C1", ts)).Actor.Kind
}

// In a channel that several workspaces of an organisation share, an agent of ours is asked for, whichever
// workspace Slack names.
func TestMessageOfAnAgentOfSeveralWorkspaces(t *testing.T) {
	t.Parallel()
	w, mia := newWorldWithMia(t)
	w.becomesAgent(mia)
	wantEqual(t, "kind of the author", w.kindOfAuthor(mia), bridge.ActorPerson)
}

// An agent who isn't a member of our workspace any more is a stranger.
func TestMessageOfAnAgentWhoLeftTheWorkspace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	eve := w.fake.Admin.AddUser(slackfake.User{Name: "eve", TeamID: "T9", Teams: []string{"T9"}})
	w.becomesAgent(eve.ID)
	wantEqual(t, "kind of the author", w.kindOfAuthor(eve.ID), bridge.ActorForeign)
}

// What somebody else types stays inside anyway: Slack isn't asked.
func TestMessageOfNoAgentOfSeveralWorkspaces(t *testing.T) {
	t.Parallel()
	w, mia := newWorldWithMia(t)
	wantEqual(t, "kind of the author", w.kindOfAuthor(mia), bridge.ActorForeign)
	wantEqual(t, "questions to Slack", len(w.fake.Calls("users.info")), 0)
}

// While Slack doesn't say who an agent is, the message is stored all the same. It doesn't leave.
func TestMessageWhileSlackDoesNotSayWhoSheIs(t *testing.T) {
	t.Parallel()
	w, mia := newWorldWithMia(t)
	w.becomesAgent(mia)
	w.fake.Inject(slackfake.Fault{Method: "users.info", Kind: slackfake.FaultRateLimit, Times: 1})
	wantEqual(t, "kind of the author", w.kindOfAuthor(mia), bridge.ActorForeign)
}
