package openaifake

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"parley/bridge/analysis"
)

// complete answers a request for a chat completion.
func (s *Server) complete(w http.ResponseWriter, r *http.Request, in Request) {
	q, refused := s.parseRequest(in.Body)
	if refused != nil {
		fail(w, *refused)
		return
	}

	text := s.answerOf(r.Context(), in.Seen)
	isIgnored := s.options.Abilities.Ignores && q.ResponseFormat != nil
	if isIgnored && !in.Seen.Repair {
		text = "Sure! The customer seems to need help. Let me know if I can do anything else."
	}
	if q.Stream {
		writeStream(w, q.Model, text, true)
		return
	}

	writeJSON(w, http.StatusOK, completionOf(in, text, "stop"))
}

// answerOf returns what the model says.
func (s *Server) answerOf(ctx context.Context, seen Seen) string {
	s.mu.Lock()
	speak := s.speak
	s.mu.Unlock()
	if speak != nil {
		return speak(seen)
	}
	if seen.Request != nil {
		return FormatText(writtenText(*seen.Request))
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

// FormatAnswer returns an answer in the JSON form that a model is asked for.
func FormatAnswer(a analysis.Answer) string {
	refs, replies, actions := []any{}, []any{}, []any{} // JSON writes an empty one as []
	for _, r := range a.References {
		refs = append(refs, map[string]any{"kind": r.Kind, "value": r.Value})
	}

	for _, r := range a.Replies {
		replies = append(replies, map[string]any{"text": r.Text, "sources": notNil(r.Sources)})
	}

	for _, x := range a.Actions {
		actions = append(actions, map[string]any{"name": x.Name, "value": x.Value})
	}

	out, err := json.Marshal(map[string]any{
		"language": a.Language, "sentiment": a.Sentiment, "urgent": a.Urgency.Urgent, "because": a.Urgency.Because,
		"intents": notNil(a.Intents), "references": refs, "tags": notNil(a.Tags), "replies": replies, "actions": actions,
	})
	if err != nil {
		return "{}"
	}

	return string(out)
}

// notNil returns a copy of a list that JSON writes as [] when it is empty.
func notNil(s []string) []string { return append([]string{}, s...) }

// completionOf is an answer as the real server writes it.
func completionOf(in Request, text, finish string) map[string]any {
	return answerWith(in, map[string]any{"role": "assistant", "content": text, "refusal": nil, "annotations": []any{}}, finish, len(text))
}

func answerWith(in Request, message map[string]any, finish string, length int) map[string]any {
	asked, answered := countTokens(len(in.Body)), countTokens(length)
	return map[string]any{
		"id": "chatcmpl-fake0000000000000000000000", "object": "chat.completion", "created": answerCreated, "model": modelOf(in),
		"choices": []any{map[string]any{"index": 0, "message": message, "logprobs": nil, "finish_reason": finish}},
		"usage": map[string]any{
			"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered,
			"prompt_tokens_details": map[string]any{"cached_tokens": 0, "audio_tokens": 0},
			"completion_tokens_details": map[string]any{"reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0,
				"rejected_prediction_tokens": 0},
		},
		"service_tier": "default", "system_fingerprint": "fp_fake000000",
	}
}

// answerCreated is when each answer was made, as seconds since 1970.
const answerCreated = 1763800000

// countTokens says about how many tokens a text of so many bytes has.
func countTokens(length int) int {
	const bytesOfToken = 4
	return length/bytesOfToken + 1
}

func modelOf(in Request) string {
	var q struct{ Model string }
	_ = json.Unmarshal(in.Body, &q)
	return q.Model
}

// writeStream answers with server-sent events, a word each. Without whole, the end is missing.
func writeStream(w http.ResponseWriter, model, text string, whole bool) {
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	event := func(delta map[string]any, finish any) {
		data, err := json.Marshal(map[string]any{
			"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": answerCreated, "model": model,
			"choices": []any{map[string]any{"index": 0, "delta": delta, "finish_reason": finish}},
		})
		if err == nil {
			_, _ = w.Write([]byte("data: " + string(data) + "\n\n"))
		}
	}

	event(map[string]any{"role": "assistant", "content": ""}, nil)

	for _, word := range strings.SplitAfter(text, " ") {
		event(map[string]any{"content": word}, nil)
	}

	if whole {
		event(map[string]any{}, "stop")
		_, _ = w.Write([]byte("data: [DONE]\n\n"))
	}
}
