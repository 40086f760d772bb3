package openai

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// Some servers send an answer as a stream of small pieces although a whole one was asked for. This file joins the
// pieces, so that the rest of the package sees one chat completion.

// isStream reports whether an answer is a stream of server-sent events.
// Source: WHATWG HTML, "Server-sent events"; a line that begins with a colon is a comment.
func isStream(body []byte) bool {
	return slices.ContainsFunc([]string{"data:", "event:", ":"}, func(head string) bool { return bytes.HasPrefix(body, []byte(head)) })
}

// isGiven reports whether a field of an event is there and has a value.
func isGiven(field json.RawMessage) bool { return len(field) > 0 && string(field) != "null" }

// piece is one event of a stream.
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

// joinStream makes one completion of a stream. A stream without an end was cut.
func joinStream(body []byte) ([]byte, *Error) {
	var whole joined
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
		if json.Unmarshal(data, &p) != nil || isGiven(p.Error) {
			return nil, &Error{Kind: Unreadable}
		}
		whole.add(p)
	}

	if !hasEnd && whole.finish == "" {
		return nil, &Error{Kind: Cut}
	}
	out, err := json.Marshal(whole.completion())
	if err != nil {
		return nil, &Error{Kind: Unreadable}
	}
	return out, nil
}

// joined is what the pieces of a stream said so far.
type joined struct {
	text, refusal strings.Builder
	usage         json.RawMessage
	finish        string // why the model ended; "" before it does
	hasTools      bool
}

// add adds a piece. Of several answers, the first one counts.
func (j *joined) add(p piece) {
	if isGiven(p.Usage) {
		j.usage = p.Usage
	}
	for _, c := range p.Choices {
		if c.Index != 0 {
			continue
		}

		j.text.WriteString(c.Delta.Content)
		j.refusal.WriteString(c.Delta.Refusal)
		j.hasTools = j.hasTools || isGiven(c.Delta.ToolCalls)
		j.finish = cmp.Or(c.FinishReason, j.finish)
	}
}

// completion returns the chat completion that a server gives which doesn't stream.
func (j *joined) completion() map[string]any {
	finish := j.finish
	if j.hasTools && finish == "" {
		finish = "tool_calls"
	}

	whole := map[string]any{"choices": []any{map[string]any{
		"index":         0,
		"finish_reason": finish,
		"message":       map[string]any{"role": "assistant", "content": j.text.String(), "refusal": j.refusal.String()},
	}}}
	if j.usage != nil {
		whole["usage"] = j.usage
	}
	return whole
}
