package openaifake

import (
	"context"
	"encoding/json"
	"net/http"

	"parley/bridge/analysis"
)

// complete serves POST /v1/chat/completions. in is the request as it was recorded.
func (s *Server) complete(w http.ResponseWriter, r *http.Request, in Request) {
	q, refused := s.parseRequest(in.Body)
	if refused != nil {
		fail(w, *refused)
		return
	}

	text := s.replyTo(r.Context(), in.Seen)
	ignoresFormat := s.options.Abilities.Ignores && q.ResponseFormat != nil
	if ignoresFormat && !in.Seen.Repair {
		text = "Sure! The customer seems to need help. Let me know if I can do anything else."
	}
	writeJSON(w, http.StatusOK, completionOf(in, text, "stop"))
}

// replyTo returns the text with which the model replies.
func (s *Server) replyTo(ctx context.Context, seen Seen) string {
	s.mu.Lock()
	speak := s.speak
	s.mu.Unlock()

	if speak != nil {
		return speak(seen)
	}
	if seen.Request != nil {
		return FormatText(cannedText(*seen.Request))
	}
	if s.options.Answers == nil || len(seen.Question.Burst) == 0 {
		return FormatAnswer(analysis.Answer{Sentiment: analysis.Neutral})
	}

	answer, err := s.options.Answers.Analyze(ctx, seen.Question)
	if err != nil {
		return "I am not able to do this."
	}

	return FormatAnswer(answer)
}

// FormatAnswer returns an answer in the JSON form that package openai asks for.
func FormatAnswer(a analysis.Answer) string {
	refs, replies, actions := []any{}, []any{}, []any{} // not nil: JSON would write null
	for _, r := range a.References {
		refs = append(refs, map[string]any{"kind": r.Kind, "value": r.Value})
	}

	for _, r := range a.Replies {
		replies = append(replies, map[string]any{"text": r.Text, "sources": orEmpty(r.Sources)})
	}

	for _, x := range a.Actions {
		actions = append(actions, map[string]any{"name": x.Name, "value": x.Value})
	}

	out, err := json.Marshal(map[string]any{
		"language": a.Language, "sentiment": a.Sentiment, "urgent": a.Urgency.Urgent, "because": a.Urgency.Because,
		"intents": orEmpty(a.Intents), "references": refs, "tags": orEmpty(a.Tags), "replies": replies, "actions": actions,
	})
	if err != nil {
		return "{}"
	}

	return string(out)
}

// orEmpty returns a copy that is never nil, so that JSON writes [] for an empty list.
func orEmpty(s []string) []string { return append([]string{}, s...) }

// completionOf returns a chat completion with a text, in the form of the real server.
func completionOf(in Request, text, finish string) map[string]any {
	return completionWith(in, map[string]any{"role": "assistant", "content": text, "refusal": nil, "annotations": []any{}}, finish, len(text))
}

// completionWith returns a chat completion with any message. length is the size of its text in bytes, from which the
// token usage is computed.
func completionWith(in Request, message map[string]any, finishReason string, length int) map[string]any {
	promptTokens, completionTokens := estimateTokens(len(in.Body)), estimateTokens(length)
	return map[string]any{
		"id": "chatcmpl-fake0000000000000000000000", "object": "chat.completion", "created": completionCreated, "model": modelOf(in),
		"choices": []any{map[string]any{"index": 0, "message": message, "logprobs": nil, "finish_reason": finishReason}},
		"usage": map[string]any{
			"prompt_tokens": promptTokens, "completion_tokens": completionTokens, "total_tokens": promptTokens + completionTokens,
			"prompt_tokens_details": map[string]any{"cached_tokens": 0, "audio_tokens": 0},
			"completion_tokens_details": map[string]any{"reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0,
				"rejected_prediction_tokens": 0},
		},
		"service_tier": "default", "system_fingerprint": "fp_fake000000",
	}
}

// completionCreated is the creation time of all completions, in Unix seconds. It is fixed to make them comparable.
const completionCreated = 1763800000

// estimateTokens returns the approximate number of tokens of a text with a length in bytes.
func estimateTokens(length int) int {
	const bytesPerToken = 4
	return length/bytesPerToken + 1
}

// modelOf returns the name of the requested model, also from a request that is invalid otherwise.
func modelOf(in Request) string {
	var q struct{ Model string }
	_ = json.Unmarshal(in.Body, &q)
	return q.Model
}
