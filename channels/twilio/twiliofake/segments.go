package twiliofake

import (
	"strings"
	"unicode/utf16"
)

// wide are the characters of GSM 7-bit's extension table, narrow those of the basic one
// that aren't ASCII.
const (
	narrow = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà"
	wide   = "^{}\\[~]|€\f"
)

// segments counts the SMS of a text (3GPP TS 23.038).
func segments(text string) int {
	alone, each := 160, 153
	width := func(r rune) int {
		switch {
		case strings.ContainsRune(wide, r):
			return 2
		case r == '`' || r == '\t' || r < ' ' && r != '\n' && r != '\r' || r > '~' && !strings.ContainsRune(narrow, r):
			return 0 // not in the alphabet
		}
		return 1
	}
	for _, r := range text {
		if width(r) == 0 {
			alone, each = 70, 67
			width = func(r rune) int { return len(utf16.AppendRune(nil, r)) }
			break
		}
	}
	n, room, total := 1, each, 0
	for _, r := range text {
		w := width(r)
		total += w
		if w > room {
			n, room = n+1, each
		}
		room -= w
	}
	if total <= alone {
		return 1
	}
	return n
}
