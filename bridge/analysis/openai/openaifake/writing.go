package openaifake

import (
	"encoding/json"
	"fmt"
	"strings"

	"parley/bridge/analysis"
)

// textDocument is the document of a request for a text, such as a summary. Like document, it is a deliberate copy of
// the type in package openai.
type textDocument struct {
	Task         analysis.Task
	Language     string
	Style        string // of Rephrase
	Question     string // of Explain
	Draft        string
	Conversation []message
}

// readRequest parses the document of a request for a text. It returns nil if data is no such document.
func readRequest(data []byte) *analysis.Request {
	var d textDocument
	if json.Unmarshal(data, &d) != nil || d.Task == "" {
		return nil
	}
	return &analysis.Request{
		Task:     d.Task,
		Language: d.Language,
		Wish:     d.Style + d.Question, // at most one of them is set
		Draft:    d.Draft,
		Messages: messagesOf(d.Conversation),
	}
}

// cannedText returns the text that the emulator writes for a request. It can't translate or summarise, so it returns a
// text by which a test recognises the request: the translation of "Hello" to German is "(German) Hello".
func cannedText(r analysis.Request) string {
	switch r.Task {
	case analysis.Translate:
		return fmt.Sprintf("(%s) %s", analysis.LanguageName(r.Language), r.Draft)
	case analysis.Rephrase:
		first, _, _ := strings.Cut(r.Draft, ". ")
		return strings.TrimSuffix(first, ".") + "."
	case analysis.Explain:
		for _, m := range r.Messages {
			if !m.FromAgent {
				return "The customer wrote: " + m.Text
			}
		}
		return "The conversation doesn't say."
	case analysis.Summarise: // below
	}

	points := fmt.Sprintf("- %d messages", len(r.Messages))
	if len(r.Messages) > 0 {
		points += "\n- It began with: " + r.Messages[0].Text + "\n- Last: " + r.Messages[len(r.Messages)-1].Text
	}

	return points
}

// FormatText returns a text in the JSON form that package openai asks for.
func FormatText(text string) string {
	out, err := json.Marshal(map[string]string{"text": text})
	if err != nil {
		return "{}"
	}
	return string(out)
}
