package teamsfake

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"time"
)

// keepCalls bounds the journal; the oldest half goes when it is full.
const keepCalls = 20_000

// Call is one request of the bot.
type Call struct {
	At     time.Time `json:"at"`
	Method string    `json:"method"` // token, openid, keys, conversations.create, activities.send …; see doc.go
	Verb   string    `json:"verb"`   // HTTP's
	Path   string    `json:"path"`   // escaped as it came, with the query
	Body   string    `json:"body,omitempty"`
	Status int       `json:"status"` // 0: no answer
	Answer string    `json:"answer,omitempty"`
	Fault  string    `json:"fault,omitempty"`
}

// Calls lists the bot's requests of methods that match the pattern ("" = all), oldest first.
// Bodies of token requests are not kept.
func (s *Server) Calls(pattern string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Call{}
	for _, c := range s.calls {
		if ok, err := path.Match(pattern, c.Method); pattern == "" || ok && err == nil {
			out = append(out, c)
		}
	}
	return out
}

// maxBody bounds what is read of a request; real hosts refuse less, but for uploads.
const maxBody = 64 << 20

// recorder keeps status and body of an answer.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	if r.body.Len() < 64<<10 {
		r.body.Write(b)
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets net/http find the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// call makes a handler that is journalled and may be spoilt by faults.
func (s *Server) call(method string, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			refuse(w, http.StatusRequestEntityTooLarge, "MessageSizeTooBig", "Message size too large.")
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		rec := &recorder{ResponseWriter: w}
		c := Call{At: s.now(), Method: method, Verb: r.Method, Path: r.URL.RequestURI()}
		if method != "token" && method != "graph.upload" {
			c.Body = string(body)
		}
		place, _ := splitConversation(r.PathValue("conv"))
		s.mu.Lock()
		f := s.Strike(method, place)
		s.mu.Unlock()
		if f != nil && f.Kind == FaultReset {
			defer cut(rec) // runs when the call stands in the journal, so that the bot can't see its end before
		}
		defer func() {
			c.Status = rec.status
			if method != "token" {
				c.Answer = rec.body.String()
			}
			s.record(c)
		}()
		if f == nil {
			h(rec, r)
			return
		}
		c.Fault = string(f.Kind)
		s.spoilt(rec, r, f, h)
	}
}

func (s *Server) record(c Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls) >= keepCalls {
		s.calls = append([]Call(nil), s.calls[keepCalls/2:]...)
	}
	s.calls = append(s.calls, c)
	s.note(Change{Kind: "call", ID: c.Method})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", kindJSON)
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) //nolint:errcheck // the client is gone
}

// refuse answers as the Bot Connector does.
// Source: "Send and receive messages", status codes from bot conversational APIs, read 2026-11.
func refuse(w http.ResponseWriter, status int, code, text string) {
	writeJSON(w, status, object{"error": object{"code": code, "message": text}})
}
