package messenger

import (
	"time"

	"parley/channels"
)

// For how long a customer's message allows answers.
const (
	replyWindow = 24 * time.Hour
	humanWindow = 7 * 24 * time.Hour // if a person writes them
)

// What people read when the reply window is closed.
const (
	windowText = "Messenger's window for replies is closed."
	windowHint = "It opens when the customer writes again. Use another channel until then."
)

// tagHuman lets a person answer until seven days after the customer's last message.
// Source: Meta, "Message tags", HUMAN_AGENT; no other tag is left.
const tagHuman = "HUMAN_AGENT"

// tagNeeded returns the tag with which a message may be sent now, by the age of the customer's last message. It returns "" if no tag is
// needed.
// Errors: *channels.SendError of class WindowClosed.
func tagNeeded(now time.Time, o channels.Outbound) (string, error) {
	age := now.Sub(o.LastIn)
	closed := &channels.SendError{Class: channels.WindowClosed, Text: windowText, Hint: windowHint}
	switch {
	case o.LastIn.IsZero():
		closed.Text = "This customer has not written to the Page, and a Page can't begin."
		return "", closed
	case age < replyWindow:
		return "", nil
	case age < humanWindow && o.Automatic:
		closed.Text = "After 24 hours only a person may answer on Messenger, no automatic message."
		closed.Hint = "Answer yourself; that is possible until the seventh day."
		return "", closed
	case age < humanWindow && o.Promotional:
		closed.Text = "After 24 hours Messenger takes no advertising, only a person's answer."
		closed.Hint = "Answer without advertising; that is possible until the seventh day."
		return "", closed
	case age < humanWindow:
		return tagHuman, nil
	}

	closed.Text = "The customer wrote more than seven days ago: Messenger's window for replies is closed."
	return "", closed
}
