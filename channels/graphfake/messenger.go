package graphfake

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// PageConfig describes a Facebook Page.
type PageConfig struct {
	ID   string // "" means that AddPage chooses one
	Name string
	// HumanAgent means that the app has the feature of that name: agents may reply for seven days instead of one.
	HumanAgent bool
	// NoProfiles means that the app lacks the feature Business Asset User Profile Access, so that it can't read profiles.
	NoProfiles bool
}

// Page emulates a Facebook Page with Messenger: what the app can do with it by the Graph API. The people who write to it are
// PageCustomers. Methods whose names end in Locked must be called with ground.mu held.
type Page struct {
	g      *ground
	config PageConfig

	// Guarded by g.mu.
	people []*PageCustomer      // those who have written
	saved  map[string]*pageFile // uploads by attachment id
}

// AddPage adds a Page. It sends no webhooks until Subscribe is called with its ID.
func (b *business) AddPage(c PageConfig) *Page {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.ID == "" {
		c.ID = b.newIDLocked()
	}
	p := &Page{g: b.ground, config: c, saved: map[string]*pageFile{}}
	b.nodes[c.ID] = p
	return p
}

// ID returns the Page's id.
func (p *Page) ID() string { return p.config.ID }

func (p *Page) ownerID() string { return p.config.ID }

func (p *Page) objectKind() string { return pageObject }

func (p *Page) findRoute(method, edge string) (route, bool) {
	switch method + " " + edge {
	case "GET ":
		return route{"messenger.page", p.describe}, true
	case "POST messages":
		return route{"messenger.messages", p.postMessage}, true
	case "POST message_attachments":
		return route{"messenger.attachments", p.upload}, true
	case "GET conversations":
		return route{"messenger.conversations", p.listConversations}, true
	case "GET subscribed_apps":
		return route{"messenger.subscribed_apps", p.subscribedApps}, true
	case "POST subscribed_apps":
		return route{"messenger.subscribed_apps", p.subscribeApp}, true
	}

	return route{}, false
}

// describe returns the fields of the Page that the caller requests.
// Source: Graph API, "Page".
func (p *Page) describe(c *call) (any, *APIError) {
	return nodeFields{kind: "Page", id: p.config.ID, defaults: "name", all: map[string]any{
		"name": p.config.Name, "category": "Business", "about": nil, "access_token": nil, "link": nil, "username": nil,
	}}.choose(c)
}

// subscribedApps returns the app and its webhook fields, if it is subscribed to the Page.
func (p *Page) subscribedApps(*call) (any, *APIError) {
	h := p.g.hooks
	h.mu.Lock()
	defer h.mu.Unlock()
	data := []any{}
	if sub, ok := h.subs[p.config.ID]; ok {
		fields := sub.fields
		if len(fields) == 0 {
			fields = pageFields()
		}
		data = append(data, map[string]any{
			"id": p.g.opts.AppID, "name": "Test app", "category": "Business", "subscribed_fields": fields,
		})
	}
	return map[string]any{"data": data}, nil
}

// subscribeApp sets the webhook fields that the app gets from the Page.
func (p *Page) subscribeApp(c *call) (any, *APIError) {
	var in struct {
		Fields names `json:"subscribed_fields"`
	}
	if err := c.readBody(&in); err != nil {
		return nil, err
	}
	isUnknown := func(field string) bool { return !slices.Contains(pageFields(), field) }
	if len(in.Fields) == 0 || slices.ContainsFunc(in.Fields, isUnknown) {
		return nil, invalidParameter("Param subscribed_fields must be one of {%s}", strings.Join(pageFields(), ", "))
	}

	p.g.mu.Lock()
	callback := p.g.apps[pageObject].callback
	p.g.mu.Unlock()
	h := p.g.hooks
	h.mu.Lock()
	defer h.mu.Unlock()
	sub, isSubscribed := h.subs[p.config.ID]
	if isSubscribed || callback != "" {
		h.subs[p.config.ID] = subscription{url: cmp.Or(sub.url, callback), fields: in.Fields}
	}

	return map[string]any{"success": true}, nil
}

// notifyLocked queues a webhook with one event. Its route for faults is "hook.messenger."+what. It is sent only if the app is
// subscribed to the webhook field.
func (p *Page) notifyLocked(what, field string, item map[string]any) {
	at := p.g.clock().UnixMilli()
	p.g.hooks.notify(field, hook{
		route: "hook.messenger." + what, object: pageObject, entry: p.config.ID, key: "messaging", at: at, item: item,
	})
}

func (g *ground) newMessageIDLocked() string { return "m_" + g.randomWordLocked(40) }

func (c *PageCustomer) findRoute(method, edge string) (route, bool) {
	if method == http.MethodGet && edge == "" {
		return route{"messenger.profile", c.getProfile}, true
	}
	return route{}, false
}

func (c *PageCustomer) ownerID() string { return c.page.config.ID }

// getProfile returns the fields of the person's profile that the caller requests.
// Source: Messenger Platform, "User Profile API".
func (c *PageCustomer) getProfile(k *call) (any, *APIError) {
	c.page.g.mu.Lock()
	defer c.page.g.mu.Unlock()

	if c.page.config.NoProfiles {
		return nil, unsupportedError(k.req.Method, c.id)
	}
	first, last, _ := strings.Cut(c.name, " ")
	return nodeFields{kind: "User", id: c.id, defaults: "first_name,last_name,profile_pic", all: map[string]any{
		"name": c.name, "first_name": first, "last_name": last,
		"profile_pic": "https://platform-lookaside.fbsbx.com/platform/profilepic/?psid=" + c.id,
	}}.choose(k)
}
