package slack

import (
	"fmt"
	"strings"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// TestSharedClick: a colleague's click there is for us, whichever organisation Slack names first.
func TestSharedClick(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	me := testSelfOf(st)
	const click = `"container":{"type":"message","channel_id":"C1","message_ts":"1.2"},"trigger_id":"1.1","actions":[{"action_id":"b:resolve::1","value":"{}"}]`
	for name, c := range map[string]struct {
		body string
		kept bool
	}{
		"of theirs":       {`{"type":"block_actions","api_app_id":"A","team":{"id":"T9"},"user":{"id":"UEVE","team_id":"T9"},` + click + `}`, false},
		"of a colleague":  {`{"type":"block_actions","api_app_id":"A","team":{"id":"T9"},"user":{"id":"U0ANN","team_id":"T"},` + click + `}`, true},
		"without a team":  {`{"type":"block_actions","api_app_id":"A","team":null,"user":{"id":"U0ANN","team_id":"T"},` + click + `}`, true},
		"of a window":     {`{"type":"block_actions","api_app_id":"A","team":{"id":"T9"},"user":{"id":"UEVE","team_id":"T9"},"view":{"id":"V1","app_installed_team_id":"T"},` + click + `}`, true},
		"for another app": {`{"type":"block_actions","api_app_id":"X","team":{"id":"T9"},"user":{"id":"U0ANN","team_id":"T"},` + click + `}`, false},
	} {
		before := len(st.desk.IDs())
		body := strings.NewReplacer(`"T"`, `"`+me.Team+`"`, `"A"`, `"`+me.App+`"`, `"1.1"`, `"`+name+`"`).Replace(c.body)
		if _, err := st.s.intake.takeInteraction(st.ctx(), me, []byte(body)); err != nil || (len(st.desk.IDs()) > before) != c.kept {
			t.Errorf("%s: %v, kept %v", name, err, st.desk.IDs()[before:])
		}
	}
}

// In an Enterprise organisation Slack names any workspace of a person who clicks, so that she is asked for: one of ours may do
// what she may do, strangers and guests nothing.
func TestClickOfAPersonOfSeveralWorkspaces(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	me := testSelfOf(st)
	for name, c := range map[string]struct {
		user slackfake.User
		want bridge.ActorKind
	}{
		"of ours, too": {slackfake.User{Name: "mia", Teams: []string{"T9", me.Team}}, bridge.ActorPerson},
		"of others":    {slackfake.User{Name: "eve", Teams: []string{"T9"}}, bridge.ActorForeign},
		"a stranger":   {slackfake.User{Name: "mal", Teams: []string{me.Team}, Stranger: true}, bridge.ActorForeign},
		"a guest":      {slackfake.User{Name: "gus", Teams: []string{"T9", me.Team}, Restricted: true}, bridge.ActorForeign},
	} {
		c.user.TeamID = "T9"
		u := st.fake.Admin.AddUser(c.user)
		body := fmt.Sprintf(`{"type":"block_actions","api_app_id":%q,"team":{"id":%q},"user":{"id":%q,"team_id":"T9"},"container":{"channel_id":"C1","message_ts":"1.2"},`+
			`"trigger_id":%q,"actions":[{"action_id":"b:take::1","value":""}]}`, me.App, me.Team, u.ID, name)
		_, err := st.s.intake.takeInteraction(st.ctx(), me, []byte(body))
		must(t, err)
		if a := st.decode(st.desk.First(t, "i:"+name)); a.Actor != (bridge.Actor{ID: u.ID, Kind: c.want}) {
			t.Errorf("%s: %+v", name, a.Actor)
		}
	}
}

// While Slack doesn't say who a person of another workspace is, her click isn't acknowledged, so that Slack says that it failed,
// and keeps a form. Then she is asked for once, and not for the letters that she types into a menu.
func TestClickWhileSlackDoesNotSayWhoSheIs(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	me := testSelfOf(st)
	mia := st.fake.Admin.AddUser(slackfake.User{Name: "mia", TeamID: "T9", Teams: []string{"T9", me.Team}})
	take := func(kind, trigger string) error {
		body := fmt.Sprintf(`{"type":%q,"api_app_id":%q,"team":{"id":%q},"user":{"id":%q,"team_id":"T9"},"container":{"channel_id":"C1","message_ts":"1.2"},`+
			`"trigger_id":%q,"actions":[{"action_id":"b:take::1","value":""}]}`, kind, me.App, me.Team, mia.ID, trigger)
		_, err := st.s.intake.takeInteraction(st.ctx(), me, []byte(body))
		return err
	}

	must(t, take("block_suggestion", "letter"))
	st.fake.Inject(slackfake.Fault{Method: "users.info", Kind: slackfake.FaultRateLimit, Times: 1})
	if err := take("block_actions", "first"); err == nil || len(st.desk.IDs()) != 0 {
		t.Fatalf("limited: %v, stored %v", err, st.desk.IDs())
	}
	must(t, take("block_actions", "again"))
	must(t, take("block_actions", "next"))
	if calls := st.fake.Calls("users.info"); len(calls) != 2 {
		t.Errorf("asked %d times", len(calls))
	}
	for _, id := range []string{"i:again", "i:next"} {
		if a := st.decode(st.desk.First(t, id)); a.Actor.Kind != bridge.ActorPerson {
			t.Errorf("%s: %+v", id, a.Actor)
		}
	}
}
