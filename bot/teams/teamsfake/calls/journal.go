// Package calls records the bot's calls of the emulated services, and makes them fail on purpose: a test can plan a
// fault, such as "answer 503 to the next activities.send". It also writes the Bot Connector's error answers.
//
// What does not belong here: what a call means, and what is sent to the bot.
package calls

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"time"

	"parley/bot/teams/teamsfake/tenant"
	"parley/channels/emulator"
)

// object is JSON that is built or looked into by key.
type object = tenant.Object

// keepCalls is how many calls the journal holds. When it is full, the older half is dropped.
const keepCalls = 20_000

// Call is one request of the bot, with its answer.
type Call struct {
	At     time.Time `json:"at"`
	Method string    `json:"method"` // token, openid, keys, conversations.create, activities.send …; see the documentation of teamsfake
	Verb   string    `json:"verb"`   // HTTP's
	Path   string    `json:"path"`   // escaped as it came, with the query
	Body   string    `json:"body,omitempty"`
	Status int       `json:"status"` // 0: no answer
	Answer string    `json:"answer,omitempty"`
	Fault  string    `json:"fault,omitempty"`
}

// Journal records the bot's calls, and applies planned faults to them. The lock guards it.
type Journal struct {
	*tenant.Ground
	faults *emulator.FaultPlan
	calls  []Call
}

// New makes an empty journal. faults is the plan of faults.
func New(g *tenant.Ground, faults *emulator.FaultPlan) *Journal {
	return &Journal{Ground: g, faults: faults}
}

// Reset forgets all calls. Caller holds the lock.
func (j *Journal) Reset() { j.calls = nil }

// List returns the calls whose method matches a pattern of path.Match, such as "activities.*", oldest first. ""
// matches all.
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

// maxAnswerKept is how many bytes of an answer the journal keeps at least; what follows in the same write is kept,
// too.
const maxAnswerKept = 64 << 10

// maxBody bounds the body of a request, in bytes. Except for uploads, the real services accept less.
const maxBody = 64 << 20

// recorder passes an answer on, and keeps a copy of it.
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

// Unwrap lets net/http find the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Handle wraps a handler: its calls are recorded under the name method, and planned faults of that name apply to
// them.
func (j *Journal) Handle(method string, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			Refuse(w, http.StatusRequestEntityTooLarge, "MessageSizeTooBig", "Message size too large.")
			return
		}

		r.Body = io.NopCloser(bytes.NewReader(body))
		rec := &recorder{ResponseWriter: w}
		c := Call{At: j.Now(), Method: method, Verb: r.Method, Path: r.URL.RequestURI()}
		if method != "token" && method != "graph.upload" {
			c.Body = string(body)
		}

		place, _ := tenant.SplitConversation(r.PathValue("conv"))
		j.Mu.Lock()
		f := j.faults.Strike(method, place)
		j.Mu.Unlock()

		if f != nil && f.Kind == FaultReset {
			defer resetConnection(rec) // deferred first, so that it runs last: a bot that sees the reset finds the call in the journal
		}

		defer func() { // a call whose connection FaultDrop cuts by a panic is recorded, too
			c.Status = rec.status
			if method != "token" {
				c.Answer = rec.body.String()
			}
			j.record(c)
		}()

		if f == nil {
			h(rec, r)
			return
		}

		c.Fault = string(f.Kind)
		j.handleUnderFault(rec, r, f, h)
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
	j.Note(tenant.Change{Kind: "call", ID: c.Method})
}

// WriteJSON answers with JSON.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", tenant.KindJSON)
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) //nolint:errcheck // the client is gone
}

// RefuseThread answers like the Bot Connector if the service behind it, which keeps the threads, refuses a post. Then
// the code is a number, and the message is a string with JSON in it.
func RefuseThread(w http.ResponseWriter, subCode, details string) {
	const threadAccessDenied = 209
	message := tenant.MustJSON(object{"subCode": subCode, "details": details, "errorCode": nil})
	WriteJSON(w, http.StatusForbidden, object{"errorCode": threadAccessDenied, "message": string(message)})
}

// Refuse answers with an error in the Bot Connector's form.
// Source: "Send and receive messages", status codes from bot conversational APIs, read 2026-11.
func Refuse(w http.ResponseWriter, status int, code, text string) {
	WriteJSON(w, status, object{"error": object{"code": code, "message": text}})
}
