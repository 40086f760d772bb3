package graphfake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

// This file has the access tokens. A token has a list of nodes that it gives access to, and scopes, which are the kinds of calls
// that it permits: sending WhatsApp messages requires whatsapp_business_messaging.

// grant is what an access token permits.
type grant struct {
	revoked bool
	nodes   []string // ids of numbers, business accounts and Pages; empty means all
	scopes  []string // nil means all
	expires time.Time
	page    bool // it is the token of a Page, the first one of nodes
}

// includes reports whether the token gives access to a node.
func (g *grant) includes(id string) bool { return len(g.nodes) == 0 || slices.Contains(g.nodes, id) }

// AllowToken adds an access token for the nodes with these ids (numbers, business accounts, Pages); none means all.
func (a *api) AllowToken(token string, ids ...string) {
	a.change(func() { a.tokens[token] = &grant{nodes: slices.Clone(ids)} })
}

// RevokeToken makes calls with a token fail with code 190, until it is allowed again.
func (a *api) RevokeToken(token string) {
	a.change(func() {
		if g := a.tokens[token]; g != nil {
			g.revoked = true
		}
	})
}

// TokenOptions are the properties of an access token.
type TokenOptions struct {
	IDs     []string  // of numbers, business accounts and Pages; none means all
	Scopes  []string  // nil means all
	Expires time.Time // zero means never
	Page    bool      // it is the token of the Page IDs[0]
}

// AllowTokenFor adds an access token.
func (a *api) AllowTokenFor(token string, o TokenOptions) {
	a.change(func() {
		a.tokens[token] = &grant{nodes: slices.Clone(o.IDs), scopes: o.Scopes, expires: o.Expires, page: o.Page}
	})
}

func allScopes() []string {
	return []string{
		"whatsapp_business_management",
		"whatsapp_business_messaging",
		"pages_messaging",
		"pages_manage_metadata",
		"pages_read_engagement",
		"public_profile",
	}
}

func (g *grant) scopeNames() []string {
	if g.scopes == nil {
		return allScopes()
	}
	return g.scopes
}

// scopeOf returns the scope that a kind of call requires; "" means none.
func scopeOf(route string) string {
	switch route {
	case "whatsapp.messages", "whatsapp.upload":
		return "whatsapp_business_messaging"
	case "whatsapp.waba", "whatsapp.numbers", "whatsapp.number.update", "whatsapp.register",
		"whatsapp.subscriptions", "whatsapp.subscribe", "whatsapp.unsubscribe",
		"whatsapp.templates", "whatsapp.template", "whatsapp.template.create", "whatsapp.template.edit", "whatsapp.template.delete":
		return "whatsapp_business_management"
	case "messenger.subscribed_apps":
		return "pages_manage_metadata"
	case "messenger.messages", "messenger.attachments", "messenger.conversations", "messenger.profile":
		return "pages_messaging"
	}
	return ""
}

// checkToken refuses a call without a token, or with one that is unknown or revoked.
func checkToken(token string, g *grant) *APIError {
	switch {
	case token == "":
		return tokenError(NoToken, 0, "An access token is required to request this resource.")
	case g == nil:
		return tokenError(Token, 0, "Invalid OAuth access token - Cannot parse access token")
	case g.revoked:
		return tokenError(Token, SubRevoked, "Error validating access token: The session has been invalidated.")
	}
	return nil
}

func tokenError(code, subcode int, text string) *APIError {
	return &APIError{Status: http.StatusUnauthorized, Code: code, Subcode: subcode, Message: text}
}

// findRefusalLocked returns the reason why a known token doesn't permit a call, or nil.
func (a *api) findRefusalLocked(g *grant, token string, rt route, c *call) *APIError {
	scope := scopeOf(rt.name)
	proof := c.args.Text("appsecret_proof")
	switch {
	case proof == "" && a.needsProof && !c.asApp:
		return badProofError("API calls from the server require an appsecret_proof argument")
	case !g.expires.IsZero() && !a.clock().Before(g.expires):
		return tokenError(Token, SubExpired, "Error validating access token: Session has expired.")
	case proof != "" && proof != proofOf(token, a.opts.AppSecret):
		return badProofError("Invalid appsecret_proof provided in the API argument")
	case scope != "" && !slices.Contains(g.scopeNames(), scope):
		return &APIError{
			Status:  http.StatusForbidden,
			Code:    Permissions,
			Message: "Requires " + scope + " permission to manage the object.",
		}
	}
	return nil
}

func badProofError(text string) *APIError {
	return &APIError{Code: Invalid, Type: "GraphMethodException", Message: text}
}

// RequireProof makes the app require an appsecret_proof in every call, like the setting "Require App Secret" in its dashboard.
func (a *api) RequireProof() { a.change(func() { a.needsProof = true }) }

// proofOf returns the value of appsecret_proof, which proves that the owner of a token also knows the app's secret.
func proofOf(token, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(token))
	return hex.EncodeToString(mac.Sum(nil))
}

// asAppLocked reports whether a token is the app's own, "id|secret". It returns an error if only the id is right.
func (a *api) asAppLocked(token string) (isApp bool, refused *APIError) {
	secret, claims := strings.CutPrefix(token, a.opts.AppID+"|")
	if !claims {
		return false, nil
	}
	if secret != a.opts.AppSecret {
		return false, &APIError{Code: Token, Message: "Invalid OAuth access token signature."}
	}
	return true, nil
}

// debugToken returns the properties of a token. Only the app itself may call it. Source: Graph API, "debug_token".
func (a *api) debugToken(c *call) (any, *APIError) {
	if !c.asApp {
		return nil, invalidParameter("You must provide an app access token, or a user access token that is an owner or developer of the app")
	}

	a.mu.Lock()
	defer a.mu.Unlock()
	g := a.tokens[c.req.Query.Get("input_token")]
	if g == nil || g.revoked {
		return map[string]any{"data": map[string]any{
			"is_valid": false,
			"scopes":   []string{},
			"error": map[string]any{
				"code":    Token,
				"message": "Invalid OAuth access token - Cannot parse access token",
			},
		}}, nil
	}

	data := map[string]any{
		"app_id":          a.opts.AppID,
		"application":     "Acme Help",
		"type":            "SYSTEM_USER",
		"is_valid":        true,
		"expires_at":      0,
		"scopes":          g.scopeNames(),
		"granular_scopes": a.listTargetsLocked(g),
	}
	if g.page {
		data["type"], data["profile_id"] = "PAGE", g.nodes[0]
	}
	if !g.expires.IsZero() {
		data["expires_at"] = g.expires.Unix()
		data["is_valid"] = a.clock().Before(g.expires)
	}
	return map[string]any{"data": data}, nil
}

// listTargetsLocked returns the scopes of a token. Those of WhatsApp include the business accounts that they are limited to.
func (a *api) listTargetsLocked(g *grant) []any {
	var wabas []string
	for _, id := range g.nodes {
		if _, ok := a.nodes[id].(*waba); ok {
			wabas = append(wabas, id)
		}
	}

	list := []any{}
	for _, s := range g.scopeNames() {
		one := map[string]any{"scope": s}
		if strings.HasPrefix(s, "whatsapp_") && wabas != nil {
			one["target_ids"] = wabas
		}
		list = append(list, one)
	}
	return list
}
