package twiliofake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// This file imitates Twilio's APIs for the company's senders: phone numbers, short codes, WhatsApp senders, and messaging services, which
// are pools of senders. Each has a webhook that Twilio calls for incoming messages. The company looks its senders up and changes their
// webhooks.

// Service is a messaging service of the company.
type Service struct {
	SID, Name string
	Webhook   string   // the URL that is called for incoming messages; "" if there is none
	OnNumber  bool     // the webhooks of the senders are called instead
	Numbers   []string // the addresses of the senders
}

// The prefix of a sender's id identifies its kind.
const (
	numberPrefix    = "PN"
	shortCodePrefix = "SC"
	whatsAppPrefix  = "XE"
)

// kindPrefix returns the prefix of the sender's id.
func (n *Number) kindPrefix() string {
	switch {
	case strings.HasPrefix(n.Address, waPrefix):
		return whatsAppPrefix
	case !strings.HasPrefix(n.Address, "+"):
		return shortCodePrefix
	}
	return numberPrefix
}

// sidOf returns the id of the i-th of the company's senders.
func (g *ground) sidOf(i int) string {
	return fmt.Sprintf("%s%032x", g.opt.Numbers[i].kindPrefix(), i+1)
}

// findSenderLocked returns the index of the sender with an id, if it is of the kind with this prefix, or -1.
func (g *ground) findSenderLocked(prefix, sid string) int {
	for i := range g.opt.Numbers {
		if g.opt.Numbers[i].kindPrefix() == prefix && g.sidOf(i) == sid {
			return i
		}
	}
	return -1
}

// senderRowsLocked returns the JSON objects of all senders of a kind whose address contains part. Twilio's filters also match parts of
// numbers.
func (g *ground) senderRowsLocked(prefix, part string, rowOf func(i int) map[string]any) []any {
	rows := []any{}
	for i := range g.opt.Numbers {
		n := &g.opt.Numbers[i]
		if n.kindPrefix() == prefix && strings.Contains(n.Address, part) {
			rows = append(rows, rowOf(i))
		}
	}
	return rows
}

// findWebhookLocked returns the webhook that is called for messages to one of the company's senders, or "".
func (g *ground) findWebhookLocked(n *Number) string {
	for _, s := range g.opt.Services {
		for _, address := range s.Numbers {
			if address == n.Address && !s.OnNumber {
				return s.Webhook
			}
		}
	}
	if n.App != "" {
		return "" // a TwiML application handles them instead
	}
	return n.Webhook
}

// serviceOfLocked returns the id of the messaging service to which a sender belongs, or "".
func (g *ground) serviceOfLocked(address string) string {
	for _, s := range g.opt.Services {
		if slices.Contains(s.Numbers, address) {
			return s.SID
		}
	}
	return ""
}

// listNumbers handles a request for the list of phone numbers.
func (a *webAPI) listNumbers(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	answer(w, http.StatusOK, map[string]any{
		"incoming_phone_numbers": a.senderRowsLocked(numberPrefix, r.URL.Query().Get("PhoneNumber"), a.numberRowLocked),
		"page":                   0,
		"page_size":              50,
		"next_page_uri":          nil,
	})
}

func (a *webAPI) numberRowLocked(i int) map[string]any {
	n := a.opt.Numbers[i]
	row := map[string]any{
		"sid":                 a.sidOf(i),
		"account_sid":         a.opt.AccountSID,
		"phone_number":        n.Address,
		"sms_url":             n.Webhook,
		"sms_method":          cmp.Or(n.Method, "POST"),
		"sms_application_sid": nil,
		"capabilities":        map[string]any{"sms": !n.NoSMS, "mms": n.MMS, "voice": true, "fax": false},
	}
	if n.App != "" {
		row["sms_application_sid"] = n.App
	}
	return row
}

// updateNumber changes the webhook or the TwiML application of a phone number.
// Source: Twilio, "IncomingPhoneNumber resource".
func (a *webAPI) updateNumber(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, codeInvalid, "Unreadable form")
		return
	}

	a.mu.Lock()
	defer a.mu.Unlock()
	i := a.findSenderLocked(numberPrefix, strings.TrimSuffix(r.PathValue("number"), ".json"))
	if i < 0 {
		refuseUnknown(w)
		return
	}

	webhook := r.PostForm.Get("SmsUrl")
	isHTTP := strings.HasPrefix(webhook, "http://") || strings.HasPrefix(webhook, "https://")
	if webhook != "" && !isHTTP {
		refuse(w, http.StatusBadRequest, codeBadWebhook, "SmsUrl is not a valid URL")
		return
	}

	n := &a.opt.Numbers[i]
	setIfGiven(r, "SmsUrl", &n.Webhook)
	setIfGiven(r, "SmsMethod", &n.Method)
	setIfGiven(r, "SmsApplicationSid", &n.App)
	a.Poke()
	answer(w, http.StatusOK, a.numberRowLocked(i))
}

// listShortCodes handles a request for the list of short codes.
// Source: Twilio, "ShortCode resource".
func (a *webAPI) listShortCodes(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	answer(w, http.StatusOK, map[string]any{
		"short_codes":   a.senderRowsLocked(shortCodePrefix, r.URL.Query().Get("ShortCode"), a.shortCodeRowLocked),
		"page":          0,
		"page_size":     50,
		"next_page_uri": nil,
	})
}

func (a *webAPI) shortCodeRowLocked(i int) map[string]any {
	n := a.opt.Numbers[i]
	return map[string]any{
		"sid":         a.sidOf(i),
		"account_sid": a.opt.AccountSID,
		"short_code":  n.Address,
		"sms_url":     n.Webhook,
		"sms_method":  cmp.Or(n.Method, "POST"),
	}
}

// updateShortCode changes the webhook of a short code.
func (a *webAPI) updateShortCode(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, codeInvalid, "Unreadable form")
		return
	}

	a.mu.Lock()
	defer a.mu.Unlock()
	i := a.findSenderLocked(shortCodePrefix, strings.TrimSuffix(r.PathValue("code"), ".json"))
	if i < 0 {
		refuseUnknown(w)
		return
	}

	n := &a.opt.Numbers[i]
	setIfGiven(r, "SmsUrl", &n.Webhook)
	setIfGiven(r, "SmsMethod", &n.Method)
	a.Poke()
	answer(w, http.StatusOK, a.shortCodeRowLocked(i))
}

// setIfGiven sets a value if the form has a field with that name. As at Twilio, an empty field clears it.
func setIfGiven(r *http.Request, name string, value *string) {
	if r.PostForm.Has(name) {
		*value = r.PostForm.Get(name)
	}
}

// findServiceLocked returns the messaging service with an id, or nil.
func (g *ground) findServiceLocked(sid string) *Service {
	for i := range g.opt.Services {
		if g.opt.Services[i].SID == sid {
			return &g.opt.Services[i]
		}
	}
	return nil
}

// asRow returns a messaging service as the API shows it.
func (s *Service) asRow() map[string]any {
	return map[string]any{
		"sid":                           s.SID,
		"friendly_name":                 s.Name,
		"inbound_request_url":           s.Webhook,
		"inbound_method":                "POST",
		"use_inbound_webhook_on_number": s.OnNumber,
	}
}

func (a *webAPI) getService(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.findServiceLocked(r.PathValue("service"))
	if s == nil {
		refuseUnknown(w)
		return
	}
	answer(w, http.StatusOK, s.asRow())
}

// updateService changes the webhook of a messaging service.
// Source: Twilio, "Messaging Service resource".
func (a *webAPI) updateService(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, codeInvalid, "Unreadable form")
		return
	}

	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.findServiceLocked(r.PathValue("service"))
	if s == nil {
		refuseUnknown(w)
		return
	}

	setIfGiven(r, "InboundRequestUrl", &s.Webhook)
	a.Poke()
	answer(w, http.StatusOK, s.asRow())
}

// listSenders handles a request for the list of WhatsApp senders.
// Source: Twilio, "Senders API".
func (a *webAPI) listSenders(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("Channel") != "whatsapp" {
		refuse(w, http.StatusBadRequest, codeInvalid, "Channel is required")
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	answer(w, http.StatusOK, map[string]any{
		"senders": a.senderRowsLocked(whatsAppPrefix, "", a.senderRowLocked),
		"meta":    map[string]any{"key": "senders", "page": 0, "page_size": 100, "next_page_url": nil},
	})
}

func (a *webAPI) senderRowLocked(i int) map[string]any {
	n := a.opt.Numbers[i]
	row := map[string]any{
		"sid":             a.sidOf(i),
		"sender_id":       n.Address,
		"status":          "ONLINE",
		"offline_reasons": nil,
		"webhook": map[string]any{
			"callback_url":           n.Webhook,
			"callback_method":        "POST",
			"fallback_url":           nil,
			"fallback_method":        "POST",
			"status_callback_url":    nil,
			"status_callback_method": "POST",
		},
	}
	if n.Offline {
		row["status"] = "OFFLINE"
		row["offline_reasons"] = []any{map[string]any{
			"code":      "410",
			"message":   "This phone number is already registered to a WhatsApp account.",
			"more_info": "https://www.twilio.com/docs/errors/410",
		}}
	}
	return row
}

// updateSender changes the webhook of a WhatsApp sender.
func (a *webAPI) updateSender(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Hook struct {
			URL    string `json:"callback_url"`
			Method string `json:"callback_method"`
		} `json:"webhook"`
	}
	if r.Header.Get("Content-Type") != "application/json" || json.NewDecoder(r.Body).Decode(&in) != nil {
		refuse(w, http.StatusBadRequest, codeInvalid, "Unreadable JSON")
		return
	}

	a.mu.Lock()
	defer a.mu.Unlock()

	i := a.findSenderLocked(whatsAppPrefix, r.PathValue("sender"))
	if i < 0 {
		refuseUnknown(w)
		return
	}
	if in.Hook.Method != http.MethodPost && in.Hook.Method != http.MethodPut {
		refuse(w, http.StatusBadRequest, codeInvalid, "callback_method must be POST or PUT")
		return
	}

	a.opt.Numbers[i].Webhook = in.Hook.URL
	a.Poke()
	answer(w, http.StatusAccepted, a.senderRowLocked(i))
}
