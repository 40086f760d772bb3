package bridge

import (
	"time"

	"parley/channels"
)

// PostKind says what a Post makes in the surface.
type PostKind string

// Kinds of Post.
const (
	PostRoot      PostKind = "root"      // the first message of a thread: the card
	PostCard      PostKind = "card"      // bring the root at Place.Message up to date
	PostSaid      PostKind = "said"      // a customer's message, under the customer's name
	PostFiles     PostKind = "files"     // files of a customer's message
	PostLine      PostKind = "line"      // a line of Parley's own
	PostMark      PostKind = "mark"      // show Mark on Place.Message, in place of Clears
	PostEphemeral PostKind = "ephemeral" // Line, seen by To only; best effort
	PostDouble    PostKind = "double"    // nothing is posted: another first message of the thread, beside that at Place.Message, is looked for
	PostErased    PostKind = "erased"    // Parley's own post at Place.Message goes, with its files; a thread's first message stays, and says "Erased"
)

// Idempotent reports whether a post may be made twice without harm.
func (k PostKind) Idempotent() bool {
	switch k {
	case PostCard, PostMark, PostErased, PostDouble:
		return true
	default:
		return false
	}
}

// Post is one delivery to a surface: facts, not layout.
type Post struct {
	Kind           PostKind
	DeliveryID     DeliveryID
	Token          string    // opaque, the same in every attempt at this part; PostDouble: that of the root
	Part           int       // 0 first; a long text continues in further parts
	Attempt        int       // 1 for the first
	Unsure         bool      // nobody can tell whether an earlier attempt succeeded: this post, or a card's root, may be a double, and says so
	FirstAttemptAt time.Time // PostDouble: of the root
	Place          Place     // Thread "" for a root; Message for cards, marks, PostDouble, and a PostLine that takes the place of an earlier one
	To             string    // the surface user who sees it: PostEphemeral, or a PostLine or PostErased without a channel (a direct message)
	Facts          Facts
	Said           *Said
	Line           *Line
	Was            PostKind        // PostErased: what was posted there
	Mark           Mark            // PostMark: "" means none
	Clears         Mark            // PostMark: the mark that Mark replaces; "" means none
	Files          []channels.File // PostFiles
	Missing        []Missing       // PostFiles: those that could not be had, or not yet
	Progress       string          // what an earlier attempt returned in Sent.Progress; the surface alone knows what it means
}

// ChangesLine reports whether a post takes the place of a line that was posted earlier.
func (p *Post) ChangesLine() bool { return p.Kind == PostLine && p.Place.Message != "" }

// Missing is a file that a customer sent and that isn't there.
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
	Elsewhere bool      // it is not a customer's message: From answered the customer outside Parley
	Answers   *Answered // which earlier message it answers; nil means none
	Original  string    // link to the sandboxed HTML original, "" if none
	Late      bool      // it is posted long after At, so that the post shows At
	Then      []Said    // the customer's next messages, if one post shows several: each with its time
}

// Answered is the message that a customer's message answers.
type Answered struct {
	Text    string `json:"text,omitempty"` // its words, shortened; "" means an earlier message that isn't known
	ByUs    bool   `json:"by_us,omitempty"`
	ByOwner bool   `json:"by_owner,omitempty"` // the customer answers her own
}

// Mark is shown on a person's own message and says what became of it. A message has one mark at a time.
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

// Sent is what a surface says of a post that was made.
type Sent struct {
	Message   string // its id in the surface; PostDouble: that of the other root, "" means there is none
	Thread    string // the thread it really is in; for a root its own id
	More      bool   // a long text: send the next Part
	Progress  string // to be kept for the next attempt or part
	Blind     bool   // nothing was found only because the surface can't look; PostErased: some posts of the thread may be left
	Elsewhere bool   // PostEphemeral: it went to the person's chat with Parley, and shows nothing of the post's channel
}
