package slackfake

import (
	"encoding/json"
	"fmt"
	"strings"
)

// WorkspaceRefusal is an error response of Slack's Web API, such as {"ok": false, "error": "channel_not_found"}.
// Handlers of Web API methods return it instead of a reply. Since it is a pointer type, don't assign a nil
// *Refusal to an error.
type WorkspaceRefusal struct {
	Code     string            // Slack's error code, such as "channel_not_found"
	Needed   string            // the missing scope, if Code is missing_scope
	Messages []string          // response_metadata.messages
	Retry    int               // seconds until the app may call again; if not 0, the HTTP status is 429
	Args     map[string]string // the call's arguments, which api.test returns
}

// Error returns Slack's error code and messages.
func (r *WorkspaceRefusal) Error() string {
	if len(r.Messages) > 0 {
		return r.Code + ": " + strings.Join(r.Messages, "; ")
	}
	return r.Code
}

// Refuse returns a refusal with one of Slack's error codes.
func Refuse(code string, messages ...string) *WorkspaceRefusal {
	return &WorkspaceRefusal{Code: code, Messages: messages}
}

// CheckBlocks validates blocks and fills in defaults; see kit.Check. The caller holds the lock.
func (g *Ground) CheckBlocks(raw json.RawMessage, on Surface) ([]any, *WorkspaceRefusal) {
	blocks, invalid := Check(raw, on, g.ShortID)
	if invalid != nil {
		return nil, Refuse(invalid.Code, invalid.Messages...)
	}
	return blocks, nil
}

// ShortID returns a new id for a block or element. The caller holds the lock.
func (g *Ground) ShortID() string { return g.Secret(5) }

// MustJSON marshals a value that consists of decoded JSON, which never fails.
func MustJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null")
	}
	return b
}

// IsNull reports whether a JSON value is missing or null.
func IsNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// AsMap converts a value to a JSON object. It panics if the value can't be marshaled to one.
func AsMap(v any) Object {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("slackfake: own type does not encode: %v", err)) // raw JSON in it was validated on input
	}
	m := Object{}
	if err := json.Unmarshal(b, &m); err != nil {
		panic(fmt.Sprintf("slackfake: own type isn't an object: %v", err))
	}
	return m
}
