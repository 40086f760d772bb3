package twilio

import (
	"cmp"
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

// maxHook bounds a callback's body, in bytes. Twilio's are a few kilobytes.
const maxHook = 1 << 20

// sidPattern matches Twilio's message ids (SIDs).
var sidPattern = regexp.MustCompile(`^(?:SM|MM)[0-9A-Za-z]{1,64}$`)

// webhook handles Twilio's callbacks. A callback is a POST request about a customer's message or about the new state of one of ours. The
// webhook verifies its signature and stores it unchanged as a fact, which is decoded later. Only then does it respond with success, so
// that Twilio retries a callback that could not be stored.
//
// A signed callback that can't be used is stored in quarantine, where admins see it: a retry wouldn't help, and it must not get lost.
type webhook struct {
	number    *ownNumber
	callbacks *callbacks
	env       channels.Env // only Accept, Now, Report and Log are used
	warnedAt  atomic.Int64 // the time of the last warning by logRefusal, in Unix seconds
}

// ServeHTTP implements channels.Webhook. All responses are empty, because Twilio would send their text to the customer.
func (h *webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}

	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHook))
	if err != nil { // the body is too large, or the connection is lost, and nobody reads the response
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}

	form, isForm := readForm(r.Header.Get("Content-Type"), body)
	if !h.callbacks.isSigned(r.Header.Get("X-Twilio-Signature"), r.URL.RawQuery, form, body) {
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

// readForm parses a form. It returns false if the body isn't a form. It doesn't trim values or drop empty ones, because the signature
// covers them.
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

// warnEvery is the minimum number of seconds between two warnings, because anybody on the internet can cause them.
const warnEvery = 60

// logRefusal logs that a callback can't be verified, at most once in warnEvery.
func (h *webhook) logRefusal() {
	now := h.env.Now().Unix()
	last := h.warnedAt.Load()
	if now-last < warnEvery || !h.warnedAt.CompareAndSwap(last, now) { // a concurrent request may have logged it
		return
	}
	h.env.Log.Warn("callback refused: its signature does not fit the auth token and our address")
	if h.callbacks.address == "" {
		h.env.Report(unreachableCondition())
	}
}

// unreachableCondition returns the condition of an account whose webhook has no public address.
func unreachableCondition() channels.Condition {
	return channels.Condition{
		Status: channels.Broken,
		Text:   "Twilio can't reach Parley: its public address is not set, so callbacks are refused.",
		Hint:   "Set PARLEY_PUBLIC_URL to the https address under which Twilio reaches Parley, and restart.",
	}
}

// factOf returns the fact of a verified callback. Its id, under which it is deduplicated, is the message's SID ("SM12") for a customer's
// message, and the SID with the state ("SM12:delivered") for one of ours.
func (h *webhook) factOf(form url.Values, query string, body []byte) channels.Fact {
	sid := messageSid(form)
	id, customer, ours := sid, keyOf(form.Get("From")), form.Get("To")
	status := statusOf(form)
	isOfOurMessage := status != ""
	if isOfOurMessage {
		id, customer, ours = sid+":"+clipText(status, maxQuoted), keyOf(form.Get("To")), form.Get("From")
	}
	if customer == "" || !sidPattern.MatchString(sid) {
		return h.unreadableFact(body, "a callback without a message")
	}

	account := form.Get("AccountSid")
	if account != "" && account != h.number.account {
		return h.unreadableFact(body, "it belongs to another Twilio account")
	}
	if !h.number.isOurs(ours) {
		return h.unreadableFact(body, "it is not about this account's number")
	}

	fact := channels.Fact{
		ExternalID: id,
		OrderKey:   clipText(customer, maxOrderKey),
		Payload:    hookPayload(h.env.Now(), query, body),
	}
	if !isOfOurMessage {
		fact.Owner = h.number.ownerOf(ours)
	}
	return fact
}

// unreadableFact returns the fact of a callback that can't be used, with the reason. It is stored and shown to admins, but never
// applied. Its id is a hash of the body, so that a retried callback is stored once.
func (h *webhook) unreadableFact(body []byte, why string) channels.Fact {
	sum := sha256.Sum256(body)
	return channels.Fact{
		ExternalID: "strange:" + hex.EncodeToString(sum[:]),
		OrderKey:   "strange",
		Payload:    hookPayload(h.env.Now(), "", body),
		Quarantine: why,
	}
}

// messageSid returns the SID of the message that a callback is about, or "". Twilio uses three names for the field.
func messageSid(form url.Values) string {
	for _, name := range []string{"MessageSid", "SmsMessageSid", "SmsSid"} {
		if sid := form.Get(name); sid != "" {
			return sid
		}
	}
	return ""
}

// statusOf returns the status in a callback about our message, or "" if the callback is about a customer's message.
func statusOf(form url.Values) string {
	status := strings.ToLower(cmp.Or(form.Get("MessageStatus"), form.Get("SmsStatus")))
	if status == "received" || status == "receiving" {
		return ""
	}
	return status
}
