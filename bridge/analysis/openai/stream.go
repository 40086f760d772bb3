package openai

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// Some servers always stream their answer as server-sent events, even if the request didn't ask for that:
//
//	data: {"choices":[{"index":0,"delta":{"content":"{\"langu"}}]}
//	data: {"choices":[{"index":0,"delta":{"content":"age\":\"en\""}}]}
//	data: [DONE]
//
// This file joins the pieces to one chat completion, so that the rest of the package needn't know.

// isStream reports whether a response body is a stream of server-sent events. A line that begins with a colon is a
// comment, which some servers send to keep the connection alive.
// Source: WHATWG HTML, "Server-sent events".
func isStream(body []byte) bool {
	hasPrefix := func(prefix string) bool { return bytes.HasPrefix(body, []byte(prefix)) }
	return slices.ContainsFunc([]string{"data:", "event:", ":"}, hasPrefix)
}

// isSet reports whether an optional field is present and not null.
func isSet(field json.RawMessage) bool { return len(field) > 0 && string(field) != "null" }

// piece is the data of one event.
type piece struct {
	ID      string          `json:"id"`
	Model   string          `json:"model"`
	Usage   json.RawMessage `json:"usage"`
	Error   json.RawMessage `json:"error"`
	Choices []struct {
		Index int `json:"index"`
		Delta struct {
			Content   string          `json:"content"`
			Refusal   string          `json:"refusal"`
			ToolCalls json.RawMessage `json:"tool_calls"`
		} `json:"delta"`
		FinishReason string `json:"finish_reason"`
	} `json:"choices"`
}

// joinStream returns the chat completion that a stream contains, as JSON. It fails with Cut if the stream ended early.
func joinStream(body []byte) ([]byte, *Error) {
	var all joinedPieces
	hasEnd := false
	for line := range bytes.Lines(body) {
		data, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("data:"))
		if !ok {
			continue
		}

		data = bytes.TrimSpace(data)
		if string(data) == "[DONE]" {
			hasEnd = true
			break
		}

		var p piece
		if json.Unmarshal(data, &p) != nil || isSet(p.Error) {
			return nil, &Error{Kind: Unreadable}
		}
		all.add(p)
	}

	if !hasEnd && all.finishReason == "" {
		return nil, &Error{Kind: Cut}
	}
	out, err := json.Marshal(all.completion())
	if err != nil {
		return nil, &Error{Kind: Unreadable}
	}
	return out, nil
}

// joinedPieces accumulates the pieces of a stream.
type joinedPieces struct {
	text, refusal strings.Builder
	usage         json.RawMessage
	finishReason  string // "" until the model has finished
	hasTools      bool
}

// add appends a piece. If the server generates several alternative answers, only the first one (index 0) is used.
func (j *joinedPieces) add(p piece) {
	if isSet(p.Usage) {
		j.usage = p.Usage
	}
	for _, c := range p.Choices {
		if c.Index != 0 {
			continue
		}

		j.text.WriteString(c.Delta.Content)
		j.refusal.WriteString(c.Delta.Refusal)
		j.hasTools = j.hasTools || isSet(c.Delta.ToolCalls)
		j.finishReason = cmp.Or(c.FinishReason, j.finishReason)
	}
}

// completion returns the chat completion as a server without streaming would have sent it.
func (j *joinedPieces) completion() map[string]any {
	finishReason := j.finishReason
	if j.hasTools && finishReason == "" {
		finishReason = "tool_calls"
	}

	whole := map[string]any{"choices": []any{map[string]any{
		"index":         0,
		"finish_reason": finishReason,
		"message":       map[string]any{"role": "assistant", "content": j.text.String(), "refusal": j.refusal.String()},
	}}}
	if j.usage != nil {
		whole["usage"] = j.usage
	}
	return whole
}
