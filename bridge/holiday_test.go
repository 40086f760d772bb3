package bridge

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// calendarOf returns the calendar of a country or a part of one.
func calendarOf(t *testing.T, code string) *Calendar {
	t.Helper()
	c, err := FindCalendar(code)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A calendar has the holidays that people know, by country and state.
// Requirement R-143: Opening hours of an account.
func TestHoliday(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ code, date, want string }{
		{code: "DE", date: "2026-10-03", want: "Tag der Deutschen Einheit"},
		{code: "DE", date: "2026-06-04", want: ""},                // Corpus Christi isn't one everywhere
		{code: "DE-BY", date: "2026-06-04", want: "Fronleichnam"}, // 60 days after Easter
		{code: "de-by", date: "2027-03-26", want: "Karfreitag"},   // Easter moves
		{code: "DE-BE", date: "2026-03-08", want: "Frauentag"},
		{code: "DE-SN", date: "2026-11-18", want: "Buß- und Bettag"}, // the wednesday before the 23rd
		{code: "GB", date: "2026-12-28", want: "Boxing Day"},         // a saturday, observed on monday
		{code: "US", date: "2026-11-26", want: "Thanksgiving Day"},   // the fourth thursday
		{code: "US", date: "2021-12-31", want: "New Year's Day"},     // of 2022, a saturday: observed in the year before
		{code: "US", date: "2026-07-03", want: "Independence Day"},
		{code: "FR", date: "2026-07-14", want: "Fête Nationale"},
		{code: "CH-ZH", date: "2026-08-01", want: "Bundesfeiertag"},
		{code: "AU-VIC", date: "2026-11-03", want: "Melbourne Cup"},
		{code: "JP", date: "2026-05-05", want: "Children's Day"},
		{code: "UA", date: "2026-08-24", want: "День Незалежності"},
	} {
		day, err := time.Parse(time.DateOnly, tt.date)
		if err != nil {
			t.Fatal(err)
		}
		if got := calendarOf(t, tt.code).Holiday(day.Date()); got != tt.want {
			t.Errorf("in %s, %s is %q, want %q", tt.code, tt.date, got, tt.want)
		}
	}
}

// FindCalendar refuses an unknown code with an error that lists the known ones: the states of its country, or all
// countries.
func TestUnknownCountry(t *testing.T) {
	t.Parallel()
	if got, want := len(Countries()), 34; got != want { // Australia isn't among them: it has calendars for its states only
		t.Errorf("%d countries are known, want %d", got, want)
	}
	for code, want := range map[string]string{
		"DE-XX": "DE-BW, DE-BY",
		"AU":    "AU-ACT, AU-NSW",
		"XX":    "AR, AT, BE, BG",
		"":      "and parts of AU, CH and DE",
	} {
		if _, err := FindCalendar(code); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got the error %v, want one with %s", code, err, want)
		}
	}
}

// A business that is open every morning is closed on the holidays of its country. A country that only another version
// of Parley knows has no holidays.
func TestHours(t *testing.T) {
	t.Parallel()
	const (
		inGermany = `{"zone": "Europe/Berlin", "week": [{"days": "mon-sun", "open": "09:00-10:00"}], "country": "DE"}`
		elsewhere = `{"zone": "UTC", "week": [{"days": "mon-sun", "open": "09:00-10:00"}], "country": "XX"}`
	)
	for _, c := range []struct {
		plan, at string
		want     bool
	}{
		{plan: inGermany, at: "2026-12-25T08:30:00Z", want: false},
		{plan: inGermany, at: "2026-12-28T08:30:00Z", want: true},
		{plan: elsewhere, at: "2026-12-25T09:30:00Z", want: true},
	} {
		h, err := Hours([]byte(c.plan))
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}

		if got := h.OpenAt(at); got != c.want {
			t.Errorf("%s is open at %s: %v, want %v", c.plan, c.at, got, c.want)
		}
	}
}

// Each calendar has holidays in each year. A year's holidays are in order and in that year, no date comes twice, and
// several goroutines may ask for them at once.
func TestAllCalendars(t *testing.T) {
	t.Parallel()
	for _, r := range slices.Concat(Countries(), Parts()) {
		c := calendarOf(t, r.Code)
		var all sync.WaitGroup
		for year := 2020; year < 2060; year++ {
			all.Go(func() {
				days := c.HolidaysOf(year)
				for i, d := range days {
					if !strings.HasPrefix(d.Date, fmt.Sprintf("%04d-", year)) {
						t.Errorf("%s: %v is among the holidays of %d", r.Code, d, year)
					}
					if i > 0 && days[i-1].Date >= d.Date {
						t.Errorf("%s: %v comes after %v, want each date once and in order", r.Code, d, days[i-1])
					}
					if d.Name == "" {
						t.Errorf("%s: %v has no name", r.Code, d)
					}
				}
				if len(days) < 6 {
					t.Errorf("%s has %d holidays in %d, want at least 6", r.Code, len(days), year)
				}
			})
		}
		all.Wait()
	}
}
