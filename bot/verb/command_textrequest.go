package verb

import (
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
	"parley/bridge/analysis"
)

// An agent can ask an AI model for a text that only the agent sees. This file parses such requests:
//
//	!ai                              a summary of the conversation
//	!ai summarise in German          a summary in another language
//	!ai translate to German: TEXT    a translation
//	!ai friendlier: TEXT             the text in another style
//	!ai what did she order?          an answer about the conversation
//
// Some of these words are also verbs of their own: "!translate to German: TEXT".

// readTextRequest parses the arguments of such a verb into p.Args.TextRequest and p.Text. name is the verb as
// typed. problem is a message for the agent if the request can't be used, and otherwise "".
func readTextRequest(p *Parsed, name, rest string) (problem string) {
	word := strings.ToLower(name)
	arguments := rest
	namesTask := true // false if word may begin a question
	if word == "ai" {
		word, arguments, namesTask = leadingWord(rest)
	}

	request := &bridge.TextRequest{}
	p.Args.TextRequest = request
	task, style := taskOf(word)
	isBlank := rest == "" && task == ""
	isQuestion := !namesTask && arguments != "" // "shorter than what?"
	switch {
	case isBlank, task == analysis.Summarise && readLanguage(request, arguments):
		request.Task = analysis.Summarise
	case task == analysis.Translate:
		request.Task = task
		p.Text, problem = readTranslation(request, arguments)
	case task == analysis.Rephrase && !isQuestion:
		request.Task = task
		request.Style = style
		p.Text = arguments
	default:
		request.Task = analysis.Explain
		p.Text = rest
	}

	return problem
}

// taskOf returns the task that a word names and, for Rephrase, the style. Both are "" for any other word.
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

// leadingWord splits off the first word of a text, in lower case, and the colon after it.
func leadingWord(text string) (first, rest string, hasColon bool) {
	first = verbName.FindString(text)
	rest, hasColon = strings.CutPrefix(text[len(first):], ":")
	return strings.ToLower(first), shape.Trim(rest), hasColon
}

// readLanguage sets the language of a request from "in German", and reports whether it understood the text.
// An empty text is understood and leaves the language unset.
func readLanguage(request *bridge.TextRequest, text string) bool {
	text = withoutPreposition(text)
	if text == "" {
		return true
	}
	language, ok := analysis.LanguageCalled(text)
	request.Language = language.Code
	return ok
}

// withoutPreposition removes the preposition before the name of a language.
func withoutPreposition(text string) string {
	text = shape.Trim(text)
	for _, preposition := range []string{"to", "into", "in"} {
		first, rest := cutWord(text)
		if strings.EqualFold(first, preposition) {
			return shape.Trim(rest)
		}
	}
	return text
}

// readTranslation sets the language of a request and returns the text to translate. It accepts
// "to German: TEXT", "to German" and "TEXT". Without a text, the conversation is translated.
func readTranslation(request *bridge.TextRequest, rest string) (text, problem string) {
	head, text, hasColon := strings.Cut(rest, ":")
	if readLanguage(request, head) {
		return shape.Trim(text), ""
	}
	name := withoutPreposition(head)
	namesLanguage := name != shape.Trim(head) && !strings.ContainsAny(name, " \n") // "to Klingon"
	isOnlyHead := hasColon || text == ""
	if namesLanguage && isOnlyHead {
		return "", "I know no language “" + shape.Clip(name) + "”. For example: !ai translate to German: TEXT"
	}
	return rest, ""
}
