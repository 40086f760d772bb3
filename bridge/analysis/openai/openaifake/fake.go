// Package openaifake is a server of chat completions as OpenAI's documentation describes it: it checks what the real
// one checks and refuses it in the same words. It answers by an Analyzer that it is handed, and has bad manners on
// demand.
//
// What does not belong here: code of the client it serves. What it knows of the client's requests is a copy of their
// form (document.go).
package openaifake

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"parley/bridge/analysis"
)

// modelCreated is when each model was made, as seconds since 1970: always the same, so that answers can be compared.
const modelCreated = 1700000000

// maxBody is the longest request that is taken, in bytes.
const maxBody = 1 << 20

// Options of a Server.
type Options struct {
	Key       string            // asked for as bearer; "" if none is
	Models    []string          // that there are; empty means all names
	Answers   analysis.Analyzer // says what the model would; nil means a model without any ideas
	Abilities Abilities
}

// Abilities are what servers and models differ in.
type Abilities struct {
	Schema              bool // response_format json_schema
	Object              bool // response_format json_object
	Ignores             bool // takes any response_format and doesn't keep to it: answers in prose
	MaxTokens           bool // knows max_tokens
	MaxCompletionTokens bool // knows max_completion_tokens
	Temperature         bool // takes other temperatures than 1
	RefuseWith          int  // status of refusals; 0 means 400
}

// Modern is what OpenAI's models could do before they began to reason.
func Modern() Abilities {
	return Abilities{Schema: true, Object: true, MaxTokens: true, MaxCompletionTokens: true, Temperature: true}
}

// Reasoning is what OpenAI's newer models can do.
func Reasoning() Abilities { return Abilities{Schema: true, Object: true, MaxCompletionTokens: true} }

// Old is a local server of the first hour: it knows no response_format.
func Old() Abilities { return Abilities{MaxTokens: true, Temperature: true} }

// Request is a request as it was received.
type Request struct {
	Header http.Header
	Path   string
	Body   []byte
	Seen   Seen
}

// Server implements http.Handler.
type Server struct {
	options Options
	gone    chan struct{} // closed by Close
	end     sync.Once

	mu       sync.Mutex
	requests []Request         // as received, oldest first
	manners  []Manner          // of the next requests: see Misbehave
	always   *Manner           // of all others: see Always
	chance   func() *Manner    // of those that meet neither: see ByChance
	met      map[string]int    // by the manner's name
	speak    func(Seen) string // see Speak
}

// New makes a Server.
func New(o Options) *Server {
	return &Server{options: o, gone: make(chan struct{}), met: map[string]int{}}
}

// Close ends requests that are never answered. It is to be called before the HTTP server's own Close.
func (s *Server) Close() { s.end.Do(func() { close(s.gone) }) }

// Misbehave lets the next requests meet these manners, one each, in this order.
func (s *Server) Misbehave(m ...Manner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.manners = append(s.manners, m...)
}

// Always lets every request meet a manner, when no other is due; nil ends this.
func (s *Server) Always(m *Manner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always = m
}

// ByChance asks a function for each request that meets no other manner which one it meets; nil means none. It is called by one
// request at a time. A nil function ends this.
func (s *Server) ByChance(pick func() *Manner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chance = pick
}

// Met counts the requests that met a manner, by its name.
func (s *Server) Met() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.met)
}

// Speak lets the model say what a function returns, in place of the Analyzer's answer. Nil ends this.
func (s *Server) Speak(f func(Seen) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.speak = f
}

// Requests returns what was received, oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// ServeHTTP serves chat completions, and the models: all, or one by its name.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Request-Id", "req_"+strings.ToLower(rand.Text()))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		fail(w, refusal{status: http.StatusRequestEntityTooLarge, message: "The request is too large."})
		return
	}

	in := Request{Header: r.Header.Clone(), Path: r.URL.Path, Body: body, Seen: readSeen(body)}
	if m := s.record(in); m != nil {
		m.play(&exchange{s: s, w: w, r: r, in: in})
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

// record keeps a request and returns the manner that it meets, nil if none.
func (s *Server) record(in Request) *Manner {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, in)
	m := s.always
	switch {
	case len(s.manners) > 0:
		m = &s.manners[0]
		s.manners = s.manners[1:]
	case m == nil && s.chance != nil:
		m = s.chance()
	}

	if m != nil {
		s.met[m.Name]++
	}

	return m
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

// fail answers with an error as OpenAI writes it: null stands for an empty param or code.
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

// writeAs answers with JSON that calls itself something else.
func writeAs(w http.ResponseWriter, contentType string, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte("{}")
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
