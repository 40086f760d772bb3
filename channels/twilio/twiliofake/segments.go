package twiliofake

import (
	"strings"
	"unicode/utf16"
)

// An SMS is encoded as GSM 7-bit or, if the text has other characters, as UCS-2. This file doesn't share code with Parley, so that tests
// find errors in Parley's own count.

// Characters of GSM 7-bit that aren't printable ASCII, and those that take two septets.
const (
	beyondASCII = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà"
	extended    = "^{}\\[~]|€\f"
)

// The capacity of an SMS: of the only one of a text, and of each if there are several, which need room for a header.
const (
	gsmSingle, gsmEach = 160, 153
	ucsSingle, ucsEach = 70, 67
)

// countSegments returns the number of SMS (segments) that a text needs (3GPP TS 23.038).
func countSegments(text string) int {
	single, each := gsmSingle, gsmEach
	width := gsmWidth
	if strings.ContainsFunc(text, func(r rune) bool { return gsmWidth(r) == 0 }) {
		single, each = ucsSingle, ucsEach
		width = ucsWidth
	}

	count, total := 1, 0
	room := each // the capacity that the current segment has left
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

// gsmWidth returns how many septets a character takes in GSM 7-bit, or 0 if the alphabet lacks it.
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

// ucsWidth returns how many UTF-16 code units a character takes in UCS-2.
func ucsWidth(r rune) int { return len(utf16.AppendRune(nil, r)) }
