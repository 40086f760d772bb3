package fact

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"parley/bot/slack/blockkit"
	"parley/channels"
)

// payloadVersion is raised when the form of Payload changes; older payloads stay readable.
const payloadVersion = 1

// Kinds of stored payloads.
const (
	KindEvent       = "event"       // Events API callback
	KindInteraction = "interaction" // buttons, forms, shortcuts
	KindCommand     = "command"     // slash command, as JSON
	KindCatchUp     = "catchup"     // a callback like those of the Events API, made from history
)

// Payload is what is stored of one fact, which is one thing that Slack told: Slack's own bytes, and who our app was in the
// workspace then.
type Payload struct {
	V    int             `json:"v"`
	Kind string          `json:"kind"`
	Self Self            `json:"self"`
	Body json.RawMessage `json:"body"`
}

// Self is who our app is in the workspace, with what else was found out when a fact was stored. It is stored with the fact,
// so that decoding needs nothing else.
type Self struct {
	User string        `json:"user"`           // U… of the bot
	Bot  string        `json:"bot,omitempty"`  // B…
	App  string        `json:"app,omitempty"`  // A…; "" if Slack doesn't say it
	Team string        `json:"team,omitempty"` // T…
	Home blockkit.Home `json:"-"`              // the address of the workspace; not needed to decode

	// Names of the people and channels that the stored message mentions, by id.
	Names map[string]string `json:"names,omitempty"`

	// Colleagues are authors of the stored message who belong to our workspace although Slack names another one as theirs.
	Colleagues []string `json:"colleagues,omitempty"`

	// Strangers are people of another organisation among those who added the stored emoji or took it back. The event doesn't
	// say to whom they belong, so Slack was asked.
	Strangers []string `json:"strangers,omitempty"`

	// Files are those that the stored message doesn't describe, as Slack described them when it was asked, by id.
	Files map[string]File `json:"files,omitempty"`
}

var errPayload = errors.New("slack: payload")

// wrap makes the JSON of a payload. Slack's bytes stand in it as they are. It returns an error if they aren't JSON.
func (s *Self) wrap(kind string, body []byte) ([]byte, error) {
	if !json.Valid(body) {
		return nil, fmt.Errorf("%w: not JSON", errPayload)
	}
	return s.wrapDecoded(kind, body)
}

// wrapDecoded does what wrap does for bytes that were decoded before, without checking once more that they are JSON.
func (s *Self) wrapDecoded(kind string, body []byte) ([]byte, error) {
	raw, err := json.Marshal(Payload{V: payloadVersion, Kind: kind, Self: *s})
	if err != nil {
		return nil, err
	}
	const noBody = "null}" // Body is the payload's last field, and is nil here
	head := raw[:len(raw)-len(noBody)]
	head = slices.Grow(head, len(body)+1)
	return append(append(head, body...), '}'), nil
}

// Unwrap reads the JSON of a payload.
// Errors: bytes that aren't a payload, and a version that this one does not know.
func Unwrap(raw []byte) (Payload, error) {
	var p Payload
	if err := json.Unmarshal(raw, &p); err != nil {
		return p, fmt.Errorf("%w: %w", errPayload, err)
	}
	if p.V != payloadVersion {
		return p, fmt.Errorf("%w: version %d", errPayload, p.V)
	}
	if p.Self.User == "" {
		return p, fmt.Errorf("%w: without self", errPayload)
	}
	return p, nil
}

// UndescribedFiles returns the ids of the files about which Slack has to be asked (see AskForFile).
func (p *Payload) UndescribedFiles() []string {
	ev, _, err := readEvent(p.Body)
	if err != nil {
		return nil
	}
	m := &ev.Message
	if ev.Changed != nil {
		m = ev.Changed
	}

	var ids []string
	for _, f := range m.Files {
		if f.Access == AskForFile {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

// Fact makes the fact of body.
// Errors: body is no JSON.
func (s *Self) Fact(kind, id, order string, body []byte) (channels.Fact, error) {
	raw, err := s.wrap(kind, body)
	if err != nil {
		return channels.Fact{}, fmt.Errorf("%w: %w", errPayload, err)
	}
	return channels.Fact{ExternalID: id, OrderKey: order, Payload: raw}, nil
}

// QuarantinedFact makes a fact of bytes that can't be read, with their hash as its id.
func QuarantinedFact(body []byte, reason string) channels.Fact {
	id := "q:" + Digest(string(body))
	return channels.Fact{ExternalID: id, OrderKey: id, Payload: body, Quarantine: reason}
}

// Digest returns a short hash that names content.
func Digest(parts ...string) string {
	const size = 12 // bytes: with 96 bits, no two contents have the same hash by chance
	hash := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(hash, "%d:%s", len(part), part) // with lengths, so that "a", "bc" differs from "ab", "c"
	}
	return hex.EncodeToString(hash.Sum(nil)[:size])
}
