package settings

import (
	"fmt"
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bridge/holiday"
	"parley/bridge/setup"
)

// Paths of an account's business hours.
const (
	hoursKey    = "hours"
	zonePath    = "hours.zone"
	weekPath    = "hours.week."
	listPath    = "hours.holidays" // of dates alone, as parley.yaml may have it
	countryPath = "hours.holidays.country"
	exceptPath  = "hours.holidays.except"
	daysPath    = "hours.holidays.days."
)

// moreDays is how many empty rows the page has for further days.
const moreDays = 3

// hoursPages has the page of an account's business hours.
type hoursPages struct{ pages }

func (p hoursPages) routes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + accountsPath + "/{name}/hours", For: web.Admins, Do: p.showHours},
		{Pattern: "POST " + accountsPath + "/{name}/hours", For: web.Admins, Do: p.saveHours},
	}
}

// dayRow has the fields of a day of one's own.
type dayRow struct{ Date, Name, Open web.Field }

// publicDay is a public holiday on the page.
type publicDay struct {
	Date, Name string
	Working    bool // it doesn't count
}

// hoursForm is the form of the business hours: what each part of the page shows.
func hoursForm(e *setup.Entry) web.Form {
	week := setup.WeekOf(*e)
	days := web.Group{Title: "Week", Help: "Several times with commas between them: `09:00-12:30, 13:30-17:30`. A night is two days: until `24:00`, and from `00:00`. An empty day is closed."}
	for _, name := range []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"} {
		key := strings.ToLower(name[:3])
		days.Fields = append(days.Fields, web.Field{Name: weekPath + key, Label: name, Value: week[key], Placeholder: "closed"})
	}
	country := web.Field{Name: countryPath, Label: "Public holidays of", Kind: web.KindChoice, Value: e.Value(countryPath), Choices: countries(e.Value(countryPath))}
	except := web.Field{Name: exceptPath, Label: "Public holidays on which you work", Kind: web.KindLines, Value: strings.Join(e.Values[exceptPath], "\n"),
		Help: "One a line: by name in each year, or by date (`2026-10-31`) once."}
	own := web.Group{Title: "Days of your own", Help: "Without hours you are closed. They count before all else."}
	for i, d := range ownDays(e) {
		at := fmt.Sprintf("%s%d.", daysPath, i)
		own.Fields = append(own.Fields, web.Field{Name: at + "date", Label: "Date", Kind: "date", Value: d[0]}, web.Field{Name: at + "name", Label: "Name", Value: d[1]},
			web.Field{Name: at + "open", Label: "Open", Value: d[2], Placeholder: "closed"})
	}
	return web.Form{Action: accountPath(e.Name) + "/hours", Version: e.Version, Back: accountPath(e.Name), Groups: []web.Group{
		{Fields: []web.Field{{Name: zonePath, Label: "Time zone", Value: e.Value(zonePath), Placeholder: "Europe/Berlin", Help: "The hours below are those of a clock there, in summer and in winter."}}},
		days, {Title: "Public holidays", Fields: []web.Field{country, except}}, own,
	}}
}

// ownDays lists date, name and hours of each day, and of some empty rows.
func ownDays(e *setup.Entry) (days [][3]string) {
	for _, date := range e.Values[listPath] {
		days = append(days, [3]string{date})
	}
	for i := 0; e.Value(fmt.Sprintf("%s%d.date", daysPath, i)) != ""; i++ {
		at := fmt.Sprintf("%s%d.", daysPath, i)
		days = append(days, [3]string{e.Value(at + "date"), e.Value(at + "name"), e.Value(at + "open")})
	}
	return append(days, make([][3]string, moreDays)...)
}

func countries(chosen string) []web.Choice {
	list := []web.Choice{{Text: "none"}}
	for _, r := range slices.Concat(holiday.Countries(), holiday.Parts()) {
		list = append(list, web.Choice{Value: r.Code, Text: r.Name, Chosen: r.Code == chosen})
	}
	slices.SortStableFunc(list[1:], func(a, b web.Choice) int { return strings.Compare(a.Text, b.Text) })
	return list
}

func (p hoursPages) hoursScreen(v *web.Visit, e *setup.Entry, form *web.Form) web.Screen {
	var rows []dayRow
	for own := range slices.Chunk(form.Groups[3].Fields, 3) {
		rows = append(rows, dayRow{own[0], own[1], own[2]})
	}
	var public []publicDay
	if c, err := holiday.Of(e.Value(countryPath)); err == nil {
		for _, d := range slices.Concat(c.In(v.Now().Year()), c.In(v.Now().Year()+1)) {
			working := slices.ContainsFunc(e.Values[exceptPath], func(s string) bool { return s == d.Date || strings.EqualFold(s, d.Name) })
			if d.Date >= v.Now().Format("2006-01-02") {
				public = append(public, publicDay{d.Date, d.Name, working})
			}
		}
	}
	return web.Screen{Title: "Business hours of " + e.Name, Help: "When the team is there. With nothing filled in, this account is always open.",
		Data: map[string]any{"Form": form, "Days": rows, "Public": public}}
}

func (p hoursPages) showHours(v *web.Visit) error {
	return p.named(v, setup.EntryAccount, "account", func(e *setup.Entry) error {
		form := hoursForm(e)
		return v.Show("hours", p.hoursScreen(v, e, &form))
	})
}

func (p hoursPages) saveHours(v *web.Visit) error {
	return p.named(v, setup.EntryAccount, "account", func(e *setup.Entry) error {
		form := hoursForm(e)
		change := setup.Change{Kind: e.Kind, Name: e.Name, Channel: e.Channel, Version: v.Value("version"), Values: hoursChange(v, form)}
		result, done, err := p.attempt(v, change, &form)
		switch {
		case err != nil:
			return err
		case !done:
			return v.ShowAgain("hours", p.hoursScreen(v, e, &form))
		}
		return saved(v, form.Action, about(result, e.Name))
	})
}

// hoursChange returns all of the hours as they were sent; nothing if they are as the page showed them.
func hoursChange(v *web.Visit, form web.Form) map[string][]string {
	values, changed := map[string][]string{hoursKey: nil}, false
	gone := "" // the row of a day whose date was taken out
	for _, g := range form.Groups {
		for _, f := range g.Fields {
			row, isDate := strings.CutSuffix(f.Name, "date")
			if isDate && f.Value != "" && v.Value(f.Name) == "" {
				gone = row
			}
			if gone != "" && strings.HasPrefix(f.Name, gone) {
				changed = true
				continue
			}
			given := trimmed(f, v.Request.PostForm[f.Name])
			changed = changed || strings.Join(given, "\n") != f.Value
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
