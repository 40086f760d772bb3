package meta

import (
	"time"

	"parley/channels"
)

// humanWindow is how long after a customer's message a person may still reply.
const humanWindow = 7 * 24 * time.Hour

// Text and hint for agents when the reply window is closed.
const (
	windowText = "Messenger's window for replies is closed."
	windowHint = "It opens when the customer writes again. Use another channel until then."
)

// tagHuman is the message tag that lets a person reply until seven days after the customer's last message.
// Source: Meta, "Message tags", HUMAN_AGENT. Meta has withdrawn all other tags.
const tagHuman = "HUMAN_AGENT"

// tagNeeded returns the message tag that Facebook requires now, by the age of the customer's last message. Up
// to 24 hours no tag ("") is needed. Up to seven days, a reply needs tagHuman and must be written by a
// person. Later, none is allowed.
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
