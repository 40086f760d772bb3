package fact

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"parley/bot/teams/connector"
	"parley/bridge"
	"parley/channels"
)

// payloadVersion is raised when the form of payload changes; older payloads stay readable.
const payloadVersion = 1

// Kinds of stored payloads.
const (
	KindActivity = "activity" // what Teams sent: messages, their changes, reactions
	KindCatchUp  = "catchup"  // the same, made from what Graph gives
	KindCommand  = "command"  // a message that only the app sees, or in a chat with it
	KindClick    = "click"    // a button
	kindForm     = "form"     // a filled dialog
	KindMenu     = "menu"     // an entry of a message's menu that acts at once
	KindUpload   = "upload"   // a reply with files from the upload page
	kindKnown    = "known"    // has no effect; its id alone counts
)

// Payload is what is stored of one fact, which is one thing that Teams told: Teams' bytes (an activity), and what was found
// out when they came, so that decoding needs nothing else.
type Payload struct {
	V     int               `json:"v"`
	Kind  string            `json:"kind"`
	Me    string            `json:"me"`               // our app's id in Teams: "28:" and the app id
	Who   map[string]Person `json:"who,omitempty"`    // the people whom the activity names, by their ids in it
	Own   bool              `json:"own,omitempty"`    // the thread begins, or may begin, with a post of ours
	Files []Attached        `json:"files,omitempty"`  // what was found out about its files
	Edit  bool              `json:"edited,omitempty"` // the words are an edit's: what it said before may never be told
	Body  json.RawMessage   `json:"body"`
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
func unwrap(raw []byte) (Payload, connector.Activity, error) {
	var p Payload
	var a connector.Activity
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

// Fact makes the fact that the journal stores, with its id and order key.
func (p Payload) Fact(id, order string) channels.Fact {
	p.V = payloadVersion
	raw, err := json.Marshal(p)
	if err != nil {
		return QuarantinedFact(p.Body, err.Error())
	}
	return channels.Fact{ExternalID: id, OrderKey: order, Payload: raw}
}

// QuarantinedFact makes a fact of bytes that can't be read, with their hash as its id.
func QuarantinedFact(body []byte, reason string) channels.Fact {
	id := "q:" + Digest(string(body))
	return channels.Fact{ExternalID: id, OrderKey: id, Payload: body, Quarantine: reason}
}

// digestBytes is the length of Digest. With 96 bits, no two contents have the same by chance.
const digestBytes = 12

// Digest returns a short hash of its parts.
func Digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:digestBytes])
}

// MessageID is the id of the fact that a message was written.
func MessageID(channel, id string) string { return "m:" + channel + ":" + id }

// DeleteID is the id of the fact of a message's n-th deletion.
func DeleteID(channel, id string, n int) string { return numberedID("d:"+channel+":"+id, n) }

// RestoredID is the id of the fact that a message was restored for the n-th time.
func RestoredID(channel, id string, n int) string { return numberedID("u:"+channel+":"+id, n) }

// numberedID appends a number to an id, except 1.
func numberedID(id string, n int) string {
	if n == 1 {
		return id
	}
	return id + ":" + strconv.Itoa(n)
}

// KnownFact makes a fact without effect, by which something counts as stored (sweep.Sweeper.KnownFacts).
func (p Payload) KnownFact(id, order string) channels.Fact {
	return Payload{Kind: kindKnown, Me: p.Me, Body: json.RawMessage("{}")}.Fact(id, order)
}

// OrderKey is the order key of a thread's facts.
func OrderKey(channel, root string) string { return channel + ":" + root }

// KeyOf is the order key of the thread that a place is in, or that its message begins.
func KeyOf(at bridge.Place) string { return OrderKey(at.Channel, Root(at)) }
