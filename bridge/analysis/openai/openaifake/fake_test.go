package openaifake

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/bridge/analysis"
)

// call makes a request and gives status and body of the answer.
func call(t *testing.T, s *Server, method, path, key, body string) (int, string) {
	t.Helper()
	server := httptest.NewServer(s)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// TestRefusals: what the real server refuses, in its words.
func TestRefusals(t *testing.T) {
	t.Parallel()
	const hi = `"messages":[{"role":"user","content":"hi"}]`
	schema := func(s string) string {
		return `{"model":"m",` + hi + `,"response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":` + s + `}}}`
	}
	for _, c := range []struct {
		name, method, path, key, body string
		can                           Abilities
		status                        int
		says                          string
	}{
		{"good", "POST", "/v1/chat/completions", "k", `{"model":"m",` + hi + `}`, Modern(), 200, `"finish_reason":"stop"`},
		{"key", "POST", "/v1/chat/completions", "wrong", `{"model":"m",` + hi + `}`, Modern(), 401, `"code":"invalid_api_key"`},
		{"model", "POST", "/v1/chat/completions", "k", `{"model":"x",` + hi + `}`, Modern(), 404, `"code":"model_not_found"`},
		{"no model", "POST", "/v1/chat/completions", "k", `{` + hi + `}`, Modern(), 400, `model parameter`},
		{"no messages", "POST", "/v1/chat/completions", "k", `{"model":"m","messages":[]}`, Modern(), 400, `empty_array`},
		{"no JSON", "POST", "/v1/chat/completions", "k", `{`, Modern(), 400, `could not parse`},
		{"field", "POST", "/v1/chat/completions", "k", `{"model":"m","foo":1,` + hi + `}`, Modern(), 400, `supplied: foo`},
		{"method", "GET", "/v1/chat/completions", "k", ``, Modern(), 405, `Not allowed to GET`},
		{"path", "POST", "/chat/completions", "k", ``, Modern(), 404, `unknown_url`},
		{"models", "GET", "/v1/models", "k", ``, Modern(), 200, `"object":"list"`},
		{"one model", "GET", "/v1/models/m", "k", ``, Modern(), 200, `"id":"m"`},
		{"another model", "GET", "/v1/models/x", "k", ``, Modern(), 404, `"code":"model_not_found"`},
		{"large", "POST", "/v1/chat/completions", "k", strings.Repeat("x", maxBody+1), Modern(), 413, `too large`},
		{"max_tokens", "POST", "/v1/chat/completions", "k", `{"model":"m","max_tokens":5,` + hi + `}`, Reasoning(), 400,
			`Use 'max_completion_tokens' instead`},
		{"max_completion_tokens", "POST", "/v1/chat/completions", "k", `{"model":"m","max_completion_tokens":5,` + hi + `}`, Old(), 400,
			`Unrecognized`},
		{"temperature", "POST", "/v1/chat/completions", "k", `{"model":"m","temperature":0.1,` + hi + `}`, Reasoning(), 400,
			`does not support 0.1`},
		{"JSON unsaid", "POST", "/v1/chat/completions", "k", `{"model":"m",` + hi + `,"response_format":{"type":"json_object"}}`, Modern(),
			400, `must contain the word`},
		{"format", "POST", "/v1/chat/completions", "k", `{"model":"m",` + hi + `,"response_format":{"type":"json_object"}}`, Old(), 400,
			`response_format`},
		{"schema's name", "POST", "/v1/chat/completions", "k", `{"model":"m",` + hi + `,"response_format":{"type":"json_schema"}}`, Modern(),
			400, `json_schema.name`},
		{"schema", "POST", "/v1/chat/completions", "k", schema(`{"type":"object","properties":{"a":{"type":"array","items":{"type":"string"}}},` +
			`"required":["a"],"additionalProperties":false}`), Modern(), 200, `"role":"assistant"`},
		{"schema: array", "POST", "/v1/chat/completions", "k", schema(`{"type":"array"}`), Modern(), 400, `Invalid schema`},
		{"schema: open", "POST", "/v1/chat/completions", "k", schema(`{"type":"object"}`), Modern(), 400, `additionalProperties`},
		{"schema: optional", "POST", "/v1/chat/completions", "k",
			schema(`{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}`),
			Modern(), 400, `Missing 'a'`},
		{"schema: too many", "POST", "/v1/chat/completions", "k", schema(`{"type":"object","required":["a"],"additionalProperties":false}`),
			Modern(), 400, `no property`},
		{"schema: enum", "POST", "/v1/chat/completions", "k",
			schema(`{"type":"object","properties":{"a":{"type":"string","enum":[]}},"required":["a"],` +
				`"additionalProperties":false}`), Modern(), 400, `enum`},
		{"schema: keyword", "POST", "/v1/chat/completions", "k", schema(`{"type":"object","x":1}`), Modern(), 400, `not permitted`},
		{"schema: type", "POST", "/v1/chat/completions", "k",
			schema(`{"type":"object","properties":{"a":{}},"required":["a"],"additionalProperties":false}`),
			Modern(), 400, `'type' key`},
		{"stream", "POST", "/v1/chat/completions", "k", `{"model":"m","stream":true,` + hi + `}`, Modern(), 200, `data: [DONE]`},
	} {
		s := New(Options{Key: "k", Models: []string{"m"}, Abilities: c.can})
		status, body := call(t, s, c.method, c.path, c.key, c.body)
		if status != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%s: %d %s, want %d with %s", c.name, status, body, c.status, c.says)
		}
	}
}

// failing is an Analyzer without an answer.
type failing struct{}

func (failing) Analyze(context.Context, analysis.Question) (analysis.Answer, error) {
	return analysis.Answer{}, errors.New("no")
}

// TestSays: the Analyzer that was handed in answers what can be read in the request.
func TestSays(t *testing.T) {
	t.Parallel()
	const marker = `=====DATA-0123456789abcdef0123456789abcdef=====`
	ask := `{"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"x\n` + marker +
		`\n{\"burst\":[{\"from\":\"customer\",\"text\":\"hi\"}]}\n` + marker + `\n"}]}`
	s := New(Options{Answers: failing{}})
	if status, body := call(t, s, "POST", "/v1/chat/completions", "", ask); status != 200 || !strings.Contains(body, "not able") {
		t.Errorf("%d %s", status, body)
	}
	seen := s.Requests()[0].Seen
	if len(seen.Question.Burst) != 1 || seen.Question.Burst[0].Text != "hi" || seen.System != "s" || seen.Marker != marker {
		t.Errorf("%+v", seen)
	}
	if readSeen([]byte("{")).Messages != 0 || len(readDocument([]byte("{")).Burst) != 0 {
		t.Error("read what isn't there")
	}
}
