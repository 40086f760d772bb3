// Package oidcfake is a fake OpenID Connect provider for tests and demos of the sign-in. It implements discovery, key
// rotation, the authorization code flow with PKCE, and the userinfo endpoint. Its ID tokens have the claims of a generic
// provider, of Slack or of Microsoft Entra. It refuses what real providers refuse. Tests can make it fail (SetDown) and
// issue invalid tokens (Forge).
package oidcfake

import (
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"parley/channels/emulator"
)

// Lifetimes, similar to those at Slack and Microsoft.
const (
	codeLife  = time.Minute
	tokenLife = 5 * time.Minute
	tabLife   = 75 * time.Minute // of tokens for Teams tabs
)

// User is a user of the provider.
type User struct {
	ID     string         // the subject, and the user's name on the page and for Choose
	Claims map[string]any // additional claims of the ID token
}

// Options configure a provider. ClientID, ClientSecret and RedirectURI describe its registered client and are required.
type Options struct {
	Path         string // the path of the issuer: "/TENANT/v2.0" as at Microsoft; "" means no path
	ClientID     string
	ClientSecret string
	RedirectURI  string
	Users        []User
	LeftOut      []string         // claims that only the userinfo endpoint returns, not ID tokens
	Clock        func() time.Time // nil means time.Now
	Log          *slog.Logger     // nil means no logs
}

// Server is a provider with one registered client. It is safe for concurrent use.
type Server struct {
	*emulator.Host

	opt  Options
	page *template.Template

	mu           sync.Mutex
	keys         []key              // the last one signs
	requests     map[string]request // requests whose page is shown, by the id in its form
	codes        map[string]grant
	accessTokens map[string]User
	forgery      Forgery
	down         bool
	issued       int // number of issued ID tokens
}

// request is an authorization request of a client.
type request struct{ redirect, state, nonce, challenge string }

// grant is what a client gets for an authorization code.
type grant struct {
	request

	user    User
	expires time.Time
}

// New returns a provider. Call Start to serve requests, and Close at the end.
func New(o Options) *Server {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}

	s := &Server{
		Host:         emulator.NewHost("oidcfake", o.Log),
		opt:          o,
		page:         template.Must(template.New("page").Parse(page)),
		keys:         []key{{id: "first", private: firstKey()}},
		requests:     map[string]request{},
		codes:        map[string]grant{},
		accessTokens: map[string]User{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+o.Path+"/.well-known/openid-configuration", s.showConfiguration)
	mux.HandleFunc("GET "+o.Path+"/keys", s.showKeys)
	mux.HandleFunc("GET "+o.Path+"/authorize", s.authorize)
	mux.HandleFunc("POST "+o.Path+"/decide", s.handleDecision)
	mux.HandleFunc("POST "+o.Path+"/token", s.giveTokens)
	mux.HandleFunc("GET "+o.Path+"/userinfo", s.userInfo)
	s.Handler = s.unlessDown(mux)
	return s
}

// Issuer returns the issuer identifier, which is also the base URL of the endpoints.
func (s *Server) Issuer() string { return s.URL() + s.opt.Path }

// Register replaces the client's redirect URI.
func (s *Server) Register(redirect string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opt.RedirectURI = redirect
}

// SetDown sets whether the provider responds to all requests with status 503.
func (s *Server) SetDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// Rotate replaces the signing key by a new one with that id. The old keys are removed at once.
func (s *Server) Rotate(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = []key{newKey(name)}
}

// Tokens returns the number of issued ID tokens.
func (s *Server) Tokens() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issued
}

func (s *Server) isDown() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down
}

// unlessDown wraps a handler so that it responds with status 503 while the provider is down.
func (s *Server) unlessDown(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.isDown() {
			http.Error(w, "down for maintenance", http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) showConfiguration(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{
		"issuer": s.Issuer(), "authorization_endpoint": s.Issuer() + "/authorize", "token_endpoint": s.Issuer() + "/token",
		"jwks_uri": s.Issuer() + "/keys", "userinfo_endpoint": s.Issuer() + "/userinfo",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"}, "code_challenge_methods_supported": []string{"S256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic"},
	})
}

// findUser returns the user with an ID. It returns false if there is none.
func (s *Server) findUser(id string) (User, bool) {
	i := slices.IndexFunc(s.opt.Users, func(u User) bool { return u.ID == id })
	if i < 0 {
		return User{}, false
	}
	return s.opt.Users[i], true
}
