package shape

import (
	_ "embed"
	"strings"
)

// emojiTable lists emoji by their shortcodes, one per line. A line has the characters of the emoji, and then all its names, each
// between colons: "👍:+1:thumbsup:".
// Source: the names are those of github.com/iamcal/emoji-data, as emojibase-data 17.0.0 lists them, read 2026-11.
//
//go:embed emoji.txt
var emojiTable string

// FindEmoji returns the characters of the emoji with a shortcode (without colons), or "" if there is none. A linear search of the
// table is fast enough, because a text has few shortcodes.
func FindEmoji(name string) string {
	at := strings.Index(emojiTable, ":"+name+":")
	if at < 0 {
		return ""
	}
	line := emojiTable[strings.LastIndexByte(emojiTable[:at], '\n')+1:]
	characters, _, _ := strings.Cut(line, ":") // every line has a colon
	return characters
}

// EmojiNames returns the shortcodes of all emoji that begin with a character.
func EmojiNames(first rune) (names []string) {
	for line := range strings.Lines(emojiTable) {
		if strings.HasPrefix(line, string(first)) {
			_, all, _ := strings.Cut(strings.TrimSpace(line), ":")
			names = append(names, strings.Split(all, ":")...)
		}
	}
	return names
}
