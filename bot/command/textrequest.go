package command

import (
	"slices"
	"strings"

	"parley/bot/typed"
	"parley/bridge"
	"parley/bridge/analysis"
)

// An agent can ask an AI model for a text that only the agent sees. This file reads what is asked for:
//
//	!ai                              a summary of the conversation
//	!ai summarise in German          the same in a language
//	!ai translate to German: TEXT    a translation of a text
//	!ai friendlier: TEXT             a text in another style
//	!ai what did she order?          an answer about the conversation
//
// Some of these words are verbs by themselves, too: "!translate to German: TEXT".

// readTextRequest reads what follows a verb for such a text into p.Args.TextRequest and p.Text. name is the verb as typed. problem says
// for people what is wrong, and is "" if nothing is.
func readTextRequest(p *Parsed, name, rest string) (problem string) {
	word := strings.ToLower(name)
	after := rest
	isCommand := true // word names a task, and isn't the beginning of a question
	if word == "ai" {
		word, after, isCommand = leadingWord(rest)
	}

	request := &bridge.TextRequest{}
	p.Args.TextRequest = request
	task, style := taskOf(word)
	asksNothing := rest == "" && task == ""
	isNoQuestion := isCommand || after == "" // unlike "shorter than what?"
	switch {
	case asksNothing, task == analysis.Summarise && readLanguage(request, after):
		request.Task = analysis.Summarise
	case task == analysis.Translate:
		request.Task = task
		p.Text, problem = readTranslation(request, after)
	case task == analysis.Rephrase && isNoQuestion:
		request.Task = task
		request.Style = style
		p.Text = after
	default:
		request.Task = analysis.Explain
		p.Text = rest
	}

	return problem
}

// taskOf returns the task that a word names and, for a text to rephrase, its style. Both are "" if it names none.
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

// leadingWord splits the first word off a text, in small letters, and a colon behind it.
func leadingWord(text string) (first, rest string, hasColon bool) {
	first = verbName.FindString(text)
	rest, hasColon = strings.CutPrefix(text[len(first):], ":")
	return strings.ToLower(first), typed.Trim(rest), hasColon
}

// readLanguage sets w.Language from "in German", or to none if the text is empty. It returns false if the text is anything
// else.
func readLanguage(w *bridge.TextRequest, text string) bool {
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

// readTranslation returns what is to be translated, and sets w.Language: "to German: TEXT", "to German", "TEXT". Without a
// text, it is the conversation.
func readTranslation(w *bridge.TextRequest, rest string) (text, problem string) {
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
