package settings

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/bot/web"
	"parley/bridge/holiday"
	"parley/bridge/setup"
)

// The page of an account's business hours: its week, the public holidays of its country, and days of its own, such as
// a company holiday. All of these are values of the account's entry, below the path "hours".

// Paths of an account's business hours.
const (
	hoursKey    = "hours"
	zonePath    = "hours.zone"
	weekPath    = "hours.week."
	listPath    = "hours.holidays" // a list of dates, in place of the keys below, as parley.yaml may have it
	countryPath = "hours.holidays.country"
	exceptPath  = "hours.holidays.except"
	daysPath    = "hours.holidays.days."
)

// moreDays is how many empty rows the page has for further days.
const moreDays = 3

// hoursPages has the page of an account's business hours.
type hoursPages struct{ pages }

func (p hoursPages) listRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + accountsPath + "/{name}/hours", For: web.Admins, Do: p.showHours},
		{Pattern: "POST " + accountsPath + "/{name}/hours", For: web.Admins, Do: p.saveHours},
	}
}

// dayRow has the fields of one of the account's own days.
type dayRow struct{ Date, Name, Open web.Field }

type publicDay struct {
	Date, Name string
	Working    bool // the team works on that day
}

// Places of the groups in the form of the business hours. Each group is a part of the page.
const (
	zoneGroup = iota
	weekGroup
	holidaysGroup
	ownDaysGroup
)

// fieldsOfDay is how many fields the form has for each own day: its date, its name and its hours.
const fieldsOfDay = 3

// hoursForm makes the form of the business hours.
func hoursForm(e *setup.Entry) web.Form {
	week := setup.WeekOf(*e)
	days := web.Group{
		Title: "Week",
		Help: "Several times with commas between them: `09:00-12:30, 13:30-17:30`. " +
			"A night is two days: until `24:00`, and from `00:00`. An empty day is closed.",
	}
	for _, name := range []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"} {
		key := strings.ToLower(name[:3])
		days.Fields = append(days.Fields, web.Field{Name: weekPath + key, Label: name, Value: week[key], Placeholder: "closed"})
	}

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
	own := web.Group{Title: "Days of your own", Help: "Without hours you are closed. They count before all else."}
	for i, d := range ownDays(e) {
		at := fmt.Sprintf("%s%d.", daysPath, i)
		own.Fields = append(own.Fields,
			web.Field{Name: at + "date", Label: "Date", Kind: "date", Value: d.date},
			web.Field{Name: at + "name", Label: "Name", Value: d.name},
			web.Field{Name: at + "open", Label: "Open", Value: d.open, Placeholder: "closed"})
	}

	zone := web.Field{
		Name:        zonePath,
		Label:       "Time zone",
		Value:       e.Value(zonePath),
		Placeholder: "Europe/Berlin",
		Help:        "The hours below are those of a clock there, in summer and in winter.",
	}
	return web.Form{
		Action:  accountPath(e.Name) + "/hours",
		Version: e.Version,
		Back:    accountPath(e.Name),
		Groups: []web.Group{
			zoneGroup:     {Fields: []web.Field{zone}},
			weekGroup:     days,
			holidaysGroup: {Title: "Public holidays", Fields: []web.Field{country, except}},
			ownDaysGroup:  own,
		},
	}
}

// ownDay is one of the account's own days, as it is stored.
type ownDay struct{ date, name, open string }

// ownDays lists the own days, and some empty rows for more of them.
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

// countryChoices lists the countries, and the parts of countries, whose public holidays Parley knows.
func countryChoices(chosen string) []web.Choice {
	list := []web.Choice{{Text: "none"}}
	for _, r := range slices.Concat(holiday.Countries(), holiday.Parts()) {
		list = append(list, web.Choice{Value: r.Code, Text: r.Name, Chosen: r.Code == chosen})
	}
	slices.SortStableFunc(list[1:], func(a, b web.Choice) int { return strings.Compare(a.Text, b.Text) })
	return list
}

func (p hoursPages) hoursScreen(v *web.Visit, e *setup.Entry, form *web.Form) web.Screen {
	var rows []dayRow
	for own := range slices.Chunk(form.Groups[ownDaysGroup].Fields, fieldsOfDay) {
		rows = append(rows, dayRow{Date: own[0], Name: own[1], Open: own[2]})
	}

	var public []publicDay
	if c, err := holiday.FindCalendar(e.Value(countryPath)); err == nil {
		for _, d := range slices.Concat(c.HolidaysOf(v.Now().Year()), c.HolidaysOf(v.Now().Year()+1)) {
			if d.Date < v.Now().Format(time.DateOnly) {
				continue
			}
			isWorking := slices.ContainsFunc(e.Values[exceptPath], func(s string) bool { return s == d.Date || strings.EqualFold(s, d.Name) })
			public = append(public, publicDay{Date: d.Date, Name: d.Name, Working: isWorking})
		}
	}

	return web.Screen{
		Title: "Business hours of " + e.Name,
		Help:  "When the team is there. With nothing filled in, this account is always open.",
		Data: map[string]any{
			"Form":     form,
			"Zone":     form.Groups[zoneGroup],
			"Week":     form.Groups[weekGroup],
			"Holidays": form.Groups[holidaysGroup],
			"Own":      form.Groups[ownDaysGroup],
			"OwnDays":  rows,
			"Public":   public,
		},
	}
}

func (p hoursPages) showHours(v *web.Visit) error {
	return p.withAccountEntry(v, func(e *setup.Entry) error {
		form := hoursForm(e)
		return v.Show("hours", p.hoursScreen(v, e, &form))
	})
}

func (p hoursPages) saveHours(v *web.Visit) error {
	return p.withAccountEntry(v, func(e *setup.Entry) error {
		form := hoursForm(e)
		change := setup.Change{Kind: e.Kind, Name: e.Name, Channel: e.Channel, Version: v.Value("version"), Values: hoursChange(v, form)}
		result, done, err := p.trySave(v, change, &form)
		if err != nil {
			return err
		}
		if !done {
			return v.ShowAgain("hours", p.hoursScreen(v, e, &form))
		}
		return answerSaved(v, form.Action, result.About(e.Name))
	})
}

// hoursChange returns all values of the hours that were sent, because they are replaced together. It returns an empty
// map if they are as the page showed them. A day whose date was removed loses its name and hours, too.
func hoursChange(v *web.Visit, form web.Form) map[string][]string {
	values := map[string][]string{hoursKey: nil} // the group itself: what isn't given below is cleared
	changed := false
	removedRow := "" // the prefix of the fields of a day whose date was removed
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
