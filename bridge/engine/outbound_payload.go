package engine

import (
	"encoding/json"
	"time"

	"parley/bridge"
	"parley/store"
)

// KindReply is the kind of a delivery to the customer; other kinds are those of posts (bridge.PostKind).
const KindReply = "reply"

// Payload is what a delivery carries besides its message. It is stored as JSON, which replicas of the previous
// version also read and write. Most fields belong to one kind of delivery, which their comments name. Example of a
// reply that arrived late: {"late":true,"meant":["ann@example.org"]}.
type Payload struct {
	// For a post, where it goes; without Thread if that is decided when it is posted. For a reply, where it was typed.
	Place   bridge.Place       `json:"place,omitzero"`
	To      bridge.SurfaceUser `json:"to,omitempty"`   // PostEphemeral: the user who sees it
	Line    *bridge.Line       `json:"line,omitempty"` // PostRoot: for the thread that is left, which is known only later (own.RootLeft)
	Mark    bridge.Mark        `json:"mark,omitempty"`
	Clears  bridge.Mark        `json:"clears,omitempty"`  // PostMark: the mark that this one replaces
	Quote   bool               `json:"quote,omitempty"`   // show Message.Quoted, which versions before hid by its look
	Subject bool               `json:"subject,omitempty"` // PostSaid: show the mail's subject
	ReplyPayload

	Answers *bridge.Answered `json:"answers,omitempty"` // the message that a customer's message answers
	Dated   bool             `json:"dated,omitempty"`   // PostSaid: it arrived late, and shows when it was written
	Files   []int            `json:"files,omitempty"`   // PostFiles: the files that were fetched in time; with Only the late ones
	Only    bool             `json:"only,omitempty"`    // PostFiles: the post has nothing but Files, which arrived late
	Changes store.DeliveryID `json:"changes,omitempty"` // PostLine: the delivery whose line this one replaces
	Fate    store.Fate       `json:"fate,omitempty"`    // PostLine: the fate of its message when the line was written

	Aside bool             `json:"aside,omitempty"` // PostLine: it begins the thread of a question aside, in Place's channel or with To
	Below store.DeliveryID `json:"below,omitempty"` // it goes into the thread that this delivery, an Aside, began

	Notice bool `json:"notice,omitempty"` // PostLine: a direct message that tells somebody what no thread does

	Left bool `json:"left,omitempty"` // Place is in a thread that the conversation was handed over from

	Sought *SoughtRoot `json:"sought,omitempty"` // PostDouble: the root to look for

	Erases *ErasedPost `json:"erases,omitempty"` // PostErased: the post to delete

	// Uncounted is how many attempts at a reply don't count for the provider: attempts that made no request because the reply
	// had to wait, attempts at earlier pieces (dispatch.Finish counts both), and those before a click sent it again.
	Uncounted int `json:"uncounted,omitempty"`

	Doubt
}

// ReplyPayload is what a reply carries besides its text. The keys in it are customers' addresses or numbers.
type ReplyPayload struct {
	Late        bool          `json:"late,omitempty"`         // it arrived late, and is read again in the chat before it is sent
	Overtaken   bool          `json:"overtaken,omitempty"`    // the customer wrote after it was typed and before Parley got it
	Meant       []string      `json:"meant,omitempty"`        // keys of its recipients when it was typed
	Copied      []string      `json:"copied,omitzero"`        // keys of those in copy then
	Span        *Span         `json:"span,omitempty"`         // for a reply in parts: which files this delivery carries
	Again       int           `json:"again,omitempty"`        // how often a click sent it again as a new message: see channels.Attempt
	KeepsStatus bool          `json:"keeps_status,omitempty"` // a person has chosen the conversation's status since
	Earlier     []EarlierText `json:"earlier,omitempty"`      // versions before edits that an attempt may have sent
	Waited      *time.Time    `json:"waited,omitempty"`       // since when the customer had waited when this reply arrived
	Former      string        `json:"former,omitempty"`       // the provider's id of it from before a click sent it again
	Before      []string      `json:"before,omitempty"`       // keys to which it may have been sent before that click
	Clicked     bool          `json:"clicked,omitempty"`      // a click sent it again
	Unclear     bool          `json:"unclear,omitempty"`      // a click sent it again though an earlier attempt may have left
	LacksPiece  bool          `json:"lacks_piece,omitempty"`  // a piece of it before the last one failed (channels.Status.Early)
	Reported    []string      `json:"reported,omitempty"`     // keys of recipients for whom an unproven failure report was shown
}

// Doubt is written by SQL statements when the result of an attempt is unknown.
type Doubt struct {
	Restored   bool       `json:"restored,omitempty"`    // set by restore.Finish: the delivery came with a backup
	RestoredAt *time.Time `json:"restored_at,omitempty"` // when that was, by the database's clock
	Unsure     bool       `json:"unsure,omitempty"`      // set by dispatch.Finish: the post is repeated though it may exist already
}

// SoughtRoot is a root (the first message of a thread) that may exist twice.
type SoughtRoot struct {
	Delivery store.DeliveryID `json:"delivery"` // which posted it
	Since    time.Time        `json:"since"`    // when that was first attempted
}

// PayloadOf decodes the payload of a delivery.
func PayloadOf(d *store.Delivery) Payload {
	var p Payload
	_ = json.Unmarshal(d.Payload, &p) // written by us
	return p
}

// ShowsSaid reports whether a post shows a customer's message or an edit of it.
func ShowsSaid(d *store.Delivery) bool {
	switch bridge.PostKind(d.Kind) {
	case bridge.PostSaid, bridge.PostFiles:
		return true
	case bridge.PostLine:
		line := PayloadOf(d).Line
		return line != nil && line.Kind() == bridge.LineChanged
	default:
		return false
	}
}

// ChannelLane returns the key of the lane (queue) for posts into a channel that belong to no conversation.
func ChannelLane(channel string) string { return "ch:" + channel }

// DirectChannel returns the name to use instead of a channel in the key of a lane for direct messages.
func DirectChannel(user bridge.SurfaceUser) string { return "@" + string(user) }

// CardLane is the suffix, after a colon, of the key of the lane for a conversation's card.
const CardLane = "card"

// RichOf decodes the rich content of a message, such as buttons. It returns nil for a plain text.
func RichOf(m *store.Message) *bridge.Rich {
	var r bridge.Rich
	if len(m.Rich) == 0 {
		return nil
	}
	if err := json.Unmarshal(m.Rich, &r); err != nil {
		return nil // it was written by us, so that this doesn't happen
	}
	if r.Kind() == "" {
		return nil
	}
	return &r
}
