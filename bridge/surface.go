package bridge

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"parley/channels"
)

// Surface is a chat platform in which agents work. All methods may be called concurrently.
type Surface interface {
	// Decode turns the stored bytes of one fact into what people did. It depends on nothing but these bytes.
	// Errors: any error quarantines the fact.
	Decode(raw []byte) ([]Action, error)

	// Send makes one post. Its errors are those of channels.Channel.Send: a *channels.SendError with a class; any other
	// error counts as Ambiguous. Where they apply, ErrThreadLost, ErrMessageGone and ErrChannelClosed have to be
	// wrapped, the last one with a Text that names the channel and a Hint: admins are told these.
	Send(ctx context.Context, p Post) (Sent, error)

	// Reconcile looks whether an earlier attempt at p, which is one part of a post, succeeded.
	Reconcile(ctx context.Context, p Post) (channels.Outcome, Sent, error)

	// Confirm reads a person's message again before it leaves. If it was changed or deleted, the surface has that
	// stored before it answers. Where it sees emoji that people put on the message, it has those stored as well, as
	// OriginFoundEmoji, and they change nothing of its answer: the engine waits until they are applied.
	//
	// Place.Thread is the message itself if that was typed outside all threads, and "" if its thread is not known any more: a
	// surface that can't find the message without it answers Unchanged.
	// Errors: a *channels.SendError with Wait when the platform asks to be left alone so long. Gone, Changed or Blocked beside an
	// error means that the message shows, or may show, something that could not be found out or stored now: the reply has to wait.
	// Unchanged beside an error means that the message could not be read.
	Confirm(ctx context.Context, at Place, text string) (Confirmation, error)

	// Open reads a file that a person attached.
	Open(ctx context.Context, f SurfaceFile) (io.ReadCloser, error)

	// Budget names the narrowest provider budget that a kind of post spends in a channel.
	Budget(kind PostKind, channel string) Budget

	// Limits of what one message can hold.
	Limits() Limits

	// Resolve returns a channel's id for "#name" or an id, or "" if there is no such channel.
	Resolve(ctx context.Context, channel string) (string, error)

	// Lookup returns an agent's user id by the e-mail address, or "" if there is none.
	Lookup(ctx context.Context, email string) (string, error)

	// Audience says who can read a channel. It is asked about once a minute.
	// Errors: any. Then the last answer counts for some more minutes; after that, nobody counts as a reader of the channel.
	Audience(ctx context.Context, channel string) (Audience, error)

	// Run keeps the connection (or sweeps only, in webhook mode) until ctx ends.
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

// GapHider is a Surface that may miss events without noticing it.
type GapHider interface {
	// HidesGaps reports whether events of a channel come by requests: no connection breaks when these don't arrive, so that
	// the surface can't tell the engine of a gap. Each typed reply that has waited is then read again before it leaves. It
	// returns false for a channel that may not be read.
	HidesGaps(channel string) bool
}

// Linked is a Surface whose messages have addresses.
type Linked interface {
	// Link returns the address at which people read a message or a thread; "" if it has none.
	Link(at Place) string
}

// Identified is a Surface that can tell, before it is put to work, whether it is let in.
type Identified interface {
	// Identify asks the platform about the credentials, and changes nothing. home is the id of the workspace or organisation to
	// which they belong, "" if that is not known. No finding is about channels.
	Identify(ctx context.Context) (home string, found []channels.Finding)
}

// Roster is a Surface that lists who is in a channel.
type Roster interface {
	// Members lists the people in a channel: no bots, nobody who was deactivated, and nobody of another organisation.
	// The platform isn't asked about people for whom known returns true: their Members may have User alone.
	// Errors: any; then the list is not complete and counts for nothing.
	Members(ctx context.Context, channel string, known func(user string) bool) ([]Member, error)
}

// Member is somebody in a channel.
type Member struct {
	User  string // the id in this surface
	Name  string
	Email string // "" means the platform doesn't tell
	Guest bool   // invited into some channels of the organisation
	Mute  bool   // the surface accepts nothing from this person, who therefore can't be an agent there
}

// Stream is a handler for long bodies. It checks who sends before it reads, keeps little of the body in memory at once,
// and itself limits how much it reads.
type Stream struct{ http.Handler }

// Confirmation is what Confirm found.
type Confirmation int

// Confirmations.
const (
	Unchanged Confirmation = iota
	Changed                // an edit was accepted: wait for it to be applied
	Gone                   // a deletion was accepted
	Blocked                // a rule of the organisation keeps people from reading it
)

// Budget of a provider is a token bucket. If the provider counts in a short and in a wide window of time, there is a
// second, wide bucket, and a post takes a token of both.
type Budget struct {
	Key       string  // unique within the surface's account
	PerSecond float64 // 0 means that only the answer 429 limits
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
