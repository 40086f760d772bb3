package setup

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"parley/routing/hours"
)

// readHours reads business hours, within which reports count how long customers wait:
//
//	hours: {zone: Europe/Berlin, week: {mon-fri: "09:00-17:30"}}
//
// Hours stay as they are if the key is missing. An empty group, the zero Plan, means always open. If something is
// wrong, it adds faults, with the line and a hint for the admin, and reads on.
func (g *Group) readHours(name string, p *hours.Plan) {
	group := g.Group(name)
	if group == nil {
		return
	}

	faultsBefore := len(g.Faults)
	*p = hours.Plan{}
	if zone := group.Text("zone"); zone != nil {
		p.Zone = strings.TrimSpace(zone.Value)
		if _, err := hours.ParseZone(p.Zone); err != nil {
			group.Fault(zone.At, "zone", fmt.Sprintf("%q isn't a time zone", zone.Raw), "Write a name like Europe/Berlin.")
		}
	} else if len(group.Names) > 0 && group.Values["zone"] == nil {
		group.Fault(group.At, "zone", "is missing", "Hours are those of a place, such as Europe/Berlin.")
	}

	if week := group.Get("week"); week != nil {
		p.Week = group.readWeek(week)
	} else if len(group.Names) > 0 {
		group.Fault(group.At, "week", "is missing", `Say on which days you are open, and when: mon-fri, "09:00-17:30".`)
	}

	group.readHolidays(p)
	group.Done()
	hasNewFault := len(g.Faults) > faultsBefore
	if hasNewFault || len(group.Names) == 0 {
		return
	}
	if !hasOpenDay(p) {
		group.Fault(group.At, "week", "has no day on which you are open",
			`Say on which days you are open, and when: mon-fri, "09:00-17:30". Without any business hours you always are.`)
	}

	_, err := hours.New(*p, nil)
	if fault, ok := errors.AsType[*hours.Error](err); ok {
		group.Faults.Add(Fault{At: group.At, Where: group.Where, What: fault.Text, Hint: "Name each day once."})
	}
}

// hasOpenDay reports whether the business is open on any day.
func hasOpenDay(p *hours.Plan) bool {
	isOpen := func(text string) bool {
		spans, err := hours.ParseSpans(text)
		return err == nil && len(spans) > 0
	}
	return slices.ContainsFunc(p.Week, func(r hours.Rule) bool { return isOpen(r.Open) }) ||
		slices.ContainsFunc(p.Days, func(d hours.Day) bool { return isOpen(d.Open) })
}

// readWeek reads the weekly hours, such as {mon-fri: "09:00-17:30", sat: "10:00-14:00"}.
func (g *Group) readWeek(n ast.Node) []hours.Rule {
	group := g.ReadGroup(n, g.Label("week"))
	if group == nil {
		return nil
	}

	var rules []hours.Rule
	for _, days := range group.Names {
		at := group.Positions[days]
		if _, err := hours.ParseDays(days); err != nil {
			group.Faults.Add(Fault{
				At: at, Where: group.Where,
				What: fmt.Sprintf("%q isn't a list of days", days),
				Hint: "Write mon, mon-fri or mon,wed: three letters of the English names.",
			})

			group.Known = append(group.Known, days) // so that it isn't reported as an unknown key, too
			continue
		}

		t := group.Text(days)
		if t == nil {
			continue
		}

		open := strings.TrimSpace(t.Value)
		if _, err := hours.ParseSpans(open); err != nil {
			group.Fault(t.At, days, fmt.Sprintf("%q isn't a list of hours", t.Raw),
				`Write "09:00-17:30", "09:00-12:30, 13:30-17:30" or closed. A night is two: until 24:00, and from 00:00 of the next day.`)
			continue
		}

		rules = append(rules, hours.Rule{Days: days, Open: open})
	}

	return rules
}

// writeBusinessHours writes the business hours of an account:
//
//	hours:
//	  zone: Europe/Berlin
//	  week:
//	    "mon-fri": "09:00-17:00"
//	  holidays: [2026-12-25]
func writeBusinessHours(entry *Mapping, p hours.Plan) {
	if p.Zone == "" {
		return
	}
	group := entry.Child("hours")
	group.AddText("zone", p.Zone)
	for _, r := range p.Week {
		group.Child("week").AddText(Quoted(r.Days), r.Open)
	}
	writeHolidays(group, p)
}
