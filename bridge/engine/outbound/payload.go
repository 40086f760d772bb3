package outbound

import (
	"bytes"
	"encoding/json"
	"time"

	"parley/bridge"
	"parley/bridge/engine/own"
	"parley/store"
	"parley/store/dispatch"
)

// KindReply is a delivery to the customer; the other kinds are PostKinds.
const KindReply = "reply"

// Payload is what a delivery carries besides its message.
type Payload struct {
	Place  bridge.Place `json:"place,omitzero"` // a post: fixed place, Thread "" means the conversation's thread; a reply: where it was typed
	To     string       `json:"to,omitempty"`   // ephemeral: who sees it
	Line   *bridge.Line `json:"line,omitempty"`
	Mark   bridge.Mark  `json:"mark,omitempty"`
	Clears bridge.Mark  `json:"clears,omitempty"` // PostMark: the mark that this one takes the place of
	Quote  bool         `json:"quote,omitempty"`  // show the quoted history
	ReplyPayload

	Answers *bridge.Answered `json:"answers,omitempty"` // which message a customer's answers
	Files   []int            `json:"files,omitempty"`   // PostFiles: those that were fetched in time, or this one only
	Only    bool             `json:"only,omitempty"`    // PostFiles: nothing but Files, which came late
	Changes store.DeliveryID `json:"changes,omitempty"` // PostLine: the delivery whose line this one takes the place of
	Fate    store.Fate       `json:"fate,omitempty"`    // PostLine: the fate that its message had when the line was written; it is settled by another

	Left bool `json:"left,omitempty"` // Place is in a thread that the conversation was handed over from

	Sought *SoughtRoot `json:"sought,omitempty"` // PostDouble: which root is looked for

	Erases *own.ErasedPost `json:"erases,omitempty"` // PostErased: which post goes

	Doubt
}

// ReplyPayload is what a reply carries besides the place where it was typed.
type ReplyPayload struct {
	Late        bool          `json:"late,omitempty"`         // it came late, so its message is read in the chat again before it is sent
	Meant       []string      `json:"meant,omitempty"`        // keys of those whom it was for when it was typed
	Span        *Span         `json:"span,omitempty"`         // of a reply in parts: which files this one carries
	Again       int           `json:"again,omitempty"`        // how often it failed and was sent again by a click
	KeepsStatus bool          `json:"keeps_status,omitempty"` // a person has decided since it was said that its conversation isn't pending
	Earlier     []EarlierText `json:"earlier,omitempty"`      // what it said before it was edited, as far as an attempt may have sent that
}

// Doubt is what SQL notes in a payload when nobody can tell what became of an attempt.
type Doubt struct {
	Restored bool `json:"restored,omitempty"` // restore.Finish: it came with a backup
	Unsure   bool `json:"unsure,omitempty"`   // dispatch.Finish: a post is made again though it may be there already
}

// SoughtRoot is a root that may be there twice.
type SoughtRoot struct {
	Delivery store.DeliveryID `json:"delivery"` // which posted it
	Since    time.Time        `json:"since"`    // when that was first attempted
}

// Span is which of a message's files a delivery carries: from, and up to but not with, to.
type Span struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// EarlierText is what a reply said before it was edited. The attempt of that number may have sent it.
type EarlierText struct {
	Attempt int    `json:"attempt"`
	Text    string `json:"text"`
}

// PayloadOf reads what a delivery carries.
func PayloadOf(d *store.Delivery) Payload {
	var p Payload
	_ = json.Unmarshal(d.Payload, &p) // written by us
	return p
}

// restored reports whether a delivery came with a backup: it may have been sent after the backup was made.
func restored(c dispatch.Claimed) bool {
	if c.State != store.Unknown || !bytes.Contains(c.Payload, []byte(`"restored"`)) {
		return false
	}
	var p Payload
	return json.Unmarshal(c.Payload, &p) == nil && p.Restored
}

// ChannelLane names the lane for posts outside conversations in a channel.
func ChannelLane(channel string) string { return "ch:" + channel }

// LongestUpload is how long posting files may take.
const LongestUpload = 10 * time.Minute

// RichOf reads back what a message carries; nil means only text.
func RichOf(m *store.Message) *bridge.Rich {
	var r bridge.Rich
	if len(m.Rich) == 0 || json.Unmarshal(m.Rich, &r) != nil || r.Kind() == "" {
		return nil
	}
	return &r
}
