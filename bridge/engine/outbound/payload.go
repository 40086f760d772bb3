package outbound

import (
	"encoding/json"
	"time"

	"parley/bridge"
	"parley/bridge/engine/own"
	"parley/store"
)

// KindReply is a delivery to the customer; the other kinds are PostKinds.
const KindReply = "reply"

// Payload is what a delivery carries besides its message. It is stored as JSON, which replicas of the version before read and
// write, too. Fields that are for one kind of post name it.
type Payload struct {
	// A post: where it goes, if that is fixed, else without Thread; a reply: where it was typed.
	Place  bridge.Place       `json:"place,omitzero"`
	To     bridge.SurfaceUser `json:"to,omitempty"`   // PostEphemeral: the user who sees it
	Line   *bridge.Line       `json:"line,omitempty"` // PostRoot: for the thread that is left, which is known only later (own.RootLeft)
	Mark   bridge.Mark        `json:"mark,omitempty"`
	Clears bridge.Mark        `json:"clears,omitempty"` // PostMark: the mark that this one takes the place of
	Quote  bool               `json:"quote,omitempty"`  // show the quoted history
	ReplyPayload

	Answers *bridge.Answered `json:"answers,omitempty"` // which message a customer's answers
	Dated   bool             `json:"dated,omitempty"`   // PostSaid: it came long after it was written, and says when that was
	Files   []int            `json:"files,omitempty"`   // PostFiles: those that were fetched in time, or this one only
	Only    bool             `json:"only,omitempty"`    // PostFiles: the post has nothing but Files, which came late
	Changes store.DeliveryID `json:"changes,omitempty"` // PostLine: the delivery whose line this one takes the place of
	Fate    store.Fate       `json:"fate,omitempty"`    // PostLine: the fate of its message when the line was written

	Left bool `json:"left,omitempty"` // Place is in a thread that the conversation was handed over from

	Sought *SoughtRoot `json:"sought,omitempty"` // PostDouble: which root is looked for

	Erases *own.ErasedPost `json:"erases,omitempty"` // PostErased: which post goes

	// Uncounted is how many attempts at a reply don't count for the provider. These are attempts that called nobody, because the
	// reply waited for something, attempts at earlier pieces (dispatch.Finish notes both), and those before a click sent it again.
	Uncounted int `json:"uncounted,omitempty"`

	Doubt
}

// ReplyPayload is what a reply carries besides the place where it was typed.
type ReplyPayload struct {
	Late        bool          `json:"late,omitempty"`         // it came late: its message is read in the chat again before it is sent
	Overtaken   bool          `json:"overtaken,omitempty"`    // the customer wrote after it was typed, and before we knew of it
	Meant       []string      `json:"meant,omitempty"`        // keys (addresses, numbers) of its recipients when it was typed
	Copied      []string      `json:"copied,omitzero"`        // keys of those who were in copy then; nil if that isn't known
	Span        *Span         `json:"span,omitempty"`         // of a reply in parts: which files this delivery carries
	Again       int           `json:"again,omitempty"`        // how often a click sent it again as a new message: see channels.Attempt
	KeepsStatus bool          `json:"keeps_status,omitempty"` // a person has chosen the conversation's status since
	Earlier     []EarlierText `json:"earlier,omitempty"`      // what it said before it was edited, if an attempt may have sent that
	Waited      *time.Time    `json:"waited,omitempty"`       // since when the customer waited until this reply arrived
	Former      string        `json:"former,omitempty"`       // the provider's id of it from before a click sent it again
	Before      []string      `json:"before,omitempty"`       // keys of those to whom it may have been sent before that click
	Clicked     bool          `json:"clicked,omitempty"`      // a click sent it again
	Unclear     bool          `json:"unclear,omitempty"`      // a click sent it again though an attempt before may have left
	LacksPiece  bool          `json:"lacks_piece,omitempty"`  // a piece of it before the last one failed (channels.Status.Early)
	Reported    []string      `json:"reported,omitempty"`     // keys of recipients about whom a report, perhaps of another mail, was told
}

// Doubt is what SQL notes in a payload when nobody can tell what became of an attempt.
type Doubt struct {
	Restored   bool       `json:"restored,omitempty"`    // set by restore.Finish: the delivery came with a backup
	RestoredAt *time.Time `json:"restored_at,omitempty"` // when that was, by the database's clock
	Unsure     bool       `json:"unsure,omitempty"`      // set by dispatch.Finish: the post is made again though it may be there already
}

// SoughtRoot is a root that may be there twice.
type SoughtRoot struct {
	Delivery store.DeliveryID `json:"delivery"` // which posted it
	Since    time.Time        `json:"since"`    // when that was first attempted
}

// PayloadOf reads what a delivery carries.
func PayloadOf(d *store.Delivery) Payload {
	var p Payload
	_ = json.Unmarshal(d.Payload, &p) // written by us
	return p
}

// ShowsSaid reports whether a post shows what a customer said, or how that was changed.
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

// ChannelLane names the lane for posts outside conversations in a channel.
func ChannelLane(channel string) string { return "ch:" + channel }

// DirectChannel is what stands for a channel in the lane of direct messages to somebody.
func DirectChannel(user bridge.SurfaceUser) string { return "@" + string(user) }

// CardLane ends the key of the lane for a conversation's card, behind a colon.
const CardLane = "card"

// RichOf reads back what a message carries; nil means only text.
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
