package setup

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"parley/channels"
	"parley/routing/hours"
	"parley/store"
)

// writeAccount returns the entry of an account for parley.yaml, with the fields of its channel, the way in which customers write, if
// this version has it:
//
//	name: support-mail
//	kind: email
//	team: Support
//	email:
//	  imap: {host: mail.example.com, password: "${SUPPORT_MAIL_IMAP_PASSWORD}"}
//
// Secrets are never exported. Each is replaced by an environment variable, which must be set when the file is applied.
// writeAccount adds the names of these variables to usedVariables, and uses none that is in it already.
func writeAccount(a StateAccount, specs []channels.Spec, usedVariables map[string]bool) *Mapping {
	entry := &Mapping{}
	entry.AddText("name", a.Row.Name)
	entry.AddText("kind", a.Row.Kind)
	entry.AddText("team", a.Team)
	entry.AddText("mode", string(a.Row.Mode))
	entry.AddList("trial_to", a.Row.TrialTo)
	if a.Row.Paused {
		entry.Put("paused", Plain("true"))
	}
	if a.Surface != "" {
		entry.AddText(a.Surface+"_channel", a.Row.SurfaceChannel) // slack_channel or teams_channel
	}

	entry.AddText("signature", a.Signature().Source())
	entry.notePictures(a.Signature())
	writeSettings(entry, a.Settings)
	entry.AddText("reply_mode", string(a.Row.ReplyMode))
	if a.Row.HoldSeconds != nil {
		entry.Put("hold", Plain(a.HoldWords()))
	}
	const defaultRate = 1
	if a.Row.Rate != defaultRate {
		entry.Put("rate", Plain(fmt.Sprint(a.Row.Rate)))
	}

	writeBusinessHours(entry, a.Hours)
	writePlan(entry, a.Plan)
	writePeople(entry, a.Row.People)
	writeAliases(entry, a.Row.Aliases)

	if spec := SpecOf(specs, a.Row.Kind); spec != nil {
		for _, f := range spec.Fields {
			writeField(entry, a, *spec, f, usedVariables)
		}
	}

	return entry
}

// writePeople writes who works on an account, with the rights that aren't as usual.
func writePeople(entry *Mapping, list []store.AccountPerson) {
	var people []*Mapping
	for _, p := range list {
		person := &Mapping{}
		person.AddText("agent", p.Agent)
		for _, right := range store.Rights() {
			if has := slices.Contains(p.Rights, right); has != right.IsUsual() {
				person.Put(string(right), Plain(fmt.Sprint(has)))
			}
		}
		people = append(people, person)
	}
	if len(people) > 0 {
		entry.Put("people", people)
	}
}

// writeAliases writes the further addresses of an account.
func writeAliases(entry *Mapping, list []store.AccountAlias) {
	var aliases []*Mapping
	for _, a := range list {
		alias := &Mapping{}
		alias.AddText("address", a.Address)
		alias.AddText("name", a.Name)
		alias.AddText("signature", a.Signature)
		alias.AddText("team", a.Team)
		aliases = append(aliases, alias)
	}
	if len(aliases) > 0 {
		entry.Put("addresses", aliases)
	}
}

// writeField writes a field of the account's channel. A name such as "imap.host" becomes a nested key: imap: {host: …}.
func writeField(entry *Mapping, a StateAccount, spec channels.Spec, f channels.Field, usedVariables map[string]bool) {
	if !hasValue(a, f) {
		return
	}

	path := strings.Split(f.Name, ".")
	parents, key := path[:len(path)-1], path[len(path)-1]
	group := entry.Child(Section(spec))
	for _, parent := range parents {
		group = group.Child(parent)
	}

	value := a.Config[f.Name]
	switch {
	case f.Secret:
		group.Put(key, Secret{"${" + reserveVariable(a.Row.Name, f.Name, usedVariables) + "}", a.Secrets[f.Name]})
	case f.List:
		group.AddList(key, strings.Split(value, "\n"))
	default:
		group.AddText(key, value)
	}
}

// hasValue reports whether an account has a value for a field of its channel. For a secret, Config has the name of the
// field with an empty value.
func hasValue(a StateAccount, f channels.Field) bool {
	value, isNamed := a.Config[f.Name]
	if !f.Secret {
		return value != ""
	}
	return isNamed
}

var notInVariables = regexp.MustCompile(`[^A-Z0-9]+`)

// reserveVariable returns the name of the environment variable for a secret, such as SUPPORT_MAIL_IMAP_PASSWORD, and adds
// it to used. If the name is used already, because the names of two accounts differ only in punctuation, it appends a
// number: SUPPORT_MAIL_IMAP_PASSWORD_2.
func reserveVariable(account, field string, used map[string]bool) string {
	name := notInVariables.ReplaceAllString(strings.ToUpper(account+"_"+field), "_")
	if name[0] >= '0' && name[0] <= '9' { // a variable's name can't begin with a digit
		name = "_" + name
	}
	unique := name
	for n := 2; used[unique]; n++ {
		unique = fmt.Sprintf("%s_%d", name, n)
	}
	used[unique] = true
	return unique
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
