package blockkit

import (
	_ "embed"
	"regexp"
	"strings"
	"unicode/utf8"
)

// emojiTable has the emoji that Slack knows, one in a line: its characters and then its names, each between colons.
// Source: the names are those of github.com/iamcal/emoji-data, as emojibase-data 17.0.0 lists them, read 2026-11.
//
//go:embed emoji.txt
var emojiTable string

// writtenEmoji matches an emoji as Slack writes it where a text has no rich text: ":wave:", or ":wave::skin-tone-3:". People of
// two skin tones have two numbers.
var writtenEmoji = regexp.MustCompile(`:([a-z0-9_+'-]+):(?::skin-tone-([2-6])(?:-[2-6])?:)?`)

// withEmoji replaces the shortcodes in a text by the characters of their emoji. Those of custom emoji, which have none, stay, and so
// do parts of numbers, addresses and program texts that look like one.
func withEmoji(s string) string {
	if strings.Count(s, ":") < len("::") {
		return s
	}

	var b strings.Builder
	done := 0     // up to here s is written
	lastEnd := -1 // where the emoji ended that was replaced last
	for from := 0; ; {
		at := findShortcode(s, from)
		if at == nil {
			break
		}

		name := s[at[2]:at[3]]
		characters := findEmoji(name)
		followsEmoji := at[0] == lastEnd
		if characters == "" || isPartOfWord(s, at, followsEmoji) {
			from = at[3] // the second colon may begin another shortcode
			continue
		}

		tone := 0
		if at[4] >= 0 {
			tone = int(s[at[4]] - '0')
		}
		b.WriteString(s[done:at[0]])
		b.WriteString(withTone(characters, tone))
		from, done, lastEnd = at[1], at[1], at[1]
	}

	return b.String() + s[done:]
}

// findShortcode returns where the next shortcode is in a text, and where its parts are, as FindStringSubmatchIndex does; nil if there is
// none.
func findShortcode(s string, from int) []int {
	at := writtenEmoji.FindStringSubmatchIndex(s[from:])
	for i := range at {
		if at[i] >= 0 {
			at[i] += from
		}
	}
	return at
}

// findEmoji returns the characters of the emoji with a name, or "" if Slack has none of that name.
func findEmoji(name string) string {
	at := strings.Index(emojiTable, ":"+name+":")
	if at < 0 {
		return ""
	}
	line := emojiTable[strings.LastIndexByte(emojiTable[:at], '\n')+1:]
	characters, _, _ := strings.Cut(line, ":")
	return characters
}

// maxAmbiguousName is how long the name of an emoji is at most that is as likely a word of its own: "ab", "new", "100".
const maxAmbiguousName = 4

// isPartOfWord reports whether what looks like a shortcode is a part of something else, as in "10:30:100", "00:1b:cd:22", "Vec::new::x" or
// "state:on:off". followsEmoji means that an emoji stands right before it.
func isPartOfWord(s string, at []int, followsEmoji bool) bool {
	name := s[at[2]:at[3]]
	hasSign := strings.ContainsAny(name, "_+'-")
	if hasSign {
		return false
	}

	before, _ := utf8.DecodeLastRuneInString(s[:at[0]])
	behind, _ := utf8.DecodeRuneInString(s[at[1]:])
	isAfterColon := before == ':' && !followsEmoji
	next := findShortcode(s, at[1])
	isBeforeEmoji := next != nil && next[0] == at[1] && findEmoji(s[next[2]:next[3]]) != ""
	isBeforeColon := behind == ':' && !isBeforeEmoji
	if isAfterColon || isBeforeColon {
		return true
	}

	isAmbiguous := len(name) <= maxAmbiguousName
	return isAmbiguous && (isWordRune(before) || isWordRune(behind))
}

// withTone gives an emoji the skin tone with one of Slack's numbers. Other numbers change nothing. The tone stands behind the
// first character, in place of the sign that this is shown as an emoji.
func withTone(emoji string, number int) string {
	if number < firstToneNumber || number > lastToneNumber {
		return emoji
	}
	const emojiSign = "\ufe0f"
	_, size := utf8.DecodeRuneInString(emoji)
	rest := strings.TrimPrefix(emoji[size:], emojiSign)
	return emoji[:size] + string(rune(firstTone+number-firstToneNumber)) + rest
}
