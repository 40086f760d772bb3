package oauthfake

import (
	"cmp"
	"crypto/rand"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"parley/channels/emulator"
)

// Server stands in for the sign-in of Google or Microsoft in tests and demos. People consent on its page, programs
// get access and refresh tokens from it, and tests can revoke, expire and count them.

// Provider says which provider the emulator imitates.
type Provider string

// The providers.
const (
	Google    Provider = "google"
	Microsoft Provider = "microsoft"
)

// Options of New. Provider, ClientID and ClientSecret must be set.
type Options struct {
	Provider               Provider
	ClientID, ClientSecret string
	// Redirects are the addresses to which people may be sent back. Those on loopback are always allowed, with any
	// port, as for programs on a desktop.
	Redirects []string
	Log       *slog.Logger     // nil: silent
	Clock     func() time.Time // nil: time.Now. The times in ID tokens are its, and codes and tokens end by it
	Lifetime  time.Duration    // of access tokens. Default: one hour
	// Native says that the addresses on loopback are registered at Microsoft as those of a program on a desktop,
	// which must not have a secret. Otherwise they are those of a web application.
	Native bool
	// SingleUse ends a refresh token as soon as its successor is used, and ends the whole consent when it is used
	// after that (RFC 9700, section 4.14). Microsoft hands out a successor each time, but keeps the old one.
	SingleUse bool
	// Rotate makes Google hand out a new refresh token each time, too.
	Rotate bool
	Claims func(map[string]any) // changes what an ID token says; nil = nothing
}

// Server is the emulator. Make it with New. Safe for concurrent use.
type Server struct {
	*emulator.Host
	*emulator.FaultSet[Fault]
	opts  Options
	clock func() time.Time

	mu       sync.Mutex
	codes    map[string]*code
	consents map[string]*consent // by refresh token, old ones too
	access   map[string]*pass    // by access token
	known    map[string]bool     // people who consented before
	calls    []Call
}

// Call is one request for tokens.
type Call struct {
	Grant  string // authorization_code, refresh_token
	Status int    // of the answer, given or lost
	PKCE   bool
}

// code is an authorization code: the browser brings it back to the program, which exchanges it for tokens once.
type code struct {
	who, redirect, nonce string
	challenge, method    string // of the proof that whoever exchanges the code asked for it; method "" means plain (RFC 7636)
	scopes               []string
	until                time.Time
	used                 bool
	refreshable          bool // it is exchanged for a refresh token, too
}

// consent is what one person has allowed, with its refresh tokens, the newest last.
type consent struct {
	who     string
	scopes  []string
	tokens  []string
	current int // index of the newest token that was used
	ended   bool
}

// pass is an access token: whose consent it is, and until when it is good.
type pass struct {
	consent *consent
	until   time.Time
}

// codeLife is how long a code may be exchanged.
const codeLife = 10 * time.Minute

// New prepares an emulator; Start opens a port.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}

	o.Lifetime = cmp.Or(o.Lifetime, time.Hour)
	s := &Server{
		Host: emulator.NewHost("oauthfake", o.Log), FaultSet: emulator.NewFaultSet[Fault](1), opts: o, clock: o.Clock,
		codes: map[string]*code{}, consents: map[string]*consent{}, access: map[string]*pass{}, known: map[string]bool{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", s.showConsent)
	mux.HandleFunc("POST /authorize", s.takeConsent)
	mux.HandleFunc("POST /token", s.giveTokens)
	mux.HandleFunc("POST /revoke", s.revoke)
	s.Host.Handler, s.Host.Quiet = mux, true
	return s
}

// AuthURL is where people are sent to.
func (s *Server) AuthURL() string { return s.URL() + "/authorize" }

// TokenURL is where tokens are handed out.
func (s *Server) TokenURL() string { return s.URL() + "/token" }

// Close hangs up on everybody and waits for what was under way. It may be called often.
func (s *Server) Close() error {
	s.ClearFaults()
	return s.Host.Close()
}

// Accepts reports whether an access token opens a person's mailbox. The emulated mail server asks it.
func (s *Server) Accepts(username, token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.access[token]
	if p == nil {
		return false
	}
	isGood := !p.consent.ended && s.clock().Before(p.until)
	if !isGood || !strings.EqualFold(p.consent.who, username) {
		return false
	}
	return containsAll(p.consent.scopes, s.mailScopes())
}

// Revoke ends a person's consents, as she can do in her account at the provider.
func (s *Server) Revoke(who string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.consents {
		if strings.EqualFold(c.who, who) {
			c.ended = true
		}
	}
	delete(s.known, strings.ToLower(who))
}

// ExpireAccess ends all access tokens before their time, and leaves the consents.
func (s *Server) ExpireAccess() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.access)
}

// Calls are the requests for tokens so far.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Tokens are all secrets that were handed out, for tests that look for them where they must not be.
func (s *Server) Tokens() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.AppendSeq(slices.Collect(maps.Keys(s.access)), maps.Keys(s.consents))
}

// mailScopes are those without which a mail server lets nobody in.
func (s *Server) mailScopes() []string {
	if s.opts.Provider == Google {
		return []string{"https://mail.google.com/"}
	}
	return []string{"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send"}
}

// choose returns which of both this provider says.
func (s *Server) choose(google, microsoft string) string {
	if s.opts.Provider == Google {
		return google
	}
	return microsoft
}

// newToken makes a secret that begins as this provider's do.
func (s *Server) newToken(google, microsoft string) string {
	return s.choose(google, microsoft) + rand.Text()
}

// containsAll reports whether a list has all that is wanted.
func containsAll(list, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(w string) bool { return !slices.Contains(list, w) })
}
