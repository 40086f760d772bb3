package verb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"parley/bridge"
)

// Limits of a button's value.
const (
	MaxValueBytes = 2000
	valueVersion  = 1
)

// ErrValue is returned for a value that Value of this version didn't write.
var ErrValue = errors.New("verb: button: unreadable value")

// value is what a button carries.
// Shape: {"v":1,"a":{"conversation":12}}
type value struct {
	Version int          `json:"v"`
	Args    *bridge.Args `json:"a,omitempty"`
	TooLong bool         `json:"long,omitempty"`
}

// Value encodes arguments for a button or a form's private data, in at most MaxValueBytes.
// Arguments that don't fit give a value that Pressed refuses: to leave some of them out would
// be worse.
func Value(args bridge.Args) string {
	b, err := json.Marshal(value{Version: valueVersion, Args: &args})
	if err != nil || len(b) > MaxValueBytes {
		return fmt.Sprintf(`{"v":%d,"long":true}`, valueVersion)
	}
	return string(b)
}

// Pressed reads back what Value wrote for a button of the verb. What comes back from
// a surface is untrusted: the engine authorises it anew.
// Errors: ErrValue, also for values of a later version and verbs no button has.
func Pressed(verb, val string) (bridge.Verb, bridge.Args, error) {
	if Of(bridge.Verb(verb)).Typed.Words == nil || len(val) > MaxValueBytes {
		return "", bridge.Args{}, ErrValue
	}
	if val == "" {
		return bridge.Verb(verb), bridge.Args{}, nil
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(val)))
	dec.DisallowUnknownFields()
	var v value
	if err := dec.Decode(&v); err != nil {
		return "", bridge.Args{}, fmt.Errorf("%w: %w", ErrValue, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return "", bridge.Args{}, ErrValue
	}
	if v.Version != valueVersion || v.TooLong || v.Args == nil {
		return "", bridge.Args{}, ErrValue
	}
	return bridge.Verb(verb), *v.Args, nil
}
