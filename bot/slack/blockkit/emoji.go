package blockkit

import (
	_ "embed"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Where Slack has rich text, it tells which parts of a message are emoji. In plain texts, such as those of forms and
// slash commands, it writes them as shortcodes: ":wave:". This file puts the characters of the emoji in their place,
// because customers read what agents type, and would see the shortcodes.
//
// A text may have colons for other reasons: "10:30:100", "Vec::new::x". What looks like a shortcode and may be
// something else stays as it is.

// emojiTable lists the emoji that Slack knows, one in a line: its characters and then its names, each between colons:
// "👍:+1:thumbsup:".
// Source: the names are those of github.com/iamcal/emoji-data, as emojibase-data 17.0.0 lists them, read 2026-11.
//
//go:embed emoji.txt
var emojiTable string

// shortcodePattern matches ":wave:" and ":wave::skin-tone-3:". Its groups are the name and the number of the skin
// tone. An emoji of two people may have two numbers, ":skin-tone-3-5:", of which the first one counts.
var shortcodePattern = regexp.MustCompile(`:([a-z0-9_+'-]+):(?::skin-tone-([2-6])(?:-[2-6])?:)?`)

// emojiCode is what looks like an emoji in a text. It stands at text[start:end].
type emojiCode struct {
	start, end int
	nameEnd    int    // where the colon behind the name stands
	name       string // "wave"
	tone       int    // Slack's number of the skin tone; 0 means none
	emoji      string // its characters; "" if Slack has no emoji of this name, or a custom one
}

// withEmoji returns a text in which the shortcodes are replaced by the characters of their emoji. Custom emoji, which
// have no characters, stay as they are, and so does what is a part of something else (see isPartOfWord).
func withEmoji(text string) string {
	if strings.Count(text, ":") < len("::") {
		return text // the usual case, without a search
	}

	var out strings.Builder
	written := 0  // text[:written] is in out
	lastEnd := -1 // where the last replaced shortcode ended
	for next := 0; ; {
		code, found := findShortcode(text, next)
		if !found {
			return out.String() + text[written:]
		}
		if code.emoji == "" || isPartOfWord(text, code, code.start == lastEnd) {
			next = code.nameEnd // its second colon may be the first one of another shortcode
			continue
		}

		out.WriteString(text[written:code.start])
		out.WriteString(withTone(code.emoji, code.tone))
		next, written, lastEnd = code.end, code.end, code.end
	}
}

// findShortcode returns the first shortcode that begins at text[from:] or behind.
func findShortcode(text string, from int) (code emojiCode, found bool) {
	at := shortcodePattern.FindStringSubmatchIndex(text[from:])
	if at == nil {
		return emojiCode{}, false
	}

	// at has the beginning and the end of the match, of the name, and of the tone, which are -1 if there is no tone.
	code = emojiCode{start: from + at[0], end: from + at[1], nameEnd: from + at[3]}
	code.name = text[from+at[2] : code.nameEnd]
	code.emoji = findEmoji(code.name)
	if toneStart := at[4]; toneStart >= 0 {
		code.tone = int(text[from+toneStart] - '0')
	}
	return code, true
}

// findEmoji returns the characters of the emoji with a name, or "" if Slack has none of that name. It searches the
// table, which is fast enough for the few shortcodes of a text.
func findEmoji(name string) string {
	at := strings.Index(emojiTable, ":"+name+":")
	if at < 0 {
		return ""
	}
	line := emojiTable[strings.LastIndexByte(emojiTable[:at], '\n')+1:]
	characters, _, _ := strings.Cut(line, ":") // every line has a colon
	return characters
}

// maxAmbiguousName is the length up to which the name of an emoji is just as likely a word: "ab", "new", "100".
const maxAmbiguousName = 4

// isPartOfWord reports whether a shortcode is rather a part of something else. followsEmoji means that an emoji
// stands right before it.
func isPartOfWord(text string, code emojiCode, followsEmoji bool) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:code.start])
	behind, _ := utf8.DecodeRuneInString(text[code.end:])

	// A name with a sign, "+1" or "point_up", isn't a word of another language.
	if strings.ContainsAny(code.name, "_+'-") {
		return false
	}
	// A colon beside it belongs to something else, as in "Vec::new::x", unless it belongs to another emoji.
	if before == ':' && !followsEmoji {
		return true
	}
	if behind == ':' && !isEmojiAt(text, code.end) {
		return true
	}
	// A short name inside a word or number is a part of that: "10:30:100:", "00:1b:cd:22", "state:on:off".
	isAmbiguous := len(code.name) <= maxAmbiguousName
	return isAmbiguous && (isWordRune(before) || isWordRune(behind))
}

// isEmojiAt reports whether the shortcode of an emoji begins at text[at:].
func isEmojiAt(text string, at int) bool {
	code, found := findShortcode(text, at)
	return found && code.start == at && code.emoji != ""
}

// withTone gives an emoji the skin tone with one of Slack's numbers. It returns the emoji unchanged for other
// numbers. The character of the tone stands behind the first character, in place of the sign that asks for a
// colourful picture.
func withTone(emoji string, number int) string {
	if number < firstToneNumber || number > lastToneNumber {
		return emoji
	}
	const emojiSign = "\ufe0f"
	_, size := utf8.DecodeRuneInString(emoji)
	rest := strings.TrimPrefix(emoji[size:], emojiSign)
	return emoji[:size] + string(rune(firstTone+number-firstToneNumber)) + rest
}
