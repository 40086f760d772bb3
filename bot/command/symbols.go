package command

import (
	"regexp"
	"strings"
	"unicode"

	"parley/bot/typed"
	"parley/bridge"
)

// isSymbol reports whether a character is a picture: an emoji, its skin tone, an arrow, a pictured bullet. Some emoji are letters
// or punctuation by Unicode's categories: ℹ, ‼, ⁉, 〰, 〽, and the frame of a key.
func isSymbol(r rune) bool {
	return r > unicode.MaxASCII && (unicode.In(r, unicode.So, unicode.Sk, unicode.Sm) || strings.ContainsRune("ℹ‼⁉〰〽\u20e3", r))
}

// writtenSymbol matches an emoji that is written with other characters: a surface's own, which stays a shortcode (":lock2:"), or
// a key with a digit.
var writtenSymbol = regexp.MustCompile(`^(?::[\p{L}\p{N}_+'-]{1,100}:|[0-9#*]\x{fe0f}?\x{20e3})`)

// symbolLength counts the bytes of the symbols at the beginning of s, with what nobody sees between them.
func symbolLength(s string) int {
	if written := writtenSymbol.FindString(s); written != "" {
		return len(written)
	}
	return len(s) - len(strings.TrimLeftFunc(s, func(r rune) bool { return isSymbol(r) || typed.IsBlank(r) }))
}

// splitBeforeMarker splits a text like splitFront. If a marker or an escape stands behind symbols, they are part of front, too:
// "📝 note: he lies". Before anything else they belong to the text.
func splitBeforeMarker(text string, opt Options) (front, rest string) {
	front, rest = splitFront(text, opt)
	behind := rest
	for length := symbolLength(behind); length > 0; length = symbolLength(behind) {
		_, behind = splitFront(behind[length:], opt)
	}

	pictured := text[:len(text)-len(behind)]
	if len(behind) < len(rest) && isMarked(pictured, behind) {
		return pictured, behind
	}

	return front, rest
}

// isMarked reports whether a text behind symbols begins with a marker or an escape. A sign behind an emoji often isn't a verb's:
// "🎉!", "👍/👎". It counts before a word that stands apart: "🔒 !note he lies".
func isMarked(pictured, behind string) bool {
	switch marker, after := cutMarker(behind); marker {
	case bridge.MarkNone:
		_, isEscaped := cutEscape(behind)
		return isEscaped
	case bridge.MarkBang, bridge.MarkSlash:
		isApart := strings.TrimRightFunc(pictured, unicode.IsSpace) != pictured
		return isApart && hasLetterFirst(after)
	case bridge.MarkNote, bridge.MarkLone, bridge.MarkColleagues:
	}
	return true
}
