package graphfake

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// userIDPattern is a business-scoped user id.
var userIDPattern = regexp.MustCompile(`^[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}$`)

// NumberConfig is a WhatsApp number of the business.
type NumberConfig struct {
	ID      string // phone_number_id; "" means an invented one
	WABA    string // its business account; "" means an invented one
	Display string // "+15550100"
	Name    string // verified_name
	// PairBurst is how many messages one customer may get at once; then one every six
	// seconds. 0 means 45, as Meta allows; -1 means no limit.
	PairBurst int
	// PerSecond is how many messages the number may send in a second. 0 means 80; -1 means no limit.
	PerSecond int
	// FailLater lets a closed window and unknown customers show only in a failed status, not in the answer.
	FailLater bool
	// New says that the number isn't registered with the Cloud API yet.
	New bool
	// NoProfile leaves customers' phone numbers and names out of webhooks: only user ids.
	NoProfile bool
}

// Paces that Meta allows.
const (
	defaultPairBurst = 45
	defaultPerSecond = 80
)

// Number is a WhatsApp number of the business.
type Number struct {
	g         *ground
	cfg       NumberConfig
	waba      *waba
	customers []*Customer
	messages  []*Message // in the order of sending, from both sides
	sentAt    []time.Time
	override  string // the callback that is set for the number; "" if none is
}

// business is what the app's owner has at Meta: numbers, Pages, files and templates.
type business struct{ *ground }

// AddNumber adds a number, and its business account if that is new.
func (b *business) AddNumber(cfg NumberConfig) *Number {
	b.mu.Lock()
	defer b.mu.Unlock()

	if cfg.ID == "" {
		cfg.ID = b.newID()
	}
	if cfg.WABA == "" {
		cfg.WABA = b.newID()
	}

	cfg.PairBurst = cmp.Or(cfg.PairBurst, defaultPairBurst)
	cfg.PerSecond = cmp.Or(cfg.PerSecond, defaultPerSecond)
	cfg.Name = cmp.Or(cfg.Name, "Acme")
	n := &Number{g: b.ground, cfg: cfg, waba: b.wabaLocked(cfg.WABA)}
	n.waba.numbers = append(n.waba.numbers, n)
	b.nodes[cfg.ID] = n
	b.Poke()
	return n
}

func (n *Number) openerID() string { return n.cfg.ID }

func (n *Number) findRoute(method, edge string) (route, bool) {
	switch method + " " + edge {
	case "GET ":
		return route{"whatsapp.number", n.get}, true
	case "POST ":
		return route{"whatsapp.number.update", n.update}, true
	case "POST register":
		return route{"whatsapp.register", n.register}, true
	case "POST messages":
		return route{"whatsapp.messages", n.postMessage}, true
	case "POST media":
		return route{"whatsapp.upload", n.upload}, true
	case "GET message_history":
		return route{"whatsapp.history", n.listHistory}, true
	}

	return route{}, false
}

// get answers with the fields of the number that the caller asks for.
func (n *Number) get(c *call) (any, *APIError) {
	n.g.mu.Lock()
	defer n.g.mu.Unlock()
	return n.fields().choose(c)
}

// update gives the number a callback of its own, which comes before all others.
// Source: Cloud API, "Webhook overrides".
func (n *Number) update(c *call) (any, *APIError) {
	var in struct {
		Hooks struct {
			Callback string `json:"override_callback_uri"`
			Verify   string `json:"verify_token"`
		} `json:"webhook_configuration"`
	}
	if err := c.readBody(&in); err != nil {
		return nil, err
	}

	if in.Hooks.Callback != "" {
		if err := n.g.hooks.verifyCallback(c.r.Context(), in.Hooks.Callback, in.Hooks.Verify); err != nil {
			return nil, unverifiedError(err)
		}
	}

	n.g.change(func() { n.override = in.Hooks.Callback })
	return map[string]any{"success": true}, nil
}

// fields returns what Graph tells of the number. Called under the lock.
// Source: facebook/openapi, GET /{Phone-Number-ID} and /{WABA-ID}/phone_numbers; Parley also asks for platform_type and
// webhook_configuration.
func (n *Number) fields() nodeFields {
	status := "CONNECTED"
	if n.cfg.New {
		status = "PENDING"
	}

	hooks := map[string]any{} // where the number's webhooks go
	places := map[string]string{"phone_number": n.override, "whatsapp_business_account": n.waba.override,
		"application": n.g.apps[businessObject].callback}
	for name, at := range places {
		if at != "" {
			hooks[name] = at
		}
	}

	const usual = "display_phone_number,verified_name,quality_rating"
	return nodeFields{kind: "WhatsAppBusinessPhoneNumber", id: n.cfg.ID, usual: usual, all: map[string]any{
		"display_phone_number": n.cfg.Display, "verified_name": n.cfg.Name, "quality_rating": "GREEN", "status": status,
		"platform_type": "CLOUD_API", "host_platform": "CLOUD_API", "webhook_configuration": hooks, "name_status": "APPROVED",
		"code_verification_status": "VERIFIED", "account_mode": "LIVE", "country_code": nil, "country_dial_code": nil,
		"unified_cert_status": nil, "messaging_limit_tier": nil, "is_official_business_account": nil, "username": nil,
	}}
}

// register registers the number with the Cloud API. Source: Cloud API, "Register a business phone number".
func (n *Number) register(c *call) (any, *APIError) {
	var in struct {
		Product string `json:"messaging_product"`
		PIN     string `json:"pin"`
	}
	if err := c.readBody(&in); err != nil {
		return nil, err
	}
	isPIN := len(in.PIN) == 6 && digitsOf(in.PIN) == in.PIN
	if in.Product != "whatsapp" || !isPIN {
		return nil, invalidError("The parameter pin must have 6 digits.")
	}
	n.g.change(func() { n.cfg.New = false })
	return map[string]any{"success": true}, nil
}

// metadataFields returns what webhooks say of the number.
func (n *Number) metadataFields() map[string]any {
	return map[string]any{"display_phone_number": digitsOf(n.cfg.Display), "phone_number_id": n.cfg.ID}
}

// notifyMessages queues a webhook about messages of the number. It goes to the number's own callback, if it has one.
func (n *Number) notifyMessages(routeName string, value map[string]any) {
	value["messaging_product"], value["metadata"] = "whatsapp", n.metadataFields()
	n.waba.notifyAt(n.override, routeName, "messages", value)
}

// listHistory answers what became of a message. Source: facebook/openapi, message_history.
func (n *Number) listHistory(c *call) (any, *APIError) {
	n.g.mu.Lock()
	defer n.g.mu.Unlock()
	wanted := c.req.Query.Get("message_id")
	data := []any{}
	for _, m := range n.messages {
		isWanted := wanted == "" || wanted == m.ID
		if m.FromCustomer || !isWanted {
			continue
		}

		events := []any{}
		for i, t := range m.ticks {
			if t.state != TickAccepted {
				events = append(events, map[string]any{"id": fmt.Sprintf("%d%03d", m.serial, i), "delivery_status": strings.ToUpper(string(t.state)),
					"timestamp": t.at.Unix(), "webhook_update_state": "DELIVERED"})
			}
		}

		data = append(data, map[string]any{"id": fmt.Sprint(m.serial), "message_id": m.ID, "events": map[string]any{"data": events}})
	}

	return map[string]any{"data": data}, nil
}

// messageID makes the id of a message. Called under the lock.
func (g *ground) messageID(phone string) string {
	return "wamid." + base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf("\x1d\x04\x1d%s%s%06d", phone, g.randomWord(12), g.serialLocked())))
}

// serialLocked returns the next number of a count over all messages. Called under the lock.
func (g *ground) serialLocked() int64 {
	g.serial++
	return g.serial
}

// findLocked returns the message with an id, nil if there is none.
func (n *Number) findLocked(id string) *Message {
	i := slices.IndexFunc(n.messages, func(m *Message) bool { return m.ID == id })
	if i < 0 {
		return nil
	}
	return n.messages[i]
}

// digitsOf returns the digits in a text, such as a phone number without + and spaces.
func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// waba is a WhatsApp business account.
type waba struct {
	b         *business
	id        string
	numbers   []*Number
	templates []*Template
	override  string // the callback that is set for the business account; "" if none is
}

// wabaLocked finds or makes a business account. Called under the lock.
func (b *business) wabaLocked(id string) *waba {
	if w, ok := b.nodes[id].(*waba); ok {
		return w
	}
	w := &waba{b: b, id: id}
	b.nodes[id] = w
	return w
}

func (w *waba) openerID() string { return w.id }

func (w *waba) findRoute(method, edge string) (route, bool) {
	switch method + " " + edge {
	case "GET ":
		return route{"whatsapp.waba", w.get}, true
	case "GET phone_numbers":
		return route{"whatsapp.numbers", w.listNumbers}, true
	case "GET subscribed_apps":
		return route{"whatsapp.subscriptions", w.listApps}, true
	case "POST subscribed_apps":
		return route{"whatsapp.subscribe", w.subscribe}, true
	case "DELETE subscribed_apps":
		return route{"whatsapp.unsubscribe", w.unsubscribeApp}, true
	case "GET message_templates":
		return route{"whatsapp.templates", w.listTemplates}, true
	case "POST message_templates":
		return route{"whatsapp.template.create", w.createTemplate}, true
	case "DELETE message_templates":
		return route{"whatsapp.template.delete", w.deleteTemplate}, true
	}

	return route{}, false
}

// get answers with the fields of the business account that the caller asks for.
// Source: facebook/openapi, GET /{WABA-ID} and /{WhatsApp-Business-Account-ID}.
func (w *waba) get(c *call) (any, *APIError) {
	return nodeFields{kind: "WhatsAppBusinessAccount", id: w.id, usual: "name,currency,timezone_id", all: map[string]any{
		"name": "Acme", "currency": "USD", "timezone_id": "1", "account_review_status": "APPROVED",
		"message_template_namespace": nil, "business_verification_status": nil, "country": nil, "ownership_type": nil,
		"primary_business_location": nil,
	}}.choose(c)
}

func (w *waba) listNumbers(c *call) (any, *APIError) {
	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	data := []any{}
	for _, n := range w.numbers {
		one, err := n.fields().choose(c)
		if err != nil {
			return nil, err
		}
		data = append(data, one)
	}
	return map[string]any{"data": data}, nil
}

// notify queues a webhook about the business account itself. It goes to the app's callback even if the business account
// has a callback of its own, because that takes only webhooks about messages.
func (w *waba) notify(routeName, field string, value map[string]any) {
	to := ""
	if w.override != "" {
		to = w.b.apps[businessObject].callback
		if to == "" {
			return
		}
	}
	w.notifyAt(to, routeName, field, value)
}

// notifyAt queues a webhook to a callback; "" means the callback of the subscription.
func (w *waba) notifyAt(to, routeName, field string, value map[string]any) {
	w.b.hooks.notify(field, hook{route: routeName, to: to, object: businessObject, entry: w.id, key: "changes", at: w.b.clock().Unix(),
		item: map[string]any{"field": field, "value": value}})
}

// listApps lists the app, if it is subscribed.
func (w *waba) listApps(*call) (any, *APIError) {
	_, ok := w.b.hooks.findSubscription(w.id)
	if !ok {
		return map[string]any{"data": []any{}}, nil
	}
	app := map[string]any{"whatsapp_business_api_data": map[string]any{"id": w.b.opts.AppID, "name": "Parley", "link": "https://www.facebook.com/games/?app_id=" + w.b.opts.AppID}}
	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	if w.override != "" {
		app["override_callback_uri"] = w.override
	}
	return map[string]any{"data": []any{app}}, nil
}

// subscribe subscribes the app: to its own callback (AppCallback), or to one that the
// request names and that must prove that it knows the token.
func (w *waba) subscribe(c *call) (any, *APIError) {
	var in struct {
		Callback string `json:"override_callback_uri"`
		Token    string `json:"verify_token"`
	}
	if err := c.readBody(&in); err != nil {
		return nil, err
	}

	w.b.mu.Lock()
	to, token := w.b.apps[businessObject].callback, w.b.apps[businessObject].verify
	w.b.mu.Unlock()

	if in.Callback != "" {
		to, token = in.Callback, in.Token
	}
	if len(to) > 200 {
		return nil, invalidError("override_callback_uri has at most 200 characters.")
	}
	if to == "" {
		return nil, invalidError("The app has no callback URL.")
	}
	if err := w.b.hooks.subscribeAt(c.r.Context(), w.id, to, token); err != nil {
		return nil, unverifiedError(err)
	}

	w.b.change(func() { w.override = in.Callback })
	return map[string]any{"success": true}, nil
}

func (w *waba) unsubscribeApp(*call) (any, *APIError) {
	w.b.hooks.Unsubscribe(w.id)
	w.b.change(func() { w.override = "" })
	return map[string]any{"success": true}, nil
}

// ForgetApp removes the callbacks that were set for the app, as if its dashboard had never been filled in.
func (b *business) ForgetApp() { b.change(func() { clear(b.apps) }) }

// AppCallback sets the app's own callback for WhatsApp, as the App Dashboard does; objects that
// subscribe without naming another send their webhooks there.
func (b *business) AppCallback(callback, verifyToken string) {
	b.change(func() {
		b.apps[businessObject] = appHook{callback: callback, verify: verifyToken, fields: objectFields(businessObject)}
	})
}
