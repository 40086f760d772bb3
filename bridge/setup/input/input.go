// Package input describes the values of parley.yaml for the pages on which they are changed: what each is called, how it
// is given, what can be chosen, and what pages call that.
//
// What does not belong here: how values are read, checked and stored. Those are in package setup.
package input

import (
	"cmp"
	"slices"
	"strings"

	"parley/channels"
)

// Input says how a value of parley.yaml is given on a page.
type Input string

// Inputs.
const (
	InputLine   Input = "line"
	InputText   Input = "text"   // several lines
	InputList   Input = "list"   // several values
	InputChoice Input = "choice" // one of Choices
	InputYesNo  Input = "yesno"  // "true" or "false"
	InputSecret Input = "secret" // never shown
	InputGroup  Input = "group"  // keys of its own below it, which are replaced together
)

// Field describes one value of parley.yaml, for the page on which it is changed.
type Field struct {
	Path     string // in its entry: "mode", "settings.confirm_send", "email.imap.host"
	Label    string
	Help     string // Markdown of one paragraph
	Input    Input
	Choices  []string
	Words    map[string]string // what pages call Choices; one that is missing is called by its value
	Default  string            // what counts where nothing is given; "" means nothing, or Help says it
	Required bool
	Fixed    bool // it can't change once the entry exists
}

// Kinds of entries in parley.yaml.
const (
	EntryCompany = "company" // the file itself: the company's name, and the settings of all accounts
	EntryAgent   = "agent"
	EntryTeam    = "team"
	EntryAccount = "account"

	EntryTag       = "tag"
	EntryTemplate  = "template"  // of one account: its name is ACCOUNT/LANGUAGE/NAME
	EntryKnowledge = "knowledge" // the whole list of folders and sites
)

// FieldsOf lists the fields of a kind of entry, in the order of the file. Those of an account depend on its
// channel: spec is nil for all other kinds.
func FieldsOf(kind string, spec *channels.Spec) []Field {
	switch kind {
	case EntryAgent:
		return inWords(agentFields())
	case EntryTeam:
		return inWords(teamFields())
	case EntryAccount:
		return inWords(accountFields(spec))
	case EntryTag:
		return inWords(tagFields())
	case EntryTemplate:
		return inWords(templateFields())
	case EntryKnowledge:
		return inWords([]Field{{Path: "knowledge", Label: "Folders and web sites", Input: InputList}})
	}
	return inWords(companyFields())
}

// companyFields are the values of the file itself.
func companyFields() []Field {
	company := Field{
		Path: "company", Label: "Name of the company", Input: InputLine,
		Help: "Customers see it where a text names the company.",
	}
	return slices.Concat([]Field{company}, settingFields(), retentionFields())
}

// Chats are those in which agents can work. Keys of the file are made of these words: slack: (a user), slack_channel:.
func Chats() []string { return []string{"slack", "teams"} }

// Section is the key below which an account's fields of its channel stand.
func Section(s channels.Spec) string { return cmp.Or(s.Section, s.Kind) }

// SpecOf finds the spec of a channel by its kind, or returns nil if this version doesn't have it.
func SpecOf(specs []channels.Spec, kind string) *channels.Spec {
	if i := slices.IndexFunc(specs, func(s channels.Spec) bool { return s.Kind == kind }); i >= 0 {
		return &specs[i]
	}
	return nil
}

// ChatName is what people call a chat.
func ChatName(kind string) string {
	if kind == "teams" {
		return "Microsoft Teams"
	}
	return strings.ToUpper(kind[:1]) + kind[1:]
}
