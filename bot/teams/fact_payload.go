package teams

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"parley/bot/forms"
	"parley/bridge"
	"parley/channels"
)

// Parley stores each event of Teams as a fact in its journal, a table. A fact has an id, by which it is stored only
// once; an order key, because the facts of a thread are applied in order; and a payload:
//
//	id        m:19:…@thread.tacv2:1700000000000
//	order key 19:…@thread.tacv2:1700000000000
//	payload   {"v":1,"kind":"activity","me":"28:…","who":{…},"body":{"type":"message",…}}

// payloadVersion is increased when the format of Payload changes.
const payloadVersion = 1

// Kinds of stored payloads.
const (
	KindActivity = "activity" // what Teams sent: a message, a change of one, or a reaction
	KindCatchUp  = "catchup"  // the same, made from what Graph shows
	KindCommand  = "command"  // a message that only the app sees, or one in a chat with the app
	KindClick    = "click"    // a clicked button
	kindForm     = "form"     // a submitted dialog
	KindMenu     = "menu"     // an entry of a message's menu that acts at once
	KindUpload   = "upload"   // a reply with files from the upload page
	kindKnown    = "known"    // no effect: only the id of the fact matters
)

// Payload is the content of a fact: Teams' bytes (an activity), and what was looked up when they arrived, so that
// decoding needs nothing else.
type Payload struct {
	V     int               `json:"v"` // payloadVersion
	Kind  string            `json:"kind"`
	Me    string            `json:"me"`               // our app's id in Teams: "28:" and the app id
	Who   map[string]Person `json:"who,omitempty"`    // the people whom the activity names, by their ids in it
	Own   bool              `json:"own,omitempty"`    // the thread begins, or may begin, with a post of ours
	Files []Attached        `json:"files,omitempty"`  // the activity's files
	Edit  bool              `json:"edited,omitempty"` // the text is that of an edit, and the original may never be stored
	Body  json.RawMessage   `json:"body"`             // the activity
}

// Person describes a person whom an activity names.
type Person struct {
	User string `json:"user"` // Entra object id
	Name string `json:"name,omitempty"`
	Kind string `json:"kind"` // bridge.ActorKind
}

var errPayload = errors.New("teams: payload")

// unwrap reads a stored payload and the activity in it.
// Errors: errPayload, also for a payload of another version.
func unwrap(raw []byte) (Payload, Activity, error) {
	var p Payload
	var a Activity
	if err := json.Unmarshal(raw, &p); err != nil {
		return p, a, fmt.Errorf("%w: %w", errPayload, err)
	}
	if p.V != payloadVersion || p.Me == "" {
		return p, a, fmt.Errorf("%w: version %d of %q", errPayload, p.V, p.Me)
	}

	var unexpectedType *json.UnmarshalTypeError
	err := json.Unmarshal(p.Body, &a)
	if err != nil && !errors.As(err, &unexpectedType) { // fields of an unexpected type stay empty, as in a request
		return p, a, fmt.Errorf("%w: %w", errPayload, err)
	}

	return p, a, nil
}

// Fact makes the fact to be stored, with its id and order key.
func (p Payload) Fact(id, order string) channels.Fact {
	p.V = payloadVersion
	raw, err := json.Marshal(p)
	if err != nil {
		return forms.QuarantinedFact(p.Body, err.Error())
	}
	return channels.Fact{ExternalID: id, OrderKey: order, Payload: raw}
}

// MessageID returns the id of the fact that a message was written.
func MessageID(channel, id string) string { return "m:" + channel + ":" + id }

// DeleteID returns the id of the fact of a message's n-th deletion.
func DeleteID(channel, id string, n int) string { return numberedID("d:"+channel+":"+id, n) }

// RestoredID returns the id of the fact that a message was restored for the n-th time.
func RestoredID(channel, id string, n int) string { return numberedID("u:"+channel+":"+id, n) }

// numberedID appends a number to an id, except 1.
func numberedID(id string, n int) string {
	if n == 1 {
		return id
	}
	return id + ":" + strconv.Itoa(n)
}

// KnownFact makes a fact without effect. Its id marks something as stored; see sweep.Sweeper.KnownFacts.
func (p Payload) KnownFact(id, order string) channels.Fact {
	return Payload{Kind: kindKnown, Me: p.Me, Body: json.RawMessage("{}")}.Fact(id, order)
}

// OrderKey returns the order key of a thread's facts. root is the id of the thread's first message.
func OrderKey(channel, root string) string { return channel + ":" + root }

// KeyOf returns the order key of the thread that a place is in, or that its message begins.
func KeyOf(at bridge.Place) string { return OrderKey(at.Channel, Root(at)) }
