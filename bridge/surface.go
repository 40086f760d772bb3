package bridge

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"parley/channels"
)

// Surface is the integration of a chat platform in which agents work, such as Slack: they read customers' messages there and
// type replies. It works in two directions:
//
//   - Events. An event of the chat, such as a typed message or a click, is stored as the bytes that arrived, before anything
//     else happens. These bytes are called a fact. Later the engine calls Decode to find out what people did.
//   - Posts. A post is a message, or a change of one, that the engine asks the surface to make. Send makes it; Reconcile
//     finds out whether a post was made if the answer to Send was lost.
//
// All methods may be called concurrently. The other interfaces in this file, from Reachable on, are optional.
type Surface interface {
	EventSource
	Poster
	MessageReader
	ChannelLookup
}

// EventSource delivers the events of a chat.
type EventSource interface {
	// Run receives events until ctx ends. If events arrive through Handlers, Run only searches regularly for missed ones.
	Run(ctx context.Context) error

	// Handlers returns the HTTP handlers to mount, by pattern ("POST /chat/events"); it may be nil. A handler gets a
	// buffered body of at most 16 MiB, except a Stream, which reads the body itself.
	Handlers() map[string]http.Handler

	// Decode returns what people did in one fact. The result depends on the bytes alone, so that facts can be replayed.
	// Errors: after any error the fact is quarantined, that is, kept and shown to admins but not applied.
	Decode(raw []byte) ([]Action, error)
}

// Poster makes posts in a chat.
type Poster interface {
	// Send makes one post.
	//
	// Errors: a *channels.SendError with a class, as in channels.Channel.Send. It wraps ErrThreadLost, ErrMessageGone or
	// ErrChannelClosed if that is the reason. With ErrChannelClosed, its Text names the channel and its Hint says what to
	// do, both for admins. Any other error counts as Ambiguous: it is unknown whether the post was made.
	Send(ctx context.Context, p Post) (Sent, error)

	// Reconcile looks in the chat to find out whether an earlier attempt at p, whose answer was lost, succeeded.
	Reconcile(ctx context.Context, p Post) (channels.Outcome, Sent, error)

	// Budget returns the tightest rate limit for a kind of post in a channel.
	Budget(kind PostKind, channel string) Budget

	// Limits returns the limits of one message.
	Limits() Limits
}

// MessageReader reads messages and files of agents in a chat.
type MessageReader interface {
	// Confirm reads an agent's message again, just before its text is sent to the customer. text is the version that
	// Parley knows. If the message was edited or deleted, the surface stores that as a fact before it returns. It also
	// stores the emoji on the message, with OriginFoundEmoji. Emoji don't change the result, because the engine waits
	// until they are applied.
	//
	// at.Thread is the message itself if it was typed outside all threads, and "" if its thread is no longer known. A
	// surface that needs the thread to find the message then returns Unchanged.
	//
	// Errors: a *channels.SendError with Wait if the platform asks to retry later. If the error comes with Unchanged, the
	// message could not be read. If it comes with another value, the message has, or may have, a change that could not be
	// read or stored, and the reply has to wait.
	Confirm(ctx context.Context, at Place, text string) (Confirmation, error)

	// Open reads a file that a person attached.
	Open(ctx context.Context, f SurfaceFile) (io.ReadCloser, error)
}

// ChannelLookup answers questions about a chat's channels and people.
type ChannelLookup interface {
	// Resolve returns the id of a channel, given as "#name" or as an id, or "" if it doesn't exist.
	Resolve(ctx context.Context, channel string) (string, error)

	// Lookup returns the user id that belongs to an agent's e-mail address, or "" if there is none.
	Lookup(ctx context.Context, email string) (SurfaceUser, error)

	// Audience returns who can read a channel. It is called about once a minute.
	// Errors: after any error the last answer remains valid for some minutes. After that, nobody counts as a reader.
	Audience(ctx context.Context, channel string) (Audience, error)
}

// Reachable is a Surface with a health check.
type Reachable interface {
	// Reach makes a cheap request to the platform.
	// Errors: a *channels.SendError of class AuthBroken if the platform has revoked Parley's access. Any other error
	// means that the platform can't be reached.
	Reach(ctx context.Context) error
}

// GapHider is a Surface that may miss events without noticing. A gap is a time in which events may have been missed.
type GapHider interface {
	// HidesGaps reports whether events of a channel arrive as HTTP requests to us. If such requests stop, no connection
	// breaks, so the surface can't report the gap. To be safe, the engine has each reply that was on hold confirmed
	// (see Confirm) before it is sent. HidesGaps returns false for a channel that Parley may not read.
	HidesGaps(channel string) bool
}

// Linked is a Surface whose messages have URLs.
type Linked interface {
	// Link returns the URL of a message or thread, or "" if it has none.
	Link(at Place) string
}

// Identified is a Surface whose credentials can be checked before Run.
type Identified interface {
	// Identify validates the credentials with the platform, without side effects. home is the id of the workspace or
	// organisation to which they belong, or "" if unknown. found lists problems. Channels are not checked.
	Identify(ctx context.Context) (home string, found []channels.Finding)
}

// Roster is a Surface that can list the members of a channel.
type Roster interface {
	// Members returns the people in a channel, without bots, deactivated users and people of other organisations. For
	// users for whom known returns true, it may set only Member.User, which saves requests to the platform.
	// Errors: after any error the list is incomplete and must not be used.
	Members(ctx context.Context, channel string, known func(user SurfaceUser) bool) ([]Member, error)
}

// Member is a member of a channel.
type Member struct {
	User  SurfaceUser
	Name  string
	Email string // "" if the platform doesn't reveal it
	Guest bool   // a guest of the organisation, limited to some channels
	Mute  bool   // the surface accepts nothing from this person, who therefore can't be an agent
}

// Stream marks a handler that reads request bodies itself, because they may be long. It must authenticate the sender before
// it reads, buffer little, and limit how much it reads.
type Stream struct{ http.Handler }

// Confirmation is the result of Confirm: whether a message is still as Parley knows it.
type Confirmation int

// Confirmations.
const (
	Unchanged Confirmation = iota
	Changed                // an edit was stored as a fact; wait until it is applied
	Gone                   // a deletion was stored as a fact
	Blocked                // a rule of the organisation, such as data loss prevention, hides the message
)

// Budget is a provider's rate limit, as a token bucket: Burst posts at once, and PerSecond more each second. Some providers
// have a second limit for a longer period. Then each post takes a token from the wide bucket as well.
type Budget struct {
	Key       string  // identifies the bucket within the surface's account
	PerSecond float64 // 0 means no limit, until the provider answers 429
	Burst     int

	WidePerSecond float64 // 0 means that there is no wide bucket
	WideBurst     int
}

// Limits are the limits of one message in a surface.
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

// Audience is the set of people who can read a channel.
type Audience struct {
	Everyone bool          // the channel is public within the organisation
	Users    []SurfaceUser // the readers if Everyone is false
}
