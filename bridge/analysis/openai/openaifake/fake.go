// Package openaifake emulates a server with OpenAI's chat completions API, for tests and demos. It validates requests
// like the real server and refuses them with the same messages. An analysis.Analyzer that it is given plays the model.
// Tests can inject faults, which are responses that a client must cope with:
//
//	server := openaifake.New(openaifake.Options{Key: "sk-test", Abilities: openaifake.Modern()})
//	server.Misbehave(openaifake.Hang(), openaifake.Status(503, "", "overloaded")) // the next two requests
//
// It shares no code with its client, package openai: document.go has its own copy of the client's format.
package openaifake

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"parley/bridge/analysis"
)

// modelCreated is the creation time of all models, in Unix seconds. It is fixed to make responses comparable.
const modelCreated = 1700000000

// maxBody is the maximum size of a request body in bytes.
const maxBody = 1 << 20

// Options configures a Server. The zero value accepts any key and model, but supports no optional features.
type Options struct {
	Key       string            // the required bearer token; "" accepts any
	Models    []string          // the models that exist; empty means that all names do
	Answers   analysis.Analyzer // plays the model; nil means that all answers are neutral and empty
	Abilities Abilities
}

// Abilities are the features in which servers and models differ.
type Abilities struct {
	Schema              bool // response_format json_schema
	Object              bool // response_format json_object
	Ignores             bool // accepts any response_format but ignores it, and answers in prose
	MaxTokens           bool // accepts max_tokens
	MaxCompletionTokens bool // accepts max_completion_tokens
	Temperature         bool // accepts other temperatures than 1
	RefuseWith          int  // the status for requests with an unsupported feature; 0 means 400
}

// Modern returns the abilities of OpenAI's models without reasoning, such as GPT-4o.
func Modern() Abilities {
	return Abilities{Schema: true, Object: true, MaxTokens: true, MaxCompletionTokens: true, Temperature: true}
}

// Reasoning returns the abilities of OpenAI's reasoning models.
func Reasoning() Abilities { return Abilities{Schema: true, Object: true, MaxCompletionTokens: true} }

// Old returns the abilities of an early local server, without response_format.
func Old() Abilities { return Abilities{MaxTokens: true, Temperature: true} }

// Request is a recorded request.
type Request struct {
	Header http.Header
	Path   string
	Body   []byte
	Seen   Seen // its content
}

// Server is the emulated server, an http.Handler. It is safe for concurrent use.
type Server struct {
	options Options
	closed  chan struct{} // closed by Close
	close   sync.Once

	mu       sync.Mutex
	requests []Request         // oldest first
	next     []Fault           // see Misbehave
	always   *Fault            // see Always
	speak    func(Seen) string // see Speak
}

// New returns a Server. It doesn't listen: use it as a handler, or call Start instead.
func New(o Options) *Server {
	return &Server{options: o, closed: make(chan struct{})}
}

// Close ends the requests that wait for an answer forever, such as those of Hang. Call it before closing the HTTP
// server.
func (s *Server) Close() { s.close.Do(func() { close(s.closed) }) }

// Misbehave injects faults into the next requests: the first fault into the next request, and so on.
func (s *Server) Misbehave(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = append(s.next, faults...)
}

// Always injects a fault into all requests without one from Misbehave; nil stops this.
func (s *Server) Always(f *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always = f
}

// Speak replaces the Analyzer by a function that returns the model's raw reply; nil stops this.
func (s *Server) Speak(f func(Seen) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.speak = f
}

// Requests returns all recorded requests, oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// ServeHTTP serves POST /v1/chat/completions, GET /v1/models and GET /v1/models/{name}.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Request-Id", "req_"+strings.ToLower(rand.Text()))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		fail(w, refusal{status: http.StatusRequestEntityTooLarge, message: "The request is too large."})
		return
	}

	in := Request{Header: r.Header.Clone(), Path: r.URL.Path, Body: body, Seen: readSeen(body)}
	if fault := s.record(in); fault != nil {
		fault.respond(&exchange{s: s, w: w, r: r, in: in})
		return
	}

	if s.options.Key != "" && r.Header.Get("Authorization") != "Bearer "+s.options.Key {
		key := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		fail(w, refusal{status: http.StatusUnauthorized, code: "invalid_api_key",
			message: "Incorrect API key provided: " + key + ". You can find your API key at https://platform.openai.com/account/api-keys."})
		return
	}

	switch {
	case r.URL.Path == "/v1/models" && r.Method == http.MethodGet:
		s.listModels(w)
	case strings.HasPrefix(r.URL.Path, "/v1/models/") && r.Method == http.MethodGet:
		s.showModel(w, strings.TrimPrefix(r.URL.Path, "/v1/models/"))
	case r.URL.Path != "/v1/chat/completions":
		fail(w, refusal{
			status:  http.StatusNotFound,
			code:    "unknown_url",
			message: "Unknown request URL: " + r.Method + " " + r.URL.Path + ".",
		})
	case r.Method != http.MethodPost:
		fail(w, refusal{status: http.StatusMethodNotAllowed, code: "method_not_supported",
			message: "Not allowed to " + r.Method + " on /v1/chat/completions."})
	default:
		s.complete(w, r, in)
	}
}

// record records a request and returns the fault to inject into it, or nil.
func (s *Server) record(in Request) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, in)
	return s.nextFaultLocked()
}

func (s *Server) nextFaultLocked() *Fault {
	switch {
	case len(s.next) > 0:
		fault := &s.next[0]
		s.next = s.next[1:]
		return fault
	case s.always != nil:
		return s.always
	default:
		return nil
	}
}

func (s *Server) listModels(w http.ResponseWriter) {
	var models []map[string]any
	for _, m := range s.options.Models {
		models = append(models, modelEntry(m))
	}
	writeJSON(w, http.StatusOK, map[string]any{"object": "list", "data": models})
}

func (s *Server) showModel(w http.ResponseWriter, name string) {
	if len(s.options.Models) > 0 && !slices.Contains(s.options.Models, name) {
		fail(w, refusal{
			status:  http.StatusNotFound,
			param:   "model",
			code:    "model_not_found",
			message: "The model '" + name + "' does not exist",
		})
		return
	}
	writeJSON(w, http.StatusOK, modelEntry(name))
}

func modelEntry(model string) map[string]any {
	return map[string]any{"id": model, "object": "model", "created": modelCreated, "owned_by": "openaifake"}
}

// fail responds with an error in OpenAI's format. An empty param or code is null there.
func fail(w http.ResponseWriter, r refusal) {
	orNull := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	kind := cmp.Or(r.kind, "invalid_request_error")
	writeJSON(w, r.status, map[string]any{"error": map[string]any{
		"message": r.message, "type": kind, "param": orNull(r.param), "code": orNull(r.code),
	}})
}

func writeJSON(w http.ResponseWriter, status int, v any) { writeAs(w, "application/json", status, v) }

// writeAs responds with JSON under any content type.
func writeAs(w http.ResponseWriter, contentType string, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte("{}")
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
