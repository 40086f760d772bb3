package openai

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// Key is an API key. It can't be printed: neither by fmt, with whatever verb, nor by slog or JSON.
type Key struct{ value *string } // a pointer: of unexported fields fmt prints the bytes, and asks no method

// NewKey makes a Key of what an operator typed or pasted.
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

// reveal returns the key itself, or "" if there is none.
func (k Key) reveal() string {
	if k.value == nil {
		return ""
	}
	return *k.value
}

// check refuses what can't be sent in a header.
func (k Key) check() error {
	if strings.ContainsFunc(k.reveal(), func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("openai: the key has spaces or characters that no key has")
	}
	return nil
}
