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

// Entra grants permissions, gives the bot tokens and signs what is sent to it. Guarded by the lock.
type Entra struct {
	*ground
	journal     *journal
	keys        keyring
	signing     Token
	tokens      map[string]issued
	permissions map[string]bool
}

// reset grants what Options say and forgets all tokens. Caller holds the lock.
func (e *Entra) reset() {
	e.tokens, e.permissions = map[string]issued{}, map[string]bool{}
	for _, p := range e.opt.Permissions {
		e.permissions[p] = true
	}
}

// Permit replaces the granted permissions, as consent to another version of the app would.
func (e *Entra) Permit(permissions ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.permissions = map[string]bool{}
	for _, p := range permissions {
		e.permissions[p] = true
	}
}

// SetRSC grants or takes ChannelMessage.Read.Group alone: with it the bot gets every
// message of its channels, without only those that mention it.
func (e *Entra) SetRSC(on bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.permissions[PermitMessages] = on
}

func (e *Entra) routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /login/{tenant}/oauth2/v2.0/token", e.journal.call("token", e.giveToken))
	mux.HandleFunc("GET /botframework/v1/.well-known/openidconfiguration", e.journal.call("openid", e.openID))
	mux.HandleFunc("GET /botframework/v1/.well-known/keys", e.journal.call("keys", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, object{"keys": e.keys.list()})
	}))
}

// giveToken is the client credentials grant.
// Source: Entra, "OAuth 2.0 client credentials flow", read 2026-11.
func (e *Entra) giveToken(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := r.ParseForm(); err != nil {
		e.refuseToken(w, http.StatusBadRequest, "invalid_request", 900144, err.Error())
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
		e.refuseToken(w, http.StatusBadRequest, "invalid_request", 900144, "The request body must contain the following parameter: 'grant_type'.")
	case form("grant_type") != "client_credentials":
		e.refuseToken(w, http.StatusBadRequest, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
	case tenant == "botframework.com":
		e.refuseToken(w, http.StatusBadRequest, "unauthorized_client", 700016,
			"Application with identifier '"+id+"' was not found in the directory 'Bot Framework'.")
	case tenant != e.opt.TenantID:
		e.refuseToken(w, http.StatusBadRequest, "invalid_request", 90002, "Tenant '"+tenant+"' not found.")
	case id != e.opt.AppID:
		e.refuseToken(w, http.StatusBadRequest, "unauthorized_client", 700016, "Application with identifier '"+id+"' was not found in the directory.")
	case secret != e.opt.AppPassword:
		e.refuseToken(w, http.StatusUnauthorized, "invalid_client", 7000215,
			"Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '"+id+"'.")
	case !plain || scope != scopeBot && scope != scopeGraph:
		e.refuseToken(w, http.StatusBadRequest, "invalid_scope", 70011, "The provided value for the input parameter 'scope' is not valid.")
	default:
		token := e.issue(scope)
		writeJSON(w, http.StatusOK, object{
			"token_type": "Bearer", "expires_in": int(e.opt.TokenLife.Seconds()), "ext_expires_in": int(e.opt.TokenLife.Seconds()), "access_token": token,
		})
	}
}

// issue makes an access token. Caller holds the lock.
func (e *Entra) issue(scope string) string {
	now := e.opt.SignClock()
	end := now.Add(e.opt.TokenLife)
	k := e.keys.signer()
	token := k.rs256(encode(object{"typ": "JWT", "alg": "RS256", "kid": k.id}, object{
		"aud": scope, "iss": "https://sts.windows.net/" + e.opt.TenantID + "/", "tid": e.opt.TenantID, "appid": e.opt.AppID,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": end.Unix(), "uti": e.newID("token")[:22], "roles": e.roles(scope),
	}))
	e.tokens[token] = issued{scope: scope, expires: end}
	return token
}

// roles are what an admin granted the app; what owners of teams agreed to is in no token.
// Caller holds the lock.
func (e *Entra) roles(scope string) []string {
	roles := []string{}
	for p := range e.permissions {
		if e.permissions[p] && scope == scopeGraph && !strings.HasSuffix(p, ".Group") {
			roles = append(roles, p)
		}
	}
	slices.Sort(roles)
	return roles
}

func (e *Entra) refuseToken(w http.ResponseWriter, status int, code string, number int, text string) {
	at, trace := e.now().UTC().Format("2006-01-02 15:04:05Z"), e.guid("trace")
	writeJSON(w, status, object{
		"error": code, "error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %[3]s Timestamp: %s", number, text, trace, at),
		"error_codes": []int{number}, "timestamp": at, "trace_id": trace, "correlation_id": trace,
	})
}

// RevokeTokens makes every access token that was given out so far invalid.
func (e *Entra) RevokeTokens() {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.tokens)
}

// authorized checks the bearer token of a call for an audience. Caller holds the lock.
func (e *Entra) authorized(r *http.Request, scope string) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	got, known := e.tokens[token]
	return ok && known && got.scope == scope && e.opt.SignClock().Before(got.expires)
}

// openID is the Bot Framework's metadata. Its issuer differs from its address on purpose.
func (e *Entra) openID(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, object{
		"issuer": issuer, "authorization_endpoint": "https://invalid.botframework.com",
		"jwks_uri":                              e.host.URL() + "/botframework/v1/.well-known/keys",
		"id_token_signing_alg_values_supported": []string{"RS256"}, "token_endpoint_auth_methods_supported": []string{"private_key_jwt"},
	})
}
