package verb

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"parley/bridge"
)

// Limits of a button's value.
const (
	MaxValueBytes = 2000
	valueVersion  = 1
)

// ErrValue is returned for a value that Value of this version didn't write.
var ErrValue = errors.New("verb: button: unreadable value")

// value is what a button of a verb carries: the verb's arguments, such as the conversation. The chat stores it with
// the button, and gives it back when somebody presses the button.
// Shape: {"v":1,"a":{"conversation":12}}
type value struct {
	Version int          `json:"v"`
	Args    *bridge.Args `json:"a,omitempty"`
	TooLong bool         `json:"long,omitempty"`
}

// Value encodes arguments for a button or a form's private data, in at most MaxValueBytes.
// Arguments that don't fit become a value that Pressed refuses: to leave some of them out would
// be worse.
func Value(args bridge.Args) string {
	encoded, err := json.Marshal(value{Version: valueVersion, Args: &args})
	if err != nil || len(encoded) > MaxValueBytes {
		return fmt.Sprintf(`{"v":%d,"long":true}`, valueVersion)
	}
	return string(encoded)
}

// Pressed reads back what Value wrote for a button of the verb. What comes back from
// a surface is untrusted: the engine authorises it anew.
// Errors: ErrValue, also for values of a later version and verbs that no button has.
func Pressed(verb, encoded string) (bridge.Verb, bridge.Args, error) {
	name := bridge.Verb(verb)
	canBeGiven := Of(name).Typed.Words != nil
	if !canBeGiven || len(encoded) > MaxValueBytes {
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

	_, err := decoder.Token()
	if isAtEnd := errors.Is(err, io.EOF); !isAtEnd {
		return "", bridge.Args{}, ErrValue
	}
	if v.Version != valueVersion || v.TooLong || v.Args == nil {
		return "", bridge.Args{}, ErrValue
	}

	return name, *v.Args, nil
}
