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
	var text, refusal strings.Builder
	var usage json.RawMessage
	finish := "" // why the model ended
	hasEnd, hasTools := false, false
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
		if isGiven(p.Usage) {
			usage = p.Usage
		}

		for _, c := range p.Choices {
			if c.Index != 0 {
				continue
			}

			text.WriteString(c.Delta.Content)
			refusal.WriteString(c.Delta.Refusal)
			hasTools = hasTools || isGiven(c.Delta.ToolCalls)
			finish = cmp.Or(c.FinishReason, finish)
		}
	}

	if !hasEnd && finish == "" {
		return nil, &Error{Kind: Cut}
	}
	if hasTools && finish == "" {
		finish = "tool_calls"
	}

	whole := map[string]any{"choices": []any{map[string]any{
		"index": 0, "finish_reason": finish,
		"message": map[string]any{"role": "assistant", "content": text.String(), "refusal": refusal.String()},
	}}}
	if usage != nil {
		whole["usage"] = usage
	}

	out, err := json.Marshal(whole)
	if err != nil {
		return nil, &Error{Kind: Unreadable}
	}

	return out, nil
}
