package holiday

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func of(t *testing.T, code string) *Calendar {
	t.Helper()
	c, err := Of(code)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// the days that people know, by country and state.
func TestHoliday(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ code, date, name string }{
		{"DE", "2026-10-03", "Tag der Deutschen Einheit"},
		{"DE", "2026-06-04", ""},                // Corpus Christi isn't one everywhere
		{"DE-BY", "2026-06-04", "Fronleichnam"}, // 60 days after Easter
		{"de-by", "2027-03-26", "Karfreitag"},   // Easter moves
		{"DE-BE", "2026-03-08", "Frauentag"},
		{"DE-SN", "2026-11-18", "Buß- und Bettag"}, // the wednesday before the 23rd
		{"GB", "2026-12-28", "Boxing Day"},         // a saturday, observed on monday
		{"US", "2026-11-26", "Thanksgiving Day"},   // the fourth thursday
		{"US", "2021-12-31", "New Year's Day"},     // of 2022, a saturday: observed in the year before
		{"US", "2026-07-03", "Independence Day"},
		{"FR", "2026-07-14", "Fête Nationale"},
		{"CH-ZH", "2026-08-01", "Bundesfeiertag"},
		{"AU-VIC", "2026-11-03", "Melbourne Cup"},
		{"JP", "2026-05-05", "Children's Day"},
		{"UA", "2026-08-24", "День Незалежності"},
	} {
		day, err := time.Parse(time.DateOnly, tt.date)
		if err != nil {
			t.Fatal(err)
		}
		if got := of(t, tt.code).Holiday(day.Date()); got != tt.name {
			t.Errorf("%s %s: %q, want %q", tt.code, tt.date, got, tt.name)
		}
	}
}

// What nobody knows is said with what is known: the states of that country, or all countries.
func TestUnknownCountry(t *testing.T) {
	t.Parallel()
	if n := len(Countries()); n != 34 { // and Australia, by its states
		t.Errorf("%d countries", n)
	}
	for code, want := range map[string]string{"DE-XX": "DE-BW, DE-BY", "AU": "AU-ACT, AU-NSW", "XX": "AR, AT, BE, BG", "": "and parts of AU, CH and DE"} {
		if _, err := Of(code); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", code, err, want)
		}
	}
	if h, err := Hours([]byte(`{"zone": "UTC", "week": [{"days": "mon-sun", "open": "09:00-10:00"}], "country": "XX"}`)); err != nil ||
		!h.OpenAt(time.Date(2026, 12, 25, 9, 30, 0, 0, time.UTC)) {
		t.Errorf("hours of a country that another version knew: %v", err)
	}
	h, err := Hours([]byte(`{"zone": "Europe/Berlin", "week": [{"days": "mon-sun", "open": "09:00-10:00"}], "country": "DE"}`))
	if err != nil || h.OpenAt(time.Date(2026, 12, 25, 8, 30, 0, 0, time.UTC)) || !h.OpenAt(time.Date(2026, 12, 28, 8, 30, 0, 0, time.UTC)) {
		t.Errorf("hours of Germany: %v", err)
	}
}

// Every calendar has holidays in each year, each date once and in order, within that year; several goroutines may ask.
func TestAllCalendars(t *testing.T) {
	t.Parallel()
	for _, r := range slices.Concat(Countries(), Parts()) {
		c := of(t, r.Code)
		var all sync.WaitGroup
		for year := 2020; year < 2060; year++ {
			all.Go(func() {
				days := c.In(year)
				for i, d := range days {
					if !strings.HasPrefix(d.Date, time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006-")) || i > 0 && days[i-1].Date >= d.Date || d.Name == "" {
						t.Errorf("%s: %v in %d", r.Code, d, year)
					}
				}
				if len(days) < 6 {
					t.Errorf("%s has %d holidays in %d", r.Code, len(days), year)
				}
			})
		}
		all.Wait()
	}
}
