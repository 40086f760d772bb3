package setup

import (
	"cmp"
	"slices"
	"strings"

	"parley/channels"
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
// Secrets never appear in a line.
func diff(have, want *State, specs []channels.Spec, kept unremovable) []string {
	lines := append(compare("", topFields, topRows(have), topRows(want)), newSurfaces(want)...)
	for _, k := range kinds(specs) {
		lines = append(lines, k.changes(difference{have, want, kept})...)
	}
	return append(lines, knowledgeChanges(have, want)...)
}

func topFields() []Field { return FieldsOf(EntryCompany, nil) }

// topRows returns the name of the company, what applies to all accounts, and the company's own roles.
func topRows(s *State) []row {
	top := Company(s)
	top.AddMappings("roles", mapped(s.Roles, Role))
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

// compare describes a changed thing in one line for each value that differs. thing is
// "account support-mail: ", or "" for the top of the file.
func compare(thing string, fields func() []Field, have, want []row) (lines []string) {
	if slices.Equal(have, want) {
		return nil
	}
	before, now := map[string]row{}, map[string]row{}
	for _, r := range have {
		before[r.path] = r
	}
	for _, r := range want {
		now[r.path] = r
	}

	for _, r := range slices.Concat(want, have) {
		old, current := before[r.path], now[r.path]
		delete(before, r.path)
		delete(now, r.path)
		name := thing + r.path + " "
		if thing == "" {
			name = r.path + ": "
		}
		switch {
		case old.value == current.value:
		case r.isSecret:
			lines = append(lines, "~ "+name+describeSecretChange(old.value, current.value))
		default:
			empty := emptyText(fields(), r.path)
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
