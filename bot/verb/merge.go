package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

func mergeVerb() *Verb {
	return &Verb{
		Name: bridge.VerbMerge,
		Typed: TypedLine{
			Words: []string{"merge"}, AskIfAlone: true, Syntax: "!merge #NUMBER", Rest: RestOther,
			Missing: "Say which conversation comes here: !merge #12",
		},
		Help: Help{
			Sentence: "Ends another conversation: what its customer writes from then on comes here.",
			Examples: []string{"!merge #12"},
		},
		Slash:  true,
		Button: Button{Details: true, Label: "Merge"},
		Form:   Form{Ask: askMerge, Needed: hasNoNote, Read: readMerge},
		Shown: func(l bridge.Line, _ bridge.Facts) []shape.Block {
			other := shape.ThreadLink(shape.Number(l.Other.ID), l.Other)
			if isOfHere(l) {
				return confirmationBlocks(l, shape.DoerName(l)+" merged ", other, " into this: what its customer writes comes here.")
			}
			return confirmationBlocks(l, shape.DoerName(l)+" merged this into ", other, ". It goes on there.")
		},
	}
}

// isOfHere reports whether a line stands in the conversation that another one was merged into.
func isOfHere(l bridge.Line) bool { return l.Args.Note == shape.Number(l.Other.ID) }

func askMerge(form *shape.Form, in shape.FormInput) error {
	form.Title, form.Submit = "Merge", "Merge"
	field := shape.Field{
		Name: FieldNote, Kind: shape.FieldText, Label: "Which conversation comes here?", MaxRunes: bridge.LongestName,
		Hint: "Its number, such as #12. It ends, and what its customer writes from then on comes here.",
	}
	if len(in.Facts.AlsoOpen) > 0 {
		field.Value = textValue(shape.Number(in.Facts.AlsoOpen[0].ID))
	}
	form.Fields = []shape.Field{field}
	return nil
}

func readMerge(out *shape.Filled, v Values, _ Reading) (field, problem string) {
	out.Args.Note = shape.OneLine(v.Text(FieldNote), bridge.LongestName)
	if out.Args.Note == "" {
		return FieldNote, "Say its number."
	}
	return "", ""
}

func unmergeVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbUnmerge,
		Typed:  TypedLine{Words: []string{"unmerge"}, AskIfAlone: true, Syntax: "!unmerge [#NUMBER]", Rest: RestOther},
		Help:   Help{Sentence: "Takes a merge back. What came meanwhile stays where it is.", Examples: []string{"!unmerge #12", "!unmerge"}},
		Slash:  true,
		Button: Button{Label: "Unmerge"},
		Shown: func(l bridge.Line, _ bridge.Facts) []shape.Block {
			return confirmationBlocks(l, shape.DoerName(l)+" parted this from ", shape.ThreadLink(shape.Number(l.Other.ID), l.Other), " again.")
		},
	}
}

func splitVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbSplit,
		Emoji: []string{"scissors"},
		Typed: TypedLine{Words: []string{"split"}, AskIfAlone: true, Syntax: "!split"},
		Help: Help{Sentence: "Makes a conversation of its own of the customer's latest message, or of the one under the emoji.",
			Examples: []string{"!split"}},
		Slash:  true,
		Button: Button{Label: "Split off"},
		Shown: func(l bridge.Line, _ bridge.Facts) []shape.Block {
			return confirmationBlocks(l, shape.DoerName(l)+" made a conversation of it: ", shape.ThreadLink(shape.Number(l.Other.ID), l.Other), ".")
		},
	}
}
