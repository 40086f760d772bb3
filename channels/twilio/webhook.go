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

	"parley/channels"
)

// maxHook bounds a callback's body; Twilio's are a few kilobytes.
const maxHook = 1 << 20

// sidPattern is a message id.
var sidPattern = regexp.MustCompile(`^(?:SM|MM)[0-9A-Za-z]{1,64}$`)

// ServeHTTP implements channels.Webhook. All answers are empty, because Twilio would send their text to the
// customer.
func (c *Channel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
	form, isForm := formOf(r.Header.Get("Content-Type"), body)
	if !c.signed(r.Header.Get("X-Twilio-Signature"), r.URL.RawQuery, form, body) {
		c.refused()
		w.WriteHeader(http.StatusForbidden)
		return
	}
	fact := c.strange(body, "a callback of a kind that Parley doesn't know")
	if isForm {
		fact = c.factOf(form, r.URL.RawQuery, body)
	}
	switch err := c.env.Accept(r.Context(), fact); {
	case errors.Is(err, channels.ErrOverloaded):
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
	case err != nil:
		w.WriteHeader(http.StatusInternalServerError)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// formOf reads a form; false if the body is none. Values are not trimmed, and empty ones are kept, because the
// signature covers them.
func formOf(contentType string, body []byte) (url.Values, bool) {
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

// refused logs that callbacks can't be verified. It does so rarely, because anybody can send them.
func (c *Channel) refused() {
	now := c.env.Now().Unix()
	if last := c.warned.Load(); now-last < 60 || !c.warned.CompareAndSwap(last, now) {
		return
	}
	c.log.Warn("callback refused: its signature does not fit the auth token and our address")
	if c.env.HookURL == "" {
		c.env.Report(unreachable())
	}
}

// unreachable is the condition of an account whose webhook has no public address.
func unreachable() channels.Condition {
	return channels.Condition{Status: channels.Broken, Text: "Twilio can't reach Parley: its public address is not set, so callbacks are refused.",
		Hint: "Set PARLEY_PUBLIC_URL to the https address under which Twilio reaches Parley, and restart."}
}

// factOf returns the fact of a verified callback.
func (c *Channel) factOf(form url.Values, query string, body []byte) channels.Fact {
	sid := messageSid(form)
	customer, ours := keyOf(form.Get("From")), form.Get("To")
	id := sid
	if status := statusOf(form); status != "" {
		customer, ours = keyOf(form.Get("To")), form.Get("From")
		id = sid + ":" + clip(status, 40)
	}
	switch {
	case !sidPattern.MatchString(sid) || customer == "":
		return c.strange(body, "a callback without a message")
	case form.Get("AccountSid") != "" && form.Get("AccountSid") != c.set.account:
		return c.strange(body, "it belongs to another Twilio account")
	case !c.ours(ours):
		return c.strange(body, "it is not about this account's number")
	}
	return channels.Fact{ExternalID: id, OrderKey: clip(customer, 200), Payload: hookPayload(c.env.Now(), query, body)}
}

// ours reports whether an address is ours. With a messaging service that may be any number of the same medium.
func (c *Channel) ours(address string) bool {
	if c.whatsapp != strings.HasPrefix(address, waPrefix) {
		return false
	}
	return address == c.own() || c.set.service != ""
}

// strange returns the quarantined fact of a callback that can't be used.
func (c *Channel) strange(body []byte, why string) channels.Fact {
	sum := sha256.Sum256(body)
	return channels.Fact{ExternalID: "strange:" + hex.EncodeToString(sum[:]), OrderKey: "strange", Payload: hookPayload(c.env.Now(), "", body), Quarantine: why}
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
