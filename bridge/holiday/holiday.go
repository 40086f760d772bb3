// Package holiday knows the public holidays of countries, and of the parts of some, from a kept library.
//
// What does not belong here: when a business is open (routing/hours), and days that an admin adds or takes out.
package holiday

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rickar/cal/v2"

	"parley/routing/hours"
)

// Day is a public holiday in one year.
type Day struct {
	Date string // "2026-12-25"
	Name string // in the country's language
}

// Calendar tells the public holidays of one country, or of a part of it. It may be used by several goroutines.
type Calendar struct {
	holidays []*cal.Holiday

	mu    sync.Mutex
	years map[int][]Day // the results of HolidaysOf, by year
}

// FindCalendar finds the Calendar of a country or a part of it, by its code: DE, DE-BY.
// Errors: nobody knows it, with those that are known, for people.
func FindCalendar(code string) (*Calendar, error) {
	all := slices.Concat(Countries(), Parts())
	i := slices.IndexFunc(all, func(r Region) bool { return strings.EqualFold(r.Code, code) })
	if i < 0 {
		return nil, fmt.Errorf("holiday: %q: known are %s", code, Codes(code))
	}
	return &Calendar{holidays: all[i].holidays, years: map[int][]Day{}}, nil
}

// Codes says, for people, which codes can be written in place of one that is unknown: those of the parts of its
// country, or of all countries.
func Codes(code string) string {
	country, _, _ := strings.Cut(strings.ToUpper(code), "-")
	var codes []string
	for _, r := range slices.Concat(Countries(), Parts()) {
		if strings.HasPrefix(r.Code, country+"-") {
			codes = append(codes, r.Code)
		}
	}

	if len(codes) == 0 {
		for _, r := range Countries() {
			codes = append(codes, r.Code)
		}
		codes = append(codes, "and parts of AU, CH and DE")
		slices.Sort(codes[:len(codes)-1])
	}

	return strings.Join(codes, ", ")
}

// Hours reads business hours as they are stored, with the public holidays of their country.
func Hours(plan []byte) (*hours.Hours, error) {
	return hours.Read(plan, func(code string) hours.Calendar {
		if c, err := FindCalendar(code); err == nil {
			return c
		}
		return nil // another version of Parley knew the country: then public holidays don't count
	})
}

// Holiday returns the name of the public holiday on a day; "" means there is none.
func (c *Calendar) Holiday(year int, month time.Month, day int) string {
	date := time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	if i := slices.IndexFunc(c.HolidaysOf(year), func(d Day) bool { return d.Date == date }); i >= 0 {
		return c.HolidaysOf(year)[i].Name
	}
	return ""
}

// Names lists the public holidays by name, whenever they are.
func (c *Calendar) Names() []string {
	var names []string
	for _, h := range c.holidays {
		if !slices.Contains(names, h.Name) {
			names = append(names, h.Name)
		}
	}
	return names
}

// HolidaysOf lists the public holidays of a year, and the days on which they are observed where that is another day, by date.
func (c *Calendar) HolidaysOf(year int) []Day {
	c.mu.Lock()
	defer c.mu.Unlock()

	if days, ok := c.years[year]; ok {
		return days
	}

	var days []Day
	add := func(at time.Time, name string) {
		// The library gives the beginning of the day by this machine's clock. Where clocks leap over midnight, it gives a
		// moment of the day before. Two hours later it is the right day in any case.
		at = at.Add(2 * time.Hour)
		date := at.Format(time.DateOnly)
		if at.Year() == year && !slices.ContainsFunc(days, func(d Day) bool { return d.Date == date }) {
			days = append(days, Day{date, name})
		}
	}
	for _, h := range c.holidays {
		for y := year - 1; y <= year+1; y++ { // the first of January may be observed on the last of December
			if actual, observed := h.Calc(y); !actual.IsZero() {
				add(actual, h.Name)
				add(observed, h.Name)
			}
		}
	}

	slices.SortFunc(days, func(a, b Day) int { return strings.Compare(a.Date, b.Date) })
	c.years[year] = days
	return days
}
