package setup

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"parley/bridge"
	"parley/routing/hours"
)

const maxDayRunes = 60 // of the name of a special day

// readHolidays reads the holidays of business hours: the days that don't follow the weekly hours. They are a
// list of dates on which the business is closed, or a group:
//
//	holidays: [2026-12-25, 2026-12-26]
//
//	holidays:
//	  country: DE-BY
//	  except: [2026-11-01]
//	  days: [{date: 2026-12-24, name: Christmas Eve, open: "09:00-12:00"}]
func (g *Group) readHolidays(p *hours.Plan) {
	switch g.Values["holidays"].(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		g.Group("holidays").readHolidayGroup(p)
	case *ast.StringNode:
		g.Known = append(g.Known, "holidays")
		g.Fault(g.Positions["holidays"], "holidays", "must be a list of dates or a group of keys, not a single value",
			"Write [2026-12-25], or {country: DE-BY}.")
	default:
		if days := g.List("holidays"); days != nil {
			p.Holidays = g.readDates(*days)
		}
	}
}

// readHolidayGroup reads a country's calendar, special days, and public holidays that don't count.
func (g *Group) readHolidayGroup(p *hours.Plan) {
	calendar := g.readCountry(p)
	days, _ := g.Groups("days", g.Label("days")) // the list is optional
	for _, d := range days {
		day, ok := d.readDay()
		if ok && g.checkNewDay(p.Days, day.Date, d.At) {
			p.Days = append(p.Days, day)
		}
	}
	if except := g.List("except"); except != nil {
		for _, t := range except.Items {
			if g.checkException(t, calendar) {
				p.Except = append(p.Except, strings.TrimSpace(t.Value))
			}
		}
	}
	g.Done()
}

// readDates reads the dates on which the business is closed.
func (g *Group) readDates(list List) []string {
	var days []string
	for _, d := range list.Items {
		if _, err := hours.ParseDate(d.Value); err != nil {
			g.Fault(d.At, "holidays", fmt.Sprintf("%q isn't a date", d.Raw), "Write year, month and day: 2026-12-25.")
			continue
		}
		days = append(days, d.Value)
	}
	return days
}

// readCountry reads the country whose public holidays count. It returns nil if the key is missing or the
// country unknown.
func (g *Group) readCountry(p *hours.Plan) *bridge.Calendar {
	t := g.Text("country")
	if t == nil || strings.TrimSpace(t.Value) == "" {
		return nil
	}
	calendar, err := bridge.FindCalendar(strings.TrimSpace(t.Value))
	if err != nil {
		g.Fault(t.At, "country", fmt.Sprintf("the public holidays of %q aren't known", t.Raw),
			"Known: "+bridge.Codes(t.Value)+". List others as days of your own.")
		return nil
	}
	p.Country = strings.ToUpper(strings.TrimSpace(t.Value))
	return calendar
}

// readDay reads a special day. It returns false if the day has no valid date.
func (g *Group) readDay() (hours.Day, bool) {
	var d hours.Day
	date := g.Text("date")
	name := g.Text("name")
	open := g.Text("open")

	d.Date = g.checkDate(date)
	if name != nil {
		d.Name = strings.Join(strings.Fields(name.Value), " ")
		if utf8.RuneCountInString(d.Name) > maxDayRunes {
			g.Fault(name.At, "name", fmt.Sprintf("has more than %d letters", maxDayRunes), "Shorten it.")
		}
	}

	if open != nil && strings.TrimSpace(open.Value) != "" {
		d.Open = g.checkOpen(*open)
	}

	g.Done()
	return d, d.Date != ""
}

// checkDate returns the date of a special day. It adds a fault and returns "" if the date is missing or invalid.
func (g *Group) checkDate(date *Text) string {
	if date == nil {
		if g.Values["date"] == nil { // otherwise the date has a fault already
			g.Fault(g.At, "date", "is missing: each day has one", "Write year, month and day: 2026-12-24.")
		}
		return ""
	}
	if _, err := hours.ParseDate(date.Value); err != nil {
		g.Fault(date.At, "date", fmt.Sprintf("%q isn't a date", date.Raw), "Write year, month and day: 2026-12-25.")
		return ""
	}
	return date.Value
}

// checkOpen returns the hours of a special day, or "" if the business is closed. It adds a fault if they are invalid.
func (g *Group) checkOpen(open Text) string {
	text := strings.TrimSpace(open.Value)
	spans, err := hours.ParseSpans(text)
	if err != nil {
		g.Fault(open.At, "open", fmt.Sprintf("%q isn't a list of hours", open.Raw),
			`Write "09:00-12:00" for half a day, or leave it out: closed.`)
		return text
	}
	if len(spans) == 0 {
		return ""
	}
	return text
}

// checkNewDay reports whether a date is not among the days yet. It adds a fault if it is.
func (g *Group) checkNewDay(days []hours.Day, date string, at Position) bool {
	if slices.ContainsFunc(days, func(d hours.Day) bool { return d.Date == date }) {
		g.Fault(at, "days", date+" is listed twice", "Keep one of them.")
		return false
	}
	return true
}

// checkException reports whether a text names a public holiday: a date, or one of the country's holidays by
// name. It adds a fault if not. calendar is nil if there is no valid country.
func (g *Group) checkException(t Text, calendar *bridge.Calendar) bool {
	name := strings.TrimSpace(t.Value)
	if _, err := hours.ParseDate(name); err == nil {
		return true
	}

	if calendar == nil {
		if g.Values["country"] == nil { // otherwise the country has a fault already
			g.Fault(t.At, "except", "needs a country", "Say whose public holidays don't count, such as DE-BY.")
		}
		return false
	}

	names := calendar.Names()
	if !slices.ContainsFunc(names, func(known string) bool { return strings.EqualFold(known, name) }) {
		g.Fault(t.At, "except", fmt.Sprintf("%q isn't a date, and no public holiday there", t.Raw), "There is "+strings.Join(names, ", ")+".")
		return false
	}

	return true
}

// writeHolidays writes holidays as a list of dates if that is enough. Otherwise it writes a mapping:
//
//	holidays:
//	  country: DE-BY
//	  days:
//	    - {date: 2026-12-24, name: Christmas Eve, open: "09:00-12:00"}
//	  except: [Fronleichnam]
func writeHolidays(businessHours *Mapping, p hours.Plan) {
	hasOnlyDates := p.Country == "" && len(p.Days) == 0 && len(p.Except) == 0
	if hasOnlyDates {
		businessHours.AddList("holidays", p.Holidays)
		return
	}

	group := businessHours.Child("holidays")
	group.AddText("country", p.Country)
	var days []*Mapping
	for _, d := range p.SpecialDays() {
		day := &Mapping{}
		day.AddText("date", d.Date)
		day.AddText("name", d.Name)
		day.AddText("open", d.Open)
		days = append(days, day)
	}

	if len(days) > 0 {
		group.Put("days", days)
	}

	group.AddList("except", p.Except)
}
