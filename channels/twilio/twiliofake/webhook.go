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

// common are the fields of every callback; the lock is held.
func (s *Server) common(m *stored) url.Values {
	f := url.Values{"AccountSid": {s.opt.AccountSID}, "ApiVersion": {"2010-04-01"}, "MessageSid": {m.sid}, "SmsSid": {m.sid},
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
func (s *Server) call(address string, form url.Values, reply *stored) int {
	s.mu.Lock()
	s.hooks++
	lost := s.lost
	s.mu.Unlock()
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
	ctx, cancel := context.WithTimeout(s.api.Context(), s.opt.TotalTime)
	defer cancel()
	status := 0
	for try := 0; try <= again; try++ {
		var repeat bool
		if status, repeat = s.attempt(ctx, bare, form, reply, policy); !repeat {
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
func (s *Server) attempt(ctx context.Context, address string, form url.Values, reply *stored, policy string) (status int, repeat bool) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, false
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	req.Header.Set("User-Agent", "TwilioProxy/1.1")
	req.Header.Set("I-Twilio-Idempotency-Token", sid(""))
	req.Header.Set("X-Twilio-Signature", sign(s.opt.AuthToken, address, form))
	resp, err := s.client.Do(req)
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
	s.take(resp.Header.Get("Content-Type"), body, reply)
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
func (s *Server) take(contentType string, body []byte, reply *stored) {
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
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = append(s.answers, text)
	if reply != nil {
		s.autoAnswer(reply, text)
	}
	s.Poke()
}

// autoAnswer sends a text of Twilio's to a customer; the lock is held.
func (s *Server) autoAnswer(to *stored, text string) {
	now := s.opt.Now().UTC()
	m := &stored{sid: sid("SM"), body: text, from: to.to, to: to.from, direction: "outbound-reply", status: "delivered",
		created: now, sent: now, updated: now, segments: segments(text)}
	s.messages = append(s.messages, m)
	if p := s.phone(m.to, m.from, ""); p != nil {
		p.inbox = append(p.inbox, m)
	}
}

// Hooks says how many callbacks were made, lost ones included.
func (s *Server) Hooks() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hooks
}

// Redeliver calls the webhook of a customer's message once more.
// Errors: no such message or webhook; an answer that is no success.
func (s *Server) Redeliver(messageSid string) error {
	s.mu.Lock()
	m := s.find(messageSid)
	if m == nil || m.direction != "inbound" {
		s.mu.Unlock()
		return fmt.Errorf("twiliofake: no inbound message %s", messageSid)
	}
	p, n := s.phone(m.from, m.to, ""), s.number(m.to)
	form := s.inboundForm(m, p)
	s.mu.Unlock()
	if status := s.call(n.Webhook, form, m); status/100 != 2 {
		return fmt.Errorf("twiliofake: webhook answered %d", status)
	}
	return nil
}
