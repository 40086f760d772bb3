package bridge

import (
	"time"

	"parley/channels"
)

// A Post is one thing that the engine asks a surface (a chat in which agents work) to show: the card of a new conversation,
// a customer's message, a line, or a mark. A line is a remark of Parley's own, and a mark is an emoji on an agent's message
// that shows its delivery state. The post has the content, the surface decides how to render it, and Sent is the surface's
// answer:
//
//	Post{Kind: PostMark, Place: message, Mark: MarkSent, Clears: MarkWaiting}  →  ⏳ on the message becomes ✔

// PostKind is the kind of a Post.
type PostKind string

// Kinds of Post.
const (
	PostRoot      PostKind = "root"      // post the card that is the first message of a thread
	PostCard      PostKind = "card"      // update the card at Place.Message
	PostSaid      PostKind = "said"      // post a customer's message, under the customer's name
	PostFiles     PostKind = "files"     // post the files of a customer's message
	PostLine      PostKind = "line"      // post a line, or replace the one at Place.Message
	PostMark      PostKind = "mark"      // show Mark on Place.Message, in place of Clears
	PostEphemeral PostKind = "ephemeral" // show Line to To alone; it may get lost
	PostDouble    PostKind = "double"    // post nothing, but look for a duplicate of the thread's root at Place.Message
	PostErased    PostKind = "erased"    // delete Parley's post at Place.Message with its files; a root is replaced by a few words
)

// Idempotent reports whether people can't see that a post of this kind was made twice.
func (k PostKind) Idempotent() bool {
	switch k {
	case PostCard, PostMark, PostErased, PostDouble:
		return true
	default:
		return false
	}
}

// Post is one delivery to a surface. Kind determines which fields are set.
type Post struct {
	Kind           PostKind
	DeliveryID     DeliveryID
	Token          string    // opaque id, the same in all attempts at this part, by which Reconcile finds it. PostDouble: the root's
	Part           int       // counts from 0; a long text is posted in several parts
	Attempt        int       // counts from 1
	Unsure         bool      // an earlier attempt may have succeeded, so the post says that it (or the card's root) may be a duplicate
	FirstAttemptAt time.Time // PostDouble: time of the first attempt to post the root
	// Place is where to post. Thread is "" for a root. Message is set for cards, marks, PostDouble, and a PostLine that
	// replaces an earlier one.
	Place Place
	// To is the only reader of a PostEphemeral, and of a PostLine or PostErased without a channel (a direct message).
	To       SurfaceUser
	Facts    Facts
	Said     *Said
	Line     *Line
	Was      PostKind        // PostErased: the kind of the deleted post
	Hidden   bool            // PostErased: the conversation goes on where fewer people read it
	Deleted  string          // PostErased: who deleted the conversation, and why, in words; "" means that it wasn't deleted
	Mark     Mark            // PostMark: the new mark; "" means none
	Clears   Mark            // PostMark: the mark that it replaces; "" means none
	Files    []channels.File // PostFiles
	Missing  []Missing       // PostFiles: files that could not be fetched, or not yet
	Progress string          // the last Sent.Progress, opaque to everybody but the surface
}

// ChangesLine reports whether the post replaces an earlier line instead of adding one.
func (p *Post) ChangesLine() bool { return p.Kind == PostLine && p.Place.Message != "" }

// Missing is a file of a customer that we don't have.
type Missing struct {
	Name   string
	Reason string // why we will never have it, for people; "" means that it is still being fetched and will be posted later
}

// Said is a customer's message.
type Said struct {
	MessageID MessageID
	From      PartyRef
	At        time.Time
	Subject   string   // the subject of a mail, if it differs from that of the mail before
	Text      string   // canonical Markdown
	Quoted    string   // what a mail repeats of what was said before, shown if ShowQuote is set
	Notices   []string // remarks for agents
	ShowQuote bool
	Files     []string  // names of its files, which are posted separately
	Elsewhere bool      // the author, From, is a colleague who answered the customer outside Parley
	Answers   *Answered // the earlier message that it answers; nil means none
	Original  string    // link to the sandboxed HTML original; may be ""
	Late      bool      // it is posted long after At, so the post shows the time
	Then      []Said    // further messages of the customer, shown in the same post with their times
}

// Answered is the message that another one answers.
type Answered struct {
	Text    string `json:"text,omitempty"` // its shortened text; "" means that Parley doesn't know the message
	ByUs    bool   `json:"by_us,omitempty"`
	ByOwner bool   `json:"by_owner,omitempty"` // the customer wrote it
}

// Mark is an emoji that Parley puts on an agent's message to show its delivery state. A message has one at a time.
type Mark string

// Marks.
const (
	MarkWaiting   Mark = "waiting"   // it will be sent after a short hold, in which its author can take it back with the same emoji
	MarkAsked     Mark = "asked"     // its author is asked in the thread whether it is for the customer
	MarkSent      Mark = "sent"      // the provider accepted it
	MarkDelivered Mark = "delivered" // the customer's device has it
	MarkRead      Mark = "read"      // the customer read it
	MarkWarning   Mark = "warning"   // not delivered; a line says why
	MarkInside    Mark = "inside"    // kept inside: the customer does not get it
)

// Sent is a surface's answer to a Post.
type Sent struct {
	Message   string // id of the message; PostDouble: that of the duplicate root, or "" if there is none
	Thread    string // id of the thread that contains it; for a root its own id
	Channel   string // id of the chat, for a direct message
	More      bool   // the text is longer: send the next Part
	Progress  string // opaque state for the next attempt or part, passed as Post.Progress
	Blind     bool   // nothing was found, but the surface can't search everywhere; PostErased: some posts may not be deleted
	Elsewhere bool   // PostEphemeral: it was sent to the person's direct chat with Parley, not to the channel
}
