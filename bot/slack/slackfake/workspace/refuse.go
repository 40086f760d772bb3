package workspace

import (
	"encoding/json"
	"fmt"
	"strings"

	"parley/bot/slack/slackfake/kit"
)

// Refusal is an answer of the Web API with ok:false. Handlers return it in place of a reply.
type Refusal struct {
	Code     string            // Slack's error, for example "channel_not_found"
	Needed   string            // the scope that the app lacks, if Code is missing_scope
	Messages []string          // response_metadata.messages
	Retry    int               // seconds until the app may call again; if it isn't 0, the status is 429
	Args     map[string]string // of the call, which api.test repeats
}

// Error returns Slack's error string, so that tests and people's actions show it as it is.
func (e *Refusal) Error() string {
	if len(e.Messages) > 0 {
		return e.Code + ": " + strings.Join(e.Messages, "; ")
	}
	return e.Code
}

// Refuse makes an ok:false answer with Slack's error.
func Refuse(code string, messages ...string) *Refusal {
	return &Refusal{Code: code, Messages: messages}
}

// CheckBlocks checks blocks (see kit.Check).
func (g *Ground) CheckBlocks(raw json.RawMessage, on kit.Surface) ([]any, *Refusal) {
	list, refused := kit.Check(raw, on, g.ShortID)
	if refused != nil {
		return nil, Refuse(refused.Code, refused.Messages...)
	}
	return list, nil
}

// ShortID makes the id of a block or element. Caller holds the lock.
func (g *Ground) ShortID() string { return g.Secret(5) }

// MustJSON encodes what always encodes.
func MustJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null") // maps of decoded JSON always encode
	}
	return b
}

// IsNull reports whether there is no value.
func IsNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// AsMap turns a value into its JSON object.
func AsMap(v any) Object {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("slackfake: own type does not encode: %v", err)) // only raw JSON that was checked on entry is inside
	}
	m := Object{}
	if err := json.Unmarshal(b, &m); err != nil {
		panic(fmt.Sprintf("slackfake: own type isn't an object: %v", err))
	}
	return m
}
