package channels

import (
	"context"
	"io"
	"slices"
	"unicode/utf8"
)

// Fetcher is a Channel whose provider keeps files for a while: Decode returns attachments with a Ref.
type Fetcher interface {
	// Fetch reads the file of a Ref. It is called soon after the fact was accepted, because some
	// providers keep files for minutes. May be repeated.
	// Errors: *SendError: Retry, Throttled, AuthBroken; BadContent when it is gone, too
	// large or damaged.
	Fetch(ctx context.Context, ref string) (Fetched, error)
}

// Fetched is a file from a provider.
type Fetched struct {
	Name        string        // "" means Attachment.Name
	ContentType string        // "" means Attachment.ContentType
	Body        io.ReadCloser // the caller closes it
}

// Attendant is a Channel that can show a customer that somebody reads her message and writes an answer.
type Attendant interface {
	// Attend marks the customer's last message as read and shows that an answer is being written, as far as the provider can. last is the
	// provider's id of that message. Nothing depends on its success.
	Attend(ctx context.Context, to Party, last string) error
}

// Starter is a Channel by which we may begin a conversation.
type Starter interface {
	// Recipient reads an address or number that an agent typed. Pure.
	// Errors: *SendError of class BadRecipient.
	Recipient(typed string) (Party, error)
}

// Hooked is a Channel whose provider can be told where to call for what customers do.
type Hooked interface {
	// FindHook asks the provider where it calls now. It changes nothing.
	// Errors: *SendError.
	FindHook(ctx context.Context) (HookState, error)

	// SetHook lets the provider call this Parley: each value of FindHook's answer becomes as wanted. The provider
	// may call Env.HookURL before it answers.
	// Errors: *SendError; of class AuthBroken if the account's credentials don't allow that.
	SetHook(ctx context.Context) error
}

// HookState is where a provider calls for what customers do.
type HookState struct {
	Values []HookValue
	ByHand string // what a person does instead, with the provider's own tools
}

// CallsUs reports whether the provider calls this Parley for everything. Then SetHook has nothing to change.
func (s HookState) CallsUs() bool {
	return !slices.ContainsFunc(s.Values, func(v HookValue) bool { return v.Now != v.Wanted })
}

// HookValue is one value at the provider.
type HookValue struct {
	What   string // "Callback of the business account 2066", for people
	Now    string // "" means nothing stands there
	Wanted string
}

// Measurer is a Channel that sends a text in another form than Markdown, of which its MaxTextRunes is the limit.
type Measurer interface {
	// TextRunes returns how many characters a text has when it is sent, without a signature. Pure.
	TextRunes(text string) int
}

// TextRunes returns how much of a channel's MaxTextRunes a text takes.
func TextRunes(ch Channel, text string) int {
	if m, ok := ch.(Measurer); ok {
		return m.TextRunes(text)
	}
	return utf8.RuneCountInString(text)
}

// Counter is a Channel whose provider counts a long text as several messages.
type Counter interface {
	// Count returns how many messages a text becomes when it is sent with a signature, which may be "".
	// An empty text is counted as if its author were about to write one. Pure.
	Count(text, signature string) Count
}

// Count is how many messages the provider makes of a text.
type Count struct {
	Parts    int    // messages; at least 1
	Left     int    // how many more characters fit into the last message
	Encoding string // for people: "GSM-7"

	// Room is how many characters of this encoding fit, beside the signature, into one, two and three
	// messages; 0 if that isn't known.
	Room [3]int
}
