package teamsfake

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"time"

	"parley/channels/emulator"
)

// keepCalls is how many calls the journal holds. When it is full, the older half is dropped.
const keepCalls = 20_000

// Call is one request of the bot, with its response.
type Call struct {
	At     time.Time `json:"at"`
	Method string    `json:"method"` // token, openid, keys, conversations.create, activities.send …; see the documentation of teamsfake
	Verb   string    `json:"verb"`   // HTTP method
	Path   string    `json:"path"`   // escaped as the bot sent it, with the query
	Body   string    `json:"body,omitempty"`
	Status int       `json:"status"` // 0 if there was no response
	Answer string    `json:"answer,omitempty"`
	Fault  string    `json:"fault,omitempty"`
}

// Journal records the bot's requests, and applies planned faults to them. Ground.Mu guards its fields.
type Journal struct {
	*Ground // the lock, clock and ids that all parts of the emulator share
	faults  *emulator.FaultPlan
	calls   []Call
}

// NewCalls makes an empty journal.
func NewCalls(g *Ground, faults *emulator.FaultPlan) *Journal {
	return &Journal{Ground: g, faults: faults}
}

// Reset removes all calls. The caller holds the lock.
func (j *Journal) Reset() { j.calls = nil }

// List returns the calls whose Method matches a pattern of path.Match, such as "activities.*", oldest first. "" matches
// all calls.
func (j *Journal) List(pattern string) []Call {
	j.Mu.Lock()
	defer j.Mu.Unlock()
	out := []Call{}
	for _, c := range j.calls {
		isMatch, err := path.Match(pattern, c.Method)
		if err != nil { // a malformed pattern matches nothing
			continue
		}
		if pattern == "" || isMatch {
			out = append(out, c)
		}
	}
	return out
}

// maxAnswerKept is how many bytes of a response the journal keeps. The write that exceeds it is kept as a whole.
const maxAnswerKept = 64 << 10

// maxBody bounds the body of a request, in bytes. Except for uploads, the real services accept less.
const maxBody = 64 << 20

// recorder forwards a response and keeps a copy of it.
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
	r.status = cmp.Or(r.status, http.StatusOK)
	if r.body.Len() < maxAnswerKept {
		r.body.Write(b)
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Handle wraps a handler: its requests are recorded under the name method, and faults that are planned for that name
// apply to them.
func (j *Journal) Handle(method string, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			Refuse(w, http.StatusRequestEntityTooLarge, "MessageSizeTooBig", "Message size too large.")
			return
		}

		r.Body = io.NopCloser(bytes.NewReader(body))
		rec := &recorder{ResponseWriter: w}
		call := Call{At: j.Now(), Method: method, Verb: r.Method, Path: r.URL.RequestURI()}
		isSecret := method == "token"
		if !isSecret && method != "graph.upload" {
			call.Body = string(body)
		}

		channel, _ := SplitConversation(r.PathValue("conv"))
		j.Mu.Lock()
		fault := j.faults.Strike(method, channel)
		j.Mu.Unlock()

		if fault != nil && fault.Kind == FaultReset {
			defer resetConnection(rec) // deferred first, so that it runs after the request was recorded
		}

		defer func() { // also records a request that ends in FaultDrop's panic
			call.Status = rec.status
			if !isSecret {
				call.Answer = rec.body.String()
			}
			j.record(call)
		}()

		if fault == nil {
			h(rec, r)
			return
		}

		call.Fault = string(fault.Kind)
		j.handleUnderFault(rec, r, fault, h)
	}
}

// record adds a call to the journal.
func (j *Journal) record(c Call) {
	j.Mu.Lock()
	defer j.Mu.Unlock()
	if len(j.calls) >= keepCalls {
		j.calls = append([]Call(nil), j.calls[keepCalls/2:]...)
	}
	j.calls = append(j.calls, c)
	j.Note(Change{Kind: "call", ID: c.Method})
}

// WriteJSON responds with JSON.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", KindJSON)
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) //nolint:errcheck // the client is gone
}

// RefuseThread responds like the Bot Connector when the service behind it, which stores the threads, refuses a post. The
// code is a number then, and the message is a string with JSON in it.
func RefuseThread(w http.ResponseWriter, subCode, details string) {
	const threadAccessDenied = 209
	message := MustJSON(Object{"subCode": subCode, "details": details, "errorCode": nil})
	WriteJSON(w, http.StatusForbidden, Object{"errorCode": threadAccessDenied, "message": string(message)})
}

// Refuse responds with an error in the Bot Connector's usual format.
// Source: "Send and receive messages", status codes from bot conversational APIs, read 2026-11.
func Refuse(w http.ResponseWriter, status int, code, text string) {
	WriteJSON(w, status, Object{"error": Object{"code": code, "message": text}})
}
