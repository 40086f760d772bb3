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

// The form of a reply may contain a text that an AI model suggested. If there are several suggestions, the
// agent can choose another one in a field of the form. Submitting the form then sends nothing, but shows the
// form again with the chosen suggestion below what the agent has typed so far.

// maxOptionRunes limits the part of a text that an option shows.
const maxOptionRunes = 70

// fieldSuggestion is the prefix of the name of the field for another suggestion; see fieldStep.
const fieldSuggestion = "suggestion"

// shownSuggestion returns the index in in.Suggested of the suggestion that the form shows. ok is false if it
// shows none.
func shownSuggestion(in shape.FormInput) (index int, ok bool) {
	if in.Args.Suggestion == nil || len(in.Suggested) == 0 || in.Args.Suggestion.Choice == bridge.NoChoice {
		return bridge.NoChoice, false
	}
	return min(max(in.Args.Suggestion.Choice, 0), len(in.Suggested)-1), true
}

// WithSuggestion returns the initial text of the reply's form: what the agent has typed, followed by the
// chosen suggestion. If the text so far is an unchanged suggestion, the chosen one replaces it. A suggestion
// that doesn't fit is left out.
func WithSuggestion(in shape.FormInput) string {
	index, ok := shownSuggestion(in)
	if !ok || in.Args.Rich != "" {
		return in.Text
	}

	suggested := in.Suggested[index].Text
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

// hasSameWords reports whether two texts differ only in white space, which a chat may have changed.
func hasSameWords(a, b string) bool {
	return strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
}

// suggestionFields adds a remark to the form about the origin of its text, and records the shown suggestion
// in the form's arguments. It returns a field with the other suggestions, or nil if there are none.
func suggestionFields(form *shape.Form, in shape.FormInput) []shape.Field {
	if in.Args.Suggestion == nil {
		return nil
	}

	index, ok := shownSuggestion(in)
	if !ok && len(in.Suggested) == 0 {
		form.Args.Suggestion = nil
		form.Intro = append(form.Intro,
			shape.SmallPrint(shape.Text("The suggestion is out of date: there are newer ones, or the conversation has ended.")))
		return nil
	}

	shown := *in.Args.Suggestion // a copy: in must not change
	shown.Choice, shown.Shown = index, ""
	label := "Or show another suggestion"
	switch {
	case !ok:
		label = "Show a suggested reply"
	case !strings.HasSuffix(in.Text, in.Suggested[index].Text):
		form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("There is no room for the suggestion below what you wrote.")))
	default:
		remark := []shape.Piece{shape.Icon("robot_face"), shape.Text(" Suggested by a machine: please read it before you send it.")}
		remark = append(remark, SourceLinks(" From: ", in.Suggested[index].Sources)...)
		form.Intro = append(form.Intro, shape.SmallPrint(remark...))
	}

	if ok {
		shown.Shown = bridge.SumOf(in.Suggested[index].Text)
	}
	form.Args.Suggestion = &shown
	other := shape.Field{
		Name:     fieldSuggestion + fieldStep(in.Args),
		Kind:     shape.FieldOne,
		Label:    label,
		Hint:     "It is shown first, not sent. What you typed stays.",
		Optional: true,
	}
	for i, r := range in.Suggested {
		if i == index {
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

// SourceLinks returns links to the sources of a suggestion, preceded by lead, or nil if there are no sources.
func SourceLinks(lead string, sources []bridge.SourceRef) []shape.Piece {
	var links [][]shape.Piece
	for _, s := range sources {
		title := shape.Or(shape.OneLine(s.Title, shape.MaxNameRunes), "untitled")
		if s.Link == "" {
			links = append(links, []shape.Piece{shape.Text(title)})
			continue
		}
		links = append(links, []shape.Piece{{Kind: shape.PieceLink, Text: title, URL: s.Link}})
	}
	if len(links) == 0 {
		return nil
	}
	return append([]shape.Piece{shape.Text(lead)}, shape.JoinPieces(", ", links...)...)
}

// fieldStep returns a suffix for the names of fields in a form that is shown again with another suggestion or canned reply.
// If the names stayed the same, some chats would keep showing the fields' previous contents.
func fieldStep(args bridge.Args) string {
	if args.Rich != "" {
		return ""
	}
	if args.Suggestion == nil || args.Suggestion.Choice == 0 {
		return cannedStep(args)
	}
	return strconv.Itoa(args.Suggestion.Choice) + cannedStep(args)
}

// wordsField returns the name of the field for a reply's text.
func wordsField(args bridge.Args) string { return FieldWords + fieldStep(args) }

// readSuggestion reports whether the agent chose another suggestion, and if so sets out to show the form
// again. It returns false if the reply is to be sent.
func readSuggestion(out *shape.Filled, v Values) bool {
	suggestion := out.Args.Suggestion
	if suggestion == nil || out.Args.Rich != "" {
		return false
	}
	number, err := strconv.Atoi(v.Text(fieldSuggestion + fieldStep(out.Args))) // counted from 1
	if err != nil || number < 1 {
		return false
	}
	out.Args.Suggestion = &bridge.SuggestionArgs{ID: suggestion.ID, Choice: number - 1}
	out.Next = true
	return true
}
