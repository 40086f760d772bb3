package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"parley/bot/slack/blockkit"
	"parley/channels"
)

// payloadVersion is the version of the JSON of Payload.
const payloadVersion = 1

// Kinds of stored payloads.
const (
	KindEvent       = "event"       // an Events API callback, which is Slack's JSON of an event
	KindInteraction = "interaction" // a clicked button, a submitted form or a shortcut
	KindCommand     = "command"     // a slash command, as JSON
	KindCatchUp     = "catchup"     // a callback that Parley has built from Slack's history
)

// Payload is the stored content of a fact. A fact is one thing that happened in Slack, such as a click or a new message.
// It is stored as Slack sent it, with everything that is needed to decode it later:
//
//	{"v":1,"kind":"event","self":{"user":"U9","names":{"U1":"Ann"}},"body":{"type":"event_callback",…}}
type Payload struct {
	V    int             `json:"v"`
	Kind string          `json:"kind"`
	Self Self            `json:"self"`
	Body json.RawMessage `json:"body"`
}

// Self is the identity of our app in the workspace, together with what Parley looked up about one fact before it stored
// the fact. It is stored with the fact, so that decoding never has to ask Slack.
type Self struct {
	User string        `json:"user"`           // the bot's user id, U…
	Bot  string        `json:"bot,omitempty"`  // the bot's id, B…
	App  string        `json:"app,omitempty"`  // the app's id, A…; "" if Slack doesn't report it
	Team string        `json:"team,omitempty"` // the workspace's id, T…
	Home blockkit.Home `json:"-"`              // the workspace's URL; not needed for decoding

	// Names are the names of the people and channels that the message mentions, by id.
	Names map[string]string `json:"names,omitempty"`

	// Colleagues has the author of the message if they belong to our workspace although Slack names another one as theirs.
	Colleagues []string `json:"colleagues,omitempty"`

	// Strangers has the person who added or removed an emoji if they belong to another organisation.
	Strangers []string `json:"strangers,omitempty"`

	// Files are the details, by id, of attached files of which the message has only the id.
	Files map[string]File `json:"files,omitempty"`
}

var errPayload = errors.New("slack: payload")

// wrap returns the JSON of a payload with the given body, which is included unchanged.
// Errors: the body isn't JSON.
func (s *Self) wrap(kind string, body []byte) ([]byte, error) {
	if !json.Valid(body) {
		return nil, fmt.Errorf("%w: not JSON", errPayload)
	}
	return s.wrapDecoded(kind, body)
}

// wrapDecoded is like wrap for a body that was decoded before. It saves the check that the body is JSON.
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

// Unwrap decodes the JSON of a payload. It returns an error if raw isn't a payload, or has an unknown version.
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

// UndescribedFiles returns the ids of the attached files whose details must be requested from Slack (see AskForFile).
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

// Fact returns a fact with the given body. id deduplicates it, and facts with the same order key are applied in order.
// Errors: the body isn't JSON.
func (s *Self) Fact(kind, id, order string, body []byte) (channels.Fact, error) {
	raw, err := s.wrap(kind, body)
	if err != nil {
		return channels.Fact{}, fmt.Errorf("%w: %w", errPayload, err)
	}
	return channels.Fact{ExternalID: id, OrderKey: order, Payload: raw}, nil
}
