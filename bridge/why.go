package bridge

import "regexp"

// Why says why something happened: by a code, or in the words of whoever refused it. At most one of them is set. It is stored as one
// string; what consists of small letters and underscores alone is a code.
type Why struct {
	Reason Reason
	Words  string // for people
}

// Because returns a Why that is a code.
func Because(r Reason) Why { return Why{Reason: r} }

// InWords returns a Why in words for people.
func InWords(words string) Why { return Why{Words: words} }

var looksLikeCode = regexp.MustCompile(`^[a-z_]+$`)

// ParseWhy returns the Why that String has written.
func ParseWhy(stored string) Why {
	if looksLikeCode.MatchString(stored) {
		return Because(Reason(stored))
	}
	return InWords(stored)
}

// String returns w in one string, from which ParseWhy reads it again. A single word for people gets a full stop, so that it isn't
// read as a code.
func (w Why) String() string {
	if looksLikeCode.MatchString(w.Words) {
		return w.Words + "."
	}
	return string(w.Reason) + w.Words
}

// MarshalText implements encoding.TextMarshaler.
func (w Why) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (w *Why) UnmarshalText(text []byte) error {
	*w = ParseWhy(string(text))
	return nil
}
