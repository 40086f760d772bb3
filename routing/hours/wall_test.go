package hours

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// The tests of this file compare Hours with the answers of a person who looks at a calendar and a wall clock
// (isOpenByTheWall). They use random plans, most of them around a change of the clock.

const quarterHour = 15 * time.Minute

// For each plan, zone and change of the clock, the business is open exactly if the wall clock shows a time within the hours
// of that date. The next opening is the first such moment.
func TestOpenByTheWall(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same plans each time
	for range 400 {
		p, began := randomPlan(r)
		h, err := New(p, testCalendars)
		if err != nil {
			t.Fatalf("%+v: %v", p, err)
		}
		checkFourDaysByTheWall(t, h, p, began)
	}
}

// randomPlan returns a plan with one excepted holiday and one special day, and the time at which its check begins, which is
// the day before the special day. The time and all hours of the plan are full quarters of an hour.
func randomPlan(r *rand.Rand) (p Plan, began time.Time) {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	pickHours := func() string {
		return pick("closed", "00:00-24:00", "09:00-17:30", "00:00-03:00, 22:00-24:00", "01:15-02:45", "09:00-12:30, 13:30-17:30")
	}
	p.Zone = pick("Europe/Berlin", "America/New_York", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe",
		"Pacific/Apia", "America/Sao_Paulo", "Africa/Casablanca", "UTC")
	p.Country = "XA"
	p.Except = []string{pick("Yule", "2026-05-01", "none")}
	for _, days := range []string{"mon", "tue-thu", "fri", "sat", "sun"} {
		p.Week = append(p.Week, Rule{Days: days, Open: pickHours()})
	}

	began = randomBeginning(r, p.Zone)
	p.Days = []Day{{Date: began.AddDate(0, 0, 1).Format(time.DateOnly), Open: pickHours()}}
	return p, began
}

// randomBeginning returns a time of 2026. In three of four cases, it is within the three days before a change of the zone's
// clock, if there is one soon.
func randomBeginning(r *rand.Rand, zoneName string) time.Time {
	began := time.Date(2026, time.Month(1+r.IntN(12)), 1+r.IntN(28), r.IntN(24), 15*r.IntN(4), 0, 0, time.UTC)
	zone, err := ParseZone(zoneName)
	if err != nil || r.IntN(4) == 0 {
		return began
	}

	_, change := began.In(zone).ZoneBounds()
	if change.Year() != 2026 && change.Year() != 2027 { // the zone's clock isn't changed any more
		return began
	}
	const quartersOfThreeDays = 3 * 24 * 4
	return change.Add(-time.Duration(r.IntN(quartersOfThreeDays)) * quarterHour).UTC()
}

// checkFourDaysByTheWall compares Hours with the wall clock at each quarter of an hour. Times that the clock shows twice are
// left out, because both answers are right.
func checkFourDaysByTheWall(t *testing.T, h *Hours, p Plan, began time.Time) {
	t.Helper()
	var firstOpen time.Time // zero until one was found
	hasAmbiguous := false
	const quartersOfFourDays = 4 * 24 * 4
	for quarter := range quartersOfFourDays {
		now := began.Add(time.Duration(quarter) * quarterHour)
		wall := now.In(h.Zone())
		if isShownTwice(wall) {
			hasAmbiguous = true
			continue
		}

		want := isOpenByTheWall(t, p, wall)
		if got := h.OpenAt(now); got != want {
			t.Fatalf("%+v: OpenAt(%v) = %v, want %v", p, wall, got, want)
		}
		if want && firstOpen.IsZero() {
			firstOpen = now
		}
	}

	if hasAmbiguous || firstOpen.IsZero() {
		return
	}
	if next := h.NextOpening(began); !next.Equal(firstOpen) {
		t.Fatalf("%+v: NextOpening(%v) = %v, want %v", p, began, next, firstOpen)
	}
}

// isShownTwice reports whether the clock shows this time of day twice, because it is put back by half an hour or an hour.
func isShownTwice(wall time.Time) bool {
	const shown = "2006-01-02 15:04"
	for _, back := range []time.Duration{30 * time.Minute, time.Hour} {
		later, earlier := wall.Add(back), wall.Add(-back)
		if later.Format(shown) == wall.Format(shown) || earlier.Format(shown) == wall.Format(shown) {
			return true
		}
	}
	return false
}

// isOpenByTheWall reads a plan of randomPlan as a person does who looks at a calendar and a clock.
func isOpenByTheWall(t *testing.T, p Plan, wall time.Time) bool {
	t.Helper()
	spans, err := ParseSpans(openOn(t, p, wall))
	if err != nil {
		t.Fatal(err)
	}
	minute := wall.Hour()*60 + wall.Minute()
	return slices.ContainsFunc(spans, func(s Span) bool { return s.From <= minute && minute < s.To })
}

// openOn returns the hours of a day in a plan of randomPlan. A special day has its own hours, and a public holiday that
// isn't excepted has none. Other days have those of their day of the week.
func openOn(t *testing.T, p Plan, day time.Time) string {
	t.Helper()
	date := day.Format(time.DateOnly)
	if special := p.Days[0]; special.Date == date {
		return special.Open
	}

	holiday, except := testCalendars(p.Country).Holiday(day.Date()), p.Except[0]
	if holiday != "" && except != holiday && except != date {
		return "closed"
	}

	open := ""
	for _, rule := range p.Week {
		days, err := ParseDays(rule.Days)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range days {
			if d == day.Weekday() {
				open = rule.Open
			}
		}
	}
	return open
}
