package verb

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"parley/bot/shape"
	"parley/bridge"
)

// The form of a reply may begin with a text that the AI suggested. If there are several suggestions, the agent can
// choose another one: the form is then shown again with it, nothing is sent, and what the agent typed stays.

// maxOptionRunes is how much of a text an option shows.
const maxOptionRunes = 70

// fieldSuggestion begins the name of the field in which another suggestion is chosen.
const fieldSuggestion = "suggestion"

// shownSuggestion returns the index of the suggestion that the form shows; ok is false if it shows none.
func shownSuggestion(in shape.FormInput) (at int, ok bool) {
	if in.Args.Suggestion == nil || len(in.Suggested) == 0 {
		return 0, false
	}
	return min(max(in.Args.Suggestion.Choice, 0), len(in.Suggested)-1), true
}

// WithSuggestion returns the text with which the form of a reply begins: what the agent has typed, and below it the
// suggestion that was chosen. If the text so far is another suggestion, unchanged, the chosen one replaces it.
func WithSuggestion(in shape.FormInput) string {
	at, ok := shownSuggestion(in)
	if !ok || in.Args.Rich != "" {
		return in.Text
	}

	suggested := in.Suggested[at].Text
	isSuggestion := slices.ContainsFunc(in.Suggested, func(r bridge.SuggestedReply) bool { return hasSameWords(in.Text, r.Text) })
	if isSuggestion || strings.TrimSpace(in.Text) == "" {
		return suggested
	}

	both := strings.TrimSpace(in.Text) + "\n\n" + suggested
	if utf8.RuneCountInString(both) > maxTextRunes {
		return in.Text
	}

	return both
}

// hasSameWords compares texts as people read them: a surface may have changed their white space.
func hasSameWords(a, b string) bool {
	return strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
}

// suggestionFields adds a remark to the form that says where its text comes from. It returns a field with the other
// suggestions; nil if there are none.
func suggestionFields(form *shape.Form, in shape.FormInput) []shape.Field {
	if in.Args.Suggestion == nil {
		return nil
	}

	at, ok := shownSuggestion(in)
	if !ok {
		form.Args.Suggestion = nil
		form.Intro = append(form.Intro,
			shape.SmallPrint(shape.Text("The suggestion is out of date: there are newer ones, or the conversation has ended.")))
		return nil
	}

	if !strings.HasSuffix(in.Text, in.Suggested[at].Text) {
		form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("There is no room for the suggestion below what you wrote.")))
	} else {
		remark := []shape.Piece{shape.Icon("robot_face"), shape.Text(" Suggested by a machine: please read it before you send it.")}
		remark = append(remark, SourceLinks(" From: ", in.Suggested[at].Sources)...)
		form.Intro = append(form.Intro, shape.SmallPrint(remark...))
	}

	shown := *in.Args.Suggestion
	shown.Choice = at
	shown.Shown = bridge.SumOf(in.Suggested[at].Text)
	form.Args.Suggestion = &shown
	other := shape.Field{
		Name:     fieldSuggestion + fieldStep(in.Args),
		Kind:     shape.FieldOne,
		Label:    "Or show another suggestion",
		Hint:     "It is shown first, not sent. What you typed stays.",
		Optional: true,
	}
	for i, r := range in.Suggested {
		if i == at {
			continue
		}
		label := shape.OneLine(fmt.Sprintf("%d. %s", i+1, r.Text), maxOptionRunes)
		other.Options = append(other.Options, shape.Option{Value: strconv.Itoa(i + 1), Label: label})
	}

	if len(other.Options) == 0 {
		return nil
	}

	return []shape.Field{other}
}

// SourceLinks names what a suggestion draws on, with lead before it. It returns nil if the suggestion draws on nothing.
func SourceLinks(lead string, sources []bridge.SourceRef) []shape.Piece {
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
	return append([]shape.Piece{shape.Text(lead)}, shape.JoinPieces(", ", named...)...)
}

// fieldStep ends the names of fields in a form that is shown again, so that they differ from those of the form before:
// if both have the same name, some surfaces go on showing what stood in the first.
func fieldStep(args bridge.Args) string {
	if args.Suggestion == nil || args.Rich != "" {
		return ""
	}
	if args.Suggestion.Choice == 0 {
		return ""
	}
	return strconv.Itoa(args.Suggestion.Choice)
}

// wordsField names the field of a reply's text.
func wordsField(args bridge.Args) string { return FieldWords + fieldStep(args) }

// readSuggestion reads which suggestion is to be shown next. It returns false if the form is to be sent.
func readSuggestion(out *shape.Filled, v Values) bool {
	s := out.Args.Suggestion
	if s == nil || out.Args.Rich != "" {
		return false
	}
	n, err := strconv.Atoi(v.Text(fieldSuggestion + fieldStep(out.Args)))
	if err != nil || n < 1 {
		return false
	}
	out.Args.Suggestion = &bridge.SuggestionArgs{ID: s.ID, Choice: n - 1}
	out.Next = true
	return true
}
