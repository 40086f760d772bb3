package twiliofake

import (
	"strings"
	"unicode/utf16"
)

// The characters of GSM 7-bit that aren't printable ASCII. Each of extended takes the room of two.
const (
	beyondASCII = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà"
	extended    = "^{}\\[~]|€\f"
)

// Room in a single SMS, and in each of several: these have a header.
const (
	gsmSingle, gsmEach = 160, 153
	ucsSingle, ucsEach = 70, 67
)

// countSegments counts the SMS of a text (3GPP TS 23.038).
func countSegments(text string) int {
	single, each := gsmSingle, gsmEach
	width := gsmWidth
	if strings.ContainsFunc(text, func(r rune) bool { return gsmWidth(r) == 0 }) {
		single, each = ucsSingle, ucsEach
		width = ucsWidth
	}

	count, total := 1, 0
	room := each // what is left in the current SMS
	for _, r := range text {
		w := width(r)
		total += w

		if w > room {
			count++
			room = each
		}

		room -= w
	}

	if total <= single {
		return 1
	}

	return count
}

// gsmWidth returns the room that a character takes in GSM 7-bit; 0 if the alphabet lacks it.
func gsmWidth(r rune) int {
	switch {
	case strings.ContainsRune(extended, r):
		return 2
	case r == '`' || r == '\t':
		return 0
	case r == '\n' || r == '\r':
		return 1
	case r < ' ':
		return 0
	case r > '~' && !strings.ContainsRune(beyondASCII, r):
		return 0
	}
	return 1
}

// ucsWidth returns the room that a character takes in UCS-2.
func ucsWidth(r rune) int { return len(utf16.AppendRune(nil, r)) }
