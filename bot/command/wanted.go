package command

import (
	"slices"
	"strings"

	"parley/bot/typed"
	"parley/bridge"
	"parley/bridge/analysis"
)

// wanted reads which text is asked for: a task by its word, then a language, then the text to work on. What begins
// with no such word is a question about the conversation; nothing at all asks for a summary.
func wanted(p *Parsed, name, rest string) (bad string) {
	word, after, direct := strings.ToLower(name), rest, true
	if word == "ai" {
		word, after, direct = leadingWord(rest)
	}
	w := &bridge.WantedText{}
	p.Args.Wanted = w
	task, style := taskOf(word)
	switch {
	case rest == "" && task == "", task == analysis.Summarise && inLanguage(w, after):
		w.Task = analysis.Summarise
	case task == analysis.Translate:
		w.Task = task
		p.Text, bad = translated(w, after)
	case task == analysis.Rephrase && (direct || after == ""): // and not "shorter than what?"
		w.Task, w.Style, p.Text = task, style, after
	default:
		w.Task, p.Text = analysis.Explain, rest
	}
	return bad
}

// taskOf gives the task that a word names, with the style of a rephrased text; "" if it names none.
func taskOf(word string) (task analysis.Task, style string) {
	switch word {
	case "summarise", "summarize", "summary":
		return analysis.Summarise, ""
	case "translate":
		return analysis.Translate, ""
	case "shorten":
		return analysis.Rephrase, "shorter"
	}
	if slices.Contains(analysis.Styles(), word) {
		return analysis.Rephrase, word
	}
	return "", ""
}

// leadingWord splits the first word off a text, in small letters, with the colon behind it if there is one.
func leadingWord(text string) (first, rest string, colon bool) {
	first = word.FindString(text)
	rest, colon = strings.CutPrefix(text[len(first):], ":")
	return strings.ToLower(first), typed.Trim(rest), colon
}

// inLanguage reads "in German", or nothing; false if it is anything else.
func inLanguage(w *bridge.WantedText, text string) bool {
	text = withoutTo(text)
	if text == "" {
		return true
	}
	l, ok := analysis.LanguageCalled(text)
	w.Language = l.Code
	return ok
}

// withoutTo takes the preposition off the name of a language.
func withoutTo(text string) string {
	text = typed.Trim(text)
	for _, to := range []string{"to", "into", "in"} {
		if first, rest := field(text); strings.EqualFold(first, to) {
			return typed.Trim(rest)
		}
	}
	return text
}

// translated reads what is to be translated, and into which language: "to German: TEXT", "to German", "TEXT".
func translated(w *bridge.WantedText, rest string) (text, bad string) {
	head, text, colon := strings.Cut(rest, ":")
	if inLanguage(w, head) {
		return typed.Trim(text), ""
	}
	name := withoutTo(head)
	if name != typed.Trim(head) && !strings.ContainsAny(name, " \n") && (colon || text == "") {
		return "", "I know no language “" + typed.Clip(name) + "”. For example: !ai translate to German: TEXT"
	}
	return rest, ""
}
