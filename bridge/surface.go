package bridge

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"parley/channels"
)

// This file is the contract between the engine and a chat in which agents work, such as Slack. Events come in by Run
// or Handlers, and are stored as bytes before anything else happens: one event, with its bytes, is a fact. Decode
// reads a fact, as often as it is asked. The other way, Send makes one Post. If its answer was lost, Reconcile looks
// whether the post is there, so that it isn't made twice. The interfaces below Surface are optional abilities.

// Surface is a chat platform in which agents work. All methods may be called concurrently.
type Surface interface {
	// Decode turns the stored bytes of one fact into what people did. The result depends on these bytes alone.
	// Errors: after any error, the fact is put into quarantine: it is kept, shown to admins and not applied.
	Decode(raw []byte) ([]Action, error)

	// Send makes one post.
	// Errors: a *channels.SendError with a class, as of channels.Channel.Send. Any other error counts as Ambiguous:
	// nobody knows whether the post was made. The SendError wraps ErrThreadLost, ErrMessageGone or ErrChannelClosed
	// where that is the reason. With ErrChannelClosed, its Text names the channel and its Hint says what to do:
	// admins read both.
	Send(ctx context.Context, p Post) (Sent, error)

	// Reconcile looks in the chat whether an earlier attempt at p succeeded, whose answer was lost.
	Reconcile(ctx context.Context, p Post) (channels.Outcome, Sent, error)

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

	// Budget returns the rate limit of the provider that a kind of post meets first in a channel.
	Budget(kind PostKind, channel string) Budget

	// Limits returns what one message can hold.
	Limits() Limits

	// Resolve returns a channel's id for "#name" or an id, or "" if there is no such channel.
	Resolve(ctx context.Context, channel string) (string, error)

	// Lookup returns an agent's user id by the e-mail address, or "" if there is none.
	Lookup(ctx context.Context, email string) (string, error)

	// Audience says who can read a channel. It is asked about once a minute.
	// Errors: any. The last answer then counts for some more minutes. After that, nobody counts as a reader.
	Audience(ctx context.Context, channel string) (Audience, error)

	// Run receives events until ctx ends. If events come by Handlers, it only looks regularly for missed ones.
	Run(ctx context.Context) error

	// Handlers returns what is to be mounted, by pattern ("POST /chat/events"), or nil if nothing is. Handlers get
	// whole bodies of at most 16 MiB; a Stream gets bodies of any size as they come.
	Handlers() map[string]http.Handler
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
	Members(ctx context.Context, channel string, known func(user string) bool) ([]Member, error)
}

// Member is somebody in a channel.
type Member struct {
	User  string // the id in this surface
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

// Errors of what a surface asks of the engine.
var (
	ErrNoConversation = errors.New("bridge: no conversation there")
	ErrTooLarge       = errors.New("bridge: the file is too large")
)

// Audience is who can read a channel of a surface.
type Audience struct {
	Everyone bool     // all people of the organisation: a public channel
	Users    []string // else these
}

// Start is what a new conversation needs.
type Start struct {
	Account   string // by which account; "" means the one that takes the recipient, where there is only one
	Recipient string // as typed
	Subject   string // where the channel has subjects
	Text      string // the first message, Markdown
}

// AccountRef is an account as forms offer it.
type AccountRef struct {
	Name        string
	ChannelName string // "E-mail"
	ChannelIcon string
	Can         Capabilities
	Starts      bool // a conversation may be begun by it
	KnownOnly   bool // only with people who wrote to some account before, because its setting outgoing is off
	ByTemplate  bool // only with an approved template
}

// TemplatesFor says which templates are asked for.
type TemplatesFor struct {
	Conversation ConversationID // those that may be sent in it now; if it is 0, the other fields count
	Account      string         // those of the account with this name; "" means all accounts
	Use          string         // of these, the approved ones with this use; "" means all
}

// Templates is what forms and lists need of templates.
type Templates struct {
	List     []Template        // by name
	Known    map[string]string // values that are known for variables
	Accounts []string          // names of the accounts that may have templates
	None     *Problem          // why List is empty
	Zone     *time.Location
	Admin    bool // the viewer may change them
}
