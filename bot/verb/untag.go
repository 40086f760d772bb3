package verb

import (
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// untagVerb describes the command "!untag billing", which removes tags from a conversation. The type Verb
// explains the fields.
func untagVerb() *Verb {
	return &Verb{
		Name: bridge.VerbUntag,
		Typed: TypedLine{
			Words:      []string{"untag", "unlabel"},
			AskIfAlone: true,
			Syntax:     "!untag TAG, TAG",
			Rest:       RestTags,
			Missing:    "Say which tags: !untag billing",
		},
		Help:  Help{Sentence: "Removes tags.", Examples: []string{"!untag billing"}},
		Slash: true,
		Button: Button{
			Unlisted:       "Remove tags",
			OfferedForTypo: true,
			TypoLabel:      func(m bridge.Meant) string { return "Untag " + strings.Join(m.Args.Tags, ", ") },
		},
		Form: Form{
			Ask:    askUntag,
			Needed: needsTags,
			Read:   readTags,
			Lists:  []List{KnownTags},
		},
		Done: confirmUntag,
	}
}

// askUntag fills in the form of !untag.
func askUntag(form *shape.Form, in shape.FormInput) error {
	if len(in.Facts.Tags) == 0 {
		return &bridge.Problem{Code: "no_tags", Text: "There is no tag to remove."}
	}

	form.Title, form.Submit = "Remove tags", "Remove"
	form.Fields = []shape.Field{{
		Name:    fieldTags,
		Kind:    shape.FieldSeveral,
		Label:   "Tags",
		Options: tagOptions(in.Facts.Tags, nil),
	}}
	return nil
}

// confirmUntag confirms !untag in one sentence.
func confirmUntag(l bridge.Line, _ bridge.Facts) string {
	return shape.DoerName(l) + " removed " + shape.JoinWords(l.Args.Tags, "tags") + "."
}
