package setup

import (
	"cmp"
	"slices"
	"strings"

	"parley/bridge/setup/input"
	"parley/bridge/setup/state"
	"parley/channels"
)

// maxShownRunes is how much of a value a line of the list of changes shows.
const maxShownRunes = 60

// diff lists, for people, what changes from one state of the set-up (have) to another (want): a new thing begins with +, a
// changed one with ~, one that goes with -. kept has what stays although it is not in want.
//
//	~ account support-mail: hold 20s → 30s
//	+ agent ann@acme.test: name Ann, roles agent
//	- team Sales
func diff(have, want *state.State, specs []channels.Spec, kept unremovable) []string {
	return slices.Concat(
		companyChanges(have, want),
		newSurfaces(want),
		agentChanges(have, want),
		teamChanges(have, want),
		accountChanges(have, want, specs),
		tagChanges(have, want),
		knowledgeChanges(have, want),
		templateChanges(have, want),
		listRemoved(have, want, kept),
	)
}

// companyChanges lists, for people, what changes for the whole company.
func companyChanges(have, want *state.State) []string {
	var lines []string
	if have.Company != want.Company {
		lines = append(lines, "~ company: "+describeChange(have.Company, want.Company))
	}
	return slices.Concat(lines,
		compare("settings", state.SettingAttributes(have.Settings), state.SettingAttributes(want.Settings)),
		compare("retention", state.RetentionAttributes(have.Retention), state.RetentionAttributes(want.Retention)))
}

// newSurfaces lists, for people, which chats are connected.
func newSurfaces(want *state.State) []string {
	var lines []string
	for _, kind := range input.Chats() {
		id, isWanted := want.Surfaces[kind]
		if isWanted && id == 0 { // 0: it is to be made
			lines = append(lines, "+ surface "+kind)
		}
	}
	return lines
}

func agentChanges(have, want *state.State) []string {
	var lines []string
	for _, a := range want.Agents {
		before := attributesOf(have.Agent(a.Email), state.Agent.Attributes)
		lines = append(lines, compare("agent "+a.Email, before, a.Attributes())...)
	}
	return lines
}

func teamChanges(have, want *state.State) []string {
	var lines []string
	for _, t := range want.Teams {
		before := attributesOf(have.Team(t.Name), state.Team.Attributes)
		lines = append(lines, compare("team "+t.Name, before, t.Attributes())...)
	}
	return lines
}

// accountChanges lists, for people, what changes in accounts. What an account consists of depends on its channel (specs).
func accountChanges(have, want *state.State, specs []channels.Spec) []string {
	list := func(a state.Account) []state.Attribute { return a.Attributes(input.SpecOf(specs, a.Row.Kind)) }
	var lines []string
	for _, a := range want.Accounts {
		before := attributesOf(have.Account(a.Row.Name), list)
		lines = append(lines, compare("account "+a.Row.Name, before, list(a))...)
	}
	return lines
}

// listRemoved lists, for people, what prune removes.
func listRemoved(have, want *state.State, kept unremovable) []string {
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
		if want.Account(a.Row.Name) != nil {
			continue
		}

		if !kept.accounts[a.Row.ID] {
			lines = append(lines, "- account "+a.Row.Name)
		} else if !a.Row.Paused {
			lines = append(lines, "- account "+a.Row.Name+": paused (its conversations are kept)")
		}
	}
	return lines
}

// tagChanges lists, for people, what changes in the list of tags.
func tagChanges(have, want *state.State) []string {
	var lines []string
	for _, t := range want.Tags {
		before := have.StoredTag(t)
		if before != nil && before.Name != t.Name {
			lines = append(lines, "~ tag "+t.Name+": name "+describeChange(before.Name, t.Name))
		}
		lines = append(lines, compare("tag "+t.Name, attributesOf(before, state.TagAttributes), state.TagAttributes(t))...)
	}

	for _, t := range have.Tags {
		if want.Tag(t.Name) != nil {
			continue
		}

		into := want.TagByFormerName(t.Name)
		if into == nil {
			lines = append(lines, "- tag "+t.Name+": can't be chosen any more (conversations keep it)")
		} else if have.Tag(into.Name) != nil { // otherwise it was renamed, which is listed above
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
			lines = append(lines, "+ knowledge "+shortenToLine(p))
		}
	}
	for _, p := range have.Knowledge {
		if !slices.Contains(want.Knowledge, p) {
			lines = append(lines, "- knowledge "+shortenToLine(p)+": what was read there is forgotten")
		}
	}
	return lines
}

// templateChanges lists, for people, which templates change.
func templateChanges(have, want *state.State) []string {
	var lines []string
	for _, t := range want.Templates {
		old := have.Template(t.Account, t.Row.Name, t.Row.Language)
		changed := compare(t.Title(), attributesOf(old, state.Template.Attributes), t.Attributes())
		lines = append(lines, changed...)
		if old != nil && t.NeedsSubmission(*old) {
			lines = append(lines, "~ "+t.Title()+": handed in for approval again")
		}
	}

	for _, t := range have.Templates {
		if want.Template(t.Account, t.Row.Name, t.Row.Language) != nil {
			continue
		}
		if want.Account(t.Account) != nil { // otherwise the removal of its account is listed
			lines = append(lines, "- "+t.Title()+": deleted, at the provider too")
		}
	}
	return lines
}

// attributesOf lists the attributes of a thing. It returns nil if thing is nil, because it is not stored yet.
func attributesOf[T any](thing *T, list func(T) []state.Attribute) []state.Attribute {
	if thing == nil {
		return nil
	}
	return list(*thing)
}

// compare describes a thing: a new one, of which have is nil, in one line, and a changed one in a line for each change.
func compare(thing string, have, want []state.Attribute) []string {
	if have == nil {
		return []string{describeNew(thing, want)}
	}

	before := map[string]string{} // values by names
	for _, a := range have {
		before[a.Name] = a.Value
	}

	var lines []string
	for _, a := range want {
		if old := before[a.Name]; old != a.Value {
			lines = append(lines, "~ "+thing+": "+a.Name+" "+describeAttributeChange(a, old))
		}
	}
	return lines
}

// describeNew describes a thing that is made: "+ agent ann@acme.test: name Ann, roles agent".
func describeNew(thing string, attributes []state.Attribute) string {
	var parts []string
	for _, a := range attributes {
		switch {
		case a.Value == "":
		case a.Secret:
			parts = append(parts, a.Name+" (secret)")
		default:
			parts = append(parts, a.Name+" "+shortenToLine(a.Value))
		}
	}

	if len(parts) == 0 {
		return "+ " + thing
	}
	return "+ " + thing + ": " + strings.Join(parts, ", ")
}

// describeAttributeChange says how an attribute's value differs from the old one.
func describeAttributeChange(a state.Attribute, old string) string {
	if a.Secret {
		return describeSecretChange(old, a.Value)
	}
	return describeChange(cmp.Or(old, a.Empty), cmp.Or(a.Value, a.Empty))
}

// describeSecretChange says what happens to a secret, without showing it.
func describeSecretChange(from, to string) string {
	if to == "" {
		return "removed (secret)"
	}
	if from == "" {
		return "set (secret)"
	}
	return "changed (secret)"
}

// describeChange writes a value before and after.
func describeChange(from, to string) string { return shortenToLine(from) + " → " + shortenToLine(to) }

// shortenToLine writes a value in one line of at most maxShownRunes.
func shortenToLine(value string) string {
	if value == "" {
		return "(none)"
	}

	const del = 0x7f // the control character DEL
	value = strings.Map(func(r rune) rune {
		if r < ' ' || r == del {
			return ' '
		}
		return r
	}, strings.ReplaceAll(value, "\n", " ⏎ "))
	if runes := []rune(value); len(runes) > maxShownRunes {
		return string(runes[:maxShownRunes]) + "…"
	}
	return value
}
