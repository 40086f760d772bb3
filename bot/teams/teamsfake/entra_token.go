package teamsfake

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"parley/channels/emulator"
)

// APIs for which the bot may request tokens.
const (
	ScopeBot   = "https://api.botframework.com"
	ScopeGraph = "https://graph.microsoft.com"
)

// issued describes an access token that was issued to the bot.
type issued struct {
	scope   string // ScopeBot or ScopeGraph
	expires time.Time
}

// Entra grants permissions, issues access tokens to the bot, and signs requests to the bot. The fields are guarded by the
// lock that all parts of the emulator share (Ground.Mu).
type Entra struct {
	*Ground
	journal     *Journal // records calls
	keys        keyring
	signing     Token             // the kind of token for requests to the bot
	tokens      map[string]issued // by token
	permissions map[string]bool
}

// NewEntra makes an Entra. Requests to the bot get valid tokens, or none if Options.Unsigned is set. Call Reset and Start before
// using it.
func NewEntra(ground *Ground, journal *Journal) *Entra {
	e := &Entra{Ground: ground, journal: journal}
	if ground.Opt.Unsigned {
		e.signing = TokenNone
	}
	return e
}

// Start makes the first signing key. Errors: those of the operating system's random numbers.
func (e *Entra) Start() error {
	const keepOld = false
	return e.keys.rotate("key-first", keepOld)
}

// HasPermission reports whether the app has a permission. The caller holds the lock.
func (e *Entra) HasPermission(permission string) bool { return e.permissions[permission] }

// Permissions lists the permissions that the app has, sorted. The caller holds the lock.
func (e *Entra) Permissions() []string {
	var granted []string
	for permission, isGranted := range e.permissions {
		if isGranted {
			granted = append(granted, permission)
		}
	}
	slices.Sort(granted)
	return granted
}

// Sign returns the Authorization header for a request to the bot, with the kind of token that SetTokens chose.
// Errors: those of making keys.
func (e *Entra) Sign(serviceURL string) (string, error) {
	e.Mu.Lock()
	kind := e.signing
	e.Mu.Unlock()
	return e.Authorization(kind, serviceURL)
}

// Reset grants the permissions in Options and revokes all tokens. The caller holds the lock.
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

// SetRSC grants or revokes ChannelMessage.Read.Group, a resource-specific consent. With it the bot receives all messages of
// its channels, without it only those that mention the bot.
func (e *Entra) SetRSC(on bool) {
	e.Mu.Lock()
	defer e.Mu.Unlock()
	e.permissions[PermitMessages] = on
}

// Routes adds the routes of Entra's token endpoint and metadata, and of the Bot Framework's metadata.
func (e *Entra) Routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /login/{tenant}/oauth2/v2.0/token", e.journal.Handle("token", e.giveToken))
	mux.HandleFunc("GET /login/{tenant}/v2.0/.well-known/openid-configuration", e.journal.Handle("discovery", e.discover))
	mux.HandleFunc("GET /login/{tenant}/discovery/v2.0/keys", e.journal.Handle("discovery.keys", e.listKeys))
	mux.HandleFunc("GET /botframework/v1/.well-known/openidconfiguration", e.journal.Handle("openid", e.openID))
	mux.HandleFunc("GET /botframework/v1/.well-known/keys", e.journal.Handle("keys", e.listKeys))
}

// frameworkTenant is the Bot Framework's own tenant. It doesn't issue tokens to an app of a single organisation.
const frameworkTenant = "botframework.com"

// Entra's error numbers.
// Source: learn.microsoft.com/entra/identity-platform/reference-error-codes, read 2026-11.
const (
	errMissingParameter = 900144
	errGrantType        = 70003
	errUnknownApp       = 700016
	errUnknownTenant    = 90002
	errSecret           = 7000215
	errScope            = 70011
)

// giveToken issues an access token in return for the app's secret (OAuth's client credentials grant).
// Source: Entra, "OAuth 2.0 client credentials flow", read 2026-11.
func (e *Entra) giveToken(w http.ResponseWriter, r *http.Request) {
	e.Mu.Lock()
	defer e.Mu.Unlock()

	if err := r.ParseForm(); err != nil {
		e.refuseToken(w, http.StatusBadRequest, "invalid_request", errMissingParameter, err.Error())
		return
	}

	organisation, form := r.PathValue("tenant"), r.PostForm.Get
	id, secret := emulator.OAuthClient(r)

	scope, isDefault := strings.CutSuffix(form("scope"), "/.default")
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
	case !isDefault || !slices.Contains([]string{ScopeBot, ScopeGraph}, scope):
		e.refuseToken(w, http.StatusBadRequest, "invalid_scope", errScope, "The provided value for the input parameter 'scope' is not valid.")
	default:
		token := e.issueToken(scope)
		WriteJSON(w, http.StatusOK, Object{
			"token_type":     "Bearer",
			"expires_in":     int(e.Opt.TokenLife.Seconds()),
			"ext_expires_in": int(e.Opt.TokenLife.Seconds()),
			"access_token":   token,
		})
	}
}

// tokenIDLength is the length of the claim uti, a unique id of the token.
const tokenIDLength = 22

// issueToken makes and records an access token. The caller holds the lock.
func (e *Entra) issueToken(scope string) string {
	now := e.Opt.SignClock()
	end := now.Add(e.Opt.TokenLife)
	k := e.keys.currentKey()
	token := k.signRS256(encode(Object{"typ": "JWT", "alg": "RS256", "kid": k.id}, Object{
		"aud": scope, "iss": "https://sts.windows.net/" + e.Opt.TenantID + "/", "tid": e.Opt.TenantID, "appid": e.Opt.AppID,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": end.Unix(), "uti": e.NewID("token")[:tokenIDLength], "roles": e.grantedRoles(scope),
	}))
	e.tokens[token] = issued{scope: scope, expires: end}
	return token
}

// grantedRoles returns the permissions that a token lists. Only an administrator's grants are listed; those of a team's owner
// (….Group) aren't. The caller holds the lock.
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

// refuseToken answers a request for a token with an error of Entra. number is one of Entra's error numbers.
func (e *Entra) refuseToken(w http.ResponseWriter, status int, code string, number int, text string) {
	at, trace := e.Now().UTC().Format("2006-01-02 15:04:05Z"), e.GUID("trace")
	WriteJSON(w, status, Object{
		"error": code, "error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %[3]s Timestamp: %s", number, text, trace, at),
		"error_codes": []int{number}, "timestamp": at, "trace_id": trace, "correlation_id": trace,
	})
}

// RevokeTokens makes all access tokens invalid that were issued so far.
func (e *Entra) RevokeTokens() {
	e.Mu.Lock()
	defer e.Mu.Unlock()
	clear(e.tokens)
}

// IsAuthorized reports whether a call has a valid token for an API, ScopeBot or ScopeGraph. The caller holds the lock.
func (e *Entra) IsAuthorized(r *http.Request, scope string) bool {
	token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	info, isKnown := e.tokens[token]
	if !isBearer || !isKnown {
		return false
	}
	return info.scope == scope && e.Opt.SignClock().Before(info.expires)
}

// IsPermitted reports whether the app may make a call of Graph that needs a permission. It also accepts wider permissions:
// writing files includes reading them, and reading all files includes those of single sites. The caller holds the lock.
func (e *Entra) IsPermitted(permission string) bool {
	switch permission {
	case PermitSites:
		return e.permissions[PermitSites] || e.IsPermitted(PermitFilesRead)
	case PermitFilesRead:
		return e.permissions[PermitFilesRead] || e.permissions[PermitFilesWrite]
	}
	return e.permissions[permission]
}
