package slack

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"parley/bridge"
)

// In these tests a client sends back what it shouldn't. The Surface leaves that out, or stores it with its sender,
// and never acts on it by itself.

func mustMarshal(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	noError(t, err)
	return raw
}

// pressed returns the actions that Slack sends when somebody presses a button.
func pressed(actionID, value string) []object {
	return []object{{"action_id": actionID, "value": value}}
}

// takeInteraction has the Surface take what a client sends back. Unless changed says otherwise, it is meant for our
// app and comes from Eve, whom we don't know.
func (w *world) takeInteraction(changed object) (answer, error) {
	w.t.Helper()
	self := w.self()
	in := object{
		"type":       "block_actions",
		"team":       object{"id": self.Team},
		"api_app_id": self.App,
		"user":       object{"id": "UEVE", "team_id": "T9"},
		"trigger_id": "1.2.3",
	}
	maps.Copy(in, changed)
	return w.surface.intake.takeInteraction(w.ctx(), self, mustMarshal(w.t, in))
}

func TestClickForOthersIsLeftOut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		changed object
	}{
		{name: "for another app", changed: object{"api_app_id": "A9", "actions": pressed("b:take::1", "")}},
		{name: "for another team", changed: object{"team": object{"id": "T9"}, "actions": pressed("b:take::1", "")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, err := w.takeInteraction(tt.changed)
			noError(t, err)
			w.wantFacts(allFacts, 0)
		})
	}
}

func TestCommandForOthersIsLeftOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	self := w.self()
	for _, tt := range []struct {
		name, team, app string
		want            int // facts
	}{
		{name: "for another app", team: self.Team, app: "A9", want: 0},
		{name: "for another team", team: "T9", app: self.App, want: 0},
		{name: "for us", team: self.Team, app: self.App, want: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := w.in(t)
			typed := object{"team_id": tt.team, "api_app_id": tt.app, "user_id": w.ann, "command": "/helpdesk", "text": "mine", "trigger_id": "1.2"}

			_, err := w.surface.intake.takeCommand(w.ctx(), self, mustMarshal(t, typed))
			noError(t, err)
			w.wantFacts(allFacts, tt.want)
		})
	}
	wantEqual(t, "verb of a command that the company named itself", w.lastAction().Verb, bridge.VerbList)
}

func TestClickOfAStrangerIsStoredAsSuch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.takeInteraction(object{"actions": pressed("b:take::1", "")})
	noError(t, err)
	wantEqual(t, "kind of the actor", w.waitAction("i:1.2.3").Actor.Kind, bridge.ActorForeign)
}

// A shortcut and a command are stored without their secrets, by which a reader of the journal could act in our name.
func TestSecretsAreNotStored(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	ts := w.storeAsAnn(w.postRoot().Message, "x")
	w.useShortcut("conv_undo", ts)
	w.typeCommand("mine")
	w.desk.Wait(t, "the shortcut and the command", func() bool { return w.desk.Number(interactionFacts) >= 2 })
	for _, f := range w.desk.Accepted() {
		if strings.HasPrefix(f.ExternalID, interactionFacts) {
			wantNoWords(t, string(f.Payload), secretsOfInteractions()...)
		}
	}
}
