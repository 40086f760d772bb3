package setup

import (
	"slices"

	"parley/bridge/setup/input"
	"parley/channels"
)

// What pages are made of. Package input explains it.
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

// FieldsOf lists the fields of a kind of entry: see input.Of.
func FieldsOf(kind string, spec *channels.Spec) []Field { return input.Of(kind, spec) }

// entryPlace says where entries of a kind stand in the file.
type entryPlace struct {
	list string // the key of their list; "" means at the top
	key  string // the path of their name
}

func placeOf(kind string) entryPlace {
	switch kind {
	case EntryAgent:
		return entryPlace{"agents", "email"}
	case EntryTeam:
		return entryPlace{"teams", "name"}
	case EntryAccount:
		return entryPlace{"accounts", "name"}
	case EntryTag:
		return entryPlace{"tags", "name"}
	case EntryTemplate:
		return entryPlace{"templates", "name"}
	}
	return entryPlace{}
}

func fieldAt(fields []Field, path string) *Field {
	if i := slices.IndexFunc(fields, func(f Field) bool { return f.Path == path }); i >= 0 {
		return &fields[i]
	}
	return nil
}
