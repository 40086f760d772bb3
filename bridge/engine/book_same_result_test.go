package engine

import (
	"slices"
	"testing"
	"time"

	"parley/store"
)

// A name finds the same agent, team or tag each time. If a name fits several agents, it finds none.
func TestNamesFindTheSame(t *testing.T) {
	t.Parallel()
	dir := NewDirectory(store.Directory{
		Agents: []store.Agent{
			{ID: 1, Email: "lee@acme.test", Name: "Ann Lee", Active: true},
			{ID: 2, Email: "ray@acme.test", Name: "Ann Ray", Active: true},
			{ID: 3, Email: "ann@acme.test", Name: "Ann", Active: true},
			{ID: 4, Email: "kim@acme.test", Name: "Kim Yo", Active: true},
			{ID: 5, Email: "kim2@acme.test", Name: "Kim Yo", Active: true},
			{ID: 6, Email: "old@acme.test", Name: "Bo"},
			{ID: 7, Email: "bo@acme.test", Name: "Bo Ek", Active: true},
		},
		Teams: []store.Team{{ID: 1, Name: "Sales EU"}, {ID: 2, Name: "sales-eu"}, {ID: 3, Name: "Support"}},
		Tags:  []store.Tag{{Name: "VIP"}, {Name: "Vip"}, {Name: "vip"}},
	})
	const nobody store.AgentID = 0
	for range 100 {
		for who, want := range map[string]store.AgentID{
			"ann": 3, "Ann Ray": 2, "kim": nobody, "kim yo": nobody, "KIM2@acme.test": 5, "bo": 7, "@lee@acme.test": 1,
		} {
			got := nobody
			if a := dir.Find(9, who); a != nil {
				got = a.ID
			}
			if got != want {
				t.Fatalf("%q is agent %d, want %d", who, got, want)
			}
		}

		for name, want := range map[string]store.TeamID{"sales-eu": 2, "Sales EU": 1, "#SALES_EU": 1, "support": 3} {
			if got := dir.FindTeam(name); got == nil || got.ID != want {
				t.Fatalf("%q is team %+v, want %d", name, got, want)
			}
		}

		list := newTags(&Moment{}, dir)
		for name, want := range map[string]string{"vIP": "VIP", "vip": "vip", "Vip": "Vip"} {
			if got := list.makeIfNew(name); got != want {
				t.Fatalf("%q is the tag %q, want %q", name, got, want)
			}
		}
	}
}

// Providers count in full seconds. Messages of the same second stand in the order in which they came, in whatever order
// the database returns their rows.
func TestSaidInKeepsTheOrder(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_700_000_000, 0)
	rows := []store.Message{{ID: 30, EventID: 1, Text: "one"}, {ID: 10, EventID: 2, Text: "two"}, {ID: 11, EventID: 2, Text: "three"}}
	for i := range rows {
		rows[i].Direction, rows[i].SaidAt = store.DirectionIn, at
	}
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {1, 0, 2}} {
		var given []store.Message
		for _, i := range order {
			given = append(given, rows[i])
		}
		var got []string
		for _, s := range SaidIn(given) {
			got = append(got, s.Text)
		}
		if want := []string{"one", "two", "three"}; !slices.Equal(got, want) {
			t.Errorf("the rows in the order %v are said as %q, want %q", order, got, want)
		}
	}
}

// The day of a sorting thread (which collects a day's automatic mail) is the same in each zone that a machine may be in.
func TestZonesMakeNoDifferenceToDays(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 2, 30, 0, 0, time.UTC)
	for _, zone := range []*time.Location{time.UTC, time.FixedZone("EST", -5*60*60), time.FixedZone("IST", 330*60)} {
		convs := newConversations(&Moment{Now: now.In(zone)}, nil)
		convs.numbers = []store.ConversationID{7}
		c, err := convs.SortingThread(t.Context(), nil, &store.Account{ID: 1}, SortingAutomatic)
		if err != nil {
			t.Fatalf("%s: %v", zone, err)
		}
		if want := "2026-11-21"; *c.Day != want {
			t.Errorf("%s: the thread's day is %s, want %s", zone, *c.Day, want)
		}
		if want := "Automatic mail, Saturday 21 November"; c.Subject != want {
			t.Errorf("%s: the thread's subject is %q, want %q", zone, c.Subject, want)
		}
	}
}
