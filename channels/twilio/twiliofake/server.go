package twiliofake

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"parley/channels/emulator"
)

// Number is one of the company's senders.
type Number struct {
	Address string // "+15550101", or "whatsapp:+15550100"
	Webhook string // with overrides: https://parley.test/hooks/sms#rc=5&rp=all; "" = none
	MMS     bool
}

// Options of a Server.
type Options struct {
	AccountSID, AuthToken string
	Numbers               []Number
	Now                   func() time.Time // nil = time.Now
	ReviewDelay           time.Duration    // until a content is approved; 0 = at once
	TotalTime             time.Duration    // of one callback with its repetitions; 0 = 15 s
	OptOutType            bool             // callbacks carry OptOutType (advanced opt-out)
	HoldCallbacks         bool             // status callbacks only by Callback
	Listen                string           // host:port of the APIs; "" = a free port of loopback
}

// Server is a Twilio of one account.
type Server struct {
	*emulator.FaultSet[Fault]
	emulator.Signal

	opt    Options
	api    *emulator.Host
	files  *emulator.Host // where media really are
	client *http.Client

	mu       sync.Mutex
	messages []*stored
	contents []*stContent
	media    map[string]*file
	phones   map[string]*Phone // by customer and number
	blocked  map[string]bool   // customer and number that said STOP
	lastIn   map[string]time.Time
	answers  []string
	typing   []string
	requests []Request
	lost     bool
	hooks    int
}

// Start starts a server.
// Errors: a port is taken.
func Start(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.TotalTime == 0 {
		o.TotalTime = 15 * time.Second
	}
	log := slog.New(slog.DiscardHandler)
	s := &Server{FaultSet: emulator.NewFaultSet[Fault](1), opt: o, api: emulator.NewHost("twiliofake", log), files: emulator.NewHost("twiliofake", log),
		media: map[string]*file{}, phones: map[string]*Phone{}, blocked: map[string]bool{}, lastIn: map[string]time.Time{},
		client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	s.api.Handler, s.files.Handler = s.routes(), http.HandlerFunc(s.serveFile)
	if err := errors.Join(s.api.Start(o.Listen), s.files.Start("")); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close ends the server and everything under way.
func (s *Server) Close() {
	_ = s.api.Close()
	_ = s.files.Close()
}

// URL is the base address of all APIs.
func (s *Server) URL() string { return s.api.URL() }

// SetWebhook sets where Twilio calls for a number's messages.
func (s *Server) SetWebhook(address, url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.opt.Numbers {
		if s.opt.Numbers[i].Address == address {
			s.opt.Numbers[i].Webhook = url
		}
	}
}

// SetLost lets all callbacks get lost from now on, or not any more.
func (s *Server) SetLost(lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = lost
}

// Answers gives what callbacks answered although nothing should be: each went to a customer.
func (s *Server) Answers() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.answers...)
}

// Typing gives the messages for which typing was shown.
func (s *Server) Typing() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.typing...)
}

// Request is a call that the API took, for tests that compare it with descriptions.
type Request struct {
	Method, Path, Query, ContentType string
	Body                             []byte
	Status                           int
	Answer                           []byte
}

// Requests gives the calls of the API so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// sid makes a Twilio id.
func sid(prefix string) string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	return prefix + hex.EncodeToString(b)
}

// number finds one of our senders; the lock is held.
func (s *Server) number(address string) *Number {
	for i := range s.opt.Numbers {
		if s.opt.Numbers[i].Address == address {
			return &s.opt.Numbers[i]
		}
	}
	return nil
}

// allowed checks Basic authentication.
func (s *Server) allowed(r *http.Request) bool {
	user, password, ok := r.BasicAuth()
	return ok && subtle.ConstantTimeCompare([]byte(user), []byte(s.opt.AccountSID)) == 1 &&
		subtle.ConstantTimeCompare([]byte(password), []byte(s.opt.AuthToken)) == 1
}

// answer writes JSON.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// refuse writes an error as Twilio does.
func refuse(w http.ResponseWriter, status, code int, message string) {
	answer(w, status, map[string]any{"code": code, "message": message, "status": status,
		"more_info": fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code)})
}
