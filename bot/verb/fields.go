package verb

import (
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// A verb is a command such as "assign" or "tag", and most verbs have a form that asks for their arguments.
// This file has the names of the forms' fields, by which submitted values are read, and helpers to read them.
// Forms that ask for the same thing share a name, such as "note" or "tags".

// Names of fields that several forms share or that have no group below.
const (
	FieldWords        = "text"
	fieldPeople       = "people"
	fieldTeam         = "team"
	fieldVisible      = "visible"
	FieldNote         = "note"
	fieldTags         = "tags"
	fieldMessages     = "messages"
	fieldNew          = "new"
	fieldUntil        = "until"
	fieldOther        = "other"
	fieldAddresses    = "addresses"
	fieldDo           = "do"
	FieldConversation = "conversation"
	fieldRecipient    = "recipient"
	fieldSubject      = "subject"
	fieldCalled       = "called"
	fieldTo           = "to"
	fieldCc           = "cc"
	fieldFields       = "fields"
)

// Maximum lengths in characters.
const (
	maxTextRunes    = 3000 // long text fields; every chat accepts this
	maxAddressRunes = 320  // an e-mail address: 64 before the @ and 255 after it
	maxChoiceRunes  = 75   // the label of an option; Slack shows no more
	maxWrongRunes   = 60   // an invalid value that an error message quotes
)

// textValue returns the value of a text field, which is nil for "".
func textValue(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// chosenOf returns the values that are among the options and not "".
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

// Names of the fields of a reply with buttons, a list, a location, a contact or cards.
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

// Values holds the values of a submitted form by field name.
type Values map[string][]string

// Text returns the value of a field with one value, without surrounding spaces, or "".
func (v Values) Text(name string) string {
	if len(v[name]) == 0 {
		return ""
	}
	return strings.TrimSpace(v[name][0])
}

// WithNote returns the arguments of a button inside a form, such as "Assign to Ann", with the note that was
// typed into the form. Without a note, args is returned unchanged.
func (v Values) WithNote(args bridge.Args) bridge.Args {
	if note := v.Text(FieldNote); note != "" {
		args.Note = note
	}
	return args
}

// List returns the values of a field with several values, without blank ones.
func (v Values) List(name string) []string {
	var list []string
	for _, value := range v[name] {
		value = strings.TrimSpace(value)
		if value != "" {
			list = append(list, value)
		}
	}
	return list
}

// Names of the fields with which a template is sent.
const (
	fieldTemplate = "template"
	fieldLabel    = "label"
	fieldValue    = "v:" // prefix of the variable's name
)

// Names of the fields with which a template is created or edited.
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
