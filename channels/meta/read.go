package meta

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
)

// readJSON reads JSON that Meta sent. A field of another type than Meta documents is left out and all others are read, so that a
// customer's message is not lost, nor the code of a refusal, for a field that may not even matter.
// Errors: what is no JSON, or another value than v as a whole.
func readJSON(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	if odd, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && odd.Field != "" {
		return nil // package json has read the rest
	}
	return err
}

// decimal is a number that may be written as a string: "9.50".
type decimal struct {
	Value float64
	Known bool // false: there was no number
}

// UnmarshalJSON implements json.Unmarshaler.
func (d *decimal) UnmarshalJSON(raw []byte) error {
	value, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	*d = decimal{}
	if err == nil && !math.IsNaN(value) && !math.IsInf(value, 0) {
		*d = decimal{Value: value, Known: true}
	}
	return nil
}
