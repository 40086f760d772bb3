package engine_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/routing"
	"parley/store"
	"parley/store/storetest"
)

// newRuledWorld makes a world whose chats are given to the five people of Support, two of whom have no chat, by rules.
func newRuledWorld(t *testing.T, o options, capacity int, absent string, plan routing.Plan) *world {
	t.Helper()
	w := newWorld(t, o)
	var members []store.AgentID
	for _, name := range []string{"ann", "ben", "cat", "fay", "gus"} {
		if w.agents[name] == 0 {
			w.agents[name] = must(store.SaveAgent(t.Context(), w.pool, store.Agent{Email: name + "@acme.test", Name: name, Presence: absent}))(t)
			user := store.AgentUser{AccountID: w.surface, UserID: bridge.SurfaceUser(name), AgentID: w.agents[name]}
			check(t, store.SaveAgentUser(t.Context(), w.pool, user))
		}
		w.saveWork(name, routing.Work{Capacity: capacity})
		members = append(members, w.agents[name])
	}
	must(store.SaveTeam(t.Context(), w.pool, store.Team{Name: "Support", Members: members}))(t)
	w.saveAccount(chat, func(a *store.Account) { a.Routing = bridge.JSON(plan) })
	return w
}

// saveWork changes how an agent takes part in routing.
func (w *world) saveWork(name string, work routing.Work) {
	w.t.Helper()
	w.exec(`UPDATE agents SET routing = $2 WHERE id = $1`, w.agents[name], json.RawMessage(bridge.JSON(work)))
	w.exec(`UPDATE settings SET version = version + 1`)
	w.reloadEngines()
}

// saveHours changes when an agent is on duty.
func (w *world) saveHours(name, open string) {
	w.t.Helper()
	var work routing.Work
	check(w.t, json.Unmarshal([]byte(`{"hours": {"zone": "Europe/Berlin", "week": [{"days": "mon-fri", "open": "`+open+`"}]}}`), &work))
	w.saveWork(name, work)
}

// held returns how many open conversations agents have.
func (w *world) held() map[store.AgentID]int {
	w.t.Helper()
	list := storetest.Rows(w.t, w.pool, pgx.RowToStructByPos[struct {
		Agent store.AgentID
		N     int
	}], `SELECT assignees[1], count(*)::int FROM conversations WHERE assignees <> '{}' AND status = 'open' GROUP BY 1`)
	all := map[store.AgentID]int{}
	for _, l := range list {
		all[l.Agent] = l.N
	}
	return all
}

// A hundred conversations that arrive at once are shared out equally by three replicas, and nobody gets more than there is room for.
// Whoever gets room, or is available again, is given the oldest that waits.
// Requirement R-130: Rule: who has least to do.
// Requirement R-243: Room for so many.
func TestRoutedEqually(t *testing.T) {
	t.Parallel()
	const capacity, atOnce, later, people = 25, 103, 25, 5
	w := newRuledWorld(t, options{engines: 3}, capacity, "", routing.Plan{Rules: []routing.Rule{{By: routing.ByLeastLoad}}})
	write := func(from, n int) {
		for i := range n {
			w.customerWrites(fmt.Sprintf("kim%d", from+i), fmt.Sprintf("Question %d", from+i))
		}
	}
	assigned := func(n int) func() bool {
		return func() bool { return w.count(`SELECT count(*) FROM conversations WHERE assignees <> '{}'`) == n }
	}
	write(0, atOnce)
	w.eventually("everybody is given to somebody", assigned(atOnce))
	held := slices.Collect(maps.Values(w.held()))
	if len(held) != people || slices.Max(held)-slices.Min(held) > 1 {
		t.Errorf("they have %v conversations, want equally many of each", held)
	}

	write(atOnce, later)
	w.eventually("as many as there is room for", assigned(people*capacity))
	w.waitDrained()
	for agent, n := range w.held() {
		wantEqual(t, fmt.Sprintf("conversations of agent %d", agent), n, capacity)
	}
	offered, _, err := w.engines[0].Desk(w.surface).Assignable(t.Context(), 1, "ann") // requirement R-122: Hand over with a note
	check(t, err)
	wantEqual(t, "ben's room in the form", offered[slices.IndexFunc(offered, func(a bridge.AgentRef) bool { return a.ID == w.agents["ben"] })].Room, "25/25")
	wantEqual(t, "decisions that count twice", w.count(`SELECT count(*) FROM routed`), 0)

	oldest := w.count(`SELECT id FROM conversations WHERE assignees = '{}' ORDER BY waiting_since, id LIMIT 1`)
	w.exec(`UPDATE conversations SET status = 'resolved' WHERE id = (SELECT min(id) FROM conversations WHERE assignees[1] = $1)`, w.agents["ben"])
	w.eventually("Ben has the oldest", func() bool {
		return w.count(`SELECT count(*) FROM conversations WHERE id = $1 AND assignees[1] = $2`, oldest, w.agents["ben"]) == 1
	})
	w.saveWork("cat", routing.Work{})
	w.eventually("Cat has all others", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE assignees = '{}'`) == 0 })
}

// The line in the thread says who got it and why; who is away or off duty gets nothing, and who put it back doesn't get it again.
// Requirement R-135: Rules route by themselves and tell.
// Requirement R-134: Rule: only who is on duty.
func TestRoutedLine(t *testing.T) {
	t.Parallel()
	w := newRuledWorld(t, options{}, 0, bridge.PresenceAway, routing.Plan{Rules: []routing.Rule{{By: routing.ByLastAgent}, {By: routing.ByLeastLoad}}})
	w.exec(`UPDATE agents SET presence = 'away' WHERE id = $1`, w.agents["cat"])
	w.advanceTo(time.Wednesday, 10, 0)
	w.saveHours("ann", "20:00-24:00")

	thread := w.openThread()
	line := w.waitLine(thread, bridge.LineRouted)
	wantWords(t, "the line", line.Plain(), "Ben", "least_load", "Support")
	if !slices.Equal(line.Mentions(), []string{"ben"}) {
		t.Errorf("the line mentions %v, want ben", line.Mentions())
	}
	w.chat.Say("ben", support, thread, "!why")
	wantWords(t, "the answer to !why", w.waitWhisper("ben", "rule 2, who is least busy").Plain(), "rule 1, who had the customer last: nobody",
		"Ann is off duty")

	w.advanceTo(time.Wednesday, 21, 0)
	w.chat.Say("ben", support, thread, "!unassign")
	w.waitCard(thread, "Ann")
}

// A rule hands a conversation to a team, once; there it goes to the customer's salesman. Who hands it back by hand has the last word.
// Requirement R-126: Rule: the customer's salesman.
// Requirement R-189: Routed by what is wanted.
func TestRoutedToTeamAndSalesman(t *testing.T) {
	t.Parallel()
	w := newRuledWorld(t, options{}, 0, bridge.PresenceAway, routing.Plan{Rules: []routing.Rule{
		{By: routing.ByTeam, Team: "Billing", When: routing.When{Text: "invoice"}}, {By: routing.BySalesman},
	}})
	must(store.SaveTeam(t.Context(), w.pool, store.Team{Name: "Billing", Members: []store.AgentID{w.agents["ben"], w.agents["cat"]}}))(t)
	w.exec(`UPDATE settings SET version = version + 1`)
	w.reloadEngines()
	w.addCustomer(store.Customer{Salesman: "cat@acme.test"}, "kim")

	w.customerWrites("kim", "Where is my invoice?")
	thread := w.waitThread("Where is my invoice?")
	wantList(t, "whom the hand-over mentions", w.waitLine(thread, bridge.LineUnassigned).Mentions(), []string{"ben", "cat"})
	wantWords(t, "the line about the salesman", w.waitLine(thread, bridge.LineRouted).Plain(), "Cat", "salesman", "Billing")

	w.chat.Say("cat", support, thread, "!assign #support not ours")
	w.chat.Wait(t, "it is Support's", func() bool { return w.countLines(thread, bridge.LineUnassigned) == 2 })
	w.waitDrained()
	wantEqual(t, "lines of rules", w.countLines(thread, bridge.LineRouted), 1) // the salesman gave it back
}

// Who hands a conversation over to a team leaves to the rules who of that team gets it.
// Requirement R-121: Hand over to a team.
func TestRoutedAfterHandOver(t *testing.T) {
	t.Parallel()
	w := newRuledWorld(t, options{}, 0, bridge.PresenceAway, routing.Plan{Rules: []routing.Rule{{By: routing.ByLeastLoad}}})
	must(store.SaveTeam(t.Context(), w.pool, store.Team{Name: "Billing", Members: []store.AgentID{w.agents["cat"]}}))(t)
	w.exec(`UPDATE agents SET presence = 'away' WHERE email = 'cat@acme.test'`)
	w.exec(`UPDATE settings SET version = version + 1`)
	w.reloadEngines()
	thread := w.openThread()
	w.waitLine(thread, bridge.LineRouted)

	w.exec(`UPDATE agents SET presence = '' WHERE email = 'cat@acme.test'`)
	w.exec(`UPDATE settings SET version = version + 1`)
	w.reloadEngines()
	w.chat.Say("ann", support, thread, "!assign #billing please")
	w.chat.Wait(t, "Cat has it", func() bool { return w.countLines(thread, bridge.LineRouted) == 2 })
	w.waitCard(thread, "Cat")
}
