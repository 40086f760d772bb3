package mailfake

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-smtp"
)

// This file delivers mails: into the inbox of each recipient or, by the recipient's policy, not at all. A policy can be set
// for an address or a whole domain, such as PolicyBounce for "@gone.test".

// Policy decides what happens to mail for an address.
type Policy string

// Policies.
const (
	PolicyAccept  Policy = "accept"  // deliver, and create the mailbox if it is missing
	PolicyRefuse  Policy = "refuse"  // respond 550 5.1.1 to RCPT
	PolicyBounce  Policy = "bounce"  // accept, then send a bounce instead of delivering
	PolicyDelayed Policy = "delayed" // deliver, and notify the sender of a delay
)

// office is the mail transfer agent: it delivers mails to mailboxes and sends bounces.
type office struct {
	*ground     // has the lock, mu
	boxes       *mailboxes
	rules       []RecipientRule
	submissions []Submission
	counter     int // of generated Message-IDs
}

// RecipientRule sets the Policy for an address or @domain. A rule for the exact address takes precedence over one for its
// domain; among equal rules, the last one counts.
type RecipientRule struct {
	Address string `json:"address"`
	Policy  Policy `json:"policy"`
	// Code and Enhanced are the SMTP response, or the status in the bounce. Default: 550 and 5.1.1, or 451 and 4.4.1 for
	// PolicyDelayed.
	Code     int    `json:"code,omitempty"`
	Enhanced string `json:"enhanced,omitempty"`
	Text     string `json:"text,omitempty"`
}

// SetRecipient adds a rule. It returns an error for an unknown policy or a missing address.
func (o *office) SetRecipient(r RecipientRule) error {
	switch r.Policy {
	case PolicyAccept, PolicyRefuse, PolicyBounce, PolicyDelayed:
	default:
		return fmt.Errorf("mailfake: recipient rule: unknown policy %q", r.Policy)
	}
	if !strings.Contains(r.Address, "@") {
		return fmt.Errorf("mailfake: recipient rule: no address")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rules = append(o.rules, r)
	return nil
}

// Submission is one mail that the SMTP server accepted, even if a fault kept the client from learning it.
type Submission struct {
	Seq       int       `json:"seq"` // starting at 1
	At        time.Time `json:"at"`
	Mailbox   string    `json:"mailbox,omitempty"` // the mailbox of the login
	From      string    `json:"from"`              // of the envelope
	To        []string  `json:"to"`
	Bounced   []string  `json:"bounced,omitempty"`
	MessageID string    `json:"message_id"` // as submitted
	StoredID  string    `json:"stored_id"`  // as delivered; differs if the server replaced it
	Subject   string    `json:"subject"`
	Bytes     int       `json:"bytes"`
	Automatic bool      `json:"automatic,omitempty"` // it says that no person wrote it
}

// Submissions returns the mails that were accepted by SMTP since the start or the last Reset. Two with the same MessageID
// are a mail that was sent twice.
func (o *office) Submissions() []Submission {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.submissions)
}

// RefusedError means that all recipients were refused. It describes the first refusal.
type RefusedError struct {
	Recipient string
	Code      int
	Text      string
}

// Error implements error.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("mailfake: <%s>: %d %s", e.Recipient, e.Code, e.Text)
}

// ruleLocked returns the rule for an address, including defaults.
func (o *office) ruleLocked(address string) RecipientRule {
	rule, ok := o.findRuleLocked(address)
	if !ok {
		rule = RecipientRule{Address: address, Policy: o.defaultPolicyLocked(address)}
	}

	defaults := RecipientRule{Code: codeRefused, Enhanced: "5.1.1", Text: "The email account that you tried to reach does not exist"}
	if rule.Policy == PolicyDelayed {
		defaults = RecipientRule{Code: codeLocalError, Enhanced: "4.4.1", Text: "The receiving host does not answer"}
	}
	rule.Code = cmp.Or(rule.Code, defaults.Code)
	rule.Enhanced = cmp.Or(rule.Enhanced, defaults.Enhanced)
	rule.Text = cmp.Or(rule.Text, defaults.Text)
	return rule
}

// findRuleLocked returns the last rule for an address or, failing that, the last one for its domain.
func (o *office) findRuleLocked(address string) (rule RecipientRule, ok bool) {
	for _, r := range slices.Backward(o.rules) {
		if !matchesAddress(r.Address, address) {
			continue
		}
		if isForDomain := strings.HasPrefix(r.Address, "@"); !isForDomain {
			return r, true
		}
		if !ok {
			rule, ok = r, true
		}
	}
	return rule, ok
}

// defaultPolicyLocked returns the policy for an address without a rule.
func (o *office) defaultPolicyLocked(address string) Policy {
	switch {
	case o.boxes.findLocked(address) != nil:
		return PolicyAccept
	case o.boxes.isHosted(address):
		return o.opts.UnknownHosted
	}
	return o.opts.UnknownForeign
}

// checkRecipient returns the SMTP error for a recipient that is refused, or nil.
func (o *office) checkRecipient(address string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r := o.ruleLocked(address); r.Policy == PolicyRefuse {
		return smtpError(r.Code, r.Enhanced, r.Text)
	}
	return nil
}

// envelope is a mail with its SMTP sender and recipients.
type envelope struct {
	from    string // receives bounces
	to      []string
	raw     []byte
	noTrace bool // don't add the trace fields (traceLines)
}

// deliver delivers a mail to its recipients. It returns a *RefusedError if all of them refuse the mail.
func (o *office) deliver(e envelope) (delivered, refused []string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.deliverLocked(e)
}

func (o *office) deliverLocked(e envelope) (delivered, refused []string, err error) {
	var refusal *RefusedError // the first one
	for _, to := range e.to {
		rule := o.ruleLocked(to)
		if rule.Policy == PolicyRefuse {
			refused = append(refused, to)
			refusal = cmp.Or(refusal, &RefusedError{Recipient: to, Code: rule.Code, Text: rule.Enhanced + " " + rule.Text})
			continue
		}
		if rule.Policy == PolicyBounce || rule.Policy == PolicyDelayed {
			o.reportLocked(e.from, to, rule, e.raw)
		}
		if rule.Policy != PolicyBounce {
			o.storeLocked(e, to)
			delivered = append(delivered, to)
		}
	}

	if len(delivered) == 0 && refusal != nil {
		return nil, refused, refusal
	}
	return delivered, refused, nil
}

// storeLocked stores a mail in the inbox of one recipient, and creates the mailbox if it is missing.
func (o *office) storeLocked(e envelope, to string) {
	a := o.boxes.findLocked(to)
	if a == nil {
		a = o.boxes.addCustomerLocked(MailboxConfig{Address: withoutDetail(to), Password: o.opts.CustomerPassword})
	}

	now := o.clock()
	raw := e.raw
	if !e.noTrace {
		raw = append(o.traceLines(e.from, to, now), raw...)
	}
	o.boxes.appendLocked(a.findFolder("INBOX"), raw, now)
	o.autoReplyLocked(a, e.from, raw)
}

// traceLines returns the header fields that a receiving server adds to a mail.
func (o *office) traceLines(from, to string, now time.Time) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Return-Path: <%s>\r\nDelivered-To: %s\r\n", from, to)
	fmt.Fprintf(&b, "Received: from %s by %s with ESMTP for <%s>;\r\n %s\r\n",
		cmp.Or(domainOf(from), o.opts.Domain), o.opts.Domain, to, now.Format(time.RFC1123Z))
	return b.Bytes()
}

func (o *office) saveSent(address string, raw []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if a := o.boxes.findLocked(address); a != nil {
		o.saveSentLocked(a, raw)
	}
}

// saveSentLocked stores a copy in the Sent folder, unless the client has deleted the folder.
func (o *office) saveSentLocked(a *account, raw []byte) {
	if f := a.findFolder(a.cfg.SentFolder); f != nil {
		o.boxes.appendLocked(f, raw, o.clock(), imap.FlagSeen)
	}
}

// newMessageID generates Message-IDs with a counter, so that tests are reproducible.
func (o *office) newMessageID(domain string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.newMessageIDLocked(domain)
}

func (o *office) newMessageIDLocked(domain string) string {
	o.counter++
	return fmt.Sprintf("<fake-%d-%06d@%s>", o.opts.UIDValidity, o.counter, domain)
}

// enhancedCode parses "5.1.1". It returns EnhancedCodeNotSet for other texts.
func enhancedCode(s string) smtp.EnhancedCode {
	var code smtp.EnhancedCode
	if _, err := fmt.Sscanf(s, "%d.%d.%d", &code[0], &code[1], &code[2]); err != nil {
		return smtp.EnhancedCodeNotSet
	}
	return code
}
