package graphfake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"parley/channels/graphfake/arguments"
	"parley/channels/graphfake/codes"
)

// Kinds of objects to which an app can subscribe.
const (
	pageObject     = "page"
	businessObject = "whatsapp_business_account"
)

// appHook is the app's subscription to one kind of object.
type appHook struct {
	callback, verify string
	fields           []string
}

// objectFields returns the webhook fields of a kind of object that this emulator knows.
func objectFields(object string) []string {
	if object == pageObject {
		return pageFields()
	}
	return []string{"account_alerts", "account_review_update", "account_update", "message_template_components_update", "message_template_quality_update",
		"message_template_status_update", "messages", "phone_number_name_update", "phone_number_quality_update", "security", "smb_message_echoes",
		"template_category_update", "user_preferences"}
}

// pageFields returns the webhook fields of Messenger that this emulator knows.
func pageFields() []string {
	return []string{"messages", "messaging_postbacks", "message_echoes", "message_deliveries", "message_reads",
		"message_reactions", "message_edits", "messaging_referrals", "messaging_policy_enforcement", "standby"}
}

// subject is a node to which an app can subscribe.
type subject interface {
	// objectKind is the kind of object that the node is.
	objectKind() string
}

// isPage reports whether a node is a Page.
func isPage(n node) bool {
	s, ok := n.(subject)
	return ok && s.objectKind() == pageObject
}

// appNode is the app itself.
type appNode struct{ a *api }

func (n appNode) openerID() string { return n.a.opts.AppID }

func (n appNode) findRoute(method, edge string) (route, bool) {
	switch method + " " + edge {
	case "GET ":
		return route{"app", n.describe}, true
	case "GET subscriptions":
		return route{"app.subscriptions", n.listSubscriptions}, true
	case "POST subscriptions":
		return route{"app.subscribe", n.subscribe}, true
	}
	return route{}, false
}

// describe answers with the fields of the app that the caller asks for.
func (n appNode) describe(c *call) (any, *APIError) {
	return nodeFields{kind: "Application", id: n.a.opts.AppID, usual: "name,category,link", all: map[string]any{
		"name": "Acme Help", "category": "Business", "link": "https://www.facebook.com/games/?app_id=" + n.a.opts.AppID, "namespace": nil,
	}}.choose(c)
}

func (n appNode) listSubscriptions(c *call) (any, *APIError) {
	if !c.asApp {
		return nil, &APIError{Code: codes.NeedsApp, Message: "This method must be called with an app access_token."}
	}

	n.a.mu.Lock()
	defer n.a.mu.Unlock()
	data := []any{}
	for _, object := range []string{pageObject, businessObject} {
		h, ok := n.a.apps[object]
		if !ok {
			continue
		}

		fields := []any{}
		for _, f := range h.fields {
			fields = append(fields, map[string]any{"name": f, "version": "v26.0"})
		}

		data = append(data, map[string]any{"object": object, "callback_url": h.callback, "active": true, "fields": fields})
	}

	return map[string]any{"data": data}, nil
}

// subscribe changes the app's subscription to a kind of object. The callback must answer the challenge.
func (n appNode) subscribe(c *call) (any, *APIError) {
	if !c.asApp {
		return nil, &APIError{Code: codes.NeedsApp, Message: "This method must be called with an app access_token."}
	}

	var in struct {
		Object   string          `json:"object"`
		Callback string          `json:"callback_url"`
		Verify   string          `json:"verify_token"`
		Fields   arguments.Names `json:"fields"`
	}
	if err := c.readBody(&in); err != nil {
		return nil, err
	}
	if in.Object != pageObject && in.Object != businessObject {
		return nil, &APIError{Code: codes.Invalid, Message: "Param object must be one of {page, whatsapp_business_account}"}
	}

	if len(in.Fields) == 0 {
		return nil, invalidError("Param fields must be non-empty.")
	}
	for _, f := range in.Fields {
		if !slices.Contains(objectFields(in.Object), f) {
			return nil, invalidError("Param fields must not have " + f)
		}
	}

	if err := n.a.hooks.verifyCallback(c.r.Context(), in.Callback, in.Verify); err != nil {
		return nil, unverifiedError(err)
	}

	n.a.hooks.moveCallback(in.Object, appHook{in.Callback, in.Verify, in.Fields})
	return map[string]any{"success": true}, nil
}

// moveCallback changes the app's subscription to a kind of object. Objects that sent their webhooks to the app's earlier
// callback send them to the new one.
func (h *hooks) moveCallback(object string, to appHook) {
	h.g.mu.Lock()
	before, had := h.g.apps[object]
	h.g.apps[object] = to
	pages := map[string]bool{}
	for id, n := range h.g.nodes {
		pages[id] = isPage(n)
	}

	h.g.mu.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()

	for id, sub := range h.subs {
		followsApp := had && sub.url == before.callback
		isKind := pages[id] == (object == pageObject)
		if followsApp && isKind {
			sub.url = to.callback
			h.subs[id] = sub
		}
	}
}

// kindOf returns the kind of an object.
func (g *ground) kindOf(id string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if isPage(g.nodes[id]) {
		return pageObject
	}
	return businessObject
}

// TokenOptions say what an access token may do.
type TokenOptions struct {
	IDs     []string  // of the numbers, business accounts and Pages that it opens; none means all
	Scopes  []string  // nil means all
	Expires time.Time // zero means never
	Page    bool      // it is a Page's
}

// AllowTokenFor makes an access token.
func (a *api) AllowTokenFor(token string, o TokenOptions) {
	a.change(func() {
		a.tokens[token] = &grant{nodes: slices.Clone(o.IDs), scopes: o.Scopes, expires: o.Expires, page: o.Page}
	})
}

// allScopes returns the scopes that this emulator knows.
func allScopes() []string {
	return []string{"whatsapp_business_management", "whatsapp_business_messaging", "pages_messaging", "pages_manage_metadata", "pages_read_engagement", "public_profile"}
}

// scopeNames returns the scopes that were granted.
func (g *grant) scopeNames() []string {
	if g.scopes == nil {
		return allScopes()
	}
	return g.scopes
}

// scopeOf is the scope that a kind of call needs; "" means none.
func scopeOf(route string) string {
	switch route {
	case "whatsapp.messages", "whatsapp.upload":
		return "whatsapp_business_messaging"
	case "whatsapp.waba", "whatsapp.numbers", "whatsapp.subscriptions", "whatsapp.subscribe", "whatsapp.unsubscribe", "whatsapp.number.update", "whatsapp.register",
		"whatsapp.templates", "whatsapp.template", "whatsapp.template.create", "whatsapp.template.edit", "whatsapp.template.delete":
		return "whatsapp_business_management"
	case "messenger.subscribed_apps":
		return "pages_manage_metadata"
	case "messenger.messages", "messenger.attachments", "messenger.conversations", "messenger.profile":
		return "pages_messaging"
	}
	return ""
}

// findRefusalLocked returns why a token may not make a call, or nil.
func (a *api) findRefusalLocked(g *grant, token string, rt route, c *call) *APIError {
	scope := scopeOf(rt.name)
	proof := c.args.Text("appsecret_proof")
	switch {
	case proof == "" && a.needsProof && !c.asApp:
		return &APIError{Code: codes.Invalid, Type: "GraphMethodException", Message: "API calls from the server require an appsecret_proof argument"}
	case !g.expires.IsZero() && !a.clock().Before(g.expires):
		return &APIError{Status: http.StatusUnauthorized, Code: codes.Token, Subcode: codes.SubExpired, Message: "Error validating access token: Session has expired."}
	case proof != "" && proof != proofOf(token, a.opts.AppSecret):
		return &APIError{Code: codes.Invalid, Type: "GraphMethodException", Message: "Invalid appsecret_proof provided in the API argument"}
	case scope != "" && !slices.Contains(g.scopeNames(), scope):
		return &APIError{Status: http.StatusForbidden, Code: codes.Permissions, Message: "Requires " + scope + " permission to manage the object."}
	}
	return nil
}

// RequireProof makes the app demand the proof of its secret with every call, as "Require App Secret" does in its dashboard.
func (a *api) RequireProof() { a.change(func() { a.needsProof = true }) }

// proofOf returns the argument appsecret_proof: it shows that whoever has a token knows the app's secret, too.
func proofOf(token, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(token))
	return hex.EncodeToString(mac.Sum(nil))
}

// asAppLocked reports whether a token is the app's own ("id|secret"). It returns an error for one that has the app's id and another secret.
func (a *api) asAppLocked(token string) (isApp bool, refused *APIError) {
	secret, claims := strings.CutPrefix(token, a.opts.AppID+"|")
	if !claims {
		return false, nil
	}
	if secret != a.opts.AppSecret {
		return false, &APIError{Code: codes.Token, Message: "Invalid OAuth access token signature."}
	}
	return true, nil
}

// debugToken answers what a token may do. Only the app itself may ask.
// Source: Graph API, "debug_token".
func (a *api) debugToken(c *call) (any, *APIError) {
	if !c.asApp {
		return nil, &APIError{Code: codes.Invalid, Message: "You must provide an app access token, or a user access token that is an owner or developer of the app"}
	}

	a.mu.Lock()
	defer a.mu.Unlock()
	g := a.tokens[c.req.Query.Get("input_token")]
	if g == nil || g.revoked {
		return map[string]any{"data": map[string]any{"is_valid": false, "scopes": []string{},
			"error": map[string]any{"code": codes.Token, "message": "Invalid OAuth access token - Cannot parse access token"}}}, nil
	}

	data := map[string]any{"app_id": a.opts.AppID, "application": "Acme Help", "type": "SYSTEM_USER", "is_valid": true, "expires_at": 0, "scopes": g.scopeNames()}
	if g.page {
		data["type"], data["profile_id"] = "PAGE", g.nodes[0]
	}
	if !g.expires.IsZero() {
		data["expires_at"] = g.expires.Unix()
		data["is_valid"] = a.clock().Before(g.expires)
	}

	var wabas []string
	for _, id := range g.nodes {
		if _, ok := a.nodes[id].(*waba); ok {
			wabas = append(wabas, id)
		}
	}

	granular := []any{}
	for _, s := range g.scopeNames() {
		one := map[string]any{"scope": s}
		if strings.HasPrefix(s, "whatsapp_") && wabas != nil {
			one["target_ids"] = wabas
		}
		granular = append(granular, one)
	}

	data["granular_scopes"] = granular
	return map[string]any{"data": data}, nil
}
