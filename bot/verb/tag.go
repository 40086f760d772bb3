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

// tagVerb describes "!tag billing, late delivery", by which an agent puts tags on a conversation: what is typed, and
// the help, button, form and confirmation that go with it. The fields are explained at Verb and its parts. The tags
// themselves are stored by bridge/engine/workflow.
func tagVerb() *Verb {
	return &Verb{
		Name: bridge.VerbTag,
		Typed: TypedLine{
			Words:      []string{"tag", "label"},
			AskIfAlone: true,
			Syntax:     "!tag TAG, TAG",
			Rest:       RestTags,
			Missing:    "Say which tags: !tag billing, late delivery",
		},
		Help: Help{
			Sentence:    "Adds tags. New ones are created.",
			Examples:    []string{"!tag billing", "!tag billing, late delivery"},
			InShortHelp: true,
		},
		Slash: true,
		Menus: Menus{
			InThread: Offer{Order: 5},
			Message:  &Entry{Order: 7, Title: "Tag conversation", About: "Add tags"},
		},
		Button: Button{
			Label:          "Tag",
			OfferedForTypo: true,
			TypoLabel:      func(m bridge.Meant) string { return "Tag " + strings.Join(m.Args.Tags, ", ") },
		},
		Form: Form{
			Ask:    askForTags,
			Needed: needsTags,
			Read:   readTags,
			Lists:  []List{KnownTags},
		},
		Done:  confirmTags,
		Shown: newTagBlocks,
	}
}

// maxNewTagsRunes is how long a list of new tags may be in a form.
const maxNewTagsRunes = 200

// askForTags fills in the form: a list of the tags that the conversation doesn't have yet, if there are any, and a
// text field for new ones.
func askForTags(form *shape.Form, in shape.FormInput) error {
	form.Title, form.Submit = "Add tags", "Add"

	options := tagOptions(in.Tags, in.Facts.Tags)
	hasOptions := len(options) > 0
	if hasOptions {
		form.Fields = append(form.Fields, shape.Field{
			Name:     fieldTags,
			Kind:     shape.FieldSeveral,
			Label:    "Tags",
			Optional: true,
			Options:  options,
		})
	}

	form.Fields = append(form.Fields, shape.Field{
		Name:     fieldNew,
		Kind:     shape.FieldText,
		Label:    "New tags",
		Hint:     "Separate them by commas.",
		Example:  "billing, late delivery",
		Optional: hasOptions,
		MaxRunes: maxNewTagsRunes,
	})
	return nil
}

// tagOptions returns all tags but the excluded ones, as options of a list. The form of !untag uses it, too.
func tagOptions(all, excluded []bridge.Tag) []shape.Option {
	var options []shape.Option
	for _, t := range all {
		isExcluded := slices.ContainsFunc(excluded, func(e bridge.Tag) bool { return strings.EqualFold(t.Name, e.Name) })
		if isExcluded {
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

// readTags reads a submitted form of !tag or !untag into out. If something is wrong, it returns the field and a
// problem to show beside it. A new tag that differs from a chosen one only by case is left out.
func readTags(out *shape.Filled, v Values, _ Reading) (field, problem string) {
	tags := v.List(fieldTags)
	for _, name := range typed.Tags(v.Text(fieldNew)) {
		if utf8.RuneCountInString(name) > bridge.MaxTagRunes {
			return fieldNew, fmt.Sprintf("“%s” is too long: a tag has at most %d letters.", typed.Clip(name), bridge.MaxTagRunes)
		}
		if !slices.ContainsFunc(tags, func(chosen string) bool { return strings.EqualFold(chosen, name) }) {
			tags = append(tags, name)
		}
	}
	out.Args.Tags = tags

	switch {
	case len(tags) > 0:
		return "", ""
	case out.Verb == bridge.VerbTag:
		return fieldNew, "Choose or name at least one tag."
	default:
		return fieldTags, "Choose at least one tag."
	}
}

// needsTags reports whether the form is needed because no tag was named: "!tag" alone.
func needsTags(args bridge.Args) bool { return len(args.Tags) == 0 }

// confirmTags says in the thread who added which tags.
func confirmTags(l bridge.Line, _ bridge.Facts) string {
	return shape.DoerName(l) + " added " + shape.JoinWords(l.Args.Tags, "tags") + "."
}

// newTagBlocks is the confirmation if the tags did not exist before: it says how to take a misspelled one off again. It
// returns nil for tags that existed; then confirmTags is shown.
func newTagBlocks(l bridge.Line, _ bridge.Facts) []shape.Block {
	tagged, ok := l.Content.(*bridge.TaggedLine)
	if !ok || tagged.New != bridge.TagsCreated {
		return nil
	}

	tags := shape.JoinWords(l.Args.Tags, "tag")
	said := shape.DoerName(l) + " made a new tag: "
	hint := " If that was a slip, remove it: !untag " + tags + "."
	return confirmationBlocks(l, said, shape.Bold(tags), ".", hint)
}
