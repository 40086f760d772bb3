package openai

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// Key is an API key that can't leak into logs: fmt, slog, JSON and YAML print "[redacted]" instead. The zero value
// means no key.
type Key struct {
	// value is a pointer because fmt doesn't call methods on unexported fields of other structs. If a struct that
	// contains a Key is printed, only an address is shown.
	value *string
}

// NewKey returns the Key that an operator typed or pasted. Spaces around it are removed.
func NewKey(s string) Key {
	s = strings.TrimSpace(s)
	if s == "" {
		return Key{}
	}
	return Key{&s}
}

const redacted = "[redacted]"

// String implements fmt.Stringer.
func (k Key) String() string { return redacted }

// Format implements fmt.Formatter.
func (k Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue implements slog.LogValuer.
func (k Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler, for JSON and YAML.
func (k Key) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// reveal returns the key in plain text, or "" if there is none.
func (k Key) reveal() string {
	if k.value == nil {
		return ""
	}
	return *k.value
}

// check returns an error if the key can't be sent in an HTTP header.
func (k Key) check() error {
	isInvalid := func(r rune) bool { return r <= ' ' || r > '~' }
	if strings.ContainsFunc(k.reveal(), isInvalid) {
		return errors.New("openai: the key has spaces or characters that no key has")
	}
	return nil
}
