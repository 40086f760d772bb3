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

// This file emulates the WhatsApp numbers of a business, as Meta's Graph API shows them. An app sends messages with
// "POST /{number}/messages". Customers' messages, and delivery reports, are sent to its webhooks. A number belongs to a
// WhatsApp business account (waba.go). Methods whose names end in Locked must be called with ground.mu held.

// Meta's rate limits, see NumberConfig.
const (
	defaultPairBurst = 45
	defaultPerSecond = 80
)

// userIDPattern matches the id of a customer who hides her phone number from businesses: "US.13491208655302741918".
var userIDPattern = regexp.MustCompile(`^[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}$`)

// NumberConfig describes a number and its behaviour.
type NumberConfig struct {
	ID      string // phone_number_id; "" means that AddNumber chooses one
	WABA    string // id of its WhatsApp business account; "" means that AddNumber creates one
	Display string // "+15550100"
	Name    string // verified_name; "" means "Acme"
	// PairBurst is how many messages can be sent to one customer at once. After these, the limit is one message every six
	// seconds. 0 means Meta's limit of 45; -1 means no limit.
	PairBurst int
	PerSecond int // messages per second to all customers; 0 means Meta's limit of 80; -1 means no limit
	// FailLater accepts messages outside the reply window, and reports the failure in a webhook. Otherwise the call fails.
	FailLater bool
	New       bool // the number isn't registered with the Cloud API yet
}

// Number is a WhatsApp number of the business.
type Number struct {
	g         *ground
	cfg       NumberConfig
	waba      *waba
	customers []*Customer
	messages  []*Message  // from both sides, oldest first
	sentAt    []time.Time // of messages in the last second, for PerSecond
	override  string      // callback for webhooks about its messages; "" means that of its business account
}

// AddNumber adds a number, and its business account if that doesn't exist yet.
func (b *business) AddNumber(cfg NumberConfig) *Number {
	b.mu.Lock()
	defer b.mu.Unlock()

	if cfg.ID == "" {
		cfg.ID = b.newIDLocked()
	}
	if cfg.WABA == "" {
		cfg.WABA = b.newIDLocked()
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

func (n *Number) ownerID() string { return n.cfg.ID }

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
	}

	return route{}, false
}

// get returns the fields of the number that the caller requests.
func (n *Number) get(c *call) (any, *APIError) {
	n.g.mu.Lock()
	defer n.g.mu.Unlock()
	return n.fieldsLocked().choose(c)
}

// update sets or removes the number's own callback for webhooks about its messages. A new callback must return a challenge
// that is sent with the verify token in the call.
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

// fieldsLocked returns the fields of the number. Source: facebook/openapi, GET /{Phone-Number-ID}.
func (n *Number) fieldsLocked() nodeFields {
	status := "CONNECTED"
	if n.cfg.New {
		status = "PENDING"
	}

	return nodeFields{
		kind:     "WhatsAppBusinessPhoneNumber",
		id:       n.cfg.ID,
		defaults: "display_phone_number,verified_name,quality_rating",
		all: map[string]any{
			"display_phone_number":  n.cfg.Display,
			"platform_type":         "CLOUD_API",
			"quality_rating":        "GREEN",
			"status":                status,
			"verified_name":         n.cfg.Name,
			"webhook_configuration": n.callbacksLocked(),
		},
	}
}

// callbacksLocked returns the callbacks that are set for the number, its business account and the app. Meta uses the first
// one in this order.
func (n *Number) callbacksLocked() map[string]any {
	all := map[string]string{
		"phone_number":              n.override,
		"whatsapp_business_account": n.waba.override,
		"application":               n.g.apps[businessObject].callback,
	}

	set := map[string]any{}
	for level, callback := range all {
		if callback != "" {
			set[level] = callback
		}
	}
	return set
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

// notifyMessagesLocked queues a webhook about messages of the number.
func (n *Number) notifyMessagesLocked(routeName string, value map[string]any) {
	value["messaging_product"] = "whatsapp"
	value["metadata"] = map[string]any{"display_phone_number": digitsOf(n.cfg.Display), "phone_number_id": n.cfg.ID}
	n.waba.notifyAt(n.override, routeName, "messages", value)
}

// messageIDLocked returns an id for a new message to or from a phone number.
func (g *ground) messageIDLocked(phone string) string {
	content := fmt.Sprintf("\x1d\x04\x1d%s%s%06d", phone, g.randomWordLocked(12), g.serialLocked())
	return "wamid." + base64.StdEncoding.EncodeToString([]byte(content))
}

// serialLocked returns the next serial number. Messages are numbered in the order in which they were sent.
func (g *ground) serialLocked() int64 {
	g.serial++
	return g.serial
}

// findLocked returns a message by its id, or nil.
func (n *Number) findLocked(id string) *Message {
	i := slices.IndexFunc(n.messages, func(m *Message) bool { return m.ID == id })
	if i < 0 {
		return nil
	}
	return n.messages[i]
}

// digitsOf returns only the digits of s: "15550100" for "+1 555 0100".
func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
