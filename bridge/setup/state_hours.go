package setup

import (
	"strings"

	"parley/routing/hours"
)

// hoursWords describes business hours in one line, such as "Europe/Berlin; mon-fri 09:00-17:30; not on public
// holidays of DE-BY". It returns "" if the business is always open.
func hoursWords(p hours.Plan) string {
	if p.Zone == "" {
		return ""
	}
	parts := []string{p.Zone}
	for _, r := range p.Week {
		parts = append(parts, r.Days+" "+r.Open)
	}
	return strings.Join(append(parts, holidayWords(p)...), "; ")
}

// holidayWords describes the holidays in business hours.
func holidayWords(p hours.Plan) []string {
	var parts []string
	if p.Country != "" {
		parts = append(parts, "not on public holidays of "+p.Country)
	}
	if len(p.Except) > 0 {
		parts = append(parts, "but on "+strings.Join(p.Except, ", "))
	}

	var closed []string
	for _, d := range p.SpecialDays() {
		name := ""
		if d.Name != "" {
			name = " (" + d.Name + ")"
		}

		if d.Open != "" {
			parts = append(parts, d.Date+name+" "+d.Open)
		} else {
			closed = append(closed, d.Date+name)
		}
	}

	if len(closed) > 0 {
		parts = append(parts, "not "+strings.Join(closed, ", "))
	}

	return parts
}
