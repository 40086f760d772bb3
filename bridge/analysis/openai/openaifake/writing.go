package openaifake

import (
	"encoding/json"
	"fmt"
	"strings"

	"parley/bridge/analysis"
)

// textDocument is the form in which package openai shows a request for a text.
type textDocument struct {
	Task         analysis.Task
	Language     string
	Style        string
	Question     string
	Draft        string
	Conversation []message
}

// readRequest reads the document of a request for a text; nil if it is another one.
func readRequest(data []byte) *analysis.Request {
	var d textDocument
	if json.Unmarshal(data, &d) != nil || d.Task == "" {
		return nil
	}
	return &analysis.Request{
		Task: d.Task, Language: d.Language, Wish: d.Style + d.Question, Draft: d.Draft, Messages: toMessages(d.Conversation),
	}
}

// writtenText is what the model writes by itself: it speaks no languages, and says plainly what it was asked to do.
func writtenText(r analysis.Request) string {
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
	case analysis.Summarise:
	}

	points := fmt.Sprintf("- %d messages", len(r.Messages))
	if len(r.Messages) > 0 {
		points += "\n- It began with: " + r.Messages[0].Text + "\n- Last: " + r.Messages[len(r.Messages)-1].Text
	}

	return points
}

// FormatText returns a text in the JSON form that a model is asked for.
func FormatText(text string) string {
	out, err := json.Marshal(map[string]string{"text": text})
	if err != nil {
		return "{}"
	}
	return string(out)
}
