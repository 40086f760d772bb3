package setup

import (
	"slices"

	"parley/bridge/setup/input"
	"parley/channels"
)

// What pages are made of, so that those who change the set-up need only this package. Package input explains it.
type (
	// Field describes one value of parley.yaml.
	Field = input.Field
	// Input says how a value is given on a page.
	Input = input.Input
)

// Inputs.
const (
	InputLine   = input.InputLine
	InputText   = input.InputText
	InputList   = input.InputList
	InputChoice = input.InputChoice
	InputYesNo  = input.InputYesNo
	InputSecret = input.InputSecret
	InputGroup  = input.InputGroup
)

// Kinds of entries in parley.yaml.
const (
	EntryCompany   = input.EntryCompany
	EntryAgent     = input.EntryAgent
	EntryTeam      = input.EntryTeam
	EntryAccount   = input.EntryAccount
	EntryTag       = input.EntryTag
	EntryTemplate  = input.EntryTemplate
	EntryKnowledge = input.EntryKnowledge
)

// FieldsOf lists the fields of a kind of entry: see input.FieldsOf.
func FieldsOf(kind string, spec *channels.Spec) []Field { return input.FieldsOf(kind, spec) }

// entryPlace says where entries of a kind stand in the file, and what names one: agents are a list, each with its email.
type entryPlace struct {
	list string // the key of the list; "" means that the entry stands at the top, and has no name
	name string // the key by which one is named
}

// placeOf returns the place of a kind of entry. Company and knowledge stand at the top of the file.
func placeOf(kind string) entryPlace {
	switch kind {
	case EntryAgent:
		return entryPlace{list: "agents", name: "email"}
	case EntryTeam:
		return entryPlace{list: "teams", name: "name"}
	case EntryAccount:
		return entryPlace{list: "accounts", name: "name"}
	case EntryTag:
		return entryPlace{list: "tags", name: "name"}
	case EntryTemplate:
		return entryPlace{list: "templates", name: "name"}
	}
	return entryPlace{}
}

// fieldAt returns the field with a path, such as "imap.host"; nil if there is none.
func fieldAt(fields []Field, path string) *Field {
	if i := slices.IndexFunc(fields, func(f Field) bool { return f.Path == path }); i >= 0 {
		return &fields[i]
	}
	return nil
}
