package verb

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/bot/shape"
	"parley/bot/typed"
	"parley/bridge"
)

func tagVerb() *Verb {
	return &Verb{
		Name: bridge.VerbTag,
		Typed: TypedLine{
			Words: []string{"tag", "label"}, Lone: true, Syntax: "!tag TAG, TAG",
			Rest: RestTags, Missing: "Say which tags: !tag billing, late delivery",
		},
		Help: Help{
			Sentence: "Adds tags. New ones are created.",
			Examples: []string{"!tag billing", "!tag billing, late delivery"},
			Everyday: true,
		},
		Slash: true,
		Menus: Menus{
			InThread: Offer{Order: 5},
			Message:  &Entry{Order: 7, Title: "Tag conversation", About: "Add tags"},
		},
		Button: Button{
			Label: "Tag", Meant: true,
			MeantAs: func(m bridge.Meant) string { return "Tag " + strings.Join(m.Args.Tags, ", ") },
		},
		Form: Form{
			Ask: func(form *shape.Form, in shape.FormInput) error {
				form.Title, form.Submit = "Add tags", "Add"
				known := shape.Field{Name: fieldTags, Kind: shape.FieldSeveral, Label: "Tags", Optional: true, Options: tagOptions(in.Tags, in.Facts.Tags)}
				if len(known.Options) > 0 {
					form.Fields = append(form.Fields, known)
				}

				form.Fields = append(form.Fields, shape.Field{Name: fieldNew, Kind: shape.FieldText, Label: "New tags", Hint: "Separate them by commas.",
					Example: "billing, late delivery", Optional: len(known.Options) > 0, MaxRunes: maxNewTagsRunes})
				return nil
			},
			Needed: needsTags, Read: readTags, Lists: []List{KnownTags},
		},
		Done: func(l bridge.Line, _ bridge.Facts) string {
			return shape.DoerName(l) + " added " + shape.JoinWords(l.Args.Tags, "tags") + "."
		},
		Shown: newTagBlocks,
	}
}

// maxNewTagsRunes is how long a list of new tags may be in a form.
const maxNewTagsRunes = 200

// tagOptions are the tags that the conversation doesn't have yet.
func tagOptions(all, except []bridge.Tag) []shape.Option {
	var options []shape.Option
	for _, t := range all {
		if slices.ContainsFunc(except, func(e bridge.Tag) bool { return strings.EqualFold(t.Name, e.Name) }) {
			continue
		}
		label := shape.OneLine(t.Name, shape.MaxNameRunes)
		if t.About != "" {
			label += ": " + shape.OneLine(t.About, shape.MaxNameRunes)
		}
		options = append(options, shape.Option{Value: t.Name, Label: label})
	}
	return options
}

// readTags reads chosen tags and new ones.
func readTags(out *shape.Filled, v Values, _ Reading) (field, problem string) {
	out.Args.Tags = v.List(fieldTags)
	for _, t := range typed.Tags(v.Text(fieldNew)) {
		if utf8.RuneCountInString(t) > bridge.MaxTagRunes {
			return fieldNew, fmt.Sprintf("“%s” is too long: a tag has at most %d letters.", typed.Clip(t), bridge.MaxTagRunes)
		}
		if !slices.ContainsFunc(out.Args.Tags, func(s string) bool { return strings.EqualFold(s, t) }) {
			out.Args.Tags = append(out.Args.Tags, t)
		}
	}
	if len(out.Args.Tags) == 0 && out.Verb == bridge.VerbTag {
		return fieldNew, "Choose or name at least one tag."
	}
	if len(out.Args.Tags) == 0 {
		return fieldTags, "Choose at least one tag."
	}
	return "", ""
}

func needsTags(args bridge.Args) bool { return len(args.Tags) == 0 }

// newTagBlocks names the tags that did not exist before.
func newTagBlocks(l bridge.Line, _ bridge.Facts) []shape.Block {
	tagged, ok := l.Content.(*bridge.TaggedLine)
	if !ok || tagged.New != bridge.TagsCreated {
		return nil
	}
	tags := shape.JoinWords(l.Args.Tags, "tag")
	return confirmationBlocks(l, shape.DoerName(l)+" made a new tag: ", shape.Bold(tags), ".", " If that was a slip, remove it: !untag "+tags+".")
}
