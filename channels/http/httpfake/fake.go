// Package httpfake is a little system of somebody's own that speaks the http channel as
// docs/http-channel.md publishes it: it signs what its customers do and takes answers.
//
// What does not belong here: anything of the channel's own code; both follow the page.
package httpfake

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"parley/channels/emulator"
)

// maxBody is the longest callback that is taken, in bytes.
const maxBody = 8 << 20

// Got is a message that a customer got.
type Got struct {
	ID   string          // our own id
	Key  string          // of the callback
	To   string          // the customer
	Text string          // Markdown
	Body json.RawMessage // all of it
}

// Fault is what goes wrong with the next callback.
type Fault struct {
	Status     int           // answered instead of taking the message; 0 = the connection breaks off
	After      bool          // the message is taken all the same
	RetryAfter string        // header
	Until      chan struct{} // the connection breaks off, without an answer, when it is closed or the request ends
}

// Shop is such a system. Its zero value doesn't work; see New.
type Shop struct {
	secret string
	now    func() time.Time

	mu     sync.Mutex
	got    []Got
	faults []Fault
	files  map[string]File
}

// File that customers' messages name by its address.
type File struct {
	Type    string
	Content []byte
}

// New makes a shop with a secret; now is the clock that signs and checks.
func New(secret string, now func() time.Time) *Shop {
	return &Shop{secret: secret, now: now, files: map[string]File{}}
}

// Got gives what customers got, oldest first.
func (s *Shop) Got() []Got {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// Fail lets the next callback go wrong.
func (s *Shop) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
}

// PutFile serves a file at /files/NAME below the shop's address; nil takes it away.
func (s *Shop) PutFile(name string, f *File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f == nil {
		delete(s.files, name)
		return
	}
	s.files[name] = *f
}

// Post posts events to Parley's webhook and gives status and body of the answer.
func (s *Shop) Post(ctx context.Context, hook string, events ...any) (int, string, error) {
	body, err := json.Marshal(map[string]any{"events": events})
	if err != nil {
		return 0, "", fmt.Errorf("httpfake: events: %w", err)
	}

	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, hook, bytes.NewReader(body))
	if err != nil {
		return 0, "", fmt.Errorf("httpfake: webhook: %w", err)
	}

	t := strconv.FormatInt(s.now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Parley-Signature", "t="+t+",v1="+s.sign(t, string(body)))
	resp, err := emulator.NewClient().Do(req)
	if err != nil {
		return 0, "", fmt.Errorf("httpfake: webhook: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	return resp.StatusCode, string(answer), err
}

// sign returns the proof of a text at a time in Unix seconds.
func (s *Shop) sign(t, text string) string {
	h := hmac.New(sha256.New, []byte(s.secret))
	_, _ = io.WriteString(h, t+"."+text)
	return hex.EncodeToString(h.Sum(nil))
}

// ServeHTTP takes callbacks, answers questions about them, and serves files.
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if name, ok := strings.CutPrefix(r.URL.Path, "/files/"); ok {
		s.serveFile(w, name)
		return
	}

	switch r.Method {
	case http.MethodGet:
		key := r.URL.Query().Get("key")
		if !s.isSigned(r, key) {
			writeField(w, http.StatusUnauthorized, "error", "wrong signature")
			return
		}

		s.answerQuestion(w, key)
	case http.MethodPost:
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			writeField(w, http.StatusRequestEntityTooLarge, "error", "too long")
			return
		}
		if !s.isSigned(r, string(body)) {
			writeField(w, http.StatusUnauthorized, "error", "wrong signature")
			return
		}

		s.takeMessage(w, r, body)
	default:
		writeField(w, http.StatusMethodNotAllowed, "error", "POST or GET")
	}
}

// tolerance is how far a signature's time may be off.
const tolerance = 5 * time.Minute

// isSigned reports whether a request has the right signature for a text.
func (s *Shop) isSigned(r *http.Request, text string) bool {
	at, mac, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Parley-Signature"), "t="), ",v1=")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || s.now().Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return false
	}
	return hmac.Equal([]byte(mac), []byte(s.sign(at, text)))
}

// message is what is read of a callback.
type message struct {
	Type, ID, Text string
	To             struct{ ID string }
}

// isComplete reports whether a message has what every callback has, and repeats the key of its header.
func (m message) isComplete(key string) bool {
	if m.Type != "message" || m.To.ID == "" {
		return false
	}
	return m.ID != "" && m.ID == key
}

// takeMessage takes a message to a customer, or does what the next fault says.
func (s *Shop) takeMessage(w http.ResponseWriter, r *http.Request, body []byte) {
	var m message
	err := json.Unmarshal(body, &m)
	if err != nil || !m.isComplete(r.Header.Get("Idempotency-Key")) {
		writeField(w, http.StatusBadRequest, "error", "not a message")
		return
	}

	f, failing := s.nextFault()
	if f.Until != nil {
		select {
		case <-f.Until:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler)
	}

	if failing && !f.After {
		f.answer(w)
		return
	}

	id, known := s.keep(Got{Key: m.ID, To: m.To.ID, Text: m.Text, Body: body})
	switch {
	case failing:
		f.answer(w)
	case known:
		writeField(w, http.StatusConflict, "id", id)
	default:
		writeField(w, http.StatusCreated, "id", id)
	}
}

// keep remembers a message, once.
func (s *Shop) keep(g Got) (id string, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, have := range s.got {
		if have.Key == g.Key {
			return have.ID, true
		}
	}
	g.ID = fmt.Sprintf("shop-%d", len(s.got)+1)
	s.got = append(s.got, g)
	return g.ID, false
}

// nextFault takes the next fault. ok is false if there is none.
func (s *Shop) nextFault() (next Fault, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) == 0 {
		return Fault{}, false
	}
	f := s.faults[0]
	s.faults = s.faults[1:]
	return f, true
}

// answer answers as a fault says.
func (f Fault) answer(w http.ResponseWriter) {
	if f.Status == 0 {
		panic(http.ErrAbortHandler)
	}
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	writeField(w, f.Status, "error", "as the test wants it")
}

// answerQuestion answers whether a message was taken.
func (s *Shop) answerQuestion(w http.ResponseWriter, key string) {
	for _, g := range s.Got() {
		if g.Key == key {
			writeField(w, http.StatusOK, "id", g.ID)
			return
		}
	}
	writeField(w, http.StatusNotFound, "key", key)
}

// serveFile answers with a file.
func (s *Shop) serveFile(w http.ResponseWriter, name string) {
	s.mu.Lock()
	f, ok := s.files[name]
	s.mu.Unlock()
	if !ok {
		writeField(w, http.StatusNotFound, "error", "no such file")
		return
	}
	w.Header().Set("Content-Type", f.Type)
	_, _ = w.Write(f.Content)
}

// writeField answers with a JSON object of one field.
func writeField(w http.ResponseWriter, status int, name, value string) {
	body, err := json.Marshal(map[string]string{name: value})
	if err != nil {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
