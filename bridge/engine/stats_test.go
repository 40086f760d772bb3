package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// figuresAt is the address of a team's figures in these tests.
func figuresAt(team bridge.TeamID, from, to string) string {
	return fmt.Sprintf("https://parley.test/%d/%s/%s", team, from, to)
}

// setTeamMembers sets the members of a team.
func (w *world) setTeamMembers(team string, agents ...string) {
	w.t.Helper()
	ids := []bridge.AgentID{}
	for _, name := range agents {
		ids = append(ids, w.agents[name])
	}
	w.exec(`UPDATE teams SET members = $1 WHERE name = $2`, ids, team)
	w.reloadEngines()
}

// An agent who asks for figures is shown those of their own teams. An admin without a team is shown those of all teams
// together, and anybody else nothing. Only the one who asked sees the answer, and no customer does.
// Requirement R-230: Time to answer.
// Requirement R-233: By agent and team.
func TestStats(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{account: withOfficeHours(t)})
	w.exec(`INSERT INTO teams (name) VALUES ('Billing')`)
	w.setTeamMembers("Support", "ben")
	w.setTeamMembers("Billing", "ben")
	w.advanceTo(time.Wednesday, 10, 0)
	w.customerWrites("kim", "Where is my order?")
	thread := w.waitThread("Where is my order?")
	w.advance(30 * time.Minute)
	w.reply(thread, "On its way")
	w.provider.WaitTexts(t, "On its way")

	w.customerWrites("lou", "Is anybody there?")
	other := w.waitThread("Is anybody there?")
	w.advanceTo(time.Monday, 9, 0)
	w.waitDrained()
	w.eventually("all is counted", func() bool {
		return w.count(`SELECT count(*) + (SELECT below FROM measured)::int FROM measure_due`) == 0
	})

	w.chat.Say("ben", support, other, "!stats")
	told := w.waitWhisper("ben", "[stats]")
	day := func(end string) string {
		return w.text(`SELECT payload->'line'->'Weeks'->0->>$1 FROM deliveries WHERE payload->'line'->>'Kind' = 'stats'`, end)
	}
	from, to := day("From"), day("To")
	days := from + " " + to
	wantWords(t, "what ben is told", told.Plain(), "(Support "+days+" new 2 0 answered 1 resolved 0 waiting 1 1",
		figuresAt(w.team, from, to)+")", "(Billing "+days+" new 0 0")

	w.chat.Say("ann", support, thread, "<@"+bridgetest.App+"> stats")
	ofAll := w.waitWhisper("ann", "[stats]").Plain()
	wantWords(t, "what an admin without a team is told", ofAll, "( "+days+" new 2 0 answered 1 resolved 0 waiting 1 1")
	wantNoWords(t, "what an admin without a team is told", ofAll, "Support")
	w.chat.Say("cat", support, other, "!stats")
	w.waitWhisper("cat", "You are in no team")
	w.chat.Say("dan", support, other, "!stats")
	w.waitWhisper("dan", "You are not one of Parley's agents.")

	w.waitDrained()
	for _, who := range []string{"ann", "ben"} {
		n := 0
		for _, m := range w.chat.Whispers(who) {
			n += strings.Count(m.Plain(), "["+string(bridge.LineStats)+"]")
		}
		wantEqual(t, "answers to "+who, n, 1)
	}
	if texts := w.provider.Texts(); len(texts) != 1 {
		t.Errorf("customers got %q, want one alone", texts)
	}
}
