package twiliofake

import (
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
	"sort"
	"strconv"
	"strings"
	"time"
)

// webhooks call the company and pass on what it answers.
type webhooks struct {
	*ground
	exchange *exchange
	lost     bool // all callbacks get lost
	count    int
	answers  []string // what went to customers although nothing should be answered
}

// SetLost lets all callbacks get lost from now on, or not any more.
func (h *webhooks) SetLost(lost bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lost = lost
}

// Answers returns what callbacks answered although nothing should be: each went to a customer.
func (h *webhooks) Answers() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.answers...)
}

// common are the fields of every callback; the lock is held.
func (e *exchange) common(m *stored) url.Values {
	f := url.Values{"AccountSid": {e.opt.AccountSID}, "ApiVersion": {"2010-04-01"}, "MessageSid": {m.sid}, "SmsSid": {m.sid},
		"SmsMessageSid": {m.sid}, "From": {m.from}, "To": {m.to}}
	if strings.HasPrefix(m.from, "whatsapp:") || strings.HasPrefix(m.to, "whatsapp:") {
		f.Set("ChannelPrefix", "whatsapp")
	}
	if m.service != "" {
		f.Set("MessagingServiceSid", m.service)
	}
	return f
}

// sign makes the signature of a callback, as Twilio's security page tells.
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

// call makes a callback with the repetitions that the address asks for, within Twilio's
// total time. reply, if not nil, is the message that an answer would answer.
func (h *webhooks) call(address string, form url.Values, reply *stored) int {
	h.mu.Lock()
	h.count++
	lost := h.lost
	h.mu.Unlock()
	if lost {
		return 0
	}
	bare, fragment, _ := strings.Cut(address, "#")
	overrides, _ := url.ParseQuery(fragment)
	again, policy := 1, "ct"
	if n, err := strconv.Atoi(overrides.Get("rc")); err == nil && n >= 0 && n <= 5 {
		again = n
	}
	if p := overrides.Get("rp"); p != "" {
		policy = p
	}
	ctx, cancel := context.WithTimeout(h.api.Context(), h.opt.TotalTime)
	defer cancel()
	status := 0
	for try := 0; try <= again; try++ {
		var repeat bool
		if status, repeat = h.attempt(ctx, bare, form, reply, policy); !repeat {
			return status
		}
		timer := time.NewTimer(50 * time.Millisecond << try)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return status
		}
	}
	return status
}

// attempt makes one call. repeat says that the policy asks for another.
func (h *webhooks) attempt(ctx context.Context, address string, form url.Values, reply *stored, policy string) (status int, repeat bool) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, false
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	req.Header.Set("User-Agent", "TwilioProxy/1.1")
	req.Header.Set("I-Twilio-Idempotency-Token", sid(""))
	req.Header.Set("X-Twilio-Signature", sign(h.opt.AuthToken, address, form))
	resp, err := h.client.Do(req)
	if err != nil {
		return 0, policyHas(policy, "ct") || policyHas(policy, "rt")
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	switch {
	case err != nil:
		return resp.StatusCode, policyHas(policy, "rt")
	case resp.StatusCode >= 500:
		return resp.StatusCode, policyHas(policy, "5xx")
	case resp.StatusCode >= 400:
		return resp.StatusCode, policyHas(policy, "4xx")
	}
	h.take(resp.Header.Get("Content-Type"), body, reply)
	return resp.StatusCode, false
}

func policyHas(policy, what string) bool {
	for _, p := range strings.Split(policy, ",") {
		if p == what || p == "all" {
			return true
		}
	}
	return false
}

// take sends what a callback answered to the customer: text as it is, TwiML's messages.
func (h *webhooks) take(contentType string, body []byte, reply *stored) {
	kind, _, _ := mime.ParseMediaType(contentType)
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
	if reply != nil {
		h.exchange.autoAnswer(reply, text)
	}
	h.Poke()
}

// autoAnswer sends a text of Twilio's to a customer; the lock is held.
func (e *exchange) autoAnswer(to *stored, text string) {
	now := e.opt.Now().UTC()
	m := &stored{sid: sid("SM"), body: text, from: to.to, to: to.from, direction: "outbound-reply", status: "delivered",
		created: now, sent: now, updated: now, segments: segments(text)}
	e.messages = append(e.messages, m)
	if p := e.phone(m.to, m.from, ""); p != nil {
		p.inbox = append(p.inbox, m)
	}
}

// Hooks reports how many callbacks were made, lost ones included.
func (h *webhooks) Hooks() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count
}

// Redeliver calls the webhook of a customer's message once more.
// Errors: no such message or webhook; an answer that is no success.
func (e *exchange) Redeliver(messageSid string) error {
	e.mu.Lock()
	m := e.find(messageSid)
	if m == nil || m.direction != "inbound" {
		e.mu.Unlock()
		return fmt.Errorf("twiliofake: no inbound message %s", messageSid)
	}
	p, n := e.phone(m.from, m.to, ""), e.number(m.to)
	form := e.inboundForm(m, p)
	e.mu.Unlock()
	if status := e.hooks.call(n.Webhook, form, m); status/100 != 2 {
		return fmt.Errorf("twiliofake: webhook answered %d", status)
	}
	return nil
}
