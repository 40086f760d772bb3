package bridge

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"parley/channels"
)

// This file is the contract between the engine and a chat in which agents work, such as Slack. One event of the chat, such as a typed
// message or a click, is stored as the bytes that came before anything else happens: these are a fact. What Parley writes into the
// chat is a post. Agents type replies to customers there.

// Surface is a chat platform in which agents work. All methods may be called concurrently. The interfaces below the first four are
// optional abilities.
type Surface interface {
	EventSource
	Poster
	MessageReader
	ChannelLookup
}

// EventSource is how the engine learns what people do in a chat.
type EventSource interface {
	// Run receives events until ctx ends. If events come by Handlers, it only looks regularly for missed ones.
	Run(ctx context.Context) error

	// Handlers returns what is to be mounted, by pattern ("POST /chat/events"), or nil if nothing is. Handlers get
	// whole bodies of at most 16 MiB; a Stream gets bodies of any size as they come.
	Handlers() map[string]http.Handler

	// Decode turns the stored bytes of one fact into what people did. The result depends on these bytes alone.
	// Errors: after any error, the fact is put into quarantine: it is kept, shown to admins and not applied.
	Decode(raw []byte) ([]Action, error)
}

// Poster writes into a chat.
type Poster interface {
	// Send makes one post.
	// Errors: a *channels.SendError with a class, as of channels.Channel.Send. Any other error counts as Ambiguous:
	// nobody knows whether the post was made. The SendError wraps ErrThreadLost, ErrMessageGone or ErrChannelClosed
	// where that is the reason. With ErrChannelClosed, its Text names the channel and its Hint says what to do:
	// admins read both.
	Send(ctx context.Context, p Post) (Sent, error)

	// Reconcile looks in the chat whether an earlier attempt at p succeeded, whose answer was lost.
	Reconcile(ctx context.Context, p Post) (channels.Outcome, Sent, error)

	// Budget returns the rate limit of the provider that a kind of post meets first in a channel.
	Budget(kind PostKind, channel string) Budget

	// Limits returns what one message can hold.
	Limits() Limits
}

// MessageReader reads in a chat what agents typed and attached there.
type MessageReader interface {
	// Confirm reads an agent's message again, just before it goes to the customer. text is what Parley knows of it.
	// If the message was edited or deleted, the surface stores that as a fact before it returns. It also stores the
	// emoji that it sees on the message, with OriginFoundEmoji. They don't change the result: the engine waits until
	// they are applied.
	//
	// at.Thread is the message itself if it was typed outside all threads, and "" if its thread is no longer known. A
	// surface that can't find the message without it returns Unchanged.
	// Errors: a *channels.SendError with Wait if the platform asks to be left alone for so long. With an error,
	// Unchanged means that the message could not be read. Gone, Changed and Blocked mean that the message shows, or
	// may show, something that could not be stored or found out now: the reply has to wait.
	Confirm(ctx context.Context, at Place, text string) (Confirmation, error)

	// Open reads a file that a person attached.
	Open(ctx context.Context, f SurfaceFile) (io.ReadCloser, error)
}

// ChannelLookup answers what the engine asks about a chat's channels and people.
type ChannelLookup interface {
	// Resolve returns a channel's id for "#name" or an id, or "" if there is no such channel.
	Resolve(ctx context.Context, channel string) (string, error)

	// Lookup returns an agent's user id by the e-mail address, or "" if there is none.
	Lookup(ctx context.Context, email string) (SurfaceUser, error)

	// Audience says who can read a channel. It is asked about once a minute.
	// Errors: any. The last answer then counts for some more minutes. After that, nobody counts as a reader.
	Audience(ctx context.Context, channel string) (Audience, error)
}

// Reachable is a Surface that can be asked whether its platform answers.
type Reachable interface {
	// Reach asks the platform for something cheap. Errors: a *channels.SendError of class AuthBroken when the
	// platform answers and refuses Parley's access for good; any other error means that it can't be reached.
	Reach(ctx context.Context) error
}

// GapHider is a Surface that may miss events without noticing. A time in which events may have been missed is a gap.
type GapHider interface {
	// HidesGaps reports whether events of a channel come by HTTP requests to us. No connection breaks if they stop
	// coming, so the surface can't tell the engine about the gap. The engine then has each typed reply that has
	// waited read again before it leaves. HidesGaps returns false for a channel that may not be read.
	HidesGaps(channel string) bool
}

// Linked is a Surface whose messages have addresses.
type Linked interface {
	// Link returns the address at which people read a message or a thread; "" if it has none.
	Link(at Place) string
}

// Identified is a Surface whose credentials can be checked before Run.
type Identified interface {
	// Identify asks the platform about the credentials and changes nothing. home is the id of the workspace or
	// organisation to which they belong, or "" if that isn't known. It doesn't look at channels.
	Identify(ctx context.Context) (home string, found []channels.Finding)
}

// Roster is a Surface that lists who is in a channel.
type Roster interface {
	// Members lists the people in a channel: no bots, nobody who was deactivated, and nobody of another organisation.
	// It doesn't ask the platform about people for whom known returns true: their Members may have only User.
	// Errors: any. The list is then incomplete, and isn't used.
	Members(ctx context.Context, channel string, known func(user SurfaceUser) bool) ([]Member, error)
}

// Member is somebody in a channel.
type Member struct {
	User  SurfaceUser
	Name  string
	Email string // "" means the platform doesn't tell
	Guest bool   // invited into some channels of the organisation
	Mute  bool   // the surface accepts nothing from this person, who can't be an agent there
}

// Stream marks a handler that reads long bodies itself. It checks the sender before it reads, holds little of the
// body in memory, and limits how much it reads.
type Stream struct{ http.Handler }

// Confirmation is what Confirm found: whether a message still is as Parley knows it.
type Confirmation int

// Confirmations.
const (
	Unchanged Confirmation = iota
	Changed                // an edit was accepted: wait for it to be applied
	Gone                   // a deletion was accepted
	Blocked                // a rule of the organisation, such as data loss prevention, hides it from people
)

// Budget is a rate limit of a provider, as a token bucket: Burst posts at once, and PerSecond more each second. Some
// providers also limit a longer time. Then a post takes a token from a second, wide bucket, too.
type Budget struct {
	Key       string  // unique within the surface's account
	PerSecond float64 // 0 means no limit, until the provider answers 429
	Burst     int

	WidePerSecond float64 // 0 means there is no second bucket
	WideBurst     int
}

// Limits of one message in a surface.
type Limits struct {
	MaxTextRunes   int
	MaxFileBytes   int64
	RequestTimeout time.Duration
}

// Errors of Surface.Send, to be wrapped in a *channels.SendError.
var (
	ErrThreadLost    = errors.New("bridge: the thread's root is gone")
	ErrMessageGone   = errors.New("bridge: the message is gone")
	ErrChannelClosed = errors.New("bridge: the channel can't be posted to")
)

// Audience is who can read a channel of a surface.
type Audience struct {
	Everyone bool          // all people of the organisation: a public channel
	Users    []SurfaceUser // else these
}
