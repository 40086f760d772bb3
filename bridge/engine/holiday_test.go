package engine_test

import (
	"encoding/json"
	"testing"
	"time"

	"parley/routing/hours"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// withOutings gives the chat's account the hours of an office in Berlin that is closed on Thursdays for three weeks.
func withOutings(t *testing.T) func(*store.Account) {
	return func(a *store.Account) {
		if a.Name != chat {
			return
		}
		p := hours.Plan{Zone: "Europe/Berlin", Week: []hours.Rule{{Days: "mon-fri", Open: "09:00-17:00"}}}
		for n := range 21 {
			if day := time.Now().AddDate(0, 0, n); day.Weekday() == time.Thursday {
				p.Days = append(p.Days, hours.Day{Date: day.Format(time.DateOnly), Name: "Outing"})
			}
		}
		a.Hours = must(json.Marshal(p))(t)
	}
}

// If tomorrow is a holiday, today's evening list has the customers whose reply window closes tomorrow.
// Requirement R-143: Opening hours of an account.
func TestEveningListBeforeAHoliday(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0), account: withOutings(t)})
	w.writeAt(time.Wednesday, 12, 30, "lou", "Closes tomorrow at half past twelve")
	w.waitDrained()
	w.advanceTo(time.Wednesday, 16, 0)
	wantWords(t, "the evening list", w.waitEveningLists(1).Plain(), "#1")
}
