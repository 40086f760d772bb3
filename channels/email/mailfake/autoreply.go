package mailfake

import (
	"fmt"
	"strings"
)

// This file sends out-of-office replies, so that tests can check that nobody answers them. There are two kinds, polite and
// rude. Two rude responders that answer each other make a mail loop.

// maxRudeReplies is how many replies a rude responder sends to one address. It ends mail loops.
const maxRudeReplies = 50

// AutoReply is the automatic reply of a mailbox.
type AutoReply struct {
	Text string `json:"text"`
	// Rude replies to every mail, up to maxRudeReplies times to one address, and doesn't mark the replies. Otherwise
	// each address gets a single reply, marked with Auto-Submitted, and automatic mail gets none (RFC 3834).
	Rude bool `json:"rude,omitempty"`
}

// SetAutoReply sets the automatic reply of a mailbox; nil removes it. It creates a customer's mailbox for an unknown
// address, and returns an error for a malformed one.
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

// isAutomatic reports whether a program or a mailing list sent a mail.
func isAutomatic(mail Received) bool {
	submitted := mail.Get("Auto-Submitted")
	if submitted != "" && !strings.EqualFold(submitted, "no") {
		return true
	}
	return mail.Get("Precedence") != "" || mail.Get("List-Id") != ""
}

// autoReplyLocked replies to a mail that was just stored.
func (o *office) autoReplyLocked(a *account, sender string, raw []byte) {
	if a.auto == nil || sender == "" {
		return
	}

	got := parseReceived(headerOf(raw))
	if !a.auto.Rude && isAutomatic(got) {
		return
	}

	limit := 1
	if a.auto.Rude {
		limit = maxRudeReplies
	}
	key := strings.ToLower(sender)
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
		m.Headers = map[string]string{"Auto-Submitted": "auto-replied"}
		from = "" // nobody must reply to it
	}

	answer, err := m.compose()
	if err != nil { // the sender's address is malformed
		o.log.Warn("mail emulator could not answer automatically", "error", err)
		return
	}
	if _, _, err := o.deliverLocked(envelope{from: from, to: []string{sender}, raw: answer}); err != nil {
		o.log.Warn("mail emulator's automatic answer was refused", "error", err)
	}
}
