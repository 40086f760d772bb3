package mailfake

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-smtp"
)

// Policy says what becomes of mail to an address.
type Policy string

// The policies.
const (
	PolicyAccept  Policy = "accept"  // into the mailbox, which is opened when missing
	PolicyRefuse  Policy = "refuse"  // 550 5.1.1 at RCPT
	PolicyBounce  Policy = "bounce"  // taken, then a delivery report comes back
	PolicyDelayed Policy = "delayed" // delivered, and a report says that it takes long
)

// RecipientRule gives an address or @domain a Policy of its own. The last rule for the
// exact address wins over the last one for its domain.
type RecipientRule struct {
	Address string `json:"address"`
	Policy  Policy `json:"policy"`
	// Code and Enhanced are the answer or the report's status. Default: 550 and 5.1.1,
	// for PolicyDelayed 451 and 4.4.1.
	Code     int    `json:"code,omitempty"`
	Enhanced string `json:"enhanced,omitempty"`
	Text     string `json:"text,omitempty"`
}

// SetRecipient adds a rule. Errors: unknown policy, no address.
func (s *Server) SetRecipient(r RecipientRule) error {
	switch r.Policy {
	case PolicyAccept, PolicyRefuse, PolicyBounce, PolicyDelayed:
	default:
		return fmt.Errorf("mailfake: recipient rule: unknown policy %q", r.Policy)
	}
	if !strings.Contains(r.Address, "@") {
		return fmt.Errorf("mailfake: recipient rule: no address")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = append(s.rules, r)
	return nil
}

// Submission is one mail that the SMTP server took, whatever became of the answer.
type Submission struct {
	Seq       int       `json:"seq"` // from 1
	At        time.Time `json:"at"`
	Mailbox   string    `json:"mailbox,omitempty"` // who was logged in
	From      string    `json:"from"`              // envelope
	To        []string  `json:"to"`
	Bounced   []string  `json:"bounced,omitempty"`
	MessageID string    `json:"message_id"` // as submitted
	StoredID  string    `json:"stored_id"`  // as delivered; differs when rewritten
	Subject   string    `json:"subject"`
	Bytes     int       `json:"bytes"`
}

// Submissions lists what came in by SMTP since the start or the last Reset: two with
// one MessageID are a mail sent twice.
func (s *Server) Submissions() []Submission {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Submission(nil), s.submissions...)
}

// RefusedError says that no recipient was accepted.
type RefusedError struct {
	Recipient string
	Code      int
	Text      string
}

// Error implements error.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("mailfake: <%s>: %d %s", e.Recipient, e.Code, e.Text)
}

// ruleLocked finds the rule for an address; without one it invents it.
func (s *Server) ruleLocked(address string) RecipientRule {
	rule := RecipientRule{Address: address, Policy: PolicyAccept}
	if s.findLocked(address) == nil {
		if rule.Policy = s.opts.UnknownForeign; s.hosted(address) {
			rule.Policy = s.opts.UnknownHosted
		}
	}
	exact := false
	for _, r := range s.rules {
		if isExact := !strings.HasPrefix(r.Address, "@"); matchAddress(r.Address, address) && (isExact || !exact) {
			rule, exact = r, isExact
		}
	}
	code, enhanced, text := 550, "5.1.1", "The email account that you tried to reach does not exist"
	if rule.Policy == PolicyDelayed {
		code, enhanced, text = 451, "4.4.1", "The receiving host does not answer"
	}
	if rule.Code == 0 {
		rule.Code = code
	}
	rule.Enhanced, rule.Text = orText(rule.Enhanced, enhanced), orText(rule.Text, text)
	return rule
}

// checkRecipient is the server's answer to RCPT.
func (s *Server) checkRecipient(address string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.ruleLocked(address); r.Policy == PolicyRefuse {
		return &smtp.SMTPError{Code: r.Code, EnhancedCode: enhancedCode(r.Enhanced), Message: r.Text}
	}
	return nil
}

// deliver hands a mail to every recipient. Reports on bounced ones go back to from.
func (s *Server) deliver(from string, to []string, raw []byte, trace bool) (delivered, refused []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.deliverLocked(from, to, raw, trace)
}

func (s *Server) deliverLocked(from string, to []string, raw []byte, trace bool) (delivered, refused []string, err error) {
	var first *RefusedError
	for _, addr := range to {
		rule := s.ruleLocked(addr)
		switch rule.Policy {
		case PolicyAccept:
		case PolicyRefuse:
			refused = append(refused, addr)
			if first == nil {
				first = &RefusedError{Recipient: addr, Code: rule.Code, Text: rule.Enhanced + " " + rule.Text}
			}
			continue
		case PolicyBounce, PolicyDelayed:
			s.reportLocked(from, addr, rule, raw)
		}
		if rule.Policy != PolicyBounce {
			s.storeLocked(from, addr, raw, trace)
			delivered = append(delivered, addr)
		}
	}
	if len(delivered) == 0 && first != nil {
		return nil, refused, first
	}
	return delivered, refused, nil
}

// storeLocked puts a mail into the recipient's INBOX, below the lines that a receiving
// host writes on top.
func (s *Server) storeLocked(from, addr string, raw []byte, trace bool) {
	a := s.findLocked(addr)
	if a == nil {
		cfg := MailboxConfig{Address: withoutDetail(addr), Password: s.opts.CustomerPassword}
		a = s.addAccountLocked(cfg, true)
	}
	now := s.clock()
	if trace {
		var b bytes.Buffer
		fmt.Fprintf(&b, "Return-Path: <%s>\r\nDelivered-To: %s\r\n", from, addr)
		fmt.Fprintf(&b, "Received: from %s by %s with ESMTP for <%s>;\r\n %s\r\n",
			orText(domainOf(from), s.opts.Domain), s.opts.Domain, addr, now.Format(time.RFC1123Z))
		raw = append(b.Bytes(), raw...)
	}
	s.appendLocked(a.folder("INBOX"), raw, now)
	s.autoReplyLocked(a, from, raw)
}

func (s *Server) saveSent(address string, raw []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.findLocked(address); a != nil {
		s.saveSentLocked(a, raw)
	}
}

// saveSentLocked does nothing when the client has deleted the folder.
func (s *Server) saveSentLocked(a *account, raw []byte) {
	if f := a.folder(a.cfg.SentFolder); f != nil {
		s.appendLocked(f, raw, s.clock(), imap.FlagSeen)
	}
}

// newMessageID counts, so that a test gets the same ids each time.
func (s *Server) newMessageID(domain string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newMessageIDLocked(domain)
}

func (s *Server) newMessageIDLocked(domain string) string {
	s.counter++
	return fmt.Sprintf("<fake-%d-%06d@%s>", s.opts.UIDValidity, s.counter, domain)
}

// enhancedCode reads "5.1.1"; anything else is "not set".
func enhancedCode(s string) smtp.EnhancedCode {
	var c smtp.EnhancedCode
	if n, err := fmt.Sscanf(s, "%d.%d.%d", &c[0], &c[1], &c[2]); n != 3 || err != nil {
		return smtp.EnhancedCodeNotSet
	}
	return c
}
