package verb

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"parley/bot/shape"
	"parley/bridge"
)

// A reply's form may begin with a text that an analysis suggested. Another one can be chosen in it: that shows the
// form again and sends nothing, and what its author typed stays.

// fieldSuggestion begins the name of the field in which another suggestion is chosen.
const fieldSuggestion = "suggestion"

// chosenSuggestion gives which of the suggestions the form shows; -1 = none.
func chosenSuggestion(in shape.FormInput) int {
	if in.Args.Suggestion == nil || len(in.Suggested) == 0 {
		return -1
	}
	return min(max(in.Args.Suggestion.Choice, 0), len(in.Suggested)-1)
}

// WithSuggestion gives the text with which the form of a reply begins: the suggestion that was chosen, below what
// its author has typed. A suggestion that the author left as it was gives way to it.
func WithSuggestion(in shape.FormInput) string {
	at := chosenSuggestion(in)
	if at < 0 || in.Args.Rich != "" {
		return in.Text
	}
	suggested := in.Suggested[at].Text
	untouched := strings.TrimSpace(in.Text) == ""
	for _, r := range in.Suggested {
		untouched = untouched || sameWords(in.Text, r.Text)
	}
	if untouched {
		return suggested
	}
	if both := strings.TrimSpace(in.Text) + "\n\n" + suggested; utf8.RuneCountInString(both) <= maxTextRunes {
		return both
	}
	return in.Text
}

// sameWords compares texts as people read them: a surface may have changed their white space.
func sameWords(a, b string) bool {
	return strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
}

// suggestionFields say where the form's text comes from, and offer the other suggestions.
func suggestionFields(form *shape.Form, in shape.FormInput) []shape.Field {
	at := chosenSuggestion(in)
	switch {
	case in.Args.Suggestion == nil:
		return nil
	case at < 0:
		form.Args.Suggestion = nil
		form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("The suggestion is out of date: there are newer ones, or the conversation has ended.")))
		return nil
	case !strings.HasSuffix(in.Text, in.Suggested[at].Text):
		form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("There is no room for the suggestion below what you wrote.")))
	default:
		form.Intro = append(form.Intro, shape.SmallPrint(append([]shape.Piece{shape.Icon("robot_face"), shape.Text(" Suggested by a machine: please read it before you send it.")}, SourceLinks(" From: ", in.Suggested[at].Sources)...)...))
	}
	shown := *in.Args.Suggestion
	shown.Choice, shown.Shown = at, bridge.SumOf(in.Suggested[at].Text)
	form.Args.Suggestion = &shown
	other := shape.Field{Name: fieldSuggestion + step(in.Args), Kind: shape.FieldOne, Label: "Or show another suggestion", Hint: "It is shown first, not sent. What you typed stays.", Optional: true}
	for i, r := range in.Suggested {
		if i != at {
			other.Options = append(other.Options, shape.Option{Value: strconv.Itoa(i + 1), Label: shape.OneLine(fmt.Sprintf("%d. %s", i+1, r.Text), 70)})
		}
	}
	if len(other.Options) == 0 {
		return nil
	}
	return []shape.Field{other}
}

// SourceLinks names what a suggestion draws on, after some words; nil where it draws on nothing.
func SourceLinks(after string, sources []bridge.SourceRef) []shape.Piece {
	var named [][]shape.Piece
	for _, s := range sources {
		title := shape.Or(shape.OneLine(s.Title, shape.MaxNameRunes), "untitled")
		if s.Link == "" {
			named = append(named, []shape.Piece{shape.Text(title)})
			continue
		}
		named = append(named, []shape.Piece{{Kind: shape.PieceLink, Text: title, URL: s.Link}})
	}
	if len(named) == 0 {
		return nil
	}
	return append([]shape.Piece{shape.Text(after)}, shape.Joined(", ", named...)...)
}

// step sets the fields of a form that is shown again apart from those of the form before: where both have the
// same name, some surfaces go on showing what stood in the first.
func step(args bridge.Args) string {
	if args.Suggestion == nil || args.Suggestion.Choice == 0 || args.Rich != "" {
		return ""
	}
	return strconv.Itoa(args.Suggestion.Choice)
}

// wordsField names the field of a reply's text.
func wordsField(args bridge.Args) string { return FieldWords + step(args) }

// readSuggestion reads which suggestion is to be shown next; false where the form is to be sent.
func readSuggestion(out *shape.Filled, v Values) bool {
	s := out.Args.Suggestion
	if s == nil || out.Args.Rich != "" {
		return false
	}
	n, err := strconv.Atoi(v.Text(fieldSuggestion + step(out.Args)))
	if err != nil || n < 1 {
		return false
	}
	out.Args.Suggestion, out.Next = &bridge.SuggestionArgs{ID: s.ID, Choice: n - 1}, true
	return true
}
