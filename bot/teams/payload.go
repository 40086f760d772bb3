package teams

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"parley/bot/teams/connector"
	"parley/channels"
)

// payloadVersion is raised when the form of payload changes; older payloads stay readable.
const payloadVersion = 1

// Kinds of stored payloads.
const (
	kindActivity = "activity" // what Teams sent: messages, their changes, reactions
	kindCatchUp  = "catchup"  // the same, made from what Graph gives
	kindCommand  = "command"  // a message that only we see, or in a chat with us
	kindClick    = "click"    // a button
	kindForm     = "form"     // a filled dialog
	kindMenu     = "menu"     // an entry of a message's menu that acts at once
	kindUpload   = "upload"   // a reply with files from the upload page
	kindKnown    = "known"    // says nothing but its id
)

// payload is what the journal keeps of one fact: Teams' bytes, and what was known when they came, so
// that decoding needs nothing else.
type payload struct {
	V    int             `json:"v"`
	Kind string          `json:"kind"`
	Me   string          `json:"me"` // our own id
	Who  map[string]who  `json:"who,omitempty"`
	Own  bool            `json:"own,omitempty"` // the thread's root is a post of ours
	Seen []attached      `json:"files,omitempty"`
	Body json.RawMessage `json:"body"`
}

// who describes a person whom an activity names. payload.Who has it by the id in the activity.
type who struct {
	User string `json:"user"` // Entra object id
	Name string `json:"name,omitempty"`
	Kind string `json:"kind"` // bridge.ActorKind
}

// attached is what could be found out about a file of a message.
type attached struct {
	ID          string `json:"id,omitempty"` // of its tag in the text; "" for a pasted picture
	Name        string `json:"name,omitempty"`
	Type        string `json:"type,omitempty"`
	URL         string `json:"url,omitempty"`
	Bytes       int64  `json:"bytes,omitempty"`
	Unavailable string `json:"unavailable,omitempty"`
}

var errPayload = errors.New("teams: payload")

func unwrap(raw []byte) (payload, connector.Activity, error) {
	var p payload
	var a connector.Activity
	if err := json.Unmarshal(raw, &p); err != nil {
		return p, a, fmt.Errorf("%w: %w", errPayload, err)
	}
	if p.V != payloadVersion || p.Me == "" {
		return p, a, fmt.Errorf("%w: version %d of %q", errPayload, p.V, p.Me)
	}
	var kind *json.UnmarshalTypeError
	if err := json.Unmarshal(p.Body, &a); err != nil && !errors.As(err, &kind) { // read like a request
		return p, a, fmt.Errorf("%w: %w", errPayload, err)
	}
	return p, a, nil
}

// fact makes the journal's row.
func (p payload) fact(id, order string) channels.Fact {
	p.V = payloadVersion
	raw, err := json.Marshal(p)
	if err != nil {
		return quarantined(p.Body, err.Error())
	}
	return channels.Fact{ExternalID: id, OrderKey: order, Payload: raw}
}

// quarantined makes a fact of bytes that can't be read, with their hash as its id.
func quarantined(body []byte, reason string) channels.Fact {
	id := "q:" + digest(string(body))
	return channels.Fact{ExternalID: id, OrderKey: id, Payload: body, Quarantine: reason}
}

// digest is a short hash that names content; 96 bits.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// Ids of facts; see design: Journal.
func messageID(channel, id string) string { return "m:" + channel + ":" + id }

// deleteID is the id of the fact of a message's n-th deletion.
func deleteID(channel, id string, n int) string { return nth("d:"+channel+":"+id, n) }

// restoredID is the id of the fact that a message was restored for the n-th time.
func restoredID(channel, id string, n int) string { return nth("u:"+channel+":"+id, n) }

func nth(id string, n int) string {
	if n == 1 {
		return id
	}
	return id + ":" + strconv.Itoa(n)
}

// known makes a fact without effect. Its id alone counts: sweep.Sweeper.Seen finds it.
func (p payload) known(id, order string) channels.Fact {
	return payload{Kind: kindKnown, Me: p.Me, Body: json.RawMessage("{}")}.fact(id, order)
}

// orderKey is the order key of a thread's facts.
func orderKey(channel, root string) string { return channel + ":" + root }
