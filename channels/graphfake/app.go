package graphfake

import (
	"slices"

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
	return []string{
		"account_alerts", "account_review_update", "account_update",
		"message_template_components_update", "message_template_quality_update", "message_template_status_update",
		"messages", "phone_number_name_update", "phone_number_quality_update", "security", "smb_message_echoes",
		"template_category_update", "user_preferences",
	}
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
		"name":      "Acme Help",
		"category":  "Business",
		"link":      "https://www.facebook.com/games/?app_id=" + n.a.opts.AppID,
		"namespace": nil,
	}}.choose(c)
}

func needsAppError() *APIError {
	return &APIError{Code: codes.NeedsApp, Message: "This method must be called with an app access_token."}
}

func (n appNode) listSubscriptions(c *call) (any, *APIError) {
	if !c.asApp {
		return nil, needsAppError()
	}

	n.a.mu.Lock()
	defer n.a.mu.Unlock()
	data := []any{}
	for _, object := range []string{pageObject, businessObject} {
		if h, ok := n.a.apps[object]; ok {
			data = append(data, h.describe(object))
		}
	}

	return map[string]any{"data": data}, nil
}

func (h appHook) describe(object string) map[string]any {
	fields := []any{}
	for _, f := range h.fields {
		fields = append(fields, map[string]any{"name": f, "version": "v26.0"})
	}
	return map[string]any{"object": object, "callback_url": h.callback, "active": true, "fields": fields}
}

// subscribe changes the app's subscription to a kind of object. The callback must answer the challenge.
func (n appNode) subscribe(c *call) (any, *APIError) {
	if !c.asApp {
		return nil, needsAppError()
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
		return nil, invalidParameter("Param object must be one of {page, whatsapp_business_account}")
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
