package hours

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// feasts are public holidays by month and day, every year.
type feasts map[string]string

func (f feasts) Holiday(_ int, month time.Month, day int) string {
	return f[time.Date(2000, month, day, 0, 0, 0, 0, time.UTC).Format("01-02")]
}

func atopia(code string) Calendar {
	if code != "XA" {
		return nil
	}
	return feasts{"12-25": "Yule", "05-01": "May Day", "10-31": "Reformation"}
}

// public holidays of a country, without some of them, and days of one's own.
func TestHolidays(t *testing.T) {
	t.Parallel()
	p := office()
	p.Country, p.Except = "XA", []string{"may day", "2026-10-31"}
	p.Days = []Day{{Date: "2026-12-24", Name: "Christmas Eve", Open: "9:00-12:00"}, {Date: "2026-12-31", Name: "Inventory"}, {Date: "2026-11-22", Open: "10:00-16:00"}}
	p.Days, p.Holidays = append(p.Days, Day{Date: "2027-01-06", Open: "9:00-10:00"}), append(p.Holidays, "2027-01-06")
	h, err := New(p, atopia)
	if err != nil {
		t.Fatal(err)
	}
	for moment, open := range map[string]bool{
		"2027-12-25 11:00": false, // a saturday, on which the office is open otherwise
		"2026-05-01 11:00": true,  // taken out by name
		"2026-10-31 11:00": true,  // taken out by date: a saturday
		"2027-10-30 11:00": true,
		"2028-10-31 11:00": false, // in other years it counts
		"2026-12-24 11:59": true,  // half a day
		"2026-12-24 14:00": false,
		"2026-12-31 11:00": false,
		"2027-12-31 11:00": true,
		"2026-11-22 11:00": true, // a sunday
		"2027-01-06 09:30": true, // a holiday with hours of its own
		"2027-01-06 10:30": false,
	} {
		if got := h.OpenAt(at(t, h.Zone(), moment)); got != open {
			t.Errorf("%s: open %v", moment, got)
		}
	}
	closing, ok := h.LastClosing(at(t, h.Zone(), "2026-12-24 10:00"))
	if !ok {
		t.Error("no closing on a half day")
	}
	same(t, "the closing of a half day", closing, at(t, h.Zone(), "2026-12-24 12:00"))
	same(t, "the next opening after it", h.NextOpening(closing), at(t, h.Zone(), "2026-12-26 10:00"))
	evening, _ := h.Evening(at(t, h.Zone(), "2026-12-24 08:00"), time.Hour)
	same(t, "the evening of a half day", evening, at(t, h.Zone(), "2026-12-24 11:00"))

	elsewhere, err := New(Plan{Zone: "UTC", Week: []Rule{{"mon-sun", "9:00-10:00"}}, Country: "XB"}, atopia)
	if err != nil || !elsewhere.OpenAt(at(t, time.UTC, "2026-12-25 09:30")) {
		t.Errorf("a country that nobody knows has no holidays: %v", err)
	}
	for want, days := range map[string][]Day{
		`"24.12." is not a date`:           {{Date: "24.12."}},
		"2026-12-24 is given twice":        {{Date: "2026-12-24"}, {Date: "2026-12-24", Open: "9:00-10:00"}},
		`"noon" is not a time from and to`: {{Date: "2026-12-24", Open: "noon"}},
	} {
		if _, err := New(Plan{Zone: "UTC", Days: days}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s", days, err, want)
		}
	}
}

// Whatever the plan, the zone and the clock changes: the business is open at a moment exactly if the wall there shows a
// time within the hours of that date, and the next opening is the first such moment.
func TestOpenByTheWall(t *testing.T) {
	t.Parallel()
	zones := []string{"Europe/Berlin", "America/New_York", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo", "Africa/Casablanca", "UTC"}
	openings := []string{"closed", "00:00-24:00", "09:00-17:30", "00:00-03:00, 22:00-24:00", "01:15-02:45", "09:00-12:30, 13:30-17:30"}
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same plans each time
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	for range 400 {
		p := Plan{Zone: pick(zones), Country: "XA", Except: []string{pick([]string{"Yule", "2026-05-01", "none"})}}
		for _, day := range []string{"mon", "tue-thu", "fri", "sat", "sun"} {
			p.Week = append(p.Week, Rule{day, pick(openings)})
		}
		began := time.Date(2026, time.Month(1+r.IntN(12)), 1+r.IntN(28), r.IntN(24), 15*r.IntN(4), 0, 0, time.UTC)
		if zone, err := ParseZone(p.Zone); err == nil && r.IntN(4) > 0 { // most of them round a change of the clock
			if _, change := began.In(zone).ZoneBounds(); change.Year() == 2026 || change.Year() == 2027 {
				began = change.Add(-time.Duration(r.IntN(3*24*4)) * 15 * time.Minute).UTC()
			}
		}
		p.Days = []Day{{Date: began.AddDate(0, 0, 1).Format(time.DateOnly), Open: pick(openings)}}
		h, err := New(p, atopia)
		if err != nil {
			t.Fatal(err)
		}
		h.checkByTheWall(t, p, began)
	}
}

// checkByTheWall walks through four days by quarters of an hour. In an hour that the clock shows twice, either is right.
func (h *Hours) checkByTheWall(t *testing.T, p Plan, began time.Time) {
	t.Helper()
	first, twice := time.Time{}, false
	for quarter := range 4 * 24 * 4 {
		now := began.Add(time.Duration(quarter) * 15 * time.Minute)
		wall := now.In(h.Zone())
		open := byTheWall(t, p, wall)
		if again(wall) {
			twice = true
			continue
		}
		if got := h.OpenAt(now); got != open {
			t.Fatalf("%+v: at %v open is %v", p, wall, got)
		}
		if open && first.IsZero() {
			first = now
		}
	}
	if next := h.NextOpening(began); !twice && !first.IsZero() && !next.Equal(first) {
		t.Fatalf("%+v: from %v the next opening is %v, want %v", p, began, next, first)
	}
}

// again says whether the clock shows this time of day twice.
func again(wall time.Time) bool {
	const shown = "2006-01-02 15:04"
	for _, d := range []time.Duration{30 * time.Minute, time.Hour} {
		if wall.Add(d).Format(shown) == wall.Format(shown) || wall.Add(-d).Format(shown) == wall.Format(shown) {
			return true
		}
	}
	return false
}

// byTheWall reads the plan as people do who look at calendar and clock.
func byTheWall(t *testing.T, p Plan, wall time.Time) bool {
	t.Helper()
	date, open := wall.Format(time.DateOnly), ""
	for _, rule := range p.Week {
		days, err := ParseDays(rule.Days)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range days {
			if d == wall.Weekday() {
				open = rule.Open
			}
		}
	}
	if name := atopia(p.Country).Holiday(wall.Date()); name != "" && p.Except[0] != name && p.Except[0] != date {
		open = "closed"
	}
	if p.Days[0].Date == date {
		open = p.Days[0].Open
	}
	spans, err := ParseSpans(open)
	if err != nil {
		t.Fatal(err)
	}
	clock := wall.Hour()*60 + wall.Minute()
	for _, s := range spans {
		if s.From <= clock && clock < s.To {
			return true
		}
	}
	return false
}
