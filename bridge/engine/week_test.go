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
	"parley/routing/hours"
	"parley/store"
	"parley/store/storetest"
)

// week is a team's week, and an oracle beside it, which knows only what customers wrote and what the tables and the chat show.
type week struct {
	*world
	written map[string]time.Time // by text
	nights  map[string]int       // by customer: in how many closed times the customer wrote
	left    string
}

// A team of five has a full desk, an evening, somebody who leaves, and a holiday. Nobody who waits is forgotten, nothing is shown or
// answered twice, and no timer is overdue.
// Requirement R-135: Rules route by themselves and tell.
// Requirement R-255: Nobody is left without an owner or a queue.
// Requirement R-145: Automatic reply outside hours.
func TestWeekOfFive(t *testing.T) {
	t.Parallel()
	plan := routing.Plan{
		Rules:   []routing.Rule{{By: routing.ByLastAgent}, {By: routing.ByLeastLoad}},
		Replies: routing.Replies{Closed: routing.Text{Text: "Closed until {{opens}}."}},
	}
	w := &week{world: newRuledWorld(t, options{engines: 2}, 2, "", plan), written: map[string]time.Time{}, nights: map[string]int{}}
	w.advanceTo(time.Monday, 10, 0)
	for _, name := range []string{"ann", "ben", "cat", "fay", "gus"} {
		var work routing.Work
		check(t, json.Unmarshal([]byte(`{"capacity": 2, "hours": {"zone": "Europe/Berlin", "week": [{"days": "mon-fri", "open": "09:00-17:00"}]}}`), &work))
		w.saveWork(name, work)
	}
	thursday := must(store.Now(t.Context(), w.pool))(t).AddDate(0, 0, 3).Format(time.DateOnly)
	w.saveAccount(chat, func(a *store.Account) {
		a.Routing = bridge.JSON(plan)
		a.Hours = bridge.JSON(hours.Plan{Zone: "Europe/Berlin", Week: []hours.Rule{{Days: "mon-fri", Open: "09:00-17:00"}}, Holidays: []string{thursday}})
	})
	w.automate(automation("Morning", "cron 30 9 * * *", "tag Seen"))

	w.write(0, 13, false) // three more than there is room for
	w.look("a full desk")
	w.answer("ann", true)
	w.answer("ben", false)
	w.look("two have room again")

	w.advanceTo(time.Monday, 21, 0)
	w.write(11, 15, true)
	w.look("the evening")
	w.advanceTo(time.Tuesday, 9, 5)
	for _, name := range []string{"ann", "ben", "cat", "fay", "gus"} {
		w.answer(name, true)
	}
	w.look("the morning")

	w.advanceTo(time.Wednesday, 10, 0)
	w.left = "gus"
	check(t, store.RetireAgent(t.Context(), w.pool, w.agents["gus"]))
	w.exec(`UPDATE settings SET version = version + 1`)
	w.reloadEngines()
	w.write(13, 18, false)
	w.look("somebody left")

	w.advanceTo(time.Thursday, 11, 0)
	w.write(0, 4, true)
	w.look("the holiday")
	w.advanceTo(time.Friday, 9, 30)
	for range 5 {
		for _, name := range []string{"ann", "ben", "cat", "fay"} {
			w.answer(name, true)
		}
		w.look("Friday")
	}
	wantEqual(t, "who still waits", w.count(`SELECT count(*) FROM conversations WHERE status = 'open' AND waiting_since IS NOT NULL`), 0)
	wantEqual(t, "times of an automation that came twice in a day", w.count(`
		SELECT count(*) - count(DISTINCT (conversation_id, date_trunc('day', at))) FROM log_entries WHERE what = 'automated'`), 0)
}

// write lets customers of these numbers write.
func (w *week) write(from, to int, isClosed bool) {
	w.t.Helper()
	for i := from; i < to; i++ {
		customer, text := fmt.Sprintf("kim%d", i), fmt.Sprintf("Question %d of customer %d.", len(w.written), i)
		w.written[text] = must(store.Now(w.t.Context(), w.pool))(w.t)
		if isClosed {
			w.nights[customer]++
		}
		w.customerWrites(customer, text)
	}
	w.waitDrained()
}

// answer lets somebody answer who waits, and resolve it if asked to.
func (w *week) answer(name string, resolve bool) {
	w.t.Helper()
	for _, root := range storetest.Rows(w.t, w.pool, pgx.RowTo[string], `
		SELECT root FROM threads JOIN conversations AS c ON c.id = conversation_id
		WHERE c.status = 'open' AND c.assignees[1] = $1 AND c.waiting_since IS NOT NULL AND root <> ''`, w.agents[name]) {
		w.waitFate(w.chat.Say(name, support, root, "It is on its way."), "out")
		if resolve {
			w.chat.Say(name, support, root, "!resolve")
		}
	}
	w.waitDrained()
}

// look is the oracle.
func (w *week) look(when string) {
	w.t.Helper()
	w.eventually(when+": nobody is forgotten", func() bool {
		gone := w.count(`SELECT count(*) FROM conversations WHERE status = 'open' AND assignees <> '{}' AND waiting_since IS NOT NULL
			AND NOT EXISTS (SELECT FROM agents WHERE active AND id = assignees[1])`)
		late := w.count(`SELECT count(*) FROM timers WHERE due_at < clock_timestamp() + (SELECT ahead FROM clock)`)
		queued := w.count(`SELECT count(*) FROM conversations WHERE status = 'open' AND assignees = '{}' AND waiting_since IS NOT NULL`)
		return gone == 0 && late == 0 && (queued == 0 || w.room() == 0)
	})
	w.waitDrained()
	shown := map[string]int{}
	for _, m := range w.allMessages() {
		if m.Kind != string(bridge.PostRoot) {
			shown[m.Plain()]++
		}
	}
	for text := range w.written {
		wantEqual(w.t, when+": how often this is shown: "+text, shown[text], 1)
	}
	closed := map[string]int{}
	for _, m := range w.provider.Sent() {
		if m.Text != "It is on its way." {
			closed[m.To[0]]++
		}
	}
	if !maps.Equal(closed, w.nights) {
		w.t.Errorf("%s: automatic replies %v, want %v", when, closed, w.nights)
	}
}

// room is how many conversations those who are on duty have room for.
func (w *week) room() int {
	berlin := must(time.LoadLocation("Europe/Berlin"))(w.t)
	now := must(store.Now(w.t.Context(), w.pool))(w.t).In(berlin)
	if now.Hour() < 9 || now.Hour() >= 17 || now.Weekday() == time.Saturday || now.Weekday() == time.Sunday {
		return 0
	}
	held, room := w.held(), 0
	for _, name := range slices.Sorted(maps.Keys(w.agents)) {
		if name != w.left {
			room += max(0, 2-held[w.agents[name]])
		}
	}
	return room
}
