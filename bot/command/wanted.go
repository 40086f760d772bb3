package command

import (
	"slices"
	"strings"

	"parley/bot/typed"
	"parley/bridge"
	"parley/bridge/analysis"
)

// readWanted reads which text is asked for: a task by its word, then a language, then the text to work on. What begins
// with no such word is a question about the conversation; nothing at all asks for a summary.
func readWanted(p *Parsed, name, rest string) (bad string) {
	word := strings.ToLower(name)
	after := rest
	isCommand := true // the word is a command, not the beginning of a question
	if word == "ai" {
		word, after, isCommand = leadingWord(rest)
	}

	wanted := &bridge.WantedText{}
	p.Args.Wanted = wanted
	task, style := taskOf(word)
	asksNothing := rest == "" && task == ""
	isNoQuestion := isCommand || after == "" // unlike "shorter than what?"
	switch {
	case asksNothing, task == analysis.Summarise && readLanguage(wanted, after):
		wanted.Task = analysis.Summarise
	case task == analysis.Translate:
		wanted.Task = task
		p.Text, bad = readTranslation(wanted, after)
	case task == analysis.Rephrase && isNoQuestion:
		wanted.Task = task
		wanted.Style = style
		p.Text = after
	default:
		wanted.Task = analysis.Explain
		p.Text = rest
	}

	return bad
}

// taskOf returns the task that a word names, with the style of a rephrased text. Both are "" if it names none.
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
	first = verbName.FindString(text)
	rest, colon = strings.CutPrefix(text[len(first):], ":")
	return strings.ToLower(first), typed.Trim(rest), colon
}

// readLanguage reads "in German", or nothing. It returns false if the text is anything else.
func readLanguage(w *bridge.WantedText, text string) bool {
	text = withoutTo(text)
	if text == "" {
		return true
	}
	language, ok := analysis.LanguageCalled(text)
	w.Language = language.Code
	return ok
}

// withoutTo removes the preposition before the name of a language.
func withoutTo(text string) string {
	text = typed.Trim(text)
	for _, to := range []string{"to", "into", "in"} {
		first, rest := cutWord(text)
		if strings.EqualFold(first, to) {
			return typed.Trim(rest)
		}
	}
	return text
}

// readTranslation reads what is to be translated, and into which language: "to German: TEXT", "to German", "TEXT".
func readTranslation(w *bridge.WantedText, rest string) (text, bad string) {
	head, text, hasColon := strings.Cut(rest, ":")
	if readLanguage(w, head) {
		return typed.Trim(text), ""
	}
	name := withoutTo(head)
	namesLanguage := name != typed.Trim(head) && !strings.ContainsAny(name, " \n") // "to Klingon"
	isOnlyHead := hasColon || text == ""
	if namesLanguage && isOnlyHead {
		return "", "I know no language “" + typed.Clip(name) + "”. For example: !ai translate to German: TEXT"
	}
	return rest, ""
}
