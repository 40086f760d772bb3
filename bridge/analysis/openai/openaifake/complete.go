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
	q, no := s.read(in.Body)
	if no != nil {
		fail(w, no.status, "invalid_request_error", no.param, no.code, no.message)
		return
	}
	text := s.say(r.Context(), in.Seen)
	if s.o.Abilities.Ignores && !in.Seen.Repair && q.ResponseFormat != nil {
		text = "Sure! The customer seems to need help. Let me know if I can do anything else."
	}
	if q.Stream {
		stream(w, q.Model, text, true)
		return
	}
	write(w, http.StatusOK, completion(in, text, "stop"))
}

// say returns what the model says.
func (s *Server) say(ctx context.Context, seen Seen) string {
	s.mu.Lock()
	speak := s.speak
	s.mu.Unlock()
	if speak != nil {
		return speak(seen)
	}
	if seen.Request != nil {
		return WriteText(written(*seen.Request))
	}
	if s.o.Answers == nil || len(seen.Question.Burst) == 0 {
		return Write(analysis.Answer{Sentiment: analysis.Neutral})
	}
	answer, err := s.o.Answers.Analyze(ctx, seen.Question)
	if err != nil {
		return "I am not able to do this."
	}
	return Write(answer)
}

// Write writes an answer in the JSON form that a model is asked for.
func Write(a analysis.Answer) string {
	refs, replies, actions := []any{}, []any{}, []any{}
	for _, r := range a.References {
		refs = append(refs, map[string]any{"kind": r.Kind, "value": r.Value})
	}
	for _, r := range a.Replies {
		replies = append(replies, map[string]any{"text": r.Text, "sources": list(r.Sources)})
	}
	for _, x := range a.Actions {
		actions = append(actions, map[string]any{"name": x.Name, "value": x.Value})
	}
	out, err := json.Marshal(map[string]any{
		"language": a.Language, "sentiment": a.Sentiment, "urgent": a.Urgency.Urgent, "because": a.Urgency.Because,
		"intents": list(a.Intents), "references": refs, "tags": list(a.Tags), "replies": replies, "actions": actions,
	})
	if err != nil {
		return "{}"
	}
	return string(out)
}

// list returns a list that JSON writes as [] when it is empty.
func list(s []string) []string { return append([]string{}, s...) }

// completion is an answer as the real server writes it.
func completion(in Request, text, finish string) map[string]any {
	return answerWith(in, map[string]any{"role": "assistant", "content": text, "refusal": nil, "annotations": []any{}}, finish, len(text))
}

func answerWith(in Request, message map[string]any, finish string, length int) map[string]any {
	asked := len(in.Body)/4 + 1
	return map[string]any{
		"id": "chatcmpl-fake0000000000000000000000", "object": "chat.completion", "created": 1763800000, "model": modelOf(in),
		"choices": []any{map[string]any{"index": 0, "message": message, "logprobs": nil, "finish_reason": finish}},
		"usage": map[string]any{
			"prompt_tokens": asked, "completion_tokens": length/4 + 1, "total_tokens": asked + length/4 + 1,
			"prompt_tokens_details": map[string]any{"cached_tokens": 0, "audio_tokens": 0},
			"completion_tokens_details": map[string]any{"reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0,
				"rejected_prediction_tokens": 0},
		},
		"service_tier": "default", "system_fingerprint": "fp_fake000000",
	}
}

func modelOf(in Request) string {
	var q struct{ Model string }
	_ = json.Unmarshal(in.Body, &q)
	return q.Model
}

// stream answers with server-sent events, a word each.
func stream(w http.ResponseWriter, model, text string, whole bool) {
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	event := func(delta map[string]any, finish any) {
		data, err := json.Marshal(map[string]any{
			"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 1763800000, "model": model,
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
