package setup

import (
	"cmp"
	"slices"
	"strings"

	"parley/bridge"
	"parley/bridge/setup/input"
	"parley/bridge/setup/state"
	"parley/channels"
)

// maxShownRunes is how much of a value a line of the list of changes shows.
const maxShownRunes = 60

// diff lists, for people, what changes from have to want.
func diff(have, want *state.State, specs []channels.Spec, kept kept) []string {
	var lines []string
	if have.Company != want.Company {
		lines = append(lines, "~ company: "+change(have.Company, want.Company))
	}
	lines = append(lines, compare("settings", state.SettingAttributes(have.Settings), state.SettingAttributes(want.Settings))...)
	lines = append(lines, compare("retention", state.RetentionAttributes(have.Retention), state.RetentionAttributes(want.Retention))...)
	for _, kind := range input.Chats() {
		if id, ok := want.Surfaces[kind]; ok && id == 0 {
			lines = append(lines, "+ surface "+kind)
		}
	}
	for _, a := range want.Agents {
		lines = append(lines, compare("agent "+a.Email, attributesOf(have.Agent(a.Email), state.Agent.Attributes), a.Attributes())...)
	}
	for _, t := range want.Teams {
		lines = append(lines, compare("team "+t.Name, attributesOf(have.Team(t.Name), state.Team.Attributes), t.Attributes())...)
	}
	for _, a := range want.Accounts {
		list := func(a state.Account) []state.Attribute { return a.Attributes(input.SpecOf(specs, a.Row.Kind)) }
		lines = append(lines, compare("account "+a.Row.Name, attributesOf(have.Account(a.Row.Name), list), list(a))...)
	}
	return slices.Concat(lines,
		tagChanges(have, want), knowledgeChanges(have, want), templateChanges(have, want, kept), removed(have, want, kept))
}

// removed lists, for people, what prune removes.
func removed(have, want *state.State, kept kept) []string {
	var lines []string
	for _, a := range have.Agents {
		if want.Agent(a.Email) == nil {
			lines = append(lines, "- agent "+a.Email+": takes no more part (history is kept)")
		}
	}
	for _, t := range have.Teams {
		if want.Team(t.Name) == nil && !kept.teams[t.ID] {
			lines = append(lines, "- team "+t.Name)
		}
	}
	for _, a := range have.Accounts {
		switch {
		case want.Account(a.Row.Name) != nil:
		case !kept.accounts[a.Row.ID]:
			lines = append(lines, "- account "+a.Row.Name)
		case !a.Row.Paused:
			lines = append(lines, "- account "+a.Row.Name+": paused (its conversations are kept)")
		}
	}
	return lines
}

// tagChanges lists, for people, what changes in the list of tags.
func tagChanges(have, want *state.State) []string {
	var lines []string
	for _, t := range want.Tags {
		before := have.TagBefore(t)
		if before != nil && before.Name != t.Name {
			lines = append(lines, "~ tag "+t.Name+": name "+change(before.Name, t.Name))
		}
		lines = append(lines, compare("tag "+t.Name, attributesOf(before, state.TagAttributes), state.TagAttributes(t))...)
	}
	for _, t := range have.Tags {
		switch into := want.TagThatWas(t.Name); {
		case want.Tag(t.Name) != nil:
		case into == nil:
			lines = append(lines, "- tag "+t.Name+": can't be chosen any more (conversations keep it)")
		case have.Tag(into.Name) != nil:
			lines = append(lines, "- tag "+t.Name+": is "+into.Name+" now")
		}
	}
	return lines
}

// knowledgeChanges lists, for people, which folders and sites come and go.
func knowledgeChanges(have, want *state.State) []string {
	var lines []string
	for _, p := range want.Knowledge {
		if !slices.Contains(have.Knowledge, p) {
			lines = append(lines, "+ knowledge "+shown(p))
		}
	}
	for _, p := range have.Knowledge {
		if !slices.Contains(want.Knowledge, p) {
			lines = append(lines, "- knowledge "+shown(p)+": what was read there is forgotten")
		}
	}
	return lines
}

// templateChanges lists, for people, which templates change.
func templateChanges(have, want *state.State, kept kept) []string {
	var lines []string
	for _, t := range want.Templates {
		old := have.Template(t.Account, t.Row.Name, t.Row.Language)
		changed := compare(t.Title(), attributesOf(old, state.Template.Attributes), t.Attributes())
		lines = append(lines, changed...)
		if old != nil && bridge.TemplateDiffers(old.Row, t.Row) {
			lines = append(lines, "~ "+t.Title()+": handed in for approval again")
		}
	}
	for _, t := range have.Templates {
		if want.Template(t.Account, t.Row.Name, t.Row.Language) != nil {
			continue
		}
		if a := have.Account(t.Account); a != nil && want.Account(t.Account) == nil && !kept.accounts[a.Row.ID] {
			continue // the removal of its account is listed
		}
		if want.Account(t.Account) != nil {
			lines = append(lines, "- "+t.Title()+": deleted, at the provider too")
		}
	}
	return lines
}

// attributesOf returns nil for a thing that is not stored yet.
func attributesOf[T any](thing *T, list func(T) []state.Attribute) []state.Attribute {
	if thing == nil {
		return nil
	}
	return list(*thing)
}

// compare describes a new thing in one line, and a changed one in a line for each change.
func compare(what string, have, want []state.Attribute) []string {
	if have == nil {
		var parts []string
		for _, a := range want {
			switch {
			case a.Value == "":
			case a.Secret:
				parts = append(parts, a.Name+" (secret)")
			default:
				parts = append(parts, a.Name+" "+shown(a.Value))
			}
		}
		return []string{strings.TrimSuffix("+ "+what+": "+strings.Join(parts, ", "), ": ")}
	}
	before := map[string]state.Attribute{}
	for _, a := range have {
		before[a.Name] = a
	}
	var lines []string
	for _, a := range want {
		old := before[a.Name].Value
		switch {
		case old == a.Value:
		case !a.Secret:
			lines = append(lines, "~ "+what+": "+a.Name+" "+change(cmp.Or(old, a.Empty), cmp.Or(a.Value, a.Empty)))
		case a.Value == "":
			lines = append(lines, "~ "+what+": "+a.Name+" removed (secret)")
		case old == "":
			lines = append(lines, "~ "+what+": "+a.Name+" set (secret)")
		default:
			lines = append(lines, "~ "+what+": "+a.Name+" changed (secret)")
		}
	}
	return lines
}

// change writes a value before and after.
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
	if runes := []rune(value); len(runes) > maxShownRunes {
		return string(runes[:maxShownRunes]) + "…"
	}
	return value
}
