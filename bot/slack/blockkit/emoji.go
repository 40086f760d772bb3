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

// withEmoji replaces the shortcodes in a text by the characters of their emoji. Those of custom emoji, which have none, stay.
func withEmoji(s string) string {
	if strings.Count(s, ":") < len("::") {
		return s
	}

	var b strings.Builder
	for s != "" {
		at := writtenEmoji.FindStringSubmatchIndex(s)
		if at == nil {
			break
		}

		name := s[at[2]:at[3]]
		characters := findEmoji(name)
		isPartOfNumber := isNumber(name) && isWithinWord(s, at[0], at[1])
		if characters == "" || isPartOfNumber {
			next := at[3] // the second colon may begin another shortcode
			b.WriteString(s[:next])
			s = s[next:]
			continue
		}

		b.WriteString(s[:at[0]])
		tone := 0
		if at[4] >= 0 {
			tone = int(s[at[4]] - '0')
		}
		b.WriteString(withTone(characters, tone))
		s = s[at[1]:]
	}

	return b.String() + s
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

// isNumber reports whether the name of an emoji is a number, as that of 💯 is: between colons it may be a part of something else.
func isNumber(name string) bool { return strings.Trim(name, "0123456789") == "" }

// isWithinWord reports whether there is a letter or a digit right before or behind a part of a text, as in "1:100:5".
func isWithinWord(s string, begin, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:begin])
	behind, _ := utf8.DecodeRuneInString(s[end:])
	return isWordRune(before) || isWordRune(behind)
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
