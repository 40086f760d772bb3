package slack

import (
	"fmt"
	"strings"
	"testing"

	"parley/bot/slack/fact"
	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// In a channel that is shared with another organisation, a colleague's click is ours, whichever organisation Slack names first.
func TestSharedClick(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	me := st.self()
	const click = `"container":{"type":"message","channel_id":"C1","message_ts":"1.2"},"trigger_id":"1.1","actions":[{"action_id":"b:resolve::1","value":"{}"}]`
	const colleague, theirs = `"user":{"id":"U0ANN","team_id":"T"},`, `"user":{"id":"UEVE","team_id":"T9"},`
	for name, tt := range map[string]struct {
		app, team, user, view string // view is where it was clicked, if not in a message
		isStored              bool
	}{
		"by one of theirs":             {app: "A", team: `{"id":"T9"}`, user: theirs},
		"by a colleague":               {app: "A", team: `{"id":"T9"}`, user: colleague, isStored: true},
		"by a colleague, team unnamed": {app: "A", team: `null`, user: colleague, isStored: true},
		"in a window of ours":          {app: "A", team: `{"id":"T9"}`, user: theirs, view: `"view":{"id":"V1","app_installed_team_id":"T"},`, isStored: true},
		"for another app":              {app: "X", team: `{"id":"T9"}`, user: colleague},
	} {
		before := len(st.desk.IDs())
		body := `{"type":"block_actions","api_app_id":"` + tt.app + `","team":` + tt.team + `,` + tt.user + tt.view + click + `}`
		body = strings.NewReplacer(`"T"`, `"`+me.Team+`"`, `"A"`, `"`+me.App+`"`, `"1.1"`, `"`+name+`"`).Replace(body)
		_, err := st.surface.intake.takeInteraction(st.ctx(), me, []byte(body))
		must(t, err)
		wantEqual(t, name+": is stored", len(st.desk.IDs()) > before, tt.isStored)
	}
}

// clickOfMember is a click of a member of the other workspace T9, as Slack tells it.
func clickOfMember(me *fact.Self, kind, user, trigger string) []byte {
	return fmt.Appendf(nil, `{"type":%q,"api_app_id":%q,"team":{"id":%q},"user":{"id":%q,"team_id":"T9"},"container":{"channel_id":"C1","message_ts":"1.2"},`+
		`"trigger_id":%q,"actions":[{"action_id":"b:take::1","value":""}]}`, kind, me.App, me.Team, user, trigger)
}

// In an Enterprise organisation Slack names any workspace of a person who clicks, so that she is asked for: one of ours may do
// what she may do, strangers and guests nothing.
func TestClickOfAPersonOfSeveralWorkspaces(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	me := st.self()
	for name, tt := range map[string]struct {
		user slackfake.User
		want bridge.ActorKind
	}{
		"of ours, too": {user: slackfake.User{Name: "mia", Teams: []string{"T9", me.Team}}, want: bridge.ActorPerson},
		"of others":    {user: slackfake.User{Name: "eve", Teams: []string{"T9"}}, want: bridge.ActorForeign},
		"a stranger":   {user: slackfake.User{Name: "mal", Teams: []string{me.Team}, Stranger: true}, want: bridge.ActorForeign},
		"a guest":      {user: slackfake.User{Name: "gus", Teams: []string{"T9", me.Team}, Restricted: true}, want: bridge.ActorForeign},
	} {
		tt.user.TeamID = "T9"
		u := st.fake.Admin.AddUser(tt.user)
		_, err := st.surface.intake.takeInteraction(st.ctx(), me, clickOfMember(me, "block_actions", u.ID, name))
		must(t, err)
		wantEqual(t, name+": the actor", st.waitAction("i:"+name).Actor, bridge.Actor{ID: u.ID, Kind: tt.want})
	}
}

// While Slack doesn't say who a person of another workspace is, her click isn't acknowledged: Slack then says that it failed, and
// keeps a form. Later she is asked for once, and never for the letters that she types into a menu.
func TestClickWhileSlackDoesNotSayWhoSheIs(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	me := st.self()
	mia := st.fake.Admin.AddUser(slackfake.User{Name: "mia", TeamID: "T9", Teams: []string{"T9", me.Team}})
	take := func(kind, trigger string) error {
		_, err := st.surface.intake.takeInteraction(st.ctx(), me, clickOfMember(me, kind, mia.ID, trigger))
		return err
	}

	must(t, take("block_suggestion", "letter"))
	st.fake.Inject(slackfake.Fault{Method: "users.info", Kind: slackfake.FaultRateLimit, Times: 1})
	if err := take("block_actions", "first"); err == nil {
		t.Error("the click is acknowledged, want an error while nobody knows who clicked")
	}
	st.wantFacts("", 0)
	must(t, take("block_actions", "again"))
	must(t, take("block_actions", "next"))
	wantEqual(t, "questions to Slack, the first of which failed", len(st.fake.Calls("users.info")), 2)
	for _, id := range []string{"i:again", "i:next"} {
		wantEqual(t, "the actor of "+id, st.waitAction(id).Actor.Kind, bridge.ActorPerson)
	}
}
