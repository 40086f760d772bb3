package verb

import (
	"regexp"
	"strings"
	"unicode"

	"parley/bot/shape"
	"parley/bridge"
)

// Agents like to put an emoji before a command or a note: "📝 note: he lies", "🔒 !note he lies". This file finds
// markers that follow symbols. A marker is the sign or word that a command or note begins with: "!", "/", "note:".

// isSymbol reports whether a character is a pictograph: an emoji, a skin tone, an arrow, a graphical bullet.
// Unicode classifies some emoji as letters or punctuation: ℹ, ‼, ⁉, 〰, 〽, and the keycap frame.
func isSymbol(r rune) bool {
	return r > unicode.MaxASCII && (unicode.In(r, unicode.So, unicode.Sk, unicode.Sm) || strings.ContainsRune("ℹ‼⁉〰〽\u20e3", r))
}

// writtenSymbol matches an emoji that consists of other characters: a custom emoji of a workspace, which remains a
// shortcode (":lock2:"), or a keycap digit.
var writtenSymbol = regexp.MustCompile(`^(?::[\p{L}\p{N}_+'-]{1,100}:|[0-9#*]\x{fe0f}?\x{20e3})`)

// symbolLength returns the length in bytes of the symbols at the start of s, including the blanks and invisible
// characters between them.
func symbolLength(s string) int {
	if written := writtenSymbol.FindString(s); written != "" {
		return len(written)
	}
	return len(s) - len(strings.TrimLeftFunc(s, func(r rune) bool { return isSymbol(r) || shape.IsBlank(r) }))
}

// splitBeforeMarker splits a text like splitFront, and also counts symbols as part of front if a marker or an
// escape follows them: "📝 note: he lies". Symbols before anything else belong to the text.
func splitBeforeMarker(text string, opt Options) (front, rest string) {
	front, rest = splitFront(text, opt)
	afterSymbols := rest
	for length := symbolLength(afterSymbols); length > 0; length = symbolLength(afterSymbols) {
		_, afterSymbols = splitFront(afterSymbols[length:], opt)
	}

	hasSymbols := len(afterSymbols) < len(rest)
	symbols := text[:len(text)-len(afterSymbols)]
	if hasSymbols && hasMarkerAfterSymbols(symbols, afterSymbols) {
		return symbols, afterSymbols
	}

	return front, rest
}

// hasMarkerAfterSymbols reports whether the text after symbols begins with a marker or an escape. "!" and "/" count
// only after a space and before a word, as in "🔒 !note he lies". Otherwise they are punctuation: "🎉!", "👍/👎".
func hasMarkerAfterSymbols(symbols, text string) bool {
	switch marker, after := cutMarker(text); marker {
	case bridge.MarkNone:
		_, isEscaped := cutEscape(text)
		return isEscaped
	case bridge.MarkBang, bridge.MarkSlash:
		endsWithSpace := strings.TrimRightFunc(symbols, unicode.IsSpace) != symbols
		return endsWithSpace && continuesWord(after)
	case bridge.MarkNote, bridge.MarkLone, bridge.MarkColleagues, bridge.MarkNoteBelow, bridge.MarkCommandBelow:
	}
	return true
}
