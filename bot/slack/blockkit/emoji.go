package blockkit

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"parley/bot/shape"
)

// Slack marks emoji in rich text, but writes them as shortcodes in the plain text of forms and slash commands:
// ":wave: Hello". Agents' texts are sent to customers, who would see the shortcode. So this file replaces shortcodes
// with Unicode characters: "👋 Hello".
//
// Text may have colons for other reasons, as in "10:30:100" or "Vec::new::x", and "100" and "new" are names of emoji.
// In doubt the text is left unchanged (isPartOfWord).

// shortcodePattern matches ":wave:" and ":wave::skin-tone-3:". Its groups are the name and the number of the skin
// tone. An emoji of two people may have two numbers, ":skin-tone-3-5:". The second one is ignored.
var shortcodePattern = regexp.MustCompile(`:([a-z0-9_+'-]+):(?::skin-tone-([2-6])(?:-[2-6])?:)?`)

// shortcodeMatch is a match of shortcodePattern, at text[start:end].
type shortcodeMatch struct {
	start, end int
	nameEnd    int    // the index of the colon after the name
	name       string // "wave"
	tone       int    // Slack's number of the skin tone; 0 means none
	emoji      string // the Unicode characters; "" if the name is unknown, or that of a custom emoji
}

// withEmoji replaces the shortcodes in a text with Unicode characters. Custom emoji, which have no characters, are
// left as shortcodes.
func withEmoji(text string) string {
	if strings.Count(text, ":") < len("::") {
		return text // the common case
	}

	var out strings.Builder
	written := 0  // text[:written] is in out
	lastEnd := -1 // the end of the shortcode that was replaced last
	for next := 0; ; {
		code, found := findShortcode(text, next)
		if !found {
			return out.String() + text[written:]
		}
		if code.emoji == "" || isPartOfWord(text, code, code.start == lastEnd) {
			next = code.nameEnd // the colon after this name may begin a shortcode
			continue
		}

		out.WriteString(text[written:code.start])
		out.WriteString(withTone(code.emoji, code.tone))
		next, written, lastEnd = code.end, code.end, code.end
	}
}

// findShortcode returns the first match that begins at text[from] or later.
func findShortcode(text string, from int) (code shortcodeMatch, found bool) {
	at := shortcodePattern.FindStringSubmatchIndex(text[from:])
	if at == nil {
		return shortcodeMatch{}, false
	}

	// at has pairs of indexes: those of the match, of the name, and of the tone, which are -1 if there is no tone.
	code = shortcodeMatch{start: from + at[0], end: from + at[1], nameEnd: from + at[3]}
	code.name = text[from+at[2] : code.nameEnd]
	code.emoji = shape.FindEmoji(code.name)
	if toneStart := at[4]; toneStart >= 0 {
		code.tone = int(text[from+toneStart] - '0')
	}
	return code, true
}

// maxAmbiguousName is the maximum length of a name that may as well be an ordinary word or number: "ab", "new", "100".
const maxAmbiguousName = 4

// isPartOfWord reports whether a match is probably part of a time, an address or code, rather than an emoji.
// followsEmoji means that an emoji ends right before the match.
func isPartOfWord(text string, code shortcodeMatch, followsEmoji bool) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:code.start])
	after, _ := utf8.DecodeRuneInString(text[code.end:])

	// A name with punctuation, such as "+1" or "point_up", is hardly ever anything but an emoji.
	if strings.ContainsAny(code.name, "_+'-") {
		return false
	}
	// A second colon indicates code, as in "Vec::new::x", unless it is part of another emoji, as in ":wave::smile:".
	if before == ':' && !followsEmoji {
		return true
	}
	if after == ':' && !isEmojiAt(text, code.end) {
		return true
	}
	// A short name next to a letter or digit is part of a longer word: "10:30:100:", "00:1b:cd:22", "state:on:off".
	isAmbiguous := len(code.name) <= maxAmbiguousName
	return isAmbiguous && (isWordRune(before) || isWordRune(after))
}

// isEmojiAt reports whether the shortcode of an emoji begins at text[at:].
func isEmojiAt(text string, at int) bool {
	code, found := findShortcode(text, at)
	return found && code.start == at && code.emoji != ""
}

// withTone adds a skin tone to an emoji. number is Slack's number of the tone, 2 to 6; for other numbers the emoji is
// returned unchanged. Unicode wants the tone after the first character, in place of the variation selector.
func withTone(emoji string, number int) string {
	if number < firstToneNumber || number > lastToneNumber {
		return emoji
	}
	const variationSelector = "\ufe0f"
	_, size := utf8.DecodeRuneInString(emoji)
	rest := strings.TrimPrefix(emoji[size:], variationSelector)
	return emoji[:size] + string(rune(firstTone+number-firstToneNumber)) + rest
}
