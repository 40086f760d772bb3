package verb

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"parley/bridge"
)

const (
	// MaxValueBytes limits the length of an encoded value. It is Slack's limit.
	MaxValueBytes = 2000

	valueVersion = 1
)

// ErrValue is returned for a value that this version of Value didn't create.
var ErrValue = errors.New("verb: button: unreadable value")

// value is the data of a button in a chat: the arguments of the button's verb, such as the conversation. The
// chat stores it with the button, and returns it when a person presses the button. As JSON:
//
//	{"v":1,"a":{"conversation":12}}
type value struct {
	Version int          `json:"v"`
	Args    *bridge.Args `json:"a,omitempty"`
	TooLong bool         `json:"long,omitempty"`
}

// Value encodes arguments for a button or for the private data of a form, in at most MaxValueBytes. Arguments that
// don't fit are encoded as a value that Pressed refuses, since a button must not act with incomplete arguments.
func Value(args bridge.Args) string {
	encoded, err := json.Marshal(value{Version: valueVersion, Args: &args})
	if err != nil || len(encoded) > MaxValueBytes {
		return fmt.Sprintf(`{"v":%d,"long":true}`, valueVersion)
	}
	return string(encoded)
}

// Pressed decodes a value of Value for a button of the verb. The result comes from a chat and is untrusted:
// the engine has to authorize the action. An empty value has no arguments. All errors wrap ErrValue,
// including those for unknown verbs and for values of other versions.
func Pressed(verb, encoded string) (bridge.Verb, bridge.Args, error) {
	name := bridge.Verb(verb)
	isKnown := Of(name).Typed.Words != nil
	if !isKnown || len(encoded) > MaxValueBytes {
		return "", bridge.Args{}, ErrValue
	}
	if encoded == "" {
		return name, bridge.Args{}, nil
	}

	decoder := json.NewDecoder(strings.NewReader(encoded))
	decoder.DisallowUnknownFields()
	var v value
	if err := decoder.Decode(&v); err != nil {
		return "", bridge.Args{}, fmt.Errorf("%w: %w", ErrValue, err)
	}

	if _, err := decoder.Token(); !errors.Is(err, io.EOF) { // there must be no further data
		return "", bridge.Args{}, ErrValue
	}
	if v.Version != valueVersion || v.TooLong || v.Args == nil {
		return "", bridge.Args{}, ErrValue
	}

	return name, *v.Args, nil
}
