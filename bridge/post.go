package bridge

import (
	"time"

	"parley/channels"
)

// A Post is what the engine wants to see in a chat: the card of a new conversation, a customer's message, a line, or
// the mark (an emoji) on an agent's message that says what became of it. It says what, and the surface decides how it
// looks. Sent is the surface's answer.

// PostKind says what a Post makes in the surface.
type PostKind string

// Kinds of Post.
const (
	PostRoot      PostKind = "root"      // the first message of a thread: the card
	PostCard      PostKind = "card"      // updates the card at Place.Message
	PostSaid      PostKind = "said"      // a customer's message, under the customer's name
	PostFiles     PostKind = "files"     // files of a customer's message
	PostLine      PostKind = "line"      // a line of Parley's own
	PostMark      PostKind = "mark"      // shows Mark on Place.Message, in place of Clears
	PostEphemeral PostKind = "ephemeral" // shows Line to To alone; it may get lost
	PostDouble    PostKind = "double"    // posts nothing: looks for a second root of the thread, beside the one at Place.Message
	PostErased    PostKind = "erased"    // deletes Parley's post at Place.Message, with its files; a root stays, and says "Erased"
)

// Idempotent reports whether a post of this kind may be made twice without harm: people don't see it twice.
func (k PostKind) Idempotent() bool {
	switch k {
	case PostCard, PostMark, PostErased, PostDouble:
		return true
	default:
		return false
	}
}

// Post is one delivery to a surface. It says what to show, not how. Which fields are set depends on Kind.
type Post struct {
	Kind           PostKind
	DeliveryID     DeliveryID
	Token          string    // opaque; the same in all attempts at this part, so that Reconcile finds it. PostDouble: that of the root
	Part           int       // 0 first; a long text continues in further parts
	Attempt        int       // 1 for the first
	Unsure         bool      // an earlier attempt may have succeeded, so this post (or a card's root) may be a duplicate, and says so
	FirstAttemptAt time.Time // PostDouble: of the root
	// Thread is "" for a root. Message is set for cards, marks, PostDouble, and a PostLine that replaces an earlier one.
	Place Place
	// To is who sees it: PostEphemeral, or a PostLine or PostErased without a channel (a direct message).
	To       SurfaceUser
	Facts    Facts
	Said     *Said
	Line     *Line
	Was      PostKind        // PostErased: what was posted there
	Mark     Mark            // PostMark: "" means none
	Clears   Mark            // PostMark: the mark that Mark replaces; "" means none
	Files    []channels.File // PostFiles
	Missing  []Missing       // PostFiles: those that could not be had, or not yet
	Progress string          // the last Sent.Progress; only the surface knows what it means
}

// ChangesLine reports whether the post replaces a line that was posted earlier, and not adds one.
func (p *Post) ChangesLine() bool { return p.Kind == PostLine && p.Place.Message != "" }

// Missing is a file that a customer sent and that we don't have.
type Missing struct {
	Name   string
	Reason string // why it never comes, for people; "" means it is still being fetched and follows by itself
}

// Said is a customer's message.
type Said struct {
	MessageID MessageID
	From      PartyRef
	At        time.Time
	Text      string   // canonical Markdown
	Quoted    string   // the quoted history; it is shown when ShowQuote
	Notices   []string // remarks for agents
	ShowQuote bool
	Files     []string  // names of files that follow
	Elsewhere bool      // it isn't the customer's: From, a colleague, answered outside Parley
	Answers   *Answered // which earlier message it answers; nil means none
	Original  string    // link to the sandboxed HTML original, "" if none
	Late      bool      // it is posted long after At; the post shows that time
	Then      []Said    // the customer's next messages, if this post shows several, each with its time
}

// Answered is the message that a customer's message answers.
type Answered struct {
	Text    string `json:"text,omitempty"` // its words, shortened; "" means that Parley doesn't know the message
	ByUs    bool   `json:"by_us,omitempty"`
	ByOwner bool   `json:"by_owner,omitempty"` // it answers the customer's own message
}

// Mark is an emoji that Parley puts on an agent's message. It says what became of it. A message has one at a time.
type Mark string

// Marks.
const (
	MarkWaiting   Mark = "waiting"   // it leaves when its hold ends; its author may press the mark to take it back
	MarkSent      Mark = "sent"      // the provider took it
	MarkDelivered Mark = "delivered" // the customer's device has it
	MarkRead      Mark = "read"      // the customer read it
	MarkWarning   Mark = "warning"   // not delivered; a line says why
	MarkInside    Mark = "inside"    // the customer does not get it
)

// Sent is what a surface returns for a post that it made.
type Sent struct {
	Message   string // its id in the surface; PostDouble: that of the other root, "" means there is none
	Thread    string // the thread in which it ended up; for a root its own id
	More      bool   // a long text: send the next Part
	Progress  string // is handed to the next attempt or part, as Post.Progress
	Blind     bool   // nothing was found, but the surface can't look everywhere; PostErased: some posts may be left
	Elsewhere bool   // PostEphemeral: it went to the person's direct chat with Parley, not into the channel
}
