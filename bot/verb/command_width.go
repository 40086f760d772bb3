package verb

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// foldWidth returns a text with its characters in their usual width, rune by rune: "ｎｏｔｅ：" is "note:", "ﾒﾓ" is "メモ". Input
// methods for Japanese, Chinese and Korean type both. It is for recognising what was typed: texts stay as they are.
func foldWidth(s string) string { return strings.Map(foldRune, s) }

// foldRune returns a character in its usual width.
func foldRune(r rune) rune {
	if r <= utf8.RuneSelf {
		return r
	}
	if folded := width.LookupRune(r).Folded(); folded != 0 {
		return folded
	}
	return r
}

// withoutRunes removes as many runes from the beginning of s as prefix has.
func withoutRunes(s, prefix string) string {
	for range prefix {
		_, length := utf8.DecodeRuneInString(s)
		s = s[length:]
	}
	return s
}

// cutColon removes a colon of any width from the beginning of s.
func cutColon(s string) (string, bool) { return cutSign(s, ":", "：") }
