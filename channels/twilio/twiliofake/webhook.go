package twiliofake

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio's signature
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// webhooks makes callbacks: signed requests to the company's webhooks, for example when a customer writes or a message is delivered. As
// at Twilio, failed callbacks are retried, and the text of a response is sent to the customer as a reply.
type webhooks struct {
	*ground
	exchange *exchange
	lost     bool     // all callbacks are dropped
	answers  []string // the texts of responses
}

// SetLost sets whether all callbacks are dropped from now on.
func (h *webhooks) SetLost(lost bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lost = lost
}

func (h *webhooks) isLosing() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lost
}

// Answers returns the texts of all responses to callbacks. Tests check that there are none, because each was sent to a customer.
func (h *webhooks) Answers() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.answers...)
}

// commonFormLocked returns the fields that every callback has.
func (e *exchange) commonFormLocked(m *stored) url.Values {
	f := url.Values{"AccountSid": {e.opt.AccountSID}, "ApiVersion": {"2010-04-01"}, "MessageSid": {m.sid}, "SmsSid": {m.sid},
		"SmsMessageSid": {m.sid}, "From": {m.from}, "To": {m.to}}
	if strings.HasPrefix(m.from, waPrefix) || strings.HasPrefix(m.to, waPrefix) {
		f.Set("ChannelPrefix", "whatsapp")
	}
	if m.service != "" {
		f.Set("MessagingServiceSid", m.service)
	}
	return f
}

// sign returns the signature of a callback, as Twilio's page on security describes it. It doesn't share code with Parley, so that tests
// find errors in Parley's own code.
func sign(token, address string, form url.Values) string {
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	sort.Strings(names)
	text := address
	for _, name := range names {
		text += name + form.Get(name) // Twilio's own forms don't repeat names
	}
	mac := hmac.New(sha1.New, []byte(token))
	_, _ = io.WriteString(mac, text)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Retries of callbacks.
// Source: Twilio, "Webhooks: connection overrides".
const (
	maxRepeats    = 5
	maxAnswer     = 64 << 10              // the maximum size of a response, in bytes
	firstWait     = 50 * time.Millisecond // doubled with each retry
	defaultPolicy = "ct"                  // retry only if the connection could not be opened
)

// call makes a callback and retries it as the fragment of the address asks: #rc=5&rp=all means up to five retries, after any failure. It
// stops after Options.TotalTime. It returns the last HTTP status, 0 if there was no response. inbound is the customer's message to which
// a response's text is a reply, or nil if the callback isn't about such a message.
func (h *webhooks) call(address string, form url.Values, inbound *stored) int {
	if h.isLosing() {
		return 0
	}

	signedAddress, fragment, _ := strings.Cut(address, "#")
	overrides, _ := url.ParseQuery(fragment) // a malformed fragment is ignored
	repeats, err := strconv.Atoi(overrides.Get("rc"))
	if err != nil || repeats < 0 || repeats > maxRepeats {
		repeats = 1
	}

	policy := cmp.Or(overrides.Get("rp"), defaultPolicy)
	ctx, cancel := context.WithTimeout(h.api.Context(), h.opt.TotalTime)
	defer cancel()
	status := 0
	for try := 0; try <= repeats; try++ {
		var repeat bool
		status, repeat = h.callOnce(ctx, signedAddress, form, inbound, policy)
		if !repeat {
			return status
		}

		timer := time.NewTimer(firstWait << try)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return status
		}
	}

	return status
}

// callOnce makes one call. repeat is true if it failed in a way after which the policy asks for a retry.
func (h *webhooks) callOnce(
	ctx context.Context, address string, form url.Values, inbound *stored, policy string,
) (status int, repeat bool) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, false
	}

	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	req.Header.Set("User-Agent", "TwilioProxy/1.1")
	req.Header.Set("I-Twilio-Idempotency-Token", newSID(""))
	req.Header.Set("X-Twilio-Signature", sign(h.opt.AuthToken, address, form))
	resp, err := h.client.Do(req)
	if err != nil {
		return 0, isInPolicy(policy, "ct") || isInPolicy(policy, "rt")
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch {
	case err != nil:
		return resp.StatusCode, isInPolicy(policy, "rt")
	case resp.StatusCode >= http.StatusInternalServerError:
		return resp.StatusCode, isInPolicy(policy, "5xx")
	case resp.StatusCode >= http.StatusBadRequest:
		return resp.StatusCode, isInPolicy(policy, "4xx")
	}

	h.take(resp.Header.Get("Content-Type"), body, inbound)
	return resp.StatusCode, false
}

// isInPolicy reports whether a policy asks for a retry after a kind of failure. A policy is a list such as "ct,5xx".
func isInPolicy(policy, failure string) bool {
	kinds := strings.Split(policy, ",")
	return slices.Contains(kinds, failure) || slices.Contains(kinds, "all")
}

// take sends the text of a response to the customer, as Twilio does. The response may be plain text or TwiML, Twilio's XML. Anything
// else is ignored.
func (h *webhooks) take(contentType string, body []byte, inbound *stored) {
	kind, _, _ := mime.ParseMediaType(contentType) // "" if it is malformed
	text := ""
	switch kind {
	case "text/plain":
		text = string(body)
	case "text/xml", "application/xml":
		var twiml struct {
			Messages []struct {
				Text string `xml:",chardata"`
				Body string `xml:"Body"`
			} `xml:"Message"`
		}
		if xml.Unmarshal(body, &twiml) == nil {
			for _, m := range twiml.Messages {
				text += strings.TrimSpace(m.Text + m.Body)
			}
		}
	}

	if text == "" {
		return
	}

	h.mu.Lock()
	defer h.mu.Unlock()
	h.answers = append(h.answers, text)
	if inbound != nil {
		h.exchange.autoAnswerLocked(inbound, text)
	}

	h.Poke()
}

// autoAnswerLocked sends an automatic reply to a customer's message.
func (e *exchange) autoAnswerLocked(inbound *stored, text string) {
	now := e.opt.Now().UTC()
	m := &stored{sid: newSID("SM"), body: text, from: inbound.to, to: inbound.from, direction: directionTwilio, status: messageDelivered,
		created: now, sent: now, updated: now, segments: countSegments(text)}
	e.messages = append(e.messages, m)
	p := e.findPhoneLocked(m.to, m.from, "")
	p.inbox = append(p.inbox, m)
}

// Redeliver repeats the callback for a customer's message.
// Errors: there is no such message; the webhook didn't respond with success.
func (e *exchange) Redeliver(messageSid string) error {
	m, form, hook := e.inboundCallback(messageSid)
	if m == nil {
		return fmt.Errorf("twiliofake: no inbound message %s", messageSid)
	}
	status := e.hooks.call(hook, form, m) // without the lock, because the company may call this server before it responds
	if status/100 != 2 {
		return fmt.Errorf("twiliofake: webhook answered %d", status)
	}
	return nil
}

// inboundCallback returns a customer's message with the form and the address of its callback. m is nil if there is no such message.
func (e *exchange) inboundCallback(messageSid string) (m *stored, form url.Values, hook string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	m = e.findLocked(messageSid)
	if m == nil || m.direction != directionInbound {
		return nil, nil, ""
	}
	return m, e.inboundFormLocked(m, e.findPhoneLocked(m.from, m.to, "")), e.findNumberLocked(m.to).Webhook
}
