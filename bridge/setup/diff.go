package setup

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"parley/bridge"
	"parley/channels"
)

const shownRunes = 60

// attribute is one property of an agent, a team or an account, in words.
type attribute struct {
	name   string
	value  string
	empty  string // how an empty value is shown; "" = "(none)"
	secret bool   // the value is never shown
}

// diff lists, for people, what changes from have to want.
func diff(have, want *state, specs []channels.Spec, kept kept) []string {
	var lines []string
	if have.company != want.company {
		lines = append(lines, "~ company: "+change(have.company, want.company))
	}
	lines = append(lines, compare("settings", settingAttributes(have.settings), settingAttributes(want.settings))...)
	lines = append(lines, compare("retention", retentionAttributes(have.retention), retentionAttributes(want.retention))...)
	for _, kind := range surfaceKinds() {
		if id, ok := want.surfaces[kind]; ok && id == 0 {
			lines = append(lines, "+ surface "+kind)
		}
	}
	for _, a := range want.agents {
		lines = append(lines, compare("agent "+a.email, attributesOf(have.agent(a.email), agent.attributes), a.attributes())...)
	}
	for _, t := range want.teams {
		lines = append(lines, compare("team "+t.name, attributesOf(have.team(t.name), team.attributes), t.attributes())...)
	}
	for _, a := range want.accounts {
		list := func(a account) []attribute { return a.attributes(specOf(specs, a.row.Kind)) }
		lines = append(lines, compare("account "+a.row.Name, attributesOf(have.account(a.row.Name), list), list(a))...)
	}
	lines = append(append(lines, tagChanges(have, want)...), knowledgeChanges(have, want)...)
	return append(append(lines, templateChanges(have, want, kept)...), removed(have, want, kept)...)
}

// removed lists, for people, what prune removes.
func removed(have, want *state, kept kept) []string {
	var lines []string
	for _, a := range have.agents {
		if want.agent(a.email) == nil {
			lines = append(lines, "- agent "+a.email+": takes no more part (history is kept)")
		}
	}
	for _, t := range have.teams {
		if want.team(t.name) == nil && !kept.teams[t.id] {
			lines = append(lines, "- team "+t.name)
		}
	}
	for _, a := range have.accounts {
		switch {
		case want.account(a.row.Name) != nil:
		case !kept.accounts[a.row.ID]:
			lines = append(lines, "- account "+a.row.Name)
		case !a.row.Paused:
			lines = append(lines, "- account "+a.row.Name+": paused (its conversations are kept)")
		}
	}
	return lines
}

func attributesOf[T any](thing *T, list func(T) []attribute) []attribute {
	if thing == nil {
		return nil
	}
	return list(*thing)
}

// compare describes a new thing in one line, and a changed one in a line for each change.
func compare(what string, have, want []attribute) []string {
	if have == nil {
		var parts []string
		for _, a := range want {
			switch {
			case a.value == "":
			case a.secret:
				parts = append(parts, a.name+" (secret)")
			default:
				parts = append(parts, a.name+" "+shown(a.value))
			}
		}
		return []string{strings.TrimSuffix("+ "+what+": "+strings.Join(parts, ", "), ": ")}
	}
	before := map[string]attribute{}
	for _, a := range have {
		before[a.name] = a
	}
	var lines []string
	for _, a := range want {
		old := before[a.name].value
		switch {
		case old == a.value:
		case !a.secret:
			lines = append(lines, "~ "+what+": "+a.name+" "+change(cmp.Or(old, a.empty), cmp.Or(a.value, a.empty)))
		case a.value == "":
			lines = append(lines, "~ "+what+": "+a.name+" removed (secret)")
		case old == "":
			lines = append(lines, "~ "+what+": "+a.name+" set (secret)")
		default:
			lines = append(lines, "~ "+what+": "+a.name+" changed (secret)")
		}
	}
	return lines
}

func change(from, to string) string { return shown(from) + " → " + shown(to) }

// shown shortens a value to one line.
func shown(value string) string {
	if value == "" {
		return "(none)"
	}
	value = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ReplaceAll(value, "\n", " ⏎ "))
	if runes := []rune(value); len(runes) > shownRunes {
		return string(runes[:shownRunes]) + "…"
	}
	return value
}

func (a agent) attributes() []attribute {
	list := []attribute{{name: "name", value: a.name}, {name: "roles", value: sorted(a.roles)}, {name: "zone", value: a.zone},
		{name: "presence", value: a.presence, empty: bridge.PresenceAvailable}, {name: "quiet", value: sorted(a.quiet)}}
	list = append(list, a.signature.attributes()...)
	for _, kind := range surfaceKinds() {
		list = append(list, attribute{name: kind, value: a.users[kind]})
	}
	return list
}

func (t team) attributes() []attribute {
	list := []attribute{{name: "members", value: sorted(t.members)}}
	for _, kind := range surfaceKinds() {
		list = append(list, attribute{name: kind + "_channel", value: t.channels[kind]})
	}
	home := ""
	if len(t.channels) > 1 {
		home = t.home
	}
	return append(list, attribute{name: "home", value: home}, attribute{name: "emoji", value: emojiWords(t.emoji)}, attribute{name: "agents", value: t.agents},
		attribute{name: "weekly_figures", value: t.weekly})
}

func (a account) attributes(spec *channels.Spec) []attribute {
	list := []attribute{
		{name: "kind", value: a.row.Kind},
		{name: "team", value: a.team},
		{name: "mode", value: string(a.row.Mode)},
		{name: "trial_to", value: sorted(a.row.TrialTo)},
		{name: "paused", value: yes(a.row.Paused), empty: "false"},
	}
	list = append(append(list, a.signature().attributes()...), []attribute{
		{name: "reply_mode", value: string(a.row.ReplyMode)},
		{name: "hold", value: holdWords(a.row.HoldSeconds), empty: "(default)"},
		{name: "rate", value: fmt.Sprint(a.row.Rate)},
		{name: "hours", value: hoursWords(a.hours), empty: "(always open)"},
	}...)
	for _, kind := range surfaceKinds() {
		channel := ""
		if a.surface == kind {
			channel = a.row.SurfaceChannel
		}
		list = append(list, attribute{name: kind + "_channel", value: channel})
	}
	list = append(list, settingAttributes(a.settings)...)
	if spec == nil {
		return list
	}
	for _, f := range spec.Fields {
		value := a.value(f)
		if f.List {
			value = strings.ReplaceAll(value, "\n", ", ")
		}
		list = append(list, attribute{name: f.Name, value: value, empty: ownDefault(f), secret: f.Secret})
	}
	return list
}

// settingAttributes returns all settings as attributes, also those with their default.
func settingAttributes(settings map[string]string) []attribute {
	var list []attribute
	for _, known := range bridge.Settings() {
		list = append(list, attribute{name: known.Name, value: settings[known.Name], empty: "(default)"})
	}
	return list
}

func ownDefault(f channels.Field) string {
	if f.Default != "" {
		return "(default)"
	}
	return ""
}

// sorted joins a list whose order has no meaning.
func sorted(list []string) string { return strings.Join(slices.Sorted(slices.Values(list)), ", ") }

func yes(b bool) string {
	if b {
		return "true"
	}
	return ""
}

func holdWords(seconds *float64) string {
	if seconds == nil {
		return ""
	}
	return (time.Duration(*seconds * float64(time.Second))).String()
}

// equalAccounts says whether two accounts are equal, so that nothing has to be written.
func equalAccounts(a, b account, specs []channels.Spec) bool {
	spec := specOf(specs, a.row.Kind)
	return slices.Equal(a.attributes(spec), b.attributes(spec)) && maps.Equal(a.config, b.config)
}
