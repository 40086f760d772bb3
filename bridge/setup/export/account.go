package export

import (
	"fmt"
	"regexp"
	"strings"

	"parley/bridge/setup/document"
	"parley/bridge/setup/input"
	"parley/bridge/setup/state"
	"parley/channels"
	"parley/routing/hours"
)

// Accounts as entries of parley.yaml. Secrets are never written: an entry has ${SUPPORT_MAIL_IMAP_PASSWORD}
// instead, a variable that must be set when the file is applied.

// Account writes an account's entry, with the fields of its channel. A secret is written as ${ACCOUNT_FIELD}; variables
// holds the names that are taken already, and gets the new ones.
func Account(a state.Account, spec channels.Spec, variables map[string]bool) *document.Draft {
	g := &document.Draft{}
	g.Text("name", a.Row.Name)
	g.Text("kind", a.Row.Kind)
	g.Text("team", a.Team)
	g.Text("mode", string(a.Row.Mode))
	g.List("trial_to", a.Row.TrialTo)
	if a.Row.Paused {
		g.Put("paused", document.Plain("true"))
	}
	if a.Surface != "" {
		g.Text(a.Surface+"_channel", a.Row.SurfaceChannel) // slack_channel or teams_channel
	}

	g.Text("signature", a.Signature().Source())
	writeSettings(g, a.Settings)
	g.Text("reply_mode", string(a.Row.ReplyMode))
	if a.Row.HoldSeconds != nil {
		g.Put("hold", document.Plain(a.HoldWords()))
	}
	const defaultRate = 1
	if a.Row.Rate != defaultRate {
		g.Put("rate", document.Plain(fmt.Sprint(a.Row.Rate)))
	}

	writeBusinessHours(g, a.Hours)

	for _, f := range spec.Fields {
		writeField(g, a, spec, f, variables)
	}

	return g
}

// writeField writes a field of the account's channel, nested: "imap.host" becomes imap: {host: …}.
func writeField(g *document.Draft, a state.Account, spec channels.Spec, f channels.Field, variables map[string]bool) {
	if !hasValue(a, f) {
		return
	}

	g = g.Sub(input.Section(spec))
	path := strings.Split(f.Name, ".")
	key := path[len(path)-1]

	for _, name := range path[:len(path)-1] {
		g = g.Sub(name)
	}

	value := a.Config[f.Name]
	switch {
	case f.Secret:
		g.Put(key, "${"+reserveVariable(a.Row.Name, f.Name, variables)+"}")
	case f.List:
		g.List(key, strings.Split(value, "\n"))
	default:
		g.Text(key, value)
	}
}

// hasValue reports whether an account has a value for a field of its channel. Config has the names of the secrets that are stored. Old
// rows have no such names: if they have any secrets, one that the channel needs counts as stored.
func hasValue(a state.Account, f channels.Field) bool {
	value, isNamed := a.Config[f.Name]
	if !f.Secret {
		return value != ""
	}
	isOfOldRow := f.IsNeeded(a.Config) && len(a.Row.Secrets) > 0
	return isNamed || isOfOldRow
}

var notInNames = regexp.MustCompile(`[^A-Z0-9]+`)

// reserveVariable returns the environment variable of a secret, SUPPORT_MAIL_IMAP_PASSWORD, and adds it to those that are taken. It has
// a number at its end if another account, whose name differs only in punctuation, has the same.
func reserveVariable(account, field string, taken map[string]bool) string {
	name := notInNames.ReplaceAllString(strings.ToUpper(account+"_"+field), "_")
	if name[0] >= '0' && name[0] <= '9' { // a variable's name can't begin with a digit
		name = "_" + name
	}
	unique := name
	for n := 2; taken[unique]; n++ {
		unique = fmt.Sprintf("%s_%d", name, n)
	}
	taken[unique] = true
	return unique
}

// writeBusinessHours writes business hours, if there are any:
//
//	hours:
//	  zone: Europe/Berlin
//	  week:
//	    "mon-fri": "09:00-17:00"
//	  holidays: [2026-12-25]
func writeBusinessHours(g *document.Draft, p hours.Plan) {
	if p.Zone == "" {
		return
	}
	g = g.Sub("hours")
	g.Text("zone", p.Zone)
	for _, r := range p.Week {
		g.Sub("week").Text(document.Quoted(r.Days), r.Open)
	}
	writeHolidays(g, p)
}

// writeHolidays writes holidays as a list of dates or, if that doesn't say all, with their country, days with names or
// hours, and exceptions.
func writeHolidays(g *document.Draft, p hours.Plan) {
	hasOnlyDates := p.Country == "" && len(p.Days) == 0 && len(p.Except) == 0
	if hasOnlyDates {
		g.List("holidays", p.Holidays)
		return
	}

	g = g.Sub("holidays")
	g.Text("country", p.Country)
	var days []*document.Draft
	for _, d := range p.SpecialDays() {
		day := &document.Draft{}
		day.Text("date", d.Date)
		day.Text("name", d.Name)
		day.Text("open", d.Open)
		days = append(days, day)
	}

	if len(days) > 0 {
		g.Put("days", days)
	}

	g.List("except", p.Except)
}
