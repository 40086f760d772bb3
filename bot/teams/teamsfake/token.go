package teamsfake

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Audiences of the tokens that the bot may ask for.
const (
	scopeBot   = "https://api.botframework.com"
	scopeGraph = "https://graph.microsoft.com"
)

// issued is an access token that Entra gave out.
type issued struct {
	scope   string
	expires time.Time
}

func (s *Server) loginRoutes() {
	s.mux.HandleFunc("POST /login/{tenant}/oauth2/v2.0/token", s.call("token", s.giveToken))
	s.mux.HandleFunc("GET /botframework/v1/.well-known/openidconfiguration", s.call("openid", s.openID))
	s.mux.HandleFunc("GET /botframework/v1/.well-known/keys", s.call("keys", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, object{"keys": s.keys.list()})
	}))
}

// giveToken is the client credentials grant.
// Source: Entra, "OAuth 2.0 client credentials flow", read 2026-11.
func (s *Server) giveToken(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := r.ParseForm(); err != nil {
		s.refuseToken(w, http.StatusBadRequest, "invalid_request", 900144, err.Error())
		return
	}
	tenant, form := r.PathValue("tenant"), r.PostForm.Get
	id, secret := form("client_id"), form("client_secret")
	if user, pass, ok := r.BasicAuth(); ok {
		id, secret = user, pass
	}
	scope, plain := strings.CutSuffix(form("scope"), "/.default")
	switch {
	case form("grant_type") == "":
		s.refuseToken(w, http.StatusBadRequest, "invalid_request", 900144, "The request body must contain the following parameter: 'grant_type'.")
	case form("grant_type") != "client_credentials":
		s.refuseToken(w, http.StatusBadRequest, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
	case tenant == "botframework.com":
		s.refuseToken(w, http.StatusBadRequest, "unauthorized_client", 700016,
			"Application with identifier '"+id+"' was not found in the directory 'Bot Framework'.")
	case tenant != s.opt.TenantID:
		s.refuseToken(w, http.StatusBadRequest, "invalid_request", 90002, "Tenant '"+tenant+"' not found.")
	case id != s.opt.AppID:
		s.refuseToken(w, http.StatusBadRequest, "unauthorized_client", 700016, "Application with identifier '"+id+"' was not found in the directory.")
	case secret != s.opt.AppPassword:
		s.refuseToken(w, http.StatusUnauthorized, "invalid_client", 7000215,
			"Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '"+id+"'.")
	case !plain || scope != scopeBot && scope != scopeGraph:
		s.refuseToken(w, http.StatusBadRequest, "invalid_scope", 70011, "The provided value for the input parameter 'scope' is not valid.")
	default:
		token := s.issue(scope)
		writeJSON(w, http.StatusOK, object{
			"token_type": "Bearer", "expires_in": int(s.opt.TokenLife.Seconds()), "ext_expires_in": int(s.opt.TokenLife.Seconds()), "access_token": token,
		})
	}
}

// issue makes an access token. Caller holds s.mu.
func (s *Server) issue(scope string) string {
	now := s.opt.SignClock()
	end := now.Add(s.opt.TokenLife)
	k := s.keys.signer()
	token := k.rs256(encode(object{"typ": "JWT", "alg": "RS256", "kid": k.id}, object{
		"aud": scope, "iss": "https://sts.windows.net/" + s.opt.TenantID + "/", "tid": s.opt.TenantID, "appid": s.opt.AppID,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": end.Unix(), "uti": s.newID("token")[:22], "roles": s.roles(scope),
	}))
	s.tokens[token] = issued{scope: scope, expires: end}
	return token
}

// roles are what an admin granted the app; what owners of teams agreed to is in no token.
// Caller holds s.mu.
func (s *Server) roles(scope string) []string {
	roles := []string{}
	for p := range s.permissions {
		if s.permissions[p] && scope == scopeGraph && !strings.HasSuffix(p, ".Group") {
			roles = append(roles, p)
		}
	}
	slices.Sort(roles)
	return roles
}

func (s *Server) refuseToken(w http.ResponseWriter, status int, code string, number int, text string) {
	at, trace := s.now().UTC().Format("2006-01-02 15:04:05Z"), s.guid("trace")
	writeJSON(w, status, object{
		"error": code, "error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %[3]s Timestamp: %s", number, text, trace, at),
		"error_codes": []int{number}, "timestamp": at, "trace_id": trace, "correlation_id": trace,
	})
}

// RevokeTokens makes every access token that was given out so far invalid.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// authorized checks the bearer token of a call for an audience. Caller holds s.mu.
func (s *Server) authorized(r *http.Request, scope string) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	got, known := s.tokens[token]
	return ok && known && got.scope == scope && s.opt.SignClock().Before(got.expires)
}

// openID is the Bot Framework's metadata. Its issuer differs from its address on purpose.
func (s *Server) openID(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, object{
		"issuer": issuer, "authorization_endpoint": "https://invalid.botframework.com",
		"jwks_uri":                              s.URL() + "/botframework/v1/.well-known/keys",
		"id_token_signing_alg_values_supported": []string{"RS256"}, "token_endpoint_auth_methods_supported": []string{"private_key_jwt"},
	})
}
