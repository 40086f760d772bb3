package store

import (
	"strings"
	"unicode/utf8"
)

// Clean returns s as text that PostgreSQL accepts: valid UTF-8 without NUL.
func Clean(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return s
}
