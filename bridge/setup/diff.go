package setup

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"parley/channels"
	"parley/store"
)

// maxShownRunes limits how much of a value a line shows.
const maxShownRunes = 60

// diff describes the difference between the stored set-up (have) and the wanted one (want) for the output of parley diff
// and parley apply, and for the record of changes. A line begins with + for something new, ~ for a changed value and - for
// something removed:
//
//	~ account support-mail: hold 20s → 30s
//	+ agent ann@acme.test: name Ann, roles agent
//	- team Sales
//
// kept lists the teams and accounts that are not in want but can't be removed. Secrets never appear in a line.
func diff(have, want *State, specs []channels.Spec, kept unremovable) []string {
	return slices.Concat(
		companyChanges(have, want),
		newSurfaces(want),
		agentChanges(have, want),
		teamChanges(have, want),
		accountChanges(have, want, specs),
		tagChanges(have, want),
		automationChanges(have, want),
		cannedChanges(have, want),
		knowledgeChanges(have, want),
		compare("roles", RoleAttributes(have.Roles), RoleAttributes(want.Roles)),
		templateChanges(have, want),
		listRemoved(have, want, kept),
	)
}

// companyChanges describes changes of the name and of the settings that apply to all accounts.
func companyChanges(have, want *State) []string {
	var lines []string
	if have.Company != want.Company {
		lines = append(lines, "~ company: "+describeChange(have.Company, want.Company))
	}
	return slices.Concat(lines,
		compare("settings", SettingAttributes(have.Settings), SettingAttributes(want.Settings)),
		compare("retention", RetentionAttributes(have.Retention), RetentionAttributes(want.Retention)))
}

// newSurfaces lists the surfaces that will be created. A surface is a chat in which agents work: Slack or Teams.
func newSurfaces(want *State) []string {
	var lines []string
	for _, kind := range Chats() {
		id, isWanted := want.Surfaces[kind]
		isNew := id == 0
		if isWanted && isNew {
			lines = append(lines, "+ surface "+kind)
		}
	}
	return lines
}

func agentChanges(have, want *State) []string {
	var lines []string
	for _, a := range want.Agents {
		before := attributesOf(have.Agent(a.Email), StateAgent.Attributes)
		lines = append(lines, compare("agent "+a.Email, before, a.Attributes())...)
	}
	return lines
}

func teamChanges(have, want *State) []string {
	var lines []string
	for _, t := range want.Teams {
		before := attributesOf(have.Team(t.Name), StateTeam.Attributes)
		lines = append(lines, compare("team "+t.Name, before, t.Attributes())...)
	}
	return lines
}

// accountChanges describes changed accounts. Which attributes an account has depends on its channel (specs).
func accountChanges(have, want *State, specs []channels.Spec) []string {
	attributes := func(a StateAccount) []Attribute { return a.Attributes(SpecOf(specs, a.Row.Kind)) }
	var lines []string
	for _, a := range want.Accounts {
		before := attributesOf(have.Account(a.Row.Name), attributes)
		lines = append(lines, compare("account "+a.Row.Name, before, attributes(a))...)
	}
	return lines
}

// listRemoved lists the agents, teams and accounts that are removed because the file no longer names them (--prune).
func listRemoved(have, want *State, kept unremovable) []string {
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
		isWanted := want.Account(a.Row.Name) != nil
		switch {
		case isWanted:
		case !kept.accounts[a.Row.ID]:
			lines = append(lines, "- account "+a.Row.Name)
		case !a.Row.Paused:
			lines = append(lines, "- account "+a.Row.Name+": paused (its conversations are kept)")
		}
	}
	return lines
}

// tagChanges describes changed, renamed, merged and removed tags.
func tagChanges(have, want *State) []string {
	var lines []string
	for _, t := range want.Tags {
		before := have.StoredTag(t)
		if before != nil && before.Name != t.Name {
			lines = append(lines, "~ tag "+t.Name+": name "+describeChange(before.Name, t.Name))
		}
		lines = append(lines, compare("tag "+t.Name, attributesOf(before, TagAttributes), TagAttributes(t))...)
	}

	for _, t := range have.Tags {
		if want.Tag(t.Name) != nil {
			continue
		}

		successor := want.TagByFormerName(t.Name)
		switch {
		case successor == nil:
			lines = append(lines, "- tag "+t.Name+": can't be chosen any more (conversations keep it)")
		case have.Tag(successor.Name) != nil: // merged into another tag; a renamed tag is already in the list
			lines = append(lines, "- tag "+t.Name+": is "+successor.Name+" now")
		}
	}
	return lines
}

// automationChanges describes changed and removed automations.
func automationChanges(have, want *State) []string {
	var lines []string
	for _, a := range want.Automations {
		old := have.Automation(a.Name)
		found := compare("automation "+a.Name, attributesOf(old, AutomationAttributes), AutomationAttributes(a))
		if len(found) == 0 && old != nil && !reflect.DeepEqual(*old, a) { // such as another channel of the same name
			found = []string{"~ automation " + a.Name + ": is changed"}
		}
		lines = append(lines, found...)
	}
	for _, a := range have.Automations {
		if want.Automation(a.Name) == nil {
			lines = append(lines, "- automation "+a.Name)
		}
	}
	return lines
}

// cannedChanges describes changed and removed canned replies.
func cannedChanges(have, want *State) []string {
	var lines []string
	for _, c := range want.Canned {
		old, now := CannedAttributes(have.Canned, c.Keyword), CannedAttributes(want.Canned, c.Keyword)
		lines = append(lines, compare("canned reply "+c.Keyword, old, now)...)
	}
	for _, c := range have.Canned {
		if store.FindCanned(want.Canned, c.Keyword) < 0 {
			lines = append(lines, "- canned reply "+c.Keyword)
		}
	}
	return lines
}

// knowledgeChanges lists the folders and web sites that are added to, or removed from, the sources of suggested replies.
func knowledgeChanges(have, want *State) []string {
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

// templateChanges describes changed message templates, and which of them are submitted to the provider again.
func templateChanges(have, want *State) []string {
	var lines []string
	for _, t := range want.Templates {
		old := have.Template(t.Account, t.Row.Name, t.Row.Language)
		changed := compare(t.Title(), attributesOf(old, StateTemplate.Attributes), t.Attributes())
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

// attributesOf returns the attributes of a stored thing, or nil if thing is nil, which means that it is not stored.
func attributesOf[T any](thing *T, attributes func(T) []Attribute) []Attribute {
	if thing == nil {
		return nil
	}
	return attributes(*thing)
}

// compare describes a new thing, for which have is nil, in one line, and a changed thing in one line for each attribute
// that differs.
func compare(thing string, have, want []Attribute) []string {
	if have == nil {
		return []string{describeNew(thing, want)}
	}

	before := map[string]string{} // attribute values by name
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

// describeNew describes a new thing in one line: "+ agent ann@acme.test: name Ann, roles agent".
func describeNew(thing string, attributes []Attribute) string {
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

// describeAttributeChange describes a changed attribute: "20s → 30s".
func describeAttributeChange(a Attribute, old string) string {
	if a.Secret {
		return describeSecretChange(old, a.Value)
	}
	return describeChange(cmp.Or(old, a.Empty), cmp.Or(a.Value, a.Empty))
}

// describeSecretChange describes a changed secret without showing it.
func describeSecretChange(from, to string) string {
	if to == "" {
		return "removed (secret)"
	}
	if from == "" {
		return "set (secret)"
	}
	return "changed (secret)"
}

func describeChange(from, to string) string { return shortenToLine(from) + " → " + shortenToLine(to) }

// shortenToLine shows a value on one line, cut off after maxShownRunes runes.
func shortenToLine(value string) string {
	if value == "" {
		return "(none)"
	}

	const del = 0x7f // the control character DEL
	value = strings.ReplaceAll(value, "\n", " ⏎ ")
	value = strings.Map(func(r rune) rune {
		if r < ' ' || r == del {
			return ' '
		}
		return r
	}, value)
	if runes := []rune(value); len(runes) > maxShownRunes {
		return string(runes[:maxShownRunes]) + "…"
	}
	return value
}
