// Package oidcfake is a fake OpenID provider for tests and trials of signing in: discovery, keys that rotate, a page
// on which somebody chooses an account or cancels, codes that work once, PKCE, and ID tokens as a general provider,
// Slack and Microsoft Entra make them. It refuses what real providers refuse. Tests ask for faults and forged tokens
// by the methods of Server.
//
// What does not belong here: anything that a provider knows beyond who somebody is.
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

// How long things live, as they do at Slack and Microsoft.
const (
	codeLife  = time.Minute
	tokenLife = 5 * time.Minute
	tabLife   = 75 * time.Minute // of what Teams gets for a tab
)

// User is somebody who has an account at the provider. Claims are those of the ID token besides what every token has.
type User struct {
	ID     string // how the page and Choose name the user
	Claims map[string]any
}

// Options shape a provider. ClientID, ClientSecret and RedirectURI are required: what an admin registered there.
type Options struct {
	Path         string // of the issuer behind the address: "/TENANT/v2.0" as at Microsoft; "" if there is none
	ClientID     string
	ClientSecret string
	RedirectURI  string
	Users        []User
	LeftOut      []string         // claims that ID tokens leave out, so that only the userinfo endpoint has them
	Clock        func() time.Time // nil means time.Now
	Log          *slog.Logger
}

// Server is one provider with one registered client. Its methods may be called from any goroutine.
type Server struct {
	*emulator.Host

	opt  Options
	page *template.Template

	mu     sync.Mutex
	keys   []key              // the last one signs
	asked  map[string]request // pages that somebody looks at, by the id in their form
	codes  map[string]grant   // by code
	access map[string]User    // by access token
	forge  Forgery
	down   bool
	tokens int // ID tokens that were given
}

// request is what a client asked for.
type request struct{ redirect, state, nonce, challenge string }

// grant is what a code stands for.
type grant struct {
	request

	user    User
	expires time.Time
}

// New makes a provider. Start must be called before anybody can ask it, Close ends it.
func New(o Options) *Server {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}

	s := &Server{
		Host: emulator.NewHost("oidcfake", o.Log), opt: o, page: template.Must(template.New("page").Parse(page)),
		keys: []key{{id: "first", private: firstKey()}}, asked: map[string]request{}, codes: map[string]grant{}, access: map[string]User{},
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

// Issuer is how the provider calls itself.
func (s *Server) Issuer() string { return s.URL() + s.opt.Path }

// Register replaces the address to which the client's users are sent back.
func (s *Server) Register(redirect string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opt.RedirectURI = redirect
}

// SetDown lets the provider answer everything with 503, or ends that.
func (s *Server) SetDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// Rotate signs with a new key from now on. The old ones are gone at once.
func (s *Server) Rotate(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = []key{newKey(name)}
}

// Tokens counts the ID tokens that were given.
func (s *Server) Tokens() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens
}

func (s *Server) isDown() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down
}

// unlessDown answers with 503 while SetDown says so.
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

// findUser finds a user by ID. It returns false if there is none.
func (s *Server) findUser(id string) (User, bool) {
	i := slices.IndexFunc(s.opt.Users, func(u User) bool { return u.ID == id })
	if i < 0 {
		return User{}, false
	}
	return s.opt.Users[i], true
}
