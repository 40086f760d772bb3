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

// webhooks call the company and pass on what it answers.
type webhooks struct {
	*ground
	exchange *exchange
	lost     bool     // all callbacks get lost; SetLost sets it
	answers  []string // texts of answers, which went to customers; Parley must give none
}

// SetLost says whether all callbacks get lost from now on.
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

// Answers returns the texts with which callbacks were answered. Parley must give none, because each goes to a customer.
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

// sign returns the signature of a callback, as Twilio's page on security describes it. It doesn't share code with Parley,
// so that tests find a fault in Parley's own code.
func sign(token, address string, form url.Values) string {
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	sort.Strings(names)
	text := address
	for _, name := range names {
		text += name + form.Get(name) // each name once: Twilio's own forms repeat none
	}
	mac := hmac.New(sha1.New, []byte(token))
	_, _ = io.WriteString(mac, text)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// How often callbacks are repeated.
// Source: Twilio, "Webhooks: connection overrides".
const (
	maxRepeats    = 5
	maxAnswer     = 64 << 10              // bytes
	firstWait     = 50 * time.Millisecond // doubled with each repetition
	defaultPolicy = "ct"                  // only if the connection could not be opened
)

// call makes a callback with the repetitions that the address asks for, within Twilio's total time. It returns the last
// HTTP status; 0 means that there was no answer. inbound, if not nil, is the customer's message to which an answer goes.
func (h *webhooks) call(address string, form url.Values, inbound *stored) int {
	if h.isLosing() {
		return 0
	}

	signedAddress, fragment, _ := strings.Cut(address, "#")
	overrides, _ := url.ParseQuery(fragment) // unreadable: none
	repeats := 1
	if n, err := strconv.Atoi(overrides.Get("rc")); err == nil {
		if isAllowed := n >= 0 && n <= maxRepeats; isAllowed {
			repeats = n
		}
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

// callOnce makes one call. repeat is true if it failed in a way for which the policy asks for another call.
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

// isInPolicy reports whether a policy, a list with commas, asks for a repetition after that kind of failure.
func isInPolicy(policy, failure string) bool {
	kinds := strings.Split(policy, ",")
	return slices.Contains(kinds, failure) || slices.Contains(kinds, "all")
}

// take sends a callback's answer to the customer, as Twilio does: a plain text as it is, or the messages of TwiML, Twilio's XML. Anything
// else is ignored.
func (h *webhooks) take(contentType string, body []byte, inbound *stored) {
	kind, _, _ := mime.ParseMediaType(contentType) // unreadable: ""
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

// autoAnswerLocked sends a text of Twilio's own to a customer, as the answer to a message.
func (e *exchange) autoAnswerLocked(inbound *stored, text string) {
	now := e.opt.Now().UTC()
	m := &stored{sid: newSID("SM"), body: text, from: inbound.to, to: inbound.from, direction: directionTwilio, status: messageDelivered,
		created: now, sent: now, updated: now, segments: countSegments(text)}
	e.messages = append(e.messages, m)
	p := e.findPhoneLocked(m.to, m.from, "")
	p.inbox = append(p.inbox, m)
}

// Redeliver calls the webhook of a customer's message once more.
// Errors: no such message or webhook; an answer that is no success.
func (e *exchange) Redeliver(messageSid string) error {
	m, form, hook := e.inboundCallback(messageSid)
	if m == nil {
		return fmt.Errorf("twiliofake: no inbound message %s", messageSid)
	}
	status := e.hooks.call(hook, form, m) // without the lock: who is called may ask this server before it answers
	if status/100 != 2 {
		return fmt.Errorf("twiliofake: webhook answered %d", status)
	}
	return nil
}

// inboundCallback returns a customer's message with the form and the address of its callback; nil if there is no such message.
func (e *exchange) inboundCallback(messageSid string) (m *stored, form url.Values, hook string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	m = e.findLocked(messageSid)
	if m == nil || m.direction != directionInbound {
		return nil, nil, ""
	}
	return m, e.inboundFormLocked(m, e.findPhoneLocked(m.from, m.to, "")), e.findNumberLocked(m.to).Webhook
}
