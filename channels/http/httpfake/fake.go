// Package httpfake is a test double of the system on the other side of the http channel: a company's own shop
// that posts signed webhooks and accepts callbacks. It implements docs/http-channel.md independently of the
// channel's code, so that a test notices if the two differ.
//
// What does not belong here: anything of the channel's own code.
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

// maxBody is the maximum size of a callback in bytes.
const maxBody = 8 << 20

// Got is a message that a customer received.
type Got struct {
	ID   string          // the shop's id
	Key  string          // idempotency key of the callback
	To   string          // the customer
	Text string          // Markdown
	Body json.RawMessage // the complete callback
}

// Fault makes the next callback fail.
type Fault struct {
	Status     int           // status of the response; 0 breaks the connection
	After      bool          // the message is accepted nevertheless
	RetryAfter string        // header of the response
	Until      chan struct{} // hang until this is closed or the request ends, then break the connection
}

// Shop is the company's shop. It is an http.Handler for callbacks (Parley's messages to customers), lookups and
// files. Create it with New. It is safe for concurrent use.
type Shop struct {
	secret string
	now    func() time.Time

	mu     sync.Mutex
	got    []Got
	faults []Fault
	files  map[string]File
}

// File is a file that the shop serves, for customers' messages that link to it.
type File struct {
	Type    string
	Content []byte
}

// New returns a shop. now is its clock, for signatures.
func New(secret string, now func() time.Time) *Shop {
	return &Shop{secret: secret, now: now, files: map[string]File{}}
}

// Got returns the messages that customers received, oldest first.
func (s *Shop) Got() []Got {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// Fail adds a fault. Each fault strikes one callback, in the order of the calls of Fail.
func (s *Shop) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
}

// PutFile serves a file at /files/NAME. nil removes it.
func (s *Shop) PutFile(name string, f *File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f == nil {
		delete(s.files, name)
		return
	}
	s.files[name] = *f
}

// Post posts events to Parley's webhook. It returns the status and the body of the response.
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

// sign returns the signature of a text at t, a time in Unix seconds.
func (s *Shop) sign(t, text string) string {
	h := hmac.New(sha256.New, []byte(s.secret))
	_, _ = io.WriteString(h, t+"."+text)
	return hex.EncodeToString(h.Sum(nil))
}

// ServeHTTP accepts callbacks (POST), answers lookups (GET), and serves files.
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

		s.serveLookup(w, key)
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

		s.acceptMessage(w, r, body)
	default:
		writeField(w, http.StatusMethodNotAllowed, "error", "POST or GET")
	}
}

// tolerance is the maximum difference between a signature's time and the clock.
const tolerance = 5 * time.Minute

// isSigned reports whether a request has a valid signature of a text.
func (s *Shop) isSigned(r *http.Request, text string) bool {
	at, mac, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Parley-Signature"), "t="), ",v1=")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || s.now().Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return false
	}
	return hmac.Equal([]byte(mac), []byte(s.sign(at, text)))
}

// message has the fields of a callback that the shop needs.
type message struct {
	Type, ID, Text string
	To             struct{ ID string }
}

// isComplete reports whether a callback has the required fields, and its id equals the Idempotency-Key header.
func (m message) isComplete(key string) bool {
	if m.Type != "message" || m.To.ID == "" {
		return false
	}
	return m.ID != "" && m.ID == key
}

// acceptMessage handles a callback, or fails it if there is a fault.
func (s *Shop) acceptMessage(w http.ResponseWriter, r *http.Request, body []byte) {
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
		f.respond(w)
		return
	}

	id, known := s.keep(Got{Key: m.ID, To: m.To.ID, Text: m.Text, Body: body})
	switch {
	case failing:
		f.respond(w)
	case known:
		writeField(w, http.StatusConflict, "id", id)
	default:
		writeField(w, http.StatusCreated, "id", id)
	}
}

// keep stores a message unless its key is known. It returns the shop's id of the message.
func (s *Shop) keep(g Got) (id string, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, earlier := range s.got {
		if earlier.Key == g.Key {
			return earlier.ID, true
		}
	}
	g.ID = fmt.Sprintf("shop-%d", len(s.got)+1)
	s.got = append(s.got, g)
	return g.ID, false
}

// nextFault removes and returns the next fault. ok is false if there is none.
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

// respond fails a request.
func (f Fault) respond(w http.ResponseWriter) {
	if f.Status == 0 {
		panic(http.ErrAbortHandler)
	}
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	writeField(w, f.Status, "error", "as the test wants it")
}

// serveLookup answers whether the shop has a message with a key.
func (s *Shop) serveLookup(w http.ResponseWriter, key string) {
	for _, g := range s.Got() {
		if g.Key == key {
			writeField(w, http.StatusOK, "id", g.ID)
			return
		}
	}
	writeField(w, http.StatusNotFound, "key", key)
}

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

// writeField responds with a JSON object that has one field.
func writeField(w http.ResponseWriter, status int, name, value string) {
	body, err := json.Marshal(map[string]string{name: value})
	if err != nil {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
