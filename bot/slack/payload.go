package slack

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"parley/channels"
)

// payloadVersion is raised when the form of payload changes; older payloads stay readable.
const payloadVersion = 1

// Kinds of stored payloads.
const (
	kindEvent       = "event"       // Events API callback
	kindInteraction = "interaction" // buttons, forms, shortcuts
	kindCommand     = "command"     // slash command, as JSON
	kindCatchUp     = "catchup"     // the same as event, made from history
)

// payload is what the journal keeps of one fact: Slack's bytes, and who we were in the workspace then.
type payload struct {
	V    int             `json:"v"`
	Kind string          `json:"kind"`
	Self self            `json:"self"`
	Body json.RawMessage `json:"body"`
}

var errPayload = errors.New("slack: payload")

// wrap makes the JSON of a payload. It puts Slack's bytes into it as they are: they are checked, but not written anew.
func (me *self) wrap(kind string, body []byte) ([]byte, error) {
	if !json.Valid(body) {
		return nil, fmt.Errorf("%w: not JSON", errPayload)
	}
	return me.enclose(kind, body)
}

// enclose is wrap for bytes that were read, and so are JSON.
func (me *self) enclose(kind string, body []byte) ([]byte, error) {
	const null = "null}"
	raw, err := json.Marshal(payload{V: payloadVersion, Kind: kind, Self: *me})
	if err != nil {
		return nil, err
	}
	raw = slices.Grow(raw[:len(raw)-len(null)], len(body)+1) // payload ends with its body
	return append(append(raw, body...), '}'), nil
}

func unwrap(raw []byte) (payload, error) {
	var p payload
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

// fact makes the journal's row of body.
func (me *self) fact(kind, id, order string, body []byte) (channels.Fact, error) {
	raw, err := me.wrap(kind, body)
	if err != nil {
		return channels.Fact{}, fmt.Errorf("%w: %w", errPayload, err)
	}
	return channels.Fact{ExternalID: id, OrderKey: order, Payload: raw}, nil
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
