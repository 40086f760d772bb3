package channels

import (
	"context"
	"io"
	"slices"
	"unicode/utf8"
)

// The interfaces in this file are optional: a Channel implements those that its provider supports.

// Fetcher is a Channel whose provider serves files separately from messages. Decode returns such an attachment with a
// Ref, such as the provider's id of the file, instead of its content.
type Fetcher interface {
	// Fetch opens the file of a Ref. It is called soon after the message was accepted, because some providers delete
	// files after minutes. It may be called repeatedly.
	// Errors: *SendError of class Retry, Throttled or AuthBroken; of class BadContent if the file is gone, too large
	// or damaged.
	Fetch(ctx context.Context, ref string) (Fetched, error)
}

// Fetched is an open file from a provider.
type Fetched struct {
	Name        string        // "" means Attachment.Name
	ContentType string        // "" means Attachment.ContentType
	Body        io.ReadCloser // the caller closes it
}

// Attendant is a Channel that can send read receipts and typing indicators.
type Attendant interface {
	// Attend marks the customer's last message as read and shows her that a reply is being written, as far as the
	// provider supports it. last is the provider's id of the message. This is best effort: callers ignore failures.
	Attend(ctx context.Context, to Party, last string) error
}

// Starter is a Channel on which agents can start a conversation.
type Starter interface {
	// Recipient parses an address or phone number that an agent typed. It is a pure function.
	// Errors: *SendError of class BadRecipient.
	Recipient(typed string) (Party, error)
}

// Hooked is a Channel that can configure its webhook at the provider through the provider's API.
type Hooked interface {
	// FindHook reads the webhook's current configuration from the provider, without changing it.
	// Errors: *SendError.
	FindHook(ctx context.Context) (HookState, error)

	// SetHook sets each value of FindHook's result to what is wanted, so that the provider calls this Parley. The
	// provider may call Env.HookURL before it responds.
	// Errors: *SendError; of class AuthBroken if the account's credentials don't allow this.
	SetHook(ctx context.Context) error
}

// HookState is the webhook configuration at a provider.
type HookState struct {
	Values []HookValue
	ByHand string // how a person can set the webhook up with the provider's own tools instead
}

// CallsUs reports whether every value is as wanted, so that SetHook has nothing to change.
func (s HookState) CallsUs() bool {
	return !slices.ContainsFunc(s.Values, func(v HookValue) bool { return v.Now != v.Wanted })
}

// HookValue is one setting at the provider.
type HookValue struct {
	What   string // the setting's name for people: "Callback of the business account 2066"
	Now    string // "" means not set
	Wanted string
}

// Measurer is a Channel that converts the Markdown of a reply before sending, so that its length changes.
type Measurer interface {
	// TextRunes returns the length in characters of a text as it is sent, without a signature. It is a pure function.
	TextRunes(text string) int
}

// TextRunes returns the length of a text that counts against the channel's Capabilities.MaxTextRunes.
func TextRunes(ch Channel, text string) int {
	if m, ok := ch.(Measurer); ok {
		return m.TextRunes(text)
	}
	return utf8.RuneCountInString(text)
}

// Counter is a Channel whose provider splits and bills a long text as several messages, as with SMS.
type Counter interface {
	// Count returns how many messages a text becomes when it is sent with a signature, which may be "". An empty
	// text is counted as if its author were about to write one. It is a pure function.
	Count(text, signature string) Count
}

// Count is the result of Counter.Count.
type Count struct {
	Parts    int    // number of messages; at least 1
	Left     int    // how many more characters fit into the last message
	Encoding string // for people: "GSM-7"

	// Room is how many characters fit, besides the signature, into one, two and three messages of this encoding; 0
	// if unknown.
	Room [3]int
}
