package setup

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// Attribute is one property of an agent, a team, an account and so on, as text for people. Comparing the
// attributes of a stored and a wanted thing shows what a change would do, as in "~ account support-mail: hold
// 20s → 30s", and whether anything has to be written.
type Attribute struct {
	Name   string
	Value  string
	Empty  string // how an empty value is shown; "" means "(none)"
	Secret bool   // the value must never be shown
}

// Attributes returns the properties of an agent.
func (a StateAgent) Attributes() []Attribute {
	list := []Attribute{
		{Name: "name", Value: a.Name},
		{Name: "roles", Value: joinSorted(a.Roles)},
		{Name: "zone", Value: a.Zone},
		{Name: "presence", Value: a.Presence, Empty: bridge.PresenceAvailable},
		{Name: "quiet", Value: joinSorted(a.Quiet)},
	}
	list = append(list, workAttributes(a.Work)...)
	list = append(list, a.Signature.listAttributes()...)
	for _, kind := range Chats() {
		list = append(list, Attribute{Name: kind, Value: string(a.Users[kind])})
	}
	return list
}

// Attributes returns the properties of a team.
func (t StateTeam) Attributes() []Attribute {
	list := []Attribute{{Name: "members", Value: joinSorted(t.Members)}}
	for _, kind := range Chats() {
		list = append(list, Attribute{Name: kind + "_channel", Value: t.Channels[kind]})
	}
	home := ""
	if len(t.Channels) > 1 { // otherwise the only channel decides
		home = t.Home
	}
	board := ""
	if t.Board {
		board = BoardOn
	}
	return append(list,
		Attribute{Name: "home", Value: home},
		Attribute{Name: "emoji", Value: emojiWords(t.Emoji)},
		Attribute{Name: "agents", Value: t.Agents},
		Attribute{Name: "board", Value: board})
}

// Attributes returns the properties of an account. spec describes its channel, or is nil if this version
// doesn't have it.
func (a StateAccount) Attributes(spec *channels.Spec) []Attribute {
	list := []Attribute{
		{Name: "kind", Value: a.Row.Kind},
		{Name: "team", Value: a.Team},
		{Name: "mode", Value: string(a.Row.Mode)},
		{Name: "trial_to", Value: joinSorted(a.Row.TrialTo)},
		{Name: "paused", Value: boolWord(a.Row.Paused), Empty: "false"},
	}

	list = append(list, a.Signature().listAttributes()...)
	list = append(list,
		Attribute{Name: "reply_mode", Value: string(a.Row.ReplyMode)},
		Attribute{Name: "hold", Value: a.HoldWords(), Empty: "(default)"},
		Attribute{Name: "rate", Value: fmt.Sprint(a.Row.Rate)},
		Attribute{Name: "hours", Value: hoursWords(a.Hours), Empty: "(always open)"})
	list = append(list, planAttributes(a.Plan)...)
	list = append(list, Attribute{Name: "people", Value: peopleWords(a.Row.People), Empty: "(everybody)"})
	list = append(list, Attribute{Name: "addresses", Value: aliasWords(a.Row.Aliases)})
	for _, kind := range Chats() {
		channel := ""
		if a.Surface == kind {
			channel = a.Row.SurfaceChannel
		}
		list = append(list, Attribute{Name: kind + "_channel", Value: channel})
	}

	list = append(list, SettingAttributes(a.Settings)...)
	if spec == nil {
		return list
	}

	for _, f := range spec.Fields {
		value := a.Value(f)
		if f.List {
			value = strings.ReplaceAll(value, "\n", ", ")
		}
		list = append(list, Attribute{Name: f.Name, Value: value, Empty: emptyText(f), Secret: f.Secret})
	}
	return list
}

// SettingAttributes returns all settings as attributes, including those with their default.
func SettingAttributes(settings map[string]string) []Attribute {
	var list []Attribute
	for _, known := range bridge.Settings() {
		list = append(list, Attribute{Name: known.Name, Value: settings[known.Name], Empty: "(default)"})
	}
	return list
}

// RetentionAttributes returns for how many days records are kept, as attributes.
func RetentionAttributes(d store.RetentionDays) (list []Attribute) {
	for _, k := range RetentionKeys() {
		list = append(list, Attribute{Name: k.Name, Value: k.Format(k.Get(d)), Empty: "(default)"})
	}
	return list
}

// peopleWords describes who works on an account: "ann@acme.test (handles, reassign), ben@acme.test (handles, takes)".
func peopleWords(people []store.AccountPerson) string {
	var list []string
	for _, p := range people {
		var rights []string
		for _, right := range p.Rights {
			rights = append(rights, string(right))
		}
		list = append(list, p.Agent+" ("+strings.Join(rights, ", ")+")")
	}
	return strings.Join(list, ", ")
}

// aliasWords describes further addresses: "sales@acme.test (Acme Sales; Your sales team; Sales)".
func aliasWords(aliases []store.AccountAlias) string {
	var list []string
	for _, a := range aliases {
		list = append(list, a.Address+" ("+strings.Join([]string{a.Name, a.Signature, a.Team}, "; ")+")")
	}
	return strings.Join(list, ", ")
}

// RoleAttributes describes the company's own roles, each by the lists that it opens.
func RoleAttributes(roles []store.Role) []Attribute {
	var list []string
	for _, r := range roles {
		list = append(list, r.Name+" ("+strings.Join(r.Lists, ", ")+")")
	}
	return []Attribute{{Name: "own", Value: strings.Join(list, ", ")}}
}

// emojiWords formats a team's emoji with their verbs.
func emojiWords(verbs map[string]string) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(verbs)) {
		list = append(list, name+": "+verbs[name])
	}
	return strings.Join(list, ", ")
}

// emptyText returns how an empty value of a field is shown.
func emptyText(f channels.Field) string {
	if f.Default != "" {
		return "(default)"
	}
	return ""
}

// joinSorted joins a list whose order has no meaning. Equal sets give equal results.
func joinSorted(list []string) string { return strings.Join(slices.Sorted(slices.Values(list)), ", ") }

// boolWord returns "true", or "" for false, which is the default.
func boolWord(b bool) string {
	if b {
		return "true"
	}
	return ""
}
