package graphfake

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// PageConfig is a Facebook Page.
type PageConfig struct {
	ID   string // "" means a new one
	Name string
	// HumanAgent says that the app has the feature of that name: people may answer until
	// the seventh day.
	HumanAgent bool
	// NoProfiles says that the app may not read profiles: it lacks the feature Business Asset User Profile Access.
	NoProfiles bool
}

// Page is a Facebook Page of the app with the people who write to it.
type Page struct {
	g      *ground
	config PageConfig

	// Guarded by g.mu.
	people     []*PageCustomer
	saved      map[string]*pageFile // uploads by attachment id
	standby    bool
	restricted bool
}

// AddPage makes a Page. What it tells goes nowhere until Subscribe with its ID.
func (b *business) AddPage(c PageConfig) *Page {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.ID == "" {
		c.ID = b.number()
	}
	p := &Page{g: b.ground, config: c, saved: map[string]*pageFile{}}
	b.nodes[c.ID] = p
	return p
}

// ID of the Page.
func (p *Page) ID() string { return p.config.ID }

// Customers lists the people who have written, in the order of their first appearance.
func (p *Page) Customers() []*PageCustomer {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	return slices.Clone(p.people)
}

// SetStandby lets another app hold all conversations: this one only listens.
func (p *Page) SetStandby(on bool) { p.g.change(func() { p.standby = on }) }

// SetRestricted lets Facebook block the Page's messages, as for bad quality, or unblock them, and tell so.
func (p *Page) SetRestricted(on bool) {
	measure := map[string]any{"action": "unblock"}
	if on {
		measure = map[string]any{"action": "block", "reason": "The Page violated our Platform Policies. Common violations include sending out excessive spammy messages."}
	}
	p.g.change(func() {
		p.restricted = on
		p.tell("policy", "messaging_policy_enforcement", map[string]any{"recipient": map[string]any{"id": p.config.ID},
			"timestamp": p.g.clock().UnixMilli(), "policy_enforcement": measure})
	})
}

// SetHumanAgent gives the app the feature Human Agent, or takes it away.
func (p *Page) SetHumanAgent(on bool) { p.g.change(func() { p.config.HumanAgent = on }) }

func (p *Page) opener() string { return p.config.ID }

// object implements subject.
func (p *Page) object() string { return pageObject }

// route implements node.
func (p *Page) route(method, edge string) (route, bool) {
	switch method + " " + edge {
	case "GET ":
		return route{"messenger.page", p.about}, true
	case "POST messages":
		return route{"messenger.messages", p.messages}, true
	case "POST message_attachments":
		return route{"messenger.attachments", p.upload}, true
	case "GET conversations":
		return route{"messenger.conversations", p.conversations}, true
	case "GET subscribed_apps":
		return route{"messenger.subscribed_apps", p.subscribedApps}, true
	case "POST subscribed_apps":
		return route{"messenger.subscribed_apps", p.subscribeApp}, true
	}
	return route{}, false
}

func (p *Page) about(*call) (any, *APIError) {
	return map[string]any{"id": p.config.ID, "name": p.config.Name}, nil
}

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
		data = append(data, map[string]any{"id": p.g.opts.AppID, "name": "Test app", "category": "Business", "subscribed_fields": fields})
	}
	return map[string]any{"data": data}, nil
}

func (p *Page) subscribeApp(c *call) (any, *APIError) {
	var fields []string
	for _, f := range strings.Split(c.req.Query.Get("subscribed_fields"), ",") {
		if f = strings.TrimSpace(f); !slices.Contains(pageFields(), f) {
			return nil, &APIError{Code: 100, Message: "Param subscribed_fields must be one of {" + strings.Join(pageFields(), ", ") + "}"}
		}
		fields = append(fields, f)
	}
	p.g.mu.Lock()
	callback := p.g.apps[pageObject].callback
	p.g.mu.Unlock()
	h := p.g.hooks
	h.mu.Lock()
	defer h.mu.Unlock()
	if sub, ok := h.subs[p.config.ID]; ok || callback != "" {
		h.subs[p.config.ID] = subscription{cmp.Or(sub.url, callback), fields}
	}
	return map[string]any{"success": true}, nil
}

// tell sends one messaging event to whoever subscribed. Called under the lock.
func (p *Page) tell(what, field string, item map[string]any) {
	at := p.g.clock().UnixMilli()
	key := "messaging"
	if p.standby {
		key = "standby"
	}
	p.g.hooks.notify("hook.messenger."+what, "page", p.config.ID, key, field, at, item)
}

// mid makes the id of a message. Called under the lock.
func (g *ground) mid() string { return "m_" + g.word(40) }

// route implements node for a person: her profile.
func (c *PageCustomer) route(method, edge string) (route, bool) {
	if method == http.MethodGet && edge == "" {
		return route{"messenger.profile", c.profile}, true
	}
	return route{}, false
}

func (c *PageCustomer) opener() string { return c.page.config.ID }

// profile answers with the fields that were asked for.
// Source: Messenger Platform, "User Profile API".
func (c *PageCustomer) profile(k *call) (any, *APIError) {
	c.page.g.mu.Lock()
	defer c.page.g.mu.Unlock()
	switch {
	case c.page.config.NoProfiles:
		return nil, unsupported(k.req.Method, c.id)
	case c.private:
		return nil, &APIError{Code: 100, Subcode: 2018218, Message: "No profile available for this user."}
	}
	first, last, _ := strings.Cut(c.name, " ")
	all := map[string]any{"name": c.name, "first_name": first, "last_name": last, "profile_pic": "https://platform-lookaside.fbsbx.com/platform/profilepic/?psid=" + c.id}
	fields := k.req.Query.Get("fields")
	if fields == "" {
		fields = "first_name,last_name,profile_pic"
	}
	answer := map[string]any{"id": c.id}
	for f := range strings.SplitSeq(fields, ",") {
		switch value, ok := all[f]; {
		case ok && value != "":
			answer[f] = value
		case !ok && f != "id":
			return nil, &APIError{Code: 100, Message: "Tried accessing nonexisting field (" + f + ") on node type (User)"}
		}
	}
	return answer, nil
}

// pageFile is a file that somebody sent, and where the CDN serves it.
type pageFile struct {
	id, kind, name, contentType string
	content                     []byte
	expires                     time.Time
}

// cdnLife is how long the address of a file works.
const cdnLife = 24 * time.Hour

// cdnURL is where a file is, for a while. Called under the lock.
func (p *Page) cdnURL(f *pageFile) string {
	f.expires = p.g.clock().Add(cdnLife)
	p.g.nodes["cdn:"+f.id] = cdnNode{p, f}
	return p.g.host.URL() + "/cdn/" + f.id + "/" + f.name
}

// cdnNode serves a file to whoever knows its address, without a token.
type cdnNode struct {
	p *Page
	f *pageFile
}

func (n cdnNode) opener() string { return n.p.config.ID }

func (n cdnNode) route(method, _ string) (route, bool) {
	return route{"messenger.cdn", n.serve}, method == http.MethodGet
}

func (n cdnNode) serve(c *call) (any, *APIError) {
	n.p.g.mu.Lock()
	gone := !n.p.g.clock().Before(n.f.expires)
	n.p.g.mu.Unlock()
	if c.after(c.r.Context()) {
		return nil, nil
	}
	if gone {
		c.req.Status = http.StatusForbidden
		http.Error(c.w, "URL signature expired", http.StatusForbidden)
		return nil, nil
	}
	c.req.Status = http.StatusOK
	c.w.Header().Set("Content-Type", n.f.contentType)
	c.w.Header().Set("Content-Length", strconv.Itoa(len(n.f.content)))
	_, _ = c.w.Write(n.f.content)
	return nil, nil
}
