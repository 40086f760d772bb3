package channels

import (
	"errors"
	"fmt"
	"time"
)

// ErrOverloaded is returned by Accept when too much is waiting: answer 503 with
// Retry-After and let the source try again.
var ErrOverloaded = errors.New("channels: too much is waiting to be stored")

// ErrPrivateAddress is the cause of a connection that was refused because it leads into the company's
// own network, to a host that no admin named (Spec.OwnHosts).
var ErrPrivateAddress = errors.New("channels: the address is not on the internet")

// Class of a failed Send. It decides what Parley does next.
type Class string

// Classes of failure.
const (
	Retry          Class = "retry"           // certain failure that may pass
	Throttled      Class = "throttled"       // certain failure; Wait says how long
	WindowClosed   Class = "window_closed"   // only a template may be sent now
	BadRecipient   Class = "bad_recipient"   // this address can't be reached
	BadContent     Class = "bad_content"     // the provider refuses this content
	AuthBroken     Class = "auth_broken"     // credentials: the account needs a person
	AccountBlocked Class = "account_blocked" // the provider blocks the account
	OptedOut       Class = "opted_out"       // the customer doesn't want messages
	AdvertStopped  Class = "advert_stopped"  // the customer doesn't want advertising; answers may be sent
	TemplateBad    Class = "template"        // the template is not approved, paused, or was filled wrongly
	Ambiguous      Class = "ambiguous"       // nobody knows whether it was sent
	Confidential   Class = "confidential"    // the agents' organisation lets nobody read it; channels never return it
	Held           Class = "held"            // Parley itself lets nothing leave; channels never return it
)

// SendError is a failure with its class, and with words for people. Send returns it, and so do most methods that call a provider.
type SendError struct {
	Class Class
	Wait  time.Duration // Throttled, Retry, Held: how long to wait; 0 with Retry and Held means Parley's own table of waits
	Pair  bool          // Throttled: only messages to this customer wait, not the account's other messages
	Text  string        // what happened, for people: "The mailbox of … is full."
	Hint  string        // what to do next
	Cause error

	// AccountText is Text for all admins, who look after the account: it names no customer. It is "" if Text names none.
	AccountText string
}

// Error implements error.
func (e *SendError) Error() string {
	if e.Cause == nil {
		return fmt.Sprintf("%s: %s", e.Class, e.Text)
	}
	return fmt.Sprintf("%s: %s: %v", e.Class, e.Text, e.Cause)
}

// Unwrap returns the cause.
func (e *SendError) Unwrap() error { return e.Cause }

// ClassOf returns the class of an error from Send. An error without a class is Ambiguous: the message
// may have been sent.
func ClassOf(err error) Class {
	if se, ok := errors.AsType[*SendError](err); ok {
		return se.Class
	}
	return Ambiguous
}

// RefuseContent returns the error for a message that the provider would refuse as it is. hint says what its author can do.
func RefuseContent(text, hint string) error {
	return &SendError{Class: BadContent, Text: text, Hint: hint}
}
