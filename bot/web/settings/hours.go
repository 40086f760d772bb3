package settings

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/bot/web"
	"parley/bridge"
	"parley/bridge/setup"
)

// The page of an account's business hours: the opening hours of each weekday, the public holidays of a country, and the
// account's own days, such as a company outing. They are values of the account below the path "hours". For example:
//
//	hours.week.mon              09:00-12:30, 13:30-17:30
//	hours.holidays.country      DE-BY
//	hours.holidays.days.0.date  2026-12-24

// Paths of the values.
const (
	hoursKey    = "hours"
	zonePath    = "hours.zone"
	weekPath    = "hours.week."
	listPath    = "hours.holidays" // parley.yaml may have a list of dates here instead of the keys below
	countryPath = "hours.holidays.country"
	exceptPath  = "hours.holidays.except"
	daysPath    = "hours.holidays.days."
)

// moreDays is the number of empty rows for new days.
const moreDays = 3

// hoursPages has the handlers of the page.
type hoursPages struct{ pages }

func (p hoursPages) listRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + accountsPath + "/{name}/hours", For: web.Admins, Do: p.showHours},
		{Pattern: "POST " + accountsPath + "/{name}/hours", For: web.Admins, Do: p.saveHours},
	}
}

// dayRow has the fields of one of the account's own days.
type dayRow struct{ Date, Name, Open web.Field }

// publicDay is a public holiday.
type publicDay struct {
	Date, Name string
	Working    bool // the team works nevertheless
}

// Indexes of the form's groups.
const (
	zoneGroup = iota
	weekGroup
	holidaysGroup
	ownDaysGroup
)

// fieldsOfDay is the number of form fields of each own day (see dayRow).
const fieldsOfDay = 3

// hoursForm returns the form with an account's business hours. It has all rows of own days that were submitted, also if
// there are fewer days by now.
func hoursForm(v *web.Visit, e *setup.Entry) web.Form {
	zone := web.Field{
		Name:        zonePath,
		Label:       "Time zone",
		Value:       e.Value(zonePath),
		Placeholder: "Berlin",
		Offers:      listZones(),
		Help:        "The hours below are those of a clock there, in summer and in winter.",
	}
	return web.Form{
		Action:  accountPath(e.Name) + "/hours",
		Version: e.Version,
		Back:    accountPath(e.Name),
		Groups: []web.Group{
			zoneGroup:     {Fields: []web.Field{zone}},
			weekGroup:     weekFields(e),
			holidaysGroup: holidayFields(e),
			ownDaysGroup:  ownDayFields(e, countSubmitted(v, daysPath, ".date")),
		},
	}
}

// weekFields returns the group with a field for each weekday.
func weekFields(e *setup.Entry) web.Group {
	week := setup.WeekOf(*e)
	group := web.Group{
		Title: "Week",
		Help: "`9-17`, `9am-5pm`, or several with commas between them: `9-12:30, 13:30-17:30`. " +
			"A night is two days: until `24:00`, and from `0:00`. An empty day is closed.",
	}
	for _, name := range []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"} {
		key := strings.ToLower(name[:3])
		group.Fields = append(group.Fields, web.Field{Name: weekPath + key, Label: name, Value: week[key], Placeholder: "closed"})
	}
	return group
}

// holidayFields returns the group with the country of public holidays and the exceptions.
func holidayFields(e *setup.Entry) web.Group {
	country := web.Field{
		Name:    countryPath,
		Label:   "Public holidays of",
		Kind:    web.KindChoice,
		Value:   e.Value(countryPath),
		Choices: countryChoices(e.Value(countryPath)),
	}
	except := web.Field{
		Name:  exceptPath,
		Label: "Public holidays on which you work",
		Kind:  web.KindLines,
		Value: strings.Join(e.Values[exceptPath], "\n"),
		Help:  "One a line: by name in each year, or by date (`2026-10-31`) once.",
	}
	return web.Group{Title: "Public holidays", Fields: []web.Field{country, except}}
}

// ownDayFields returns the group with the fields of the own days, fieldsOfDay for each. It has at least minRows days.
func ownDayFields(e *setup.Entry, minRows int) web.Group {
	group := web.Group{Title: "Days of your own", Help: "Without hours you are closed. They count before all else."}
	days := ownDays(e)
	days = append(days, make([]ownDay, max(minRows-len(days), 0))...)
	for i, d := range days {
		at := fmt.Sprintf("%s%d.", daysPath, i)
		group.Fields = append(group.Fields,
			web.Field{Name: at + "date", Label: "Date", Kind: "date", Value: d.date},
			web.Field{Name: at + "name", Label: "Name", Value: d.name},
			web.Field{Name: at + "open", Label: "Open", Value: d.open, Placeholder: "closed"})
	}
	return group
}

// ownDay has the stored values of one of the account's own days.
type ownDay struct{ date, name, open string }

// ownDays returns the stored days, followed by moreDays empty ones.
func ownDays(e *setup.Entry) (days []ownDay) {
	for _, date := range e.Values[listPath] {
		days = append(days, ownDay{date: date})
	}
	for i := 0; ; i++ {
		at := fmt.Sprintf("%s%d.", daysPath, i)
		date := e.Value(at + "date")
		if date == "" {
			break
		}
		days = append(days, ownDay{date: date, name: e.Value(at + "name"), open: e.Value(at + "open")})
	}
	return append(days, make([]ownDay, moreDays)...)
}

// countryChoices returns the countries, and the regions of countries, whose public holidays Parley knows.
func countryChoices(chosen string) []web.Choice {
	list := []web.Choice{{Text: "none"}}
	for _, r := range slices.Concat(bridge.Countries(), bridge.Parts()) {
		list = append(list, web.Choice{Value: r.Code, Text: r.Name, Chosen: r.Code == chosen})
	}
	slices.SortStableFunc(list[1:], func(a, b web.Choice) int { return strings.Compare(a.Text, b.Text) })
	return list
}

// hoursScreen returns the page with a form.
func (p hoursPages) hoursScreen(v *web.Visit, e *setup.Entry, form *web.Form) web.Screen {
	var rows []dayRow
	for own := range slices.Chunk(form.Groups[ownDaysGroup].Fields, fieldsOfDay) {
		rows = append(rows, dayRow{Date: own[0], Name: own[1], Open: own[2]})
	}

	return web.Screen{
		Title: "Business hours of " + e.Name,
		Tabs:  accountTabs(e, "Hours"),
		Help:  "When the team is there. With nothing filled in, this account is always open.",
		Data: map[string]any{
			"Form":     form,
			"Zone":     form.Groups[zoneGroup],
			"Week":     form.Groups[weekGroup],
			"Holidays": form.Groups[holidaysGroup],
			"Own":      form.Groups[ownDaysGroup],
			"OwnDays":  rows,
			"Public":   comingHolidays(e, v.Now()),
		},
	}
}

// comingHolidays returns the public holidays of the account's country from today to the end of the next year.
func comingHolidays(e *setup.Entry, now time.Time) (days []publicDay) {
	country, err := bridge.FindCalendar(e.Value(countryPath))
	if err != nil { // none is chosen, or an unknown one
		return nil
	}
	for _, d := range slices.Concat(country.HolidaysOf(now.Year()), country.HolidaysOf(now.Year()+1)) {
		if d.Date < now.Format(time.DateOnly) {
			continue
		}
		isException := func(s string) bool { return s == d.Date || strings.EqualFold(s, d.Name) }
		isWorking := slices.ContainsFunc(e.Values[exceptPath], isException)
		days = append(days, publicDay{Date: d.Date, Name: d.Name, Working: isWorking})
	}
	return days
}

func (p hoursPages) showHours(v *web.Visit) error {
	return p.withAccountEntry(v, func(e *setup.Entry) error {
		form := hoursForm(v, e)
		return v.Show("hours", p.hoursScreen(v, e, &form))
	})
}

func (p hoursPages) saveHours(v *web.Visit) error {
	return p.withAccountEntry(v, func(e *setup.Entry) error {
		form := hoursForm(v, e)
		if v.Value("copy") != "" {
			for _, f := range form.Groups[weekGroup].Fields {
				v.Request.PostForm.Set(f.Name, v.Value(weekPath+"mon"))
			}
			form.Keep(v, nil)
			return v.Show("hours", p.hoursScreen(v, e, &form))
		}
		return p.saveForm(v, changeTo(v, e, hoursChange(v, form)), &form, form.Action, func() error {
			return v.ShowAgain("hours", p.hoursScreen(v, e, &form))
		})
	})
}

// hoursChange returns all submitted business hours, or an empty map if none has changed. A change replaces all of them
// together. Clearing the date of an own day removes the day: its name and hours are ignored.
func hoursChange(v *web.Visit, form web.Form) map[string][]string {
	values := map[string][]string{hoursKey: nil} // clears all values that aren't set below
	changed := false
	removedRow := "" // the prefix of the fields of the removed day: "hours.holidays.days.2."
	for _, g := range form.Groups {
		for _, f := range g.Fields {
			row, isDate := strings.CutSuffix(f.Name, "date")
			wasCleared := f.Value != "" && v.Value(f.Name) == ""
			if isDate && wasCleared {
				removedRow = row
			}
			if removedRow != "" && strings.HasPrefix(f.Name, removedRow) {
				changed = true
				continue
			}

			given := trimValues(f, v.Request.PostForm[f.Name])
			if strings.Join(given, "\n") != f.Value {
				changed = true
			}
			if strings.Join(given, "") != "" {
				values[f.Name] = given
			}
		}
	}

	if !changed {
		return map[string][]string{}
	}

	return values
}
