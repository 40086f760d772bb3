package verb

import (
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// The forms of verbs are read by the names of their fields. Several verbs share a name if they ask for the same
// thing, such as "note" or "tags".

// Names of fields.
const (
	FieldWords        = "text"
	fieldPeople       = "people"
	fieldTeam         = "team"
	FieldNote         = "note"
	fieldTags         = "tags"
	fieldNew          = "new"
	fieldUntil        = "until"
	fieldOther        = "other"
	fieldAddresses    = "addresses"
	fieldDo           = "do"
	FieldConversation = "conversation"
	fieldRecipient    = "recipient"
	fieldSubject      = "subject"
	fieldTo           = "to"
	fieldCc           = "cc"
)

// Bounds of fields and of what is said about them.
const (
	maxTextRunes    = 3000 // fits every surface's text field
	maxAddressRunes = 320  // of one mail address: 64 before the @, 255 behind it
	maxChoiceRunes  = 75   // of the label of an option: Slack shows no more
	maxWrongRunes   = 60   // how much a sentence repeats of what is wrong in a field
)

// textValue makes the value of a text field: nil for "".
func textValue(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// chosenOf returns those of the values that are among the options and not "".
func chosenOf(values []string, options []shape.Option) []string {
	var chosen []string
	for _, value := range values {
		isOption := slices.ContainsFunc(options, func(o shape.Option) bool { return o.Value == value })
		if isOption && value != "" {
			chosen = append(chosen, value)
		}
	}
	return chosen
}

// Names of the fields of a reply with more than text.
const (
	fieldAdd     = "add"
	fieldAnswers = "answers"
	fieldChoices = "choices"
	fieldOpen    = "open"
	fieldPoint   = "point"
	fieldPlace   = "place"
	fieldOrg     = "org"
	fieldPhones  = "phones"
	fieldEmails  = "emails"
	fieldCards   = "cards"
	fieldKind    = "kind"
)

// Values of a submitted form, by field name.
type Values map[string][]string

// Text returns what is in a field of one value, without spaces around it.
func (v Values) Text(name string) string {
	if len(v[name]) == 0 {
		return ""
	}
	return strings.TrimSpace(v[name][0])
}

// WithNote returns the arguments of a button that acts at once, with the note that stands in the form around it. Without a note they
// stay as they are.
func (v Values) WithNote(args bridge.Args) bridge.Args {
	if note := v.Text(FieldNote); note != "" {
		args.Note = note
	}
	return args
}

// List returns the values of a field that has several.
func (v Values) List(name string) []string {
	var all []string
	for _, s := range v[name] {
		if s = strings.TrimSpace(s); s != "" {
			all = append(all, s)
		}
	}
	return all
}

// Names of a template's fields.
const (
	fieldTemplate = "template"
	fieldLabel    = "label"
	fieldValue    = "v:" // and the variable's name
)

// Names of the fields in which a template is made.
const (
	fieldName     = "name"
	fieldAccount  = "account"
	fieldLanguage = "language"
	fieldCategory = "category"
	fieldTypes    = "types"
	fieldLabels   = "labels"
	fieldHeader   = "header"
	fieldBody     = "body"
	fieldFooter   = "footer"
	fieldButtons  = "buttons"
	fieldExamples = "examples"
)
