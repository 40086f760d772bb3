package setup

import (
	"cmp"
	"slices"
	"strings"

	"parley/channels"
)

// Input is the form control for a value.
type Input string

// The form controls.
const (
	InputLine   Input = "line"
	InputText   Input = "text"   // text of several lines
	InputList   Input = "list"   // a list of values
	InputChoice Input = "choice" // one of Choices
	InputYesNo  Input = "yesno"  // "true" or "false"
	InputSecret Input = "secret" // never shown
	InputGroup  Input = "group"  // a mapping of several keys, which is replaced as a whole
)

// Field describes one value of an entry.
type Field struct {
	Path     string // of the key within its entry: "mode", "settings.confirm_send", "email.imap.host"
	Label    string
	Help     string // one paragraph of Markdown
	Input    Input
	Choices  []string          // the allowed values, for InputChoice and some InputLists
	Words    map[string]string // the labels of Choices; see Word
	Default  string            // used if there is no value; "" means no default, or that Help explains it
	Required bool
	Fixed    bool // the value can't change after the entry has been created
}

// The kinds of entries in parley.yaml. An entry is one thing that the file describes.
const (
	EntryCompany = "company" // the top level of the file: the company's name, and the defaults of all accounts
	EntryAgent   = "agent"
	EntryTeam    = "team"
	EntryAccount = "account"

	EntryTag        = "tag"
	EntryAutomation = "automation"
	EntryCanned     = "canned"
	EntryTemplate   = "template"  // its name is ACCOUNT/LANGUAGE/NAME
	EntryKnowledge  = "knowledge" // the whole list of folders and sites
	EntryRoles      = "roles"     // the whole list of the company's own roles
)

// FieldsOf returns the fields of a kind of entry, in the order of the file. The fields of an account depend on its channel,
// which spec describes. spec is nil for all other kinds, and for an account whose channel is not known.
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
	case EntryAutomation:
		return automationFields()
	case EntryCanned:
		return inWords(cannedFields())
	case EntryTemplate:
		return inWords(templateFields())
	case EntryRoles:
		return []Field{{Path: "roles", Label: "Roles", Input: InputList}}
	case EntryKnowledge:
		return inWords([]Field{{Path: "knowledge", Label: "Folders and web pages", Input: InputList}})
	}
	return inWords(companyFields())
}

func companyFields() []Field {
	company := Field{
		Path: "company", Label: "Name of the company", Input: InputLine,
		Help: "Customers see it where a text names the company.",
	}
	return slices.Concat([]Field{company}, settingFields(), retentionFields())
}

// Chats returns the kinds of chats in which agents can work. They are also used in keys of the file, such as slack (an
// agent's user) and slack_channel.
func Chats() []string { return []string{"slack", "teams"} }

// Section returns the key of the group that holds the fields of a channel within the entry of an account.
func Section(s channels.Spec) string { return cmp.Or(s.Section, s.Kind) }

// SpecOf finds the spec of a channel by its kind. It returns nil if this version of Parley doesn't have the channel.
func SpecOf(specs []channels.Spec, kind string) *channels.Spec {
	if i := slices.IndexFunc(specs, func(s channels.Spec) bool { return s.Kind == kind }); i >= 0 {
		return &specs[i]
	}
	return nil
}

// ChatName returns the display name of a kind of chat.
func ChatName(kind string) string {
	if kind == "teams" {
		return "Microsoft Teams"
	}
	return strings.ToUpper(kind[:1]) + kind[1:]
}

// fieldAt returns the field with a path such as "email.imap.host", or nil.
func fieldAt(fields []Field, path string) *Field {
	if i := slices.IndexFunc(fields, func(f Field) bool { return f.Path == path }); i >= 0 {
		return &fields[i]
	}
	return nil
}
