package verb

import (
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

func untag() *Verb {
	return &Verb{
		Name: bridge.VerbUntag, Words: []string{"untag", "unlabel"}, Lone: true, Form: "!untag TAG, TAG",
		Rest: RestTags, Missing: "Say which tags: !untag billing",
		Sentence: "Removes tags.",
		Examples: []string{"!untag billing"},
		Slash:    true, Label: "Remove tags", Meant: true,
		Ask: func(form *shape.Form, in shape.FormInput) error {
			if len(in.Facts.Tags) == 0 {
				return &bridge.Problem{Code: "no_tags", Text: "There is no tag to remove."}
			}
			form.Title, form.Submit = "Remove tags", "Remove"
			form.Fields = []shape.Field{{Name: fieldTags, Kind: shape.FieldSeveral, Label: "Tags", Options: tagOptions(in.Facts.Tags, nil)}}
			return nil
		},
		Asks: noTags, Read: readTags, Lists: []List{KnownTags},
		MeantAs: func(m bridge.Meant) string { return "Untag " + strings.Join(m.Args.Tags, ", ") },
		Done: func(l bridge.Line, _ bridge.Facts) string {
			return shape.Doer(l) + " removed " + shape.Listed(l.Args.Tags, "tags") + "."
		},
	}
}
