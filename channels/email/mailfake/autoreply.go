package mailfake

import (
	"fmt"
	"strings"
)

// maxRude ends the loop that two rude responders make.
const maxRude = 50

// AutoReply is what a mailbox answers by itself to what it receives.
type AutoReply struct {
	Text string `json:"text"`
	// Rude answers everything, each time, and does not mark its answers: the kind that
	// makes loops. It stops after 50 answers to one sender. A polite one answers each
	// sender once, nothing automatic, and says Auto-Submitted (RFC 3834).
	Rude bool `json:"rude,omitempty"`
}

// SetAutoReply switches the automatic answer of a mailbox on, or with nil off; an unknown
// address gets a customer's mailbox. Errors: a malformed address.
func (o *office) SetAutoReply(address string, reply *AutoReply) error {
	c := o.Customer(address)
	o.mu.Lock()
	defer o.mu.Unlock()
	a := o.boxes.findLocked(c.addr.Address)
	if a == nil {
		return fmt.Errorf("mailfake: automatic reply: malformed address %q", address)
	}
	a.auto, a.answered = reply, map[string]int{}
	return nil
}

// isAutomatic reports whether a program or a list sent a mail.
func isAutomatic(mail Received) bool {
	submitted := mail.Get("Auto-Submitted")
	if submitted != "" && !strings.EqualFold(submitted, "no") {
		return true
	}
	return mail.Get("Precedence") != "" || mail.Get("List-Id") != ""
}

// autoReplyLocked answers a mail that was just stored, before anything else can happen.
func (o *office) autoReplyLocked(a *account, sender string, raw []byte) {
	if a.auto == nil || sender == "" {
		return
	}

	key, got := strings.ToLower(sender), parseReceived(headerOf(raw))
	limit := maxRude
	if !a.auto.Rude {
		limit = 1
		if isAutomatic(got) {
			return
		}
	}

	if a.answered[key] >= limit {
		return
	}

	a.answered[key]++
	m := Mail{
		From: Address{a.cfg.Name, a.address}.String(), To: []string{sender}, Subject: "Automatic reply: " + got.Subject, Text: a.auto.Text,
		MessageID: o.newMessageIDLocked(domainOf(a.address)), Date: o.clock(), InReplyTo: got.MessageID,
	}

	from := a.address
	if !a.auto.Rude {
		m.Headers, from = map[string]string{"Auto-Submitted": "auto-replied"}, ""
	}

	answer, err := m.compose()
	if err != nil { // a sender that cannot be written into a header
		o.log.Warn("mail emulator could not answer automatically", "error", err)
		return
	}
	if _, _, err := o.deliverLocked(envelope{from: from, to: []string{sender}, raw: answer}); err != nil {
		o.log.Warn("mail emulator's automatic answer was refused", "error", err)
	}
}
