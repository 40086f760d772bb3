package channelstest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"parley/channels"
	"parley/channels/emulator"
)

// Sent is a message that the provider took: what a customer got.
type Sent struct {
	ID           string   `json:"id"`
	Token        string   `json:"token"`
	Message      int64    `json:"message"` // ours; a provider gives it back in receipts
	Conversation int64    `json:"conversation"`
	To           []string `json:"to"`
	Cc           []string `json:"cc,omitempty"`
	Also         []string `json:"also,omitempty"` // other keys of the first of To
	Subject      string   `json:"subject,omitempty"`
	Text         string   `json:"text"`
	Author       string   `json:"author,omitempty"`
	InReplyTo    string   `json:"in_reply_to,omitempty"`
	From         string   `json:"from,omitempty"`
	Files        []File   `json:"files,omitempty"`

	Template *SentTemplate  `json:"template,omitempty"`
	Rich     *channels.Rich `json:"rich,omitempty"`
	ReplyTo  string         `json:"reply_to,omitempty"`

	Signature     string   `json:"signature,omitempty"`
	SignatureHTML string   `json:"signature_html,omitempty"`
	Pictures      []string `json:"pictures,omitempty"` // of the signature: content id, a blank, the content
}

// File of a message, either way.
type File struct {
	Name    string `json:"name"`
	Type    string `json:"type,omitempty"`
	Content []byte `json:"content"`
	Inline  bool   `json:"inline,omitempty"`
}

// Provider is the server of an imaginary messaging company. A Channel sends it messages for customers by HTTP, and it
// keeps them for the test. It doesn't recognise repetitions: a message that is sent twice reached the customer twice,
// so a test sees when Parley doubles one.
type Provider struct {
	srv     *http.Server
	url     string
	taken   func(Sent)
	closing chan struct{}
	ended   chan struct{}
	changed emulator.Signal // of what follows

	mu     sync.Mutex
	sent   []Sent
	calls  int // messages that reached it, taken or not
	faults *emulator.FaultSet[Fault]
	serial int // the last number in an id

	files    map[string]File // kept for who fetches them, by ref
	fetched  []string        // refs that were asked for
	attended []string        // ids of customers' messages that a Channel reported as attended to

	templates     []Template
	templateCalls []string // methods
	loseAnswers   int      // how many answers to an added or edited template are still to get lost
}

// StartProvider starts a provider on a free port of loopback; Close ends it. taken, if
// not nil, is called with each message that was taken, before its sender hears of it.
// Errors: no port.
func StartProvider(taken func(Sent)) (*Provider, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it returns at once
	if err != nil {
		return nil, fmt.Errorf("channelstest: provider: %w", err)
	}

	p := &Provider{
		url: "http://" + listener.Addr().String(), taken: taken, faults: emulator.NewFaultSet[Fault](1),
		files: map[string]File{}, closing: make(chan struct{}), ended: make(chan struct{}),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /send", p.serveMessage)
	mux.HandleFunc("GET /sent", p.serveLookup)
	mux.HandleFunc("/templates", p.serveTemplates)
	mux.HandleFunc("GET /file", p.serveFile)
	mux.HandleFunc("POST /attend", p.serveAttend)
	p.srv = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(p.ended)
		_ = p.srv.Serve(listener) // it ends by Close
	}()

	return p, nil
}

// Close ends the provider and all connections to it.
func (p *Provider) Close() error {
	close(p.closing)
	err := p.srv.Close()
	<-p.ended
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("channelstest: provider: %w", err)
	}
	return nil
}

// URL of the provider's API.
func (p *Provider) URL() string { return p.url }

func (p *Provider) serveMessage(w http.ResponseWriter, r *http.Request) {
	var m Sent
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}

	p.mu.Lock()
	p.calls++
	p.changed.Poke()
	p.mu.Unlock()
	f := p.takeMessageFault(m)
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
		w.Header().Set("X-Pair", strconv.FormatBool(f.Pair))
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

	if !p.isUsable(m.Template) {
		w.Header().Set("X-Class", string(channels.TemplateBad))
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}

	m.ID = p.take(m)
	if p.taken != nil {
		p.taken(m)
	}
	switch f.Kind {
	case FaultErrorAfter:
		w.WriteHeader(http.StatusInternalServerError)
	case FaultDropAfter:
		panic(http.ErrAbortHandler)
	default:
		_ = json.NewEncoder(w).Encode(map[string]string{"id": m.ID})
	}
}

func (p *Provider) take(m Sent) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serial++
	m.ID = fmt.Sprintf("out-%d", p.serial)
	p.sent = append(p.sent, m)
	p.changed.Poke()
	return m.ID
}

func (p *Provider) serveLookup(w http.ResponseWriter, r *http.Request) {
	if f := p.takeLookupFault(); f.Kind == FaultBlind {
		w.WriteHeader(http.StatusNotImplemented)
		return
	}
	token := r.URL.Query().Get("token")
	found := slices.DeleteFunc(p.Sent(), func(m Sent) bool { return m.Token != token })
	_ = json.NewEncoder(w).Encode(found)
}

// Sent returns what customers got, in the order of arrival.
func (p *Provider) Sent() []Sent {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.sent)
}

// Texts returns the texts of Sent.
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
