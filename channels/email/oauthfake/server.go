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

// Provider is the provider that the emulator imitates.
type Provider string

// The providers.
const (
	Google    Provider = "google"
	Microsoft Provider = "microsoft"
)

// Options configures a Server. Provider, ClientID and ClientSecret are required.
type Options struct {
	Provider               Provider
	ClientID, ClientSecret string
	Redirects              []string         // the registered redirect URIs; http://localhost is always allowed
	Log                    *slog.Logger     // nil disables logging
	Clock                  func() time.Time // decides when codes and tokens expire; nil means time.Now
	Lifetime               time.Duration    // of access tokens; 0 means one hour
	// Native registers the loopback addresses at Microsoft as those of a desktop program, which must not send a client
	// secret. By default, they belong to a web application.
	Native bool
	// SingleUse invalidates a refresh token as soon as its successor is used. If it is used after that, the whole
	// consent is revoked (RFC 9700, section 4.14). By default, old refresh tokens stay valid, as at Microsoft.
	SingleUse bool
	Rotate    bool                 // Google, too, issues a new refresh token with each access token
	Claims    func(map[string]any) // changes the claims of ID tokens; may be nil
}

// Server emulates the sign-in of Google or Microsoft for tests and demos. People consent on its page, clients such as
// Parley get access and refresh tokens from it, and tests can revoke and expire them. It is safe for concurrent use.
type Server struct {
	*emulator.Host
	*emulator.FaultSet[Fault]
	opts  Options
	clock func() time.Time

	mu       sync.Mutex
	codes    map[string]*code
	consents map[string]*consent     // by refresh token, including old ones
	access   map[string]*accessToken // by access token
	known    map[string]bool         // lower-case addresses of people who consented before
	calls    []Call
}

// Call is one request to the token endpoint.
type Call struct {
	Grant  string // "authorization_code" or "refresh_token"
	Status int    // of the response, even if a fault dropped it
	PKCE   bool   // it had a code_verifier
	// RefreshToken is what the client presented as one; "" if nothing.
	RefreshToken string
}

// code is an authorization code. The browser carries it to the client, which exchanges it for tokens.
type code struct {
	who, redirect, nonce string
	challenge, method    string // PKCE (RFC 7636); method "" means plain
	scopes               []string
	expireAt             time.Time
	used                 bool
	refreshable          bool // the exchange also returns a refresh token
}

// consent is what one person has granted, with its refresh tokens.
type consent struct {
	who     string
	scopes  []string
	tokens  []string // refresh tokens, oldest first
	current int      // the index of the newest token that was used
	ended   bool     // revoked
}

// accessToken is the grant behind an access token.
type accessToken struct {
	consent  *consent
	expireAt time.Time
}

// codeLifetime is how long a code can be exchanged.
const codeLifetime = 10 * time.Minute

// New returns an emulator. Its Start method opens a port.
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
		codes: map[string]*code{}, consents: map[string]*consent{}, access: map[string]*accessToken{}, known: map[string]bool{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", s.showConsent)
	mux.HandleFunc("POST /authorize", s.submitConsent)
	mux.HandleFunc("POST /token", s.serveToken)
	s.Host.Handler, s.Host.Quiet = mux, true
	return s
}

// AuthURL returns the URL of the consent page.
func (s *Server) AuthURL() string { return s.URL() + "/authorize" }

// TokenURL returns the URL of the token endpoint.
func (s *Server) TokenURL() string { return s.URL() + "/token" }

// Close closes all connections and waits for requests in flight. It may be called more than once.
func (s *Server) Close() error {
	s.ClearFaults()
	return s.Host.Close()
}

// Accepts reports whether an access token opens a person's mailbox. The emulated mail server (mailfake) calls it.
func (s *Server) Accepts(username, token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	access := s.access[token]
	if access == nil {
		return false
	}
	isValid := !access.consent.ended && s.clock().Before(access.expireAt)
	if !isValid || !strings.EqualFold(access.consent.who, username) {
		return false
	}
	return containsAll(access.consent.scopes, s.mailScopes())
}

// Revoke revokes a person's consents that have a refresh token, as she can do in her account at the provider.
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

// Calls returns the requests to the token endpoint that no fault refused, oldest first.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Tokens returns all tokens except those that ExpireAccess expired, so that tests can search logs for leaked ones.
func (s *Server) Tokens() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.AppendSeq(slices.Collect(maps.Keys(s.access)), maps.Keys(s.consents))
}

// mailScopes returns the scopes that the provider's mail server requires.
func (s *Server) mailScopes() []string {
	if s.opts.Provider == Google {
		return []string{"https://mail.google.com/"}
	}
	return []string{"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send"}
}

// choose returns the value for the emulated provider.
func (s *Server) choose(google, microsoft string) string {
	if s.opts.Provider == Google {
		return google
	}
	return microsoft
}

// newToken returns a random token with the provider's prefix.
func (s *Server) newToken(google, microsoft string) string {
	return s.choose(google, microsoft) + rand.Text()
}

// containsAll reports whether list contains all wanted elements.
func containsAll(list, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(w string) bool { return !slices.Contains(list, w) })
}
