package graphfake

import "slices"

// This file emulates the app: its description, and its subscriptions to webhooks. A company registers one app at Meta. For
// each kind of object, the app has one callback, the URL to which Meta sends webhooks about objects of that kind.

const (
	pageObject     = "page"
	businessObject = "whatsapp_business_account"
)

// appHook is the app's subscription to one kind of object.
type appHook struct {
	callback, verify string   // the callback's URL and its verify token
	fields           []string // names of the webhooks that are sent
}

// objectFields returns the webhook fields for a kind of object. A field is a type of webhook, such as "messages".
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

func pageFields() []string {
	return []string{"messages", "messaging_postbacks", "message_echoes", "message_deliveries", "message_reads",
		"message_reactions", "message_edits", "messaging_referrals", "messaging_policy_enforcement", "standby"}
}

// subscribable is a node to which an app can subscribe.
type subscribable interface {
	objectKind() string // pageObject or businessObject
}

func isPage(n node) bool {
	s, ok := n.(subscribable)
	return ok && s.objectKind() == pageObject
}

// appNode is the app as a node of the Graph API.
type appNode struct{ a *api }

func (n appNode) ownerID() string { return n.a.opts.AppID }

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

// describe returns the fields of the app that the caller requests.
func (n appNode) describe(c *call) (any, *APIError) {
	return nodeFields{kind: "Application", id: n.a.opts.AppID, defaults: "name,category,link", all: map[string]any{
		"name":      "Acme Help",
		"category":  "Business",
		"link":      "https://www.facebook.com/games/?app_id=" + n.a.opts.AppID,
		"namespace": nil,
	}}.choose(c)
}

func needsAppError() *APIError {
	return &APIError{Code: NeedsApp, Message: "This method must be called with an app access_token."}
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

// subscribe sets the app's subscription to a kind of object. The callback must return the challenge first.
func (n appNode) subscribe(c *call) (any, *APIError) {
	if !c.asApp {
		return nil, needsAppError()
	}

	var in struct {
		Object   string `json:"object"`
		Callback string `json:"callback_url"`
		Verify   string `json:"verify_token"`
		Fields   names  `json:"fields"`
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

// moveCallback replaces the app's subscription to a kind of object. Objects whose webhooks went to the app's previous
// callback use the new one.
func (h *hooks) moveCallback(object string, to appHook) {
	h.g.mu.Lock()
	previous, hadCallback := h.g.apps[object]
	h.g.apps[object] = to
	pages := map[string]bool{}
	for id, n := range h.g.nodes {
		pages[id] = isPage(n)
	}
	h.g.mu.Unlock()

	h.mu.Lock()
	defer h.mu.Unlock()
	for id, sub := range h.subs {
		followsApp := hadCallback && sub.url == previous.callback
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
