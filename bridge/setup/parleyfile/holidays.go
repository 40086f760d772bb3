package parleyfile

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"parley/bridge/holiday"
	"parley/bridge/setup/document"
	"parley/routing/hours"
)

const maxDayRunes = 60

// readHolidays reads the days on which other hours count than those of the week: a list of dates on which the business is closed,
// or a group with more.
func (o *object) readHolidays(p *hours.Plan) {
	switch o.Values["holidays"].(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		o.group("holidays").readHolidayGroup(p)
	case *ast.StringNode:
		o.Known = append(o.Known, "holidays")
		o.Fault(o.Positions["holidays"], "holidays", "must be a list of dates or a group of keys, not a single value",
			"Write [2026-12-25], or {country: DE-BY}.")
	default:
		if days := o.List("holidays"); days != nil {
			p.Holidays = o.readDates(*days)
		}
	}
}

// readHolidayGroup reads a country's calendar, days of one's own, and public holidays that don't count.
func (o *object) readHolidayGroup(p *hours.Plan) {
	calendar := o.readCountry(p)
	days, _ := o.readObjects("days", o.Label("days")) // there may be none
	for _, d := range days {
		day, ok := d.readDay()
		if ok && o.checkNewDay(p.Days, day.Date, d.At) {
			p.Days = append(p.Days, day)
		}
	}
	if except := o.List("except"); except != nil {
		for _, t := range except.Items {
			if o.checkException(t, calendar) {
				p.Except = append(p.Except, strings.TrimSpace(t.Value))
			}
		}
	}
	o.Done()
}

// readDates reads days on which the business is closed.
func (o *object) readDates(list document.List) []string {
	var days []string
	for _, d := range list.Items {
		if _, err := hours.ParseDate(d.Value); err != nil {
			o.Fault(d.At, "holidays", fmt.Sprintf("%q isn't a date", d.Raw), "Write year, month and day: 2026-12-25.")
			continue
		}
		days = append(days, d.Value)
	}
	return days
}

// readCountry reads whose public holidays count. It returns nil if there are none, or the country is unknown.
func (o *object) readCountry(p *hours.Plan) *holiday.Calendar {
	t := o.Text("country")
	if t == nil || strings.TrimSpace(t.Value) == "" {
		return nil
	}
	calendar, err := holiday.FindCalendar(strings.TrimSpace(t.Value))
	if err != nil {
		o.Fault(t.At, "country", fmt.Sprintf("the public holidays of %q aren't known", t.Raw),
			"Known: "+holiday.Codes(t.Value)+". List others as days of your own.")
		return nil
	}
	p.Country = strings.ToUpper(strings.TrimSpace(t.Value))
	return calendar
}

// readDay reads a day that is unlike others.
func (o *object) readDay() (hours.Day, bool) {
	var d hours.Day
	date := o.Text("date")
	name := o.Text("name")
	open := o.Text("open")

	if date == nil {
		if o.Values["date"] == nil {
			o.Fault(o.At, "date", "is missing: each day has one", "Write year, month and day: 2026-12-24.")
		}
	} else if _, err := hours.ParseDate(date.Value); err != nil {
		o.Fault(date.At, "date", fmt.Sprintf("%q isn't a date", date.Raw), "Write year, month and day: 2026-12-25.")
	} else {
		d.Date = date.Value
	}

	if name != nil {
		d.Name = strings.Join(strings.Fields(name.Value), " ")
		if utf8.RuneCountInString(d.Name) > maxDayRunes {
			o.Fault(name.At, "name", fmt.Sprintf("has more than %d letters", maxDayRunes), "Shorten it.")
		}
	}

	if open != nil && strings.TrimSpace(open.Value) != "" {
		d.Open = strings.TrimSpace(open.Value)
		if spans, err := hours.ParseSpans(d.Open); err != nil {
			o.Fault(open.At, "open", fmt.Sprintf("%q isn't a list of hours", open.Raw),
				`Write "09:00-12:00" for half a day, or leave it out: closed.`)
		} else if len(spans) == 0 {
			d.Open = ""
		}
	}

	o.Done()
	return d, d.Date != ""
}

// checkNewDay adds a fault if a date is among the days already. It returns whether it isn't.
func (o *object) checkNewDay(days []hours.Day, date string, at document.Position) bool {
	if slices.ContainsFunc(days, func(d hours.Day) bool { return d.Date == date }) {
		o.Fault(at, "days", date+" is listed twice", "Keep one of them.")
		return false
	}
	return true
}

// checkException adds a fault unless a text names a public holiday that may be left out: a date, or a name among the country's
// holidays. It returns whether the text does.
func (o *object) checkException(t document.Text, calendar *holiday.Calendar) bool {
	name := strings.TrimSpace(t.Value)
	if _, err := hours.ParseDate(name); err == nil {
		return true
	}

	if calendar == nil {
		if o.Values["country"] == nil { // otherwise the country has a fault already
			o.Fault(t.At, "except", "needs a country", "Say whose public holidays don't count, such as DE-BY.")
		}
		return false
	}

	names := calendar.Names()
	if !slices.ContainsFunc(names, func(known string) bool { return strings.EqualFold(known, name) }) {
		o.Fault(t.At, "except", fmt.Sprintf("%q isn't a date, and no public holiday there", t.Raw), "There is "+strings.Join(names, ", ")+".")
		return false
	}

	return true
}
