// Package entra stands in for Entra, Microsoft's service for identities, and for the Bot Framework's signing of
// requests. It grants permissions to the app, gives it access tokens, and signs what is sent to the bot.
//
// What does not belong here: what a permission lets the app do.
package entra

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"parley/bot/teams/teamsfake/calls"
	"parley/bot/teams/teamsfake/tenant"
)

// object is JSON that is built or looked into by key.
type object = tenant.Object

// Audiences of the tokens that the bot may ask for.
const (
	ScopeBot   = "https://api.botframework.com"
	ScopeGraph = "https://graph.microsoft.com"
)

// issued is an access token that was given to the bot. scope is the service for which it is valid.
type issued struct {
	scope   string
	expires time.Time
}

// Entra grants permissions, gives the bot access tokens, and signs requests to the bot. The lock guards it.
type Entra struct {
	*tenant.Ground
	journal     *calls.Journal
	keys        keyring
	signing     Token
	tokens      map[string]issued
	permissions map[string]bool
}

// New makes an Entra. Requests to the bot get good tokens, or none if Options.Unsigned is set. Call Reset and Start
// before using it.
func New(g *tenant.Ground, j *calls.Journal) *Entra {
	e := &Entra{Ground: g, journal: j}
	if g.Opt.Unsigned {
		e.signing = TokenNone
	}
	return e
}

// Start makes the first signing key. Errors: those of the machine's randomness.
func (e *Entra) Start() error {
	const keepOld = false
	return e.keys.rotate("key-first", keepOld)
}

// HasPermission reports whether the app has a permission. Caller holds the lock.
func (e *Entra) HasPermission(permission string) bool { return e.permissions[permission] }

// Permissions lists the permissions that the app has, sorted. Caller holds the lock.
func (e *Entra) Permissions() []string {
	var out []string
	for p, granted := range e.permissions {
		if granted {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out
}

// Sign returns the Authorization header for an activity that people cause, with the kind of token that SetTokens
// chose.
// Errors: those of making keys.
func (e *Entra) Sign(serviceURL string) (string, error) {
	e.Mu.Lock()
	kind := e.signing
	e.Mu.Unlock()
	return e.Authorization(kind, serviceURL)
}

// Reset grants what Options say and forgets all tokens. Caller holds the lock.
func (e *Entra) Reset() {
	e.tokens, e.permissions = map[string]issued{}, map[string]bool{}
	for _, p := range e.Opt.Permissions {
		e.permissions[p] = true
	}
}

// Permit replaces the granted permissions, as if an admin had consented to another version of the app.
func (e *Entra) Permit(permissions ...string) {
	e.Mu.Lock()
	defer e.Mu.Unlock()
	e.permissions = map[string]bool{}
	for _, p := range permissions {
		e.permissions[p] = true
	}
}

// SetRSC grants or withdraws ChannelMessage.Read.Group. With that permission the bot gets all messages of its
// channels, and without it only those that mention the bot.
func (e *Entra) SetRSC(on bool) {
	e.Mu.Lock()
	defer e.Mu.Unlock()
	e.permissions[tenant.PermitMessages] = on
}

// Routes are the token endpoint, Entra's metadata, and the Bot Framework's.
func (e *Entra) Routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /login/{tenant}/oauth2/v2.0/token", e.journal.Handle("token", e.giveToken))
	mux.HandleFunc("GET /login/{tenant}/v2.0/.well-known/openid-configuration", e.journal.Handle("discovery", e.discover))
	mux.HandleFunc("GET /login/{tenant}/discovery/v2.0/keys", e.journal.Handle("discovery.keys", e.listKeys))
	mux.HandleFunc("GET /botframework/v1/.well-known/openidconfiguration", e.journal.Handle("openid", e.openID))
	mux.HandleFunc("GET /botframework/v1/.well-known/keys", e.journal.Handle("keys", e.listKeys))
}

// frameworkTenant is the Bot Framework's own tenant, from which an app of one organisation gets no tokens.
const frameworkTenant = "botframework.com"

// Numbers of Entra's refusals.
// Source: learn.microsoft.com/entra/identity-platform/reference-error-codes, read 2026-11.
const (
	errMissingParameter = 900144
	errGrantType        = 70003
	errUnknownApp       = 700016
	errUnknownTenant    = 90002
	errSecret           = 7000215
	errScope            = 70011
)

// giveToken gives the bot an access token in return for its secret (OAuth's client credentials grant).
// Source: Entra, "OAuth 2.0 client credentials flow", read 2026-11.
func (e *Entra) giveToken(w http.ResponseWriter, r *http.Request) {
	e.Mu.Lock()
	defer e.Mu.Unlock()

	if err := r.ParseForm(); err != nil {
		e.refuseToken(w, http.StatusBadRequest, "invalid_request", errMissingParameter, err.Error())
		return
	}

	organisation, form := r.PathValue("tenant"), r.PostForm.Get
	id, secret := form("client_id"), form("client_secret")
	if user, pass, ok := r.BasicAuth(); ok {
		id, secret = user, pass
	}

	scope, plain := strings.CutSuffix(form("scope"), "/.default")
	switch {
	case form("grant_type") == "":
		e.refuseToken(w, http.StatusBadRequest, "invalid_request", errMissingParameter,
			"The request body must contain the following parameter: 'grant_type'.")
	case form("grant_type") != "client_credentials":
		e.refuseToken(w, http.StatusBadRequest, "unsupported_grant_type", errGrantType, "The app requested an unsupported grant type.")
	case organisation == frameworkTenant:
		e.refuseToken(w, http.StatusBadRequest, "unauthorized_client", errUnknownApp,
			"Application with identifier '"+id+"' was not found in the directory 'Bot Framework'.")
	case organisation != e.Opt.TenantID:
		e.refuseToken(w, http.StatusBadRequest, "invalid_request", errUnknownTenant, "Tenant '"+organisation+"' not found.")
	case id != e.Opt.AppID:
		e.refuseToken(w, http.StatusBadRequest, "unauthorized_client", errUnknownApp,
			"Application with identifier '"+id+"' was not found in the directory.")
	case secret != e.Opt.AppPassword:
		e.refuseToken(w, http.StatusUnauthorized, "invalid_client", errSecret,
			"Invalid client secret provided. "+
				"Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '"+id+"'.")
	case !plain || !slices.Contains([]string{ScopeBot, ScopeGraph}, scope):
		e.refuseToken(w, http.StatusBadRequest, "invalid_scope", errScope, "The provided value for the input parameter 'scope' is not valid.")
	default:
		token := e.issueToken(scope)
		calls.WriteJSON(w, http.StatusOK, object{
			"token_type":     "Bearer",
			"expires_in":     int(e.Opt.TokenLife.Seconds()),
			"ext_expires_in": int(e.Opt.TokenLife.Seconds()),
			"access_token":   token,
		})
	}
}

// tokenIDLength is the length of the claim uti, which differs between all tokens.
const tokenIDLength = 22

// issueToken makes an access token. Caller holds the lock.
func (e *Entra) issueToken(scope string) string {
	now := e.Opt.SignClock()
	end := now.Add(e.Opt.TokenLife)
	k := e.keys.currentKey()
	token := k.signRS256(encode(object{"typ": "JWT", "alg": "RS256", "kid": k.id}, object{
		"aud": scope, "iss": "https://sts.windows.net/" + e.Opt.TenantID + "/", "tid": e.Opt.TenantID, "appid": e.Opt.AppID,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": end.Unix(), "uti": e.NewID("token")[:tokenIDLength], "roles": e.grantedRoles(scope),
	}))
	e.tokens[token] = issued{scope: scope, expires: end}
	return token
}

// grantedRoles returns the permissions that stand in a token: those that an admin has granted. Those of a team's
// owner (….Group) stand in none. The caller holds the lock.
func (e *Entra) grantedRoles(scope string) []string {
	roles := []string{}
	if scope != ScopeGraph {
		return roles
	}
	for p, isGranted := range e.permissions {
		if isGranted && !strings.HasSuffix(p, ".Group") {
			roles = append(roles, p)
		}
	}
	slices.Sort(roles)
	return roles
}

// refuseToken answers as Entra does. number is that of the refusal in its documentation.
func (e *Entra) refuseToken(w http.ResponseWriter, status int, code string, number int, text string) {
	at, trace := e.Now().UTC().Format("2006-01-02 15:04:05Z"), e.GUID("trace")
	calls.WriteJSON(w, status, object{
		"error": code, "error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %[3]s Timestamp: %s", number, text, trace, at),
		"error_codes": []int{number}, "timestamp": at, "trace_id": trace, "correlation_id": trace,
	})
}

// RevokeTokens makes every access token that was given out so far invalid.
func (e *Entra) RevokeTokens() {
	e.Mu.Lock()
	defer e.Mu.Unlock()
	clear(e.tokens)
}

// IsAuthorized reports whether a call has a valid token for a service. The caller holds the lock.
func (e *Entra) IsAuthorized(r *http.Request, scope string) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	got, isKnown := e.tokens[token]
	if !ok || !isKnown {
		return false
	}
	return got.scope == scope && e.Opt.SignClock().Before(got.expires)
}

// IsPermitted reports whether a call of Graph that needs this permission may be made. A wider permission will do: the
// one to write for reading, and the one for all files for those of named sites. The caller holds the lock.
func (e *Entra) IsPermitted(permission string) bool {
	switch permission {
	case tenant.PermitSites:
		return e.permissions[tenant.PermitSites] || e.IsPermitted(tenant.PermitFilesRead)
	case tenant.PermitFilesRead:
		return e.permissions[tenant.PermitFilesRead] || e.permissions[tenant.PermitFilesWrite]
	}
	return e.permissions[permission]
}
