package twiliofake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Service is a messaging service of the company.
type Service struct {
	SID, Name string
	Webhook   string   // its request URL for incoming messages; "" means none, and they are lost
	OnNumber  bool     // the numbers' own webhooks are called instead
	Numbers   []string // addresses of its senders
}

// numberSID is the id of the i-th of the company's senders.
func numberSID(prefix string, i int) string { return fmt.Sprintf("%s%032x", prefix, i+1) }

// findWebhookLocked returns the webhook that takes what comes to one of the company's senders; "" if there is none.
func (g *ground) findWebhookLocked(n *Number) string {
	for _, s := range g.opt.Services {
		for _, address := range s.Numbers {
			if address == n.Address && !s.OnNumber {
				return s.Webhook
			}
		}
	}
	if n.App != "" {
		return "" // a TwiML application answers, whatever it does
	}
	return n.Webhook
}

// serviceOfLocked returns the messaging service that has one of the company's senders; "" if none has it.
func (g *ground) serviceOfLocked(address string) string {
	for _, s := range g.opt.Services {
		if slices.Contains(s.Numbers, address) {
			return s.SID
		}
	}
	return ""
}

// isShortCode reports whether a sender is a short code, which is another resource than a number.
func (n *Number) isShortCode() bool {
	return !strings.HasPrefix(n.Address, "+") && !strings.HasPrefix(n.Address, waPrefix)
}

// listNumbers lists the phone numbers. As at Twilio, the filter finds numbers of which it is a part.
func (a *webAPI) listNumbers(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	wanted := r.URL.Query().Get("PhoneNumber")
	rows := []any{}
	for i, n := range a.opt.Numbers {
		isNumber := !n.isShortCode() && !strings.HasPrefix(n.Address, waPrefix)
		if isNumber && strings.Contains(n.Address, wanted) {
			rows = append(rows, a.numberRow(i))
		}
	}
	answer(w, http.StatusOK, map[string]any{"incoming_phone_numbers": rows, "page": 0, "page_size": 50, "next_page_uri": nil})
}

// listShortCodes lists the short codes, by the same kind of filter.
// Source: Twilio, "ShortCode resource".
func (a *webAPI) listShortCodes(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	wanted := r.URL.Query().Get("ShortCode")
	rows := []any{}
	for i, n := range a.opt.Numbers {
		if n.isShortCode() && strings.Contains(n.Address, wanted) {
			rows = append(rows, a.shortCodeRow(i))
		}
	}
	answer(w, http.StatusOK, map[string]any{"short_codes": rows, "page": 0, "page_size": 50, "next_page_uri": nil})
}

func (a *webAPI) shortCodeRow(i int) map[string]any {
	n := a.opt.Numbers[i]
	return map[string]any{"sid": numberSID("SC", i), "account_sid": a.opt.AccountSID, "short_code": n.Address, "sms_url": n.Webhook,
		"sms_method": cmp.Or(n.Method, "POST")}
}

// updateShortCode changes what Twilio does with a short code's messages.
func (a *webAPI) updateShortCode(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, codeInvalid, "Unreadable form")
		return
	}

	a.mu.Lock()
	defer a.mu.Unlock()

	for i := range a.opt.Numbers {
		n := &a.opt.Numbers[i]
		if numberSID("SC", i)+".json" == r.PathValue("code") && n.isShortCode() {
			setIfGiven(r, "SmsUrl", &n.Webhook)
			setIfGiven(r, "SmsMethod", &n.Method)
			a.Poke()
			answer(w, http.StatusOK, a.shortCodeRow(i))
			return
		}
	}

	refuseUnknown(w)
}

func (a *webAPI) numberRow(i int) map[string]any {
	n := a.opt.Numbers[i]
	row := map[string]any{"sid": numberSID("PN", i), "account_sid": a.opt.AccountSID, "phone_number": n.Address, "sms_url": n.Webhook,
		"sms_method": "POST", "sms_application_sid": nil, "capabilities": map[string]any{"sms": !n.NoSMS, "mms": n.MMS, "voice": true, "fax": false}}
	if n.Method != "" {
		row["sms_method"] = n.Method
	}
	if n.App != "" {
		row["sms_application_sid"] = n.App
	}
	return row
}

// updateNumber changes what Twilio does with a number's messages.
// Source: Twilio, "IncomingPhoneNumber resource".
func (a *webAPI) updateNumber(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, codeInvalid, "Unreadable form")
		return
	}

	a.mu.Lock()
	defer a.mu.Unlock()

	for i := range a.opt.Numbers {
		n := &a.opt.Numbers[i]
		if numberSID("PN", i)+".json" != r.PathValue("number") || strings.HasPrefix(n.Address, waPrefix) {
			continue
		}

		webhook := r.PostForm.Get("SmsUrl")
		isHTTP := strings.HasPrefix(webhook, "http://") || strings.HasPrefix(webhook, "https://")
		if webhook != "" && !isHTTP {
			refuse(w, http.StatusBadRequest, codeBadWebhook, "SmsUrl is not a valid URL")
			return
		}

		setIfGiven(r, "SmsUrl", &n.Webhook)
		setIfGiven(r, "SmsMethod", &n.Method)
		setIfGiven(r, "SmsApplicationSid", &n.App)
		a.Poke()
		answer(w, http.StatusOK, a.numberRow(i))
		return
	}

	refuseUnknown(w)
}

// setIfGiven changes a value if the form has it. As at Twilio, an empty one clears it.
func setIfGiven(r *http.Request, name string, value *string) {
	if r.PostForm.Has(name) {
		*value = r.PostForm.Get(name)
	}
}

// findServiceLocked returns a messaging service; nil if there is none with that id.
func (g *ground) findServiceLocked(sid string) *Service {
	for i := range g.opt.Services {
		if g.opt.Services[i].SID == sid {
			return &g.opt.Services[i]
		}
	}
	return nil
}

// serviceSID is what the ids of messaging services look like.
var serviceSID = regexp.MustCompile(`^MG[0-9a-fA-F]{32}$`)

// chooseSenderLocked returns the first sender of a messaging service that is of the recipient's channel.
// Source: Twilio's error and warning dictionary, 21701 and 21703 to 21705.
func (g *ground) chooseSenderLocked(service, to string) (from string, refused *refusal) {
	s := g.findServiceLocked(service)
	switch {
	case s == nil && !serviceSID.MatchString(service):
		return "", &refusal{codeBadService, "The Messaging Service Sid " + service + " is invalid"}
	case s == nil:
		return "", &refusal{codeNoService, "The Messaging Service does not exist"}
	case len(s.Numbers) == 0:
		return "", &refusal{codeNoSenders, "The Messaging Service contains no phone numbers"}
	}

	isWhatsApp := strings.HasPrefix(to, waPrefix)
	for _, address := range s.Numbers {
		if strings.HasPrefix(address, waPrefix) == isWhatsApp {
			return address, nil
		}
	}

	return "", &refusal{codeNoneFits, "The Messaging Service does not have a phone number available to send a message"}
}

// asRow writes a messaging service as the API shows it.
func (s *Service) asRow() map[string]any {
	return map[string]any{"sid": s.SID, "friendly_name": s.Name, "inbound_request_url": s.Webhook, "inbound_method": "POST", "use_inbound_webhook_on_number": s.OnNumber}
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

// updateService changes where a service's messages go.
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

func (a *webAPI) senderRow(i int) map[string]any {
	n := a.opt.Numbers[i]
	status, reasons := "ONLINE", []any(nil)
	if n.Offline {
		status = "OFFLINE"
		reasons = []any{map[string]any{"code": "410", "message": "This phone number is already registered to a WhatsApp account.", "more_info": "https://www.twilio.com/docs/errors/410"}}
	}
	return map[string]any{"sid": numberSID("XE", i), "sender_id": n.Address, "status": status, "offline_reasons": reasons,
		"webhook": map[string]any{"callback_url": n.Webhook, "callback_method": "POST", "fallback_url": nil, "fallback_method": "POST", "status_callback_url": nil, "status_callback_method": "POST"}}
}

// listSenders lists the WhatsApp senders.
// Source: Twilio, "Senders API".
func (a *webAPI) listSenders(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("Channel") != "whatsapp" {
		refuse(w, http.StatusBadRequest, codeInvalid, "Channel is required")
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	rows := []any{}
	for i, n := range a.opt.Numbers {
		if strings.HasPrefix(n.Address, waPrefix) {
			rows = append(rows, a.senderRow(i))
		}
	}
	answer(w, http.StatusOK, map[string]any{"senders": rows, "meta": map[string]any{"key": "senders", "page": 0, "page_size": 100, "next_page_url": nil}})
}

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

	for i := range a.opt.Numbers {
		if numberSID("XE", i) != r.PathValue("sender") || !strings.HasPrefix(a.opt.Numbers[i].Address, waPrefix) {
			continue
		}
		if in.Hook.Method != http.MethodPost && in.Hook.Method != http.MethodPut {
			refuse(w, http.StatusBadRequest, codeInvalid, "callback_method must be POST or PUT")
			return
		}

		a.opt.Numbers[i].Webhook = in.Hook.URL
		a.Poke()
		answer(w, http.StatusAccepted, a.senderRow(i))
		return
	}

	refuseUnknown(w)
}
