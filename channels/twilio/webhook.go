package twilio

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"

	"parley/channels"
)

// maxHook bounds a callback's body; Twilio's are a few kilobytes.
const maxHook = 1 << 20

// sidPattern is a message id.
var sidPattern = regexp.MustCompile(`^(?:SM|MM)[0-9A-Za-z]{1,64}$`)

// webhook takes Twilio's callbacks: it stores what is proven to be Twilio's and about our number.
type webhook struct {
	number    *ownNumber
	callbacks *callbacks
	env       channels.Env // Accept, Now, Report and Log
	warned    atomic.Int64 // when a refused callback was last logged, Unix seconds
}

// ServeHTTP implements channels.Webhook. All answers are empty, because Twilio would send their text to the
// customer.
func (h *webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHook))
	if err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	form, isForm := readForm(r.Header.Get("Content-Type"), body)
	if !h.callbacks.signed(r.Header.Get("X-Twilio-Signature"), r.URL.RawQuery, form, body) {
		h.logRefusal()
		w.WriteHeader(http.StatusForbidden)
		return
	}
	fact := h.unreadableFact(body, "a callback of a kind that Parley doesn't know")
	if isForm {
		fact = h.factOf(form, r.URL.RawQuery, body)
	}
	switch err := h.env.Accept(r.Context(), fact); {
	case errors.Is(err, channels.ErrOverloaded):
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
	case err != nil:
		w.WriteHeader(http.StatusInternalServerError)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// readForm reads a form; false if the body is none. Values are not trimmed, and empty ones are kept, because the
// signature covers them.
func readForm(contentType string, body []byte) (url.Values, bool) {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, false
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, false
	}
	return form, true
}

// logRefusal logs that callbacks can't be verified. It does so rarely, because anybody can send them.
func (h *webhook) logRefusal() {
	now := h.env.Now().Unix()
	if last := h.warned.Load(); now-last < 60 || !h.warned.CompareAndSwap(last, now) {
		return
	}
	h.env.Log.Warn("callback refused: its signature does not fit the auth token and our address")
	if h.callbacks.address == "" {
		h.env.Report(unreachableCondition())
	}
}

// unreachableCondition is the condition of an account whose webhook has no public address.
func unreachableCondition() channels.Condition {
	return channels.Condition{Status: channels.Broken, Text: "Twilio can't reach Parley: its public address is not set, so callbacks are refused.",
		Hint: "Set PARLEY_PUBLIC_URL to the https address under which Twilio reaches Parley, and restart."}
}

// factOf returns the fact of a verified callback.
func (h *webhook) factOf(form url.Values, query string, body []byte) channels.Fact {
	sid := messageSid(form)
	customer, ours := keyOf(form.Get("From")), form.Get("To")
	id := sid
	if status := statusOf(form); status != "" {
		customer, ours = keyOf(form.Get("To")), form.Get("From")
		id = sid + ":" + clipText(status, 40)
	}
	switch {
	case !sidPattern.MatchString(sid) || customer == "":
		return h.unreadableFact(body, "a callback without a message")
	case form.Get("AccountSid") != "" && form.Get("AccountSid") != h.number.account:
		return h.unreadableFact(body, "it belongs to another Twilio account")
	case !h.number.isOurs(ours):
		return h.unreadableFact(body, "it is not about this account's number")
	}
	return channels.Fact{ExternalID: id, OrderKey: clipText(customer, 200), Payload: hookPayload(h.env.Now(), query, body)}
}

// unreadableFact returns the quarantined fact of a callback that can't be used.
func (h *webhook) unreadableFact(body []byte, why string) channels.Fact {
	sum := sha256.Sum256(body)
	return channels.Fact{ExternalID: "strange:" + hex.EncodeToString(sum[:]), OrderKey: "strange", Payload: hookPayload(h.env.Now(), "", body), Quarantine: why}
}

func messageSid(form url.Values) string {
	for _, name := range []string{"MessageSid", "SmsMessageSid", "SmsSid"} {
		if sid := form.Get(name); sid != "" {
			return sid
		}
	}
	return ""
}

// statusOf returns the status in a callback; "" for a customer's message.
func statusOf(form url.Values) string {
	status := form.Get("MessageStatus")
	if status == "" {
		status = form.Get("SmsStatus")
	}
	switch status = strings.ToLower(status); status {
	case "received", "receiving":
		return ""
	}
	return status
}
