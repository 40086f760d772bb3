package channelstest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait of this package; only a failing test uses it up.
const patience = 20 * time.Second

// Sent is a message that the provider took: what a customer got.
type Sent struct {
	ID           string   `json:"id"`
	Token        string   `json:"token"`
	Conversation int64    `json:"conversation"`
	To           []string `json:"to"`
	Cc           []string `json:"cc,omitempty"`
	Subject      string   `json:"subject,omitempty"`
	Text         string   `json:"text"`
	Author       string   `json:"author,omitempty"`
	InReplyTo    string   `json:"in_reply_to,omitempty"`
	From         string   `json:"from,omitempty"`
	Files        []File   `json:"files,omitempty"`
}

// File of a message, either way.
type File struct {
	Name    string `json:"name"`
	Type    string `json:"type,omitempty"`
	Content []byte `json:"content"`
	Inline  bool   `json:"inline,omitempty"`
}

// Provider takes messages for customers by HTTP and remembers them. It never
// recognises a repetition: what is sent twice is there twice.
type Provider struct {
	srv     *httptest.Server
	closing chan struct{}

	mu      sync.Mutex
	sent    []Sent
	calls   int // messages that reached it, taken or not
	faults  []*Fault
	struck  int
	serial  int
	changed chan struct{}
}

// NewProvider starts a provider that ends with the test.
func NewProvider(t testing.TB) *Provider {
	p := &Provider{changed: make(chan struct{}), closing: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /send", p.send)
	mux.HandleFunc("GET /sent", p.find)
	p.srv = httptest.NewServer(mux)
	t.Cleanup(func() {
		close(p.closing)
		p.srv.CloseClientConnections()
		p.srv.Close()
	})
	return p
}

// URL of the provider's API.
func (p *Provider) URL() string { return p.srv.URL }

func (p *Provider) poke() {
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *Provider) send(w http.ResponseWriter, r *http.Request) {
	var m Sent
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	p.calls++
	p.poke()
	p.mu.Unlock()
	f := p.strike(false, m.Text)
	if f.Until != nil {
		select {
		case <-f.Until:
		case <-p.closing:
			panic(http.ErrAbortHandler)
		}
	}
	switch f.Kind {
	case FaultRefuse:
		w.Header().Set("X-Taken", "no")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case FaultThrottle:
		w.Header().Set("Retry-After", strconv.FormatFloat(f.Wait.Seconds(), 'f', -1, 64))
		w.WriteHeader(http.StatusTooManyRequests)
		return
	case FaultReject:
		w.Header().Set("X-Class", string(f.Class))
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	case FaultErrorBefore:
		w.WriteHeader(http.StatusInternalServerError)
		return
	case FaultDropBefore:
		panic(http.ErrAbortHandler)
	}
	id := p.take(m)
	switch f.Kind {
	case FaultErrorAfter:
		w.WriteHeader(http.StatusInternalServerError)
	case FaultDropAfter:
		panic(http.ErrAbortHandler)
	default:
		_ = json.NewEncoder(w).Encode(map[string]string{"id": id})
	}
}

func (p *Provider) take(m Sent) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serial++
	m.ID = fmt.Sprintf("out-%d", p.serial)
	p.sent = append(p.sent, m)
	p.poke()
	return m.ID
}

func (p *Provider) find(w http.ResponseWriter, r *http.Request) {
	if f := p.strike(true, ""); f.Kind == FaultBlind {
		w.WriteHeader(http.StatusNotImplemented)
		return
	}
	token := r.URL.Query().Get("token")
	found := slices.DeleteFunc(p.Sent(), func(m Sent) bool { return m.Token != token })
	_ = json.NewEncoder(w).Encode(found)
}

// Sent gives what customers got, in the order of arrival.
func (p *Provider) Sent() []Sent {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.sent)
}

// Texts gives the texts of Sent.
func (p *Provider) Texts() []string {
	list := []string{}
	for _, m := range p.Sent() {
		list = append(list, m.Text)
	}
	return list
}

// Calls says how many messages reached the provider, taken or not.
func (p *Provider) Calls() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls
}

// Wait waits until done says that what customers got is complete.
func (p *Provider) Wait(t testing.TB, what string, done func([]Sent) bool) []Sent {
	t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		p.mu.Lock()
		sent, changed := slices.Clone(p.sent), p.changed
		p.mu.Unlock()
		if done(sent) {
			return sent
		}
		select {
		case <-changed:
		case <-timeout.C:
			t.Fatalf("waited in vain: %s; sent: %+v", what, sent)
		}
	}
}

// WaitCalls waits until n messages reached the provider, taken or not.
func (p *Provider) WaitCalls(t testing.TB, n int) {
	t.Helper()
	p.Wait(t, fmt.Sprintf("%d calls", n), func([]Sent) bool { return p.Calls() >= n })
}

// WaitTexts waits until customers got exactly these texts, in this order.
func (p *Provider) WaitTexts(t testing.TB, want ...string) []Sent {
	t.Helper()
	sent := p.Wait(t, fmt.Sprintf("%q", want), func(sent []Sent) bool { return len(sent) >= len(want) })
	for i, m := range sent {
		if i >= len(want) || m.Text != want[i] {
			t.Fatalf("customers got %q, want %q", p.Texts(), want)
		}
	}
	return sent
}
