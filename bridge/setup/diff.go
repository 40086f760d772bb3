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
		compare(EntryCompany, "", nil, topRows(have), topRows(want)),
		newSurfaces(want),
		agentChanges(have, want),
		teamChanges(have, want),
		accountChanges(have, want, specs),
		tagChanges(have, want),
		automationChanges(have, want),
		cannedChanges(have, want),
		knowledgeChanges(have, want),
		templateChanges(have, want),
		listRemoved(have, want, kept),
	)
}

// topRows returns the name of the company, what applies to all accounts, and the company's own roles.
func topRows(s *State) []row {
	top := Company(s)
	top.AddMappings("roles", Roles(s))
	return rowsOf(top)
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
		lines = append(lines, compare(EntryAgent, "agent "+a.Email, nil, storedRows(have.Agent(a.Email), agentRows), agentRows(a))...)
	}
	return lines
}

func teamChanges(have, want *State) []string {
	var lines []string
	for _, t := range want.Teams {
		lines = append(lines, compare(EntryTeam, "team "+t.Name, nil, storedRows(have.Team(t.Name), teamRows), teamRows(t))...)
	}
	return lines
}

// accountChanges describes changed accounts. Which values an account has depends on its channel (specs).
func accountChanges(have, want *State, specs []channels.Spec) []string {
	var lines []string
	for _, a := range want.Accounts {
		spec := SpecOf(specs, a.Row.Kind)
		rows := func(a StateAccount) []row { return accountRows(a, spec) }
		lines = append(lines, compare(EntryAccount, "account "+a.Row.Name, spec, storedRows(have.Account(a.Row.Name), rows), rows(a))...)
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
		lines = append(lines, compare(EntryTag, "tag "+t.Name, nil, storedRows(have.StoredTag(t), tagRows), tagRows(t))...)
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
		found := compare(EntryAutomation, "automation "+a.Name, nil, storedRows(old, automationRows), automationRows(a))
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
		old := find(have.Canned, func(old store.Canned) bool { return strings.EqualFold(old.Keyword, c.Keyword) })
		lines = append(lines, compare(EntryCanned, "canned reply "+c.Keyword, nil, storedRows(old, cannedRows), cannedRows(c))...)
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
		lines = append(lines, compare(EntryTemplate, t.Title(), nil, storedRows(old, templateRows), templateRows(t))...)
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

// compare describes a new thing, for which have is nil, in one line, and a changed thing in one line for each value that
// differs. kind and spec say which fields it has. thing is "" for the top of the file.
func compare(kind, thing string, spec *channels.Spec, have, want []row) []string {
	if have != nil && slices.Equal(have, want) {
		return nil
	}
	fields := FieldsOf(kind, spec)
	if have == nil {
		return []string{describeNew(thing, fields, locationOf(kind).nameKey, want)}
	}

	before, now := map[string]row{}, map[string]row{}
	for _, r := range have {
		before[r.path] = r
	}
	for _, r := range want {
		now[r.path] = r
	}

	var lines []string
	for _, r := range slices.Concat(want, have) {
		old, current := before[r.path], now[r.path]
		delete(before, r.path)
		delete(now, r.path)
		name := thing + ": " + r.path + " "
		if thing == "" {
			name = r.path + ": "
		}
		switch {
		case old.value == current.value:
		case r.isSecret:
			lines = append(lines, "~ "+name+describeSecretChange(old.value, current.value))
		default:
			empty := emptyText(fields, r.path)
			lines = append(lines, "~ "+name+describeChange(cmp.Or(old.value, empty), cmp.Or(current.value, empty)))
		}
	}
	return lines
}

// emptyText is how a value that is not there is shown: by the default of its field, if it has one alone.
func emptyText(fields []Field, path string) string {
	if path == "hold" || strings.HasPrefix(path, "settings.") {
		return "(default)"
	}
	if f := fieldAt(fields, path); f != nil {
		return f.Default
	}
	return ""
}

// describeNew describes a new thing in one line, without what the thing's title says: "+ agent ann@acme.test: name Ann, roles agent".
func describeNew(thing string, fields []Field, nameKey string, rows []row) string {
	var parts []string
	for _, r := range rows {
		f := fieldAt(fields, r.path)
		switch {
		case r.path == nameKey || f != nil && f.Fixed:
		case r.isSecret:
			parts = append(parts, r.path+" (secret)")
		default:
			parts = append(parts, r.path+" "+shortenToLine(r.value))
		}
	}

	if len(parts) == 0 {
		return "+ " + thing
	}
	return "+ " + thing + ": " + strings.Join(parts, ", ")
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
