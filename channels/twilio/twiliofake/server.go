package twiliofake

import (
	"cmp"
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
	Address string // "+15550101", "72345" (a short code), or "whatsapp:+15550100"
	Webhook string // the URL, with its retry policy: https://parley.test/hooks/sms#rc=5&rp=all; "" if there is none
	Method  string // the webhook's HTTP method; "" means POST
	App     string // a TwiML application that handles messages instead of the webhook; "" if there is none
	MMS     bool   // it can carry MMS
	NoSMS   bool   // it only carries calls
	Offline bool   // for a WhatsApp sender: its status is OFFLINE
}

// Options are the options of a Server.
type Options struct {
	AccountSID, AuthToken string
	Numbers               []Number
	Services              []Service
	Now                   func() time.Time // nil means time.Now
	ReviewDelay           time.Duration    // how long WhatsApp takes to review a content
	TotalTime             time.Duration    // the timeout of a callback including its retries; 0 means 15 s, as at Twilio
	OptOutType            bool             // callbacks have the field OptOutType, as with Twilio's advanced opt-out
	HoldCallbacks         bool             // status callbacks are only made by Server.Callback
	Listen                string           // host:port of the APIs; "" means a free port on localhost
}

// defaultTotalTime is the timeout of Twilio.
const defaultTotalTime = 15 * time.Second

// ground is the state that all parts of the emulator share. Methods whose names end with Locked must be called with mu held.
type ground struct {
	emulator.Signal // signals each change for which a test may wait

	opt    Options
	api    *emulator.Host
	client *http.Client

	mu sync.Mutex // guards the state of all parts except the faults
}

// Server is an emulator of Twilio with one account, for tests of software that sends and receives messages through Twilio. The software
// under test, called the company here, calls the emulator's API, and the emulator calls the company's webhooks. The test writes as a
// customer, and checks what she receives, by Phone.
type Server struct {
	*ground
	*exchange // messages and the customers' phones
	*storage  // files
	*library  // templates ("contents")
	*webhooks // calls to the company
	*webAPI   // calls from the company
	*faults   // failures that a test has ordered
}

// Start starts a server. The caller must close it.
// Errors: a port is in use.
func Start(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}

	o.TotalTime = cmp.Or(o.TotalTime, defaultTotalTime)
	log := slog.New(slog.DiscardHandler)
	g := &ground{
		opt:    o,
		api:    emulator.NewHost("twiliofake", log),
		client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	}
	s := &Server{
		ground:  g,
		library: &library{ground: g},
		faults:  &faults{emulator.NewFaultSet[Fault](1)},
	}
	s.exchange = &exchange{
		ground:  g,
		library: s.library,
		phones:  map[string]*Phone{},
		blocked: map[string]bool{},
		lastIn:  map[string]time.Time{},
	}
	s.webhooks = &webhooks{ground: g, exchange: s.exchange}
	s.storage = &storage{
		ground:   g,
		exchange: s.exchange,
		host:     emulator.NewHost("twiliofake", log),
		files:    map[string]*file{},
	}
	s.exchange.hooks = s.webhooks
	s.exchange.media = s.storage
	s.webAPI = &webAPI{ground: g, exchange: s.exchange, media: s.storage, library: s.library, faults: s.faults}
	s.api.Handler = s.webAPI.makeHandler()
	s.host.Handler = http.HandlerFunc(s.serveFile)
	if err := errors.Join(s.api.Start(o.Listen), s.host.Start("")); err != nil {
		s.Close()
		return nil, err
	}

	return s, nil
}

// Close stops the server and everything that is still running.
func (s *Server) Close() {
	_ = s.api.Close()
	_ = s.host.Close()
}

// URL returns the base URL of all APIs.
func (s *Server) URL() string { return s.api.URL() }

// SetWebhook sets the webhook of a number.
func (s *Server) SetWebhook(address, url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.opt.Numbers {
		if s.opt.Numbers[i].Address == address {
			s.opt.Numbers[i].Webhook = url
		}
	}
}

// Typing returns the ids of the messages for which a typing indicator was shown.
func (a *webAPI) Typing() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.typing...)
}

// Request is a recorded call of the API.
type Request struct {
	Method, Path, Query, ContentType string
	Body                             []byte
	Status                           int
	Answer                           []byte
}

// Requests returns the recorded calls of the API that took effect, oldest first.
func (a *webAPI) Requests() []Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]Request(nil), a.requests...)
}

// newSID returns a new id in Twilio's format: a prefix and 32 hex digits.
func newSID(prefix string) string {
	const idBytes = 16
	b := make([]byte, idBytes)
	_, _ = rand.Read(b) // never fails
	return prefix + hex.EncodeToString(b)
}

// newMessageSID returns a new id of a message, whose prefix says whether it has files.
func newMessageSID(files int) string {
	if files > 0 {
		return newSID("MM")
	}
	return newSID("SM")
}

// findNumberLocked returns the company's sender with an address, or nil.
func (g *ground) findNumberLocked(address string) *Number {
	for i := range g.opt.Numbers {
		if g.opt.Numbers[i].Address == address {
			return &g.opt.Numbers[i]
		}
	}
	return nil
}

// isAuthorized reports whether a request has the account's credentials (basic authentication).
func (a *webAPI) isAuthorized(r *http.Request) bool {
	user, password, ok := r.BasicAuth()
	if !ok || subtle.ConstantTimeCompare([]byte(user), []byte(a.opt.AccountSID)) != 1 {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(password), []byte(a.opt.AuthToken)) == 1
}

// answer sends a JSON response.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// refuse sends an error response in Twilio's format.
func refuse(w http.ResponseWriter, status, code int, message string) {
	answer(w, status, map[string]any{"code": code, "message": message, "status": status,
		"more_info": fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code)})
}

// refuseUnknown responds that the resource doesn't exist.
func refuseUnknown(w http.ResponseWriter) {
	refuse(w, http.StatusNotFound, codeNotFound, "The requested resource was not found")
}

// refusedInJSON wraps the routes so that requests which match none of them get an error in Twilio's JSON format.
func refusedInJSON(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		rec := &recorder{header: http.Header{}, status: http.StatusOK}
		mux.ServeHTTP(rec, r) // the status shows whether the path exists for another method
		if rec.status == http.StatusMethodNotAllowed {
			refuse(w, http.StatusMethodNotAllowed, codeMethod, "Method not allowed")
			return
		}
		refuseUnknown(w)
	})
}
