package openaifake

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/bridge/analysis"
	"parley/channels/emulator"
)

// apiCall is a call of the server. The zero value of a field means what most calls have.
type apiCall struct {
	method string // POST if it is ""
	path   string // completionsPath if it is ""
	key    string // testKey if it is ""
	body   string
}

const (
	testKey         = "k"
	completionsPath = "/v1/chat/completions"
)

// send makes a request, and returns the status and the body of the answer.
func send(t *testing.T, s *Server, req apiCall) (status int, answer string) {
	t.Helper()
	server := httptest.NewServer(s)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), cmp.Or(req.method, http.MethodPost), server.URL+cmp.Or(req.path, completionsPath),
		strings.NewReader(req.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+cmp.Or(req.key, testKey))
	resp, err := emulator.NewClient().Do(r)
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

// answerCase is a request to a server with these abilities, and how it is answered.
type answerCase struct {
	name       string
	can        Abilities
	request    apiCall
	wantStatus int
	wantAnswer string // part of the answer
}

// checkAnswers makes each request to a server that knows testKey and the model m.
func checkAnswers(t *testing.T, tests []answerCase) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := New(Options{Key: testKey, Models: []string{"m"}, Abilities: tt.can})
			status, answer := send(t, s, tt.request)
			if status != tt.wantStatus {
				t.Errorf("got the status %d, want %d", status, tt.wantStatus)
			}
			if !strings.Contains(answer, tt.wantAnswer) {
				t.Errorf("got the answer %s, want %q in it", answer, tt.wantAnswer)
			}
		})
	}
}

// withFields is a request of the model m with a message, and further fields.
func withFields(fields string) apiCall {
	if fields != "" {
		fields = "," + fields
	}
	return apiCall{body: `{"model":"m","messages":[{"role":"user","content":"hi"}]` + fields + `}`}
}

// withSchema is a request with a schema for the answer.
func withSchema(schema string) apiCall {
	return withFields(`"response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":` + schema + `}}`)
}

func TestAccepts(t *testing.T) {
	t.Parallel()
	checkAnswers(t, []answerCase{
		{
			name:       "message",
			can:        Modern(),
			request:    withFields(""),
			wantStatus: 200,
			wantAnswer: `"finish_reason":"stop"`,
		},
		{
			name: "schema",
			can:  Modern(),
			request: withSchema(`{"type":"object","properties":{"a":{"type":"array","items":{"type":"string"}}},
				"required":["a"],"additionalProperties":false}`),
			wantStatus: 200,
			wantAnswer: `"role":"assistant"`,
		},
		{
			name:       "stream",
			can:        Modern(),
			request:    withFields(`"stream":true`),
			wantStatus: 200,
			wantAnswer: `data: [DONE]`,
		},
		{
			name:       "list of models",
			can:        Modern(),
			request:    apiCall{method: http.MethodGet, path: "/v1/models"},
			wantStatus: 200,
			wantAnswer: `"object":"list"`,
		},
		{
			name:       "one model",
			can:        Modern(),
			request:    apiCall{method: http.MethodGet, path: "/v1/models/m"},
			wantStatus: 200,
			wantAnswer: `"id":"m"`,
		},
	})
}

// Requests that OpenAI's server refuses are refused here with the same words.
func TestRefusals(t *testing.T) {
	t.Parallel()
	wrongKey := withFields("")
	wrongKey.key = "wrong"
	const messages = `"messages":[{"role":"user","content":"hi"}]`
	checkAnswers(t, []answerCase{
		{
			name:       "wrong key",
			can:        Modern(),
			request:    wrongKey,
			wantStatus: 401,
			wantAnswer: `"code":"invalid_api_key"`,
		},
		{
			name:       "unknown model",
			can:        Modern(),
			request:    apiCall{body: `{"model":"x",` + messages + `}`},
			wantStatus: 404,
			wantAnswer: `"code":"model_not_found"`,
		},
		{
			name:       "no model",
			can:        Modern(),
			request:    apiCall{body: `{` + messages + `}`},
			wantStatus: 400,
			wantAnswer: `model parameter`,
		},
		{
			name:       "no messages",
			can:        Modern(),
			request:    apiCall{body: `{"model":"m","messages":[]}`},
			wantStatus: 400,
			wantAnswer: `empty_array`,
		},
		{
			name:       "no JSON",
			can:        Modern(),
			request:    apiCall{body: `{`},
			wantStatus: 400,
			wantAnswer: `could not parse`,
		},
		{
			name:       "unknown field",
			can:        Modern(),
			request:    withFields(`"foo":1`),
			wantStatus: 400,
			wantAnswer: `supplied: foo`,
		},
		{
			name:       "large body",
			can:        Modern(),
			request:    apiCall{body: strings.Repeat("x", maxBody+1)},
			wantStatus: 413,
			wantAnswer: `too large`,
		},
		{
			name:       "another method",
			can:        Modern(),
			request:    apiCall{method: http.MethodGet},
			wantStatus: 405,
			wantAnswer: `Not allowed to GET`,
		},
		{
			name:       "another path",
			can:        Modern(),
			request:    apiCall{path: "/chat/completions"},
			wantStatus: 404,
			wantAnswer: `unknown_url`,
		},
		{
			name:       "unknown model of the list",
			can:        Modern(),
			request:    apiCall{method: http.MethodGet, path: "/v1/models/x"},
			wantStatus: 404,
			wantAnswer: `"code":"model_not_found"`,
		},
	})
}

// Servers differ in the parameters that they know.
func TestRefusedParameters(t *testing.T) {
	t.Parallel()
	checkAnswers(t, []answerCase{
		{
			name:       "max_tokens for a reasoning model",
			can:        Reasoning(),
			request:    withFields(`"max_tokens":5`),
			wantStatus: 400,
			wantAnswer: `Use 'max_completion_tokens' instead`,
		},
		{
			name:       "temperature for a reasoning model",
			can:        Reasoning(),
			request:    withFields(`"temperature":0.1`),
			wantStatus: 400,
			wantAnswer: `does not support 0.1`,
		},
		{
			name:       "max_completion_tokens for an old server",
			can:        Old(),
			request:    withFields(`"max_completion_tokens":5`),
			wantStatus: 400,
			wantAnswer: `Unrecognized`,
		},
		{
			name:       "response_format for an old server",
			can:        Old(),
			request:    withFields(`"response_format":{"type":"json_object"}`),
			wantStatus: 400,
			wantAnswer: `response_format`,
		},
		{
			name:       "JSON mode without the word JSON in a message",
			can:        Modern(),
			request:    withFields(`"response_format":{"type":"json_object"}`),
			wantStatus: 400,
			wantAnswer: `must contain the word`,
		},
		{
			name:       "schema without a name",
			can:        Modern(),
			request:    withFields(`"response_format":{"type":"json_schema"}`),
			wantStatus: 400,
			wantAnswer: `json_schema.name`,
		},
	})
}

// A schema must be an object whose properties are all required, with no others, and each with a type.
func TestRefusedSchemas(t *testing.T) {
	t.Parallel()
	checkAnswers(t, []answerCase{
		{
			name:       "array",
			can:        Modern(),
			request:    withSchema(`{"type":"array"}`),
			wantStatus: 400,
			wantAnswer: `Invalid schema`,
		},
		{
			name:       "object with other properties",
			can:        Modern(),
			request:    withSchema(`{"type":"object"}`),
			wantStatus: 400,
			wantAnswer: `additionalProperties`,
		},
		{
			name:       "property that isn't required",
			can:        Modern(),
			request:    withSchema(`{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}`),
			wantStatus: 400,
			wantAnswer: `Missing 'a'`,
		},
		{
			name:       "required property that there isn't",
			can:        Modern(),
			request:    withSchema(`{"type":"object","required":["a"],"additionalProperties":false}`),
			wantStatus: 400,
			wantAnswer: `no property`,
		},
		{
			name: "empty enum",
			can:  Modern(),
			request: withSchema(`{"type":"object","properties":{"a":{"type":"string","enum":[]}},
				"required":["a"],"additionalProperties":false}`),
			wantStatus: 400,
			wantAnswer: `enum`,
		},
		{
			name:       "unknown keyword",
			can:        Modern(),
			request:    withSchema(`{"type":"object","x":1}`),
			wantStatus: 400,
			wantAnswer: `not permitted`,
		},
		{
			name:       "property without a type",
			can:        Modern(),
			request:    withSchema(`{"type":"object","properties":{"a":{}},"required":["a"],"additionalProperties":false}`),
			wantStatus: 400,
			wantAnswer: `'type' key`,
		},
	})
}

// failing is an Analyzer without an answer.
type failing struct{}

func (failing) Analyze(context.Context, analysis.Question) (analysis.Answer, error) {
	return analysis.Answer{}, errors.New("no")
}

const (
	marker = `=====DATA-0123456789abcdef0123456789abcdef=====`

	// marked is a request with a document between two markers.
	marked = `{"model": "m", "messages": [
		{"role": "system", "content": "s"},
		{"role": "user", "content": "x\n` + marker + `\n{\"burst\":[{\"from\":\"customer\",\"text\":\"hi\"}]}\n` + marker + `\n"}]}`
)

// If the Analyzer that was handed in fails, the model says that it can't answer.
func TestAnalyzerFails(t *testing.T) {
	t.Parallel()
	status, answer := send(t, New(Options{Answers: failing{}}), apiCall{body: marked})
	if status != http.StatusOK {
		t.Errorf("got the status %d, want %d", status, http.StatusOK)
	}
	if want := "not able"; !strings.Contains(answer, want) {
		t.Errorf("got the answer %s, want %q in it", answer, want)
	}
}

// The server keeps what it can read in a request: the instructions, the marker, and the question between the markers.
func TestSeen(t *testing.T) {
	t.Parallel()
	s := New(Options{Answers: failing{}})
	send(t, s, apiCall{body: marked})
	seen := s.Requests()[0].Seen
	if want := "s"; seen.System != want {
		t.Errorf("got the instructions %q, want %q", seen.System, want)
	}
	if seen.Marker != marker {
		t.Errorf("got the marker %q, want %q", seen.Marker, marker)
	}
	if len(seen.Question.Burst) != 1 {
		t.Fatalf("got the messages %+v, want one", seen.Question.Burst)
	}
	if got, want := seen.Question.Burst[0].Text, "hi"; got != want {
		t.Errorf("got the text %q, want %q", got, want)
	}
}

func TestSeenOfNoJSON(t *testing.T) {
	t.Parallel()
	if n := readSeen([]byte("{")).Messages; n != 0 {
		t.Errorf("got %d messages of a request, want none", n)
	}
	if got := readDocument([]byte("{")).Burst; len(got) != 0 {
		t.Errorf("got the messages %+v of a document, want none", got)
	}
}
