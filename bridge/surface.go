package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"parley/channels"
)

// Surface is a chat platform in which agents work. All methods may be called
// concurrently.
type Surface interface {
	// Decode turns the stored bytes of one fact into what people did. Pure.
	// Errors: any error quarantines the fact.
	Decode(raw []byte) ([]Action, error)

	// Send makes one post. Same contract as channels.Channel.Send: *channels.SendError
	// with a class, anything else is Ambiguous. Wrap ErrThreadLost, ErrMessageGone
	// or ErrChannelClosed where they apply; the last with a Text that names the channel
	// and a Hint, which admins are told.
	Send(ctx context.Context, p Post) (Sent, error)

	// Reconcile looks whether an earlier attempt at p (this part) was made.
	Reconcile(ctx context.Context, p Post) (channels.Outcome, Sent, error)

	// Confirm reads a person's message again before it leaves. If it was changed or deleted, the
	// surface passes that to Desk.Accept before it answers. Place.Thread is the message itself when
	// it was typed outside all threads, and "" when its thread is not known any more: a surface that
	// can't find the message without it answers Unchanged.
	// Errors: a *channels.SendError with Wait when the platform asks to be left alone so long.
	Confirm(ctx context.Context, at Place, text string) (Confirmation, error)

	// Open reads a file that a person attached.
	Open(ctx context.Context, f SurfaceFile) (io.ReadCloser, error)

	// Budget names the narrowest provider budget that a kind of post spends in a
	// channel.
	Budget(kind PostKind, channel string) Budget

	// Limits of what one message can hold.
	Limits() Limits

	// Resolve gives a channel's id for "#name" or an id; "" if unknown.
	Resolve(ctx context.Context, channel string) (string, error)

	// Lookup finds an agent's user id by e-mail; "" if there is none.
	Lookup(ctx context.Context, email string) (string, error)

	// Audience tells who can read a channel; it is asked about once a minute.
	// Errors: any. The last answer then counts for some more minutes; after them nobody counts as a
	// reader of the channel.
	Audience(ctx context.Context, channel string) (Audience, error)

	// Run keeps the connection (or sweeps only, in webhook mode) until ctx ends.
	Run(ctx context.Context) error

	// Handlers gives what is to be mounted, by pattern ("POST /chat/events"); nil when nothing is.
	// They get whole bodies of at most 16 MiB; a Stream gets bodies of any size as they come.
	Handlers() map[string]http.Handler
}

// Stream is a handler for long bodies. It checks who sends before it reads, and keeps little of the
// body in memory at once; how much it reads is its own limit.
type Stream struct{ http.Handler }

// Confirmation is what Confirm found.
type Confirmation int

// Confirmations.
const (
	Unchanged Confirmation = iota
	Changed                // an edit was accepted: wait for it to be applied
	Gone                   // a deletion was accepted
)

// Budget of a provider is a token bucket. Where the provider counts in a short and in a wide window
// there is a second, wide bucket, and a post takes a token of both.
type Budget struct {
	Key       string  // unique within the surface's account
	PerSecond float64 // 0 = only 429s limit
	Burst     int

	WidePerSecond float64 // 0 = there is no second bucket
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

// Desk is what a Surface may ask of the engine.
type Desk interface {
	// Accept stores facts; see channels.Accept.
	Accept(ctx context.Context, facts ...channels.Fact) error

	// Seen tells which of these fact ids are stored (or are posts of our own).
	// For messages the id is "m:{channel}:{message}"; a message's id has no colon.
	Seen(ctx context.Context, ids []string) (map[string]bool, error)

	// Posted tells whether the message at a place is a post of our own that is recorded.
	Posted(ctx context.Context, at Place) (bool, error)

	// FactsAt finds the conversation of a thread or of a message in it, for user.
	// Errors: ErrNoConversation; *Problem when user may not see it.
	FactsAt(ctx context.Context, at Place, user string) (Facts, error)

	// Facts of a conversation by its number, for user. Errors as FactsAt.
	Facts(ctx context.Context, id int64, user string) (Facts, error)

	// List gives a page of a list, at most 50 rows, or of what is found by some words, at
	// most 20, as far as user may see it. Errors: *Problem.
	List(ctx context.Context, q ListQuery, user string) (Listing, error)

	// History gives a page of the log of a conversation, at most 50 rows; page 0 has the newest.
	// Errors: as FactsAt.
	History(ctx context.Context, id int64, page int, user string) (History, error)

	// People gives all agents, for pickers.
	People(ctx context.Context) ([]AgentRef, error)

	// Accounts gives the accounts that user may work with, by name.
	// Errors: *Problem for who is no agent.
	Accounts(ctx context.Context, user string) ([]AccountRef, error)

	// MayStart checks a conversation that user wants to begin. open is the one that the
	// customer has already where there can be only one; its ID is 0 else.
	// Errors: *Problem, with the Field that is wrong.
	MayStart(ctx context.Context, user string, s Start) (open Facts, err error)

	// SaidAt gives what customers said in the post at a place, as excerpts, oldest first;
	// several where they were posted together, none where it isn't a customer's.
	SaidAt(ctx context.Context, at Place, user string) ([]Said, error)

	// Count says how many messages the provider of an account counts a text as, with the
	// account's signature; ok is false where it doesn't count.
	Count(account, text string) (n Count, ok bool)

	// Teams gives the teams' names, for pickers.
	Teams(ctx context.Context) ([]string, error)

	// TagNames gives the known tags, for pickers.
	TagNames(ctx context.Context) ([]Tag, error)

	// Templates gives templates for pickers and lists, and what is known for their
	// variables. Errors as Facts.
	Templates(ctx context.Context, which TemplatesFor, user string) (Templates, error)

	// Channels gives the ids of the channels that hold threads of ours.
	Channels(ctx context.Context) ([]string, error)

	// Keep remembers something for this surface and its replicas over a restart, in place
	// of what it kept under the same key; a nil value forgets it.
	Keep(ctx context.Context, key string, value json.RawMessage) error

	// Kept gives what Keep remembers, by key.
	Kept(ctx context.Context) (map[string]json.RawMessage, error)

	// StoreFile keeps a file that a person uploads to us, of at most maxBytes, for an action
	// with it that follows: SurfaceFile.Blob, and its size in bytes.
	// Errors: ErrTooLarge; what reading r gives; the database's.
	StoreFile(ctx context.Context, r io.Reader, maxBytes int64) (blob string, size int64, err error)

	// MayReply checks a reply with files, before it is handed in; files need a name, a type
	// and a size.
	// Errors: *Problem, for people; as Facts.
	MayReply(ctx context.Context, conversation int64, user, text string, files []SurfaceFile) error

	// Gap tells that events may have been missed since a time. Replies wait (≤ 30 s)
	// until Filled is called.
	Gap(since time.Time)
	Filled()

	// Attend tells that somebody began to answer a conversation (opened the form): its customer
	// may see it. Returns at once; best effort.
	Attend(conversation int64)

	// ReplyOpened tells that user has the form of a reply open, made at a time of Parley's clock:
	// the conversation's card names them until they answer or close it, for a few minutes at most.
	// It is called before the form is shown.
	ReplyOpened(ctx context.Context, conversation int64, user string, at time.Time) error

	// ReplyClosed tells that user closed the form that was made at a time without handing it in.
	ReplyClosed(ctx context.Context, conversation int64, user string, at time.Time) error

	// Report tells the surface's condition.
	Report(channels.Condition)
}

// Errors of a Desk.
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
	Account   string // by which account; "" = the one that takes the recipient, where there is only one
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
	KnownOnly   bool // only with whoever wrote to some account before: outgoing is off
	ByTemplate  bool // with an approved template only
}

// TemplatesFor says which templates are asked for.
type TemplatesFor struct {
	Conversation int64  // those that may be sent in it now, or
	Account      string // the approved ones of an account with this Use, or, when both are empty, all of all
	Use          string
}

// Templates is what forms and lists need of templates.
type Templates struct {
	List     []Template        // by name
	Known    map[string]string // values that are known for variables
	Accounts []string          // names of the accounts that may have templates
	None     string            // why List is empty, for people
	Zone     *time.Location
	Admin    bool // the viewer may change them
}
