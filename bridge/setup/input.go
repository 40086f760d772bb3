package setup

import "slices"

// entryLocation is where parley.yaml keeps the entries of one kind. Agents, for example, are listed under "agents", and
// each is identified by its "email". The zero value is the top level of the file: there is one entry, without a name.
type entryLocation struct {
	listKey string // the key of the list
	nameKey string // the key within an entry that identifies it
}

// locationOf returns where entries of a kind are. Company, knowledge and roles are at the top level.
func locationOf(kind string) entryLocation {
	switch kind {
	case EntryAgent:
		return entryLocation{listKey: "agents", nameKey: "email"}
	case EntryTeam:
		return entryLocation{listKey: "teams", nameKey: "name"}
	case EntryAccount:
		return entryLocation{listKey: "accounts", nameKey: "name"}
	case EntryTag:
		return entryLocation{listKey: "tags", nameKey: "name"}
	case EntryAutomation:
		return entryLocation{listKey: "automations", nameKey: "name"}
	case EntryCanned:
		return entryLocation{listKey: "canned_replies", nameKey: "keyword"}
	case EntryTemplate:
		return entryLocation{listKey: "templates", nameKey: "name"}
	}
	return entryLocation{}
}

// fieldAt returns the field with a path such as "email.imap.host", or nil.
func fieldAt(fields []Field, path string) *Field {
	if i := slices.IndexFunc(fields, func(f Field) bool { return f.Path == path }); i >= 0 {
		return &fields[i]
	}
	return nil
}
