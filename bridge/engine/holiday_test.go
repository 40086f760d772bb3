package engine_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"parley/routing/hours"
	"parley/store"
)

// withOutings gives the chat's account the hours of an office in Berlin that is closed on the next Thursdays.
func withOutings(t *testing.T) func(*store.Account) {
	return func(a *store.Account) {
		if a.Name != chat {
			return
		}
		p := hours.Plan{Zone: "Europe/Berlin", Week: []hours.Rule{{Days: "mon-fri", Open: "09:00-17:00"}}, Country: "DE"}
		for n := range 21 {
			if day := time.Now().AddDate(0, 0, n); day.Weekday() == time.Thursday {
				p.Days = append(p.Days, hours.Day{Date: day.Format(time.DateOnly), Name: "Outing"})
			}
		}
		a.Hours = must(json.Marshal(p))(t)
	}
}

// who would be answered tomorrow morning is in today's list if tomorrow is a holiday.
func TestEveningListBeforeAHoliday(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0), account: withOutings(t)})
	w.advanceTo(time.Wednesday, 12, 30)
	w.customerWrites("lou", "Closes tomorrow at half past twelve")
	w.waitThread("Closes tomorrow at half past twelve")
	w.waitDrained()
	w.advanceTo(time.Wednesday, 16, 0)
	w.chat.Wait(t, "the evening list", func() bool { return len(w.eveningLists()) == 1 })
	if text := w.eveningLists()[0].Plain(); !strings.Contains(text, "#1") {
		t.Errorf("the list is %s", text)
	}
}
