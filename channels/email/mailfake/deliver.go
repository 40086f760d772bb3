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

// Policy says what becomes of mail to an address.
type Policy string

// The policies.
const (
	PolicyAccept  Policy = "accept"  // into the mailbox, which is opened when missing
	PolicyRefuse  Policy = "refuse"  // 550 5.1.1 at RCPT
	PolicyBounce  Policy = "bounce"  // taken, then a delivery report comes back
	PolicyDelayed Policy = "delayed" // delivered, and a report says that it takes long
)

// office takes mails and brings them to mailboxes, back to their senders, or nowhere.
type office struct {
	*ground     // with the lock, mu
	boxes       *mailboxes
	rules       []RecipientRule
	submissions []Submission
	counter     int // of generated message ids
}

// RecipientRule gives an address or @domain a Policy of its own. The last rule for the
// exact address wins over the last one for its domain.
type RecipientRule struct {
	Address string `json:"address"`
	Policy  Policy `json:"policy"`
	// Code and Enhanced are the answer or the report's status. Default: 550 and 5.1.1, for PolicyDelayed 451 and 4.4.1.
	Code     int    `json:"code,omitempty"`
	Enhanced string `json:"enhanced,omitempty"`
	Text     string `json:"text,omitempty"`
}

// SetRecipient adds a rule. Errors: unknown policy, no address.
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
func (o *office) Submissions() []Submission {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.submissions)
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

// ruleLocked returns the rule for an address, with its answer filled in.
func (o *office) ruleLocked(address string) RecipientRule {
	rule, ok := o.findRuleLocked(address)
	if !ok {
		rule = RecipientRule{Address: address, Policy: o.usualPolicyLocked(address)}
	}

	usual := RecipientRule{Code: codeRefused, Enhanced: "5.1.1", Text: "The email account that you tried to reach does not exist"}
	if rule.Policy == PolicyDelayed {
		usual = RecipientRule{Code: codeLocalError, Enhanced: "4.4.1", Text: "The receiving host does not answer"}
	}
	rule.Code = cmp.Or(rule.Code, usual.Code)
	rule.Enhanced = cmp.Or(rule.Enhanced, usual.Enhanced)
	rule.Text = cmp.Or(rule.Text, usual.Text)
	return rule
}

// findRuleLocked finds the last rule for an address, or else the last one for its domain.
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

// usualPolicyLocked is what becomes of mail to an address that no rule is for.
func (o *office) usualPolicyLocked(address string) Policy {
	switch {
	case o.boxes.findLocked(address) != nil:
		return PolicyAccept
	case o.boxes.isHosted(address):
		return o.opts.UnknownHosted
	}
	return o.opts.UnknownForeign
}

// checkRecipient is the server's answer to RCPT.
func (o *office) checkRecipient(address string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r := o.ruleLocked(address); r.Policy == PolicyRefuse {
		return smtpError(r.Code, r.Enhanced, r.Text)
	}
	return nil
}

// envelope is a mail that the office brings to mailboxes.
type envelope struct {
	from    string // gets delivery reports
	to      []string
	raw     []byte
	noTrace bool // the mail arrives as it is, without the lines that a receiving host writes on top
}

// deliver hands a mail to every recipient. Errors: *RefusedError if nobody takes the mail.
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

// storeLocked puts a mail into the INBOX of one recipient. A mailbox that is missing is opened.
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

// traceLines returns the lines that a receiving host writes on top of a mail.
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

// saveSentLocked does nothing when the client has deleted the folder.
func (o *office) saveSentLocked(a *account, raw []byte) {
	if f := a.findFolder(a.cfg.SentFolder); f != nil {
		o.boxes.appendLocked(f, raw, o.clock(), imap.FlagSeen)
	}
}

// newMessageID makes ids with a counter, so that a test gets the same ones each time.
func (o *office) newMessageID(domain string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.newMessageIDLocked(domain)
}

func (o *office) newMessageIDLocked(domain string) string {
	o.counter++
	return fmt.Sprintf("<fake-%d-%06d@%s>", o.opts.UIDValidity, o.counter, domain)
}

// enhancedCode reads "5.1.1"; anything else is "not set".
func enhancedCode(s string) smtp.EnhancedCode {
	var c smtp.EnhancedCode
	if _, err := fmt.Sscanf(s, "%d.%d.%d", &c[0], &c[1], &c[2]); err != nil { // also if there are fewer numbers
		return smtp.EnhancedCodeNotSet
	}
	return c
}
