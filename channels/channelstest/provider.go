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

// Sent is a message that the provider has accepted, so that the customer got it.
type Sent struct {
	ID           string   `json:"id"`
	Token        string   `json:"token"`
	Message      int64    `json:"message"` // Parley's id, which receipts repeat
	Conversation int64    `json:"conversation"`
	To           []string `json:"to"`
	Cc           []string `json:"cc,omitempty"`
	Also         []string `json:"also,omitempty"` // other keys of the first recipient in To
	Subject      string   `json:"subject,omitempty"`
	Text         string   `json:"text"`
	Author       string   `json:"author,omitempty"`
	InReplyTo    string   `json:"in_reply_to,omitempty"`
	From         string   `json:"from,omitempty"`
	FromName     string   `json:"from_name,omitempty"`
	Files        []File   `json:"files,omitempty"`

	Template *SentTemplate  `json:"template,omitempty"`
	Rich     *channels.Rich `json:"rich,omitempty"`
	ReplyTo  string         `json:"reply_to,omitempty"`

	Signature     string   `json:"signature,omitempty"`
	SignatureHTML string   `json:"signature_html,omitempty"`
	Pictures      []string `json:"pictures,omitempty"` // of the signature: "<content id> <content>"
}

// File is a file of a message, in either direction.
type File struct {
	Name    string `json:"name"`
	Type    string `json:"type,omitempty"`
	Content []byte `json:"content"`
	Inline  bool   `json:"inline,omitempty"`
}

// Provider is the server of a fictitious messaging company. A Channel sends it messages for customers by
// HTTP, and the provider keeps them for the test. It doesn't detect duplicates: a message that is sent twice
// counts as received twice, so that a test notices when Parley sends one twice.
//
// A Provider is safe for concurrent use. Tests usually get one from NewProvider.
type Provider struct {
	srv     *http.Server
	url     string
	taken   func(Sent)
	closing chan struct{}
	ended   chan struct{}
	changed emulator.Signal // signals changes of the fields below

	mu     sync.Mutex
	sent   []Sent
	calls  int // messages that reached it, accepted or not
	faults *emulator.FaultSet[Fault]
	serial int // the number in the last id

	files    map[string]File // by ref
	fetched  []string        // refs of all requests
	attended []string        // ids of customers' messages that were marked as read

	templates     []Template
	templateCalls []string // HTTP methods of the calls
	loseAnswers   int      // how many responses to added or edited templates to lose
}

// StartProvider starts a provider on a free port of the loopback interface. Close ends it. taken, if not nil,
// is called with each accepted message before the sender gets the response.
// Errors: that no port is free.
func StartProvider(taken func(Sent)) (*Provider, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // returns immediately
	if err != nil {
		return nil, fmt.Errorf("channelstest: provider: %w", err)
	}

	p := &Provider{
		url:     "http://" + listener.Addr().String(),
		taken:   taken,
		faults:  emulator.NewFaultSet[Fault](1),
		files:   map[string]File{},
		closing: make(chan struct{}),
		ended:   make(chan struct{}),
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
		_ = p.srv.Serve(listener) // returns after Close
	}()

	return p, nil
}

// Close stops the provider and closes all connections to it.
func (p *Provider) Close() error {
	close(p.closing)
	err := p.srv.Close()
	<-p.ended
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("channelstest: provider: %w", err)
	}
	return nil
}

// URL returns the address of the provider's API.
func (p *Provider) URL() string { return p.url }

// serveMessage serves POST /send, subject to faults.
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

	if f.failsBefore(w) {
		return
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

// failsBefore fails a request if the fault is of a kind that strikes before the message is accepted. It reports whether
// it has responded.
func (f Fault) failsBefore(w http.ResponseWriter) bool {
	switch f.Kind {
	case FaultRefuse:
		w.Header().Set("X-Taken", "no")
		w.WriteHeader(http.StatusServiceUnavailable)
	case FaultThrottle:
		w.Header().Set("Retry-After", strconv.FormatFloat(f.Wait.Seconds(), 'f', -1, 64))
		w.Header().Set("X-Pair", strconv.FormatBool(f.Pair))
		w.WriteHeader(http.StatusTooManyRequests)
	case FaultReject:
		w.Header().Set("X-Class", string(f.Class))
		w.WriteHeader(http.StatusUnprocessableEntity)
	case FaultErrorBefore:
		w.WriteHeader(http.StatusInternalServerError)
	case FaultDropBefore:
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}

// take accepts a message and returns its id.
func (p *Provider) take(m Sent) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serial++
	m.ID = fmt.Sprintf("out-%d", p.serial)
	p.sent = append(p.sent, m)
	p.changed.Poke()
	return m.ID
}

// serveLookup serves GET /sent: the accepted messages with a token.
func (p *Provider) serveLookup(w http.ResponseWriter, r *http.Request) {
	if f := p.takeLookupFault(); f.Kind == FaultBlind {
		w.WriteHeader(http.StatusNotImplemented)
		return
	}
	token := r.URL.Query().Get("token")
	found := slices.DeleteFunc(p.Sent(), func(m Sent) bool { return m.Token != token })
	_ = json.NewEncoder(w).Encode(found)
}

// Sent returns the accepted messages, oldest first.
func (p *Provider) Sent() []Sent {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.sent)
}

// Texts returns the texts of the accepted messages, oldest first.
func (p *Provider) Texts() []string {
	list := []string{}
	for _, m := range p.Sent() {
		list = append(list, m.Text)
	}
	return list
}

// Calls returns how many messages reached the provider, accepted or not.
func (p *Provider) Calls() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls
}
