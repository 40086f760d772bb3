package verb

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/bot/shape"
	"parley/bridge"
)

// tagVerb describes the command "!tag billing, late delivery", which adds tags to a conversation. The
// description has what people see: the typed syntax, help, button, form and confirmation. The type Verb
// explains the fields. The tags are stored by bridge/engine/workflow.
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

// maxNewTagsRunes limits the length of the field for new tags.
const maxNewTagsRunes = 200

// askForTags fills in the form: a list of the tags that the conversation doesn't have yet, and a text field
// for new ones. The list is omitted if it is empty.
func askForTags(form *shape.Form, in shape.FormInput) error {
	form.Title, form.Submit = "Add tags", "Add"
	form.Fields = tagFields(in)
	return nil
}

// tagFields returns the fields for known tags and for new ones. One of them must be filled in.
func tagFields(in shape.FormInput) (fields []shape.Field) {
	options := tagOptions(in.Tags, in.Facts.Tags)
	hasOptions := len(options) > 0
	if hasOptions {
		fields = append(fields, shape.Field{
			Name:     fieldTags,
			Kind:     shape.FieldSeveral,
			Label:    "Tags",
			Optional: true,
			Options:  options,
		})
	}

	return append(fields, shape.Field{
		Name:     fieldNew,
		Kind:     shape.FieldText,
		Label:    "New tags",
		Hint:     "Separate them by commas.",
		Example:  "billing, late delivery",
		Optional: hasOptions,
		MaxRunes: maxNewTagsRunes,
	})
}

// tagOptions returns the options for all tags except the excluded ones. The form of !untag uses it, too.
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

// readTags reads the submitted form of !tag or !untag into out. A new tag that equals a chosen one except for
// case is ignored. If the form is invalid, it returns the field and a message for the agent.
func readTags(out *shape.Filled, v Values, _ Reading) (field, problem string) {
	tags := v.List(fieldTags)
	for _, name := range shape.Tags(v.Text(fieldNew)) {
		if utf8.RuneCountInString(name) > bridge.MaxTagRunes {
			return fieldNew, fmt.Sprintf("“%s” is too long: a tag has at most %d letters.", shape.Clip(name), bridge.MaxTagRunes)
		}
		if !slices.ContainsFunc(tags, func(chosen string) bool { return strings.EqualFold(chosen, name) }) {
			tags = append(tags, name)
		}
	}
	out.Args.Tags = tags

	switch {
	case len(tags) > 0:
		return "", ""
	case out.Verb == bridge.VerbResolve:
		return "", ""
	case out.Verb == bridge.VerbTag:
		return fieldNew, "Choose or name at least one tag."
	default:
		return fieldTags, "Choose at least one tag."
	}
}

// needsTags reports whether the form is needed because no tag was named: "!tag" alone.
func needsTags(args bridge.Args) bool { return len(args.Tags) == 0 }

// confirmTags confirms !tag in one sentence.
func confirmTags(l bridge.Line, _ bridge.Facts) string {
	return shape.DoerName(l) + " added " + shape.JoinWords(l.Args.Tags, "tags") + "."
}

// newTagBlocks returns the confirmation for tags that didn't exist before, which explains how to remove a
// misspelled one. For existing tags it returns nil, so that confirmTags is shown.
func newTagBlocks(l bridge.Line, _ bridge.Facts) []shape.Block {
	tagged, ok := l.Content.(*bridge.TaggedLine)
	if !ok || tagged.New != bridge.TagsCreated {
		return nil
	}

	tags := shape.JoinWords(l.Args.Tags, "tag")
	lead := shape.DoerName(l) + " made a new tag: "
	hint := " If that was a slip, remove it: !untag " + tags + "."
	return confirmationBlocks(l, lead, shape.Bold(tags), ".", hint)
}
