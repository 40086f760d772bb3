package channels

import (
	"errors"
	"fmt"
	"time"
)

// ErrOverloaded is returned by Accept when too many facts are waiting to be stored. A webhook responds with 503 and
// Retry-After, so that the provider tries again.
var ErrOverloaded = errors.New("channels: too much is waiting to be stored")

// ErrPrivateAddress means that a connection was refused because it would lead into the company's own network. An admin
// can allow single hosts there (Spec.OwnHosts).
var ErrPrivateAddress = errors.New("channels: the address is not on the internet")

// Class is the kind of failure of a Send. It decides what happens to the message: whether it is retried later,
// or given up, and who is told. In every class except Ambiguous, the message was certainly not sent.
type Class string

// The classes of errors.
const (
	Retry          Class = "retry"           // a temporary failure
	Throttled      Class = "throttled"       // a rate limit was reached; SendError.Wait is how long to wait
	WindowClosed   Class = "window_closed"   // the reply window is over: only a template may be sent
	BadRecipient   Class = "bad_recipient"   // this address can't be reached
	BadContent     Class = "bad_content"     // the provider refuses this content
	AuthBroken     Class = "auth_broken"     // the credentials don't work; a person has to fix them
	AccountBlocked Class = "account_blocked" // the provider blocks the account
	OptedOut       Class = "opted_out"       // the customer doesn't want any messages
	AdvertStopped  Class = "advert_stopped"  // the customer doesn't want advertising; replies may be sent
	TemplateBad    Class = "template"        // the template isn't approved, is paused, or was filled in wrongly
	Ambiguous      Class = "ambiguous"       // it is unknown whether the message was sent
	Confidential   Class = "confidential"    // a rule of the agents' organisation blocks the text in its chat; never returned by channels
	Held           Class = "held"            // the account is paused or not connected; never returned by channels
)

// SendError is a classified failure with a text for people. Send returns it, and so do most methods that call a provider.
type SendError struct {
	Class Class
	Wait  time.Duration // how long to wait, for Throttled, Retry and Held; with the last two, 0 means the default backoff
	Pair  bool          // Throttled: the limit is for this customer only, so the account's other messages needn't wait
	Text  string        // what happened, for people: "The mailbox of … is full."
	Hint  string        // what to do about it
	Cause error

	// AccountText is a variant of Text that doesn't name a customer, for the admins of the account. It is "" if Text
	// itself doesn't name one.
	AccountText string
}

// Error implements error.
func (e *SendError) Error() string {
	if e.Cause == nil {
		return fmt.Sprintf("%s: %s", e.Class, e.Text)
	}
	return fmt.Sprintf("%s: %s: %v", e.Class, e.Text, e.Cause)
}

// Unwrap returns the cause, for errors.Is and errors.As.
func (e *SendError) Unwrap() error { return e.Cause }

// ClassOf returns the class of an error from Send. An error without a class is Ambiguous: the message
// may have been sent.
func ClassOf(err error) Class {
	if se, ok := errors.AsType[*SendError](err); ok {
		return se.Class
	}
	return Ambiguous
}

// RefuseContent returns a BadContent error for a message that the provider would refuse. hint is what its author can do.
func RefuseContent(text, hint string) error {
	return &SendError{Class: BadContent, Text: text, Hint: hint}
}
