package twilio

import (
	"strings"
	"unicode/utf16"

	"parley/channels"
)

// This file counts the SMS (segments) that a text is sent and billed as. In the encoding GSM 7-bit, an SMS has room for 160 characters. A
// text with any character that GSM 7-bit lacks, such as an emoji, is encoded as UCS-2, with room for 70. A longer text is split, and
// each of its segments needs room for a header:
//
//	160 times "a" → 1 segment     161 times "a" → 2 segments of up to 153 characters

// alphabet is one of the two encodings of SMS.
// Source: 3GPP TS 23.038 and 23.040.
type alphabet struct {
	name   string // for people
	single int    // units in the only segment of a text
	part   int    // units in each segment if there are several
}

// newGSM returns the alphabet GSM 7-bit, whose units are septets.
func newGSM() alphabet { return alphabet{name: "GSM-7", single: 160, part: 153} }

// newUCS returns UCS-2, which has all characters. Its units are UTF-16 code units.
func newUCS() alphabet { return alphabet{name: encodingUCS, single: 70, part: 67} }

// encodingUCS is the name of UCS-2.
const encodingUCS = "UCS-2"

// The characters of GSM 7-bit. One of gsmBasic takes one septet. One of gsmExtension takes two, an escape and the character.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtension = "\f^{}\\[~]|€"
)

// gsmWidths returns how many septets each character takes. If GSM 7-bit lacks a character, widths ends before it, and complete is
// false.
func gsmWidths(text string) (widths []int, complete bool) {
	widths = make([]int, 0, len(text))
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			widths = append(widths, 1)
		case strings.ContainsRune(gsmExtension, r):
			widths = append(widths, 2)
		default:
			return widths, false
		}
	}
	return widths, true
}

// ucsWidths returns how many UTF-16 code units each character takes.
func ucsWidths(text string) []int {
	widths := make([]int, 0, len(text))
	for _, r := range text {
		widths = append(widths, max(1, utf16.RuneLen(r)))
	}
	return widths
}

// roomBeside returns how many units one, two and three segments have left for a text to which suffix, such as a signature, is appended.
// encoding is that of the whole text.
func roomBeside(suffix, encoding string) (room [3]int) {
	used := newGSM()
	widths, _ := gsmWidths(suffix) // complete, unless the encoding is UCS-2
	if encoding == encodingUCS {
		used, widths = newUCS(), ucsWidths(suffix)
	}

	taken := sumWidths(widths)
	for i := range room {
		units := used.single
		if parts := i + 1; parts > 1 {
			units = parts * used.part
		}
		room[i] = max(0, units-taken)
	}

	return room
}

// sumWidths returns how many units a whole text takes.
func sumWidths(widths []int) int {
	total := 0
	for _, w := range widths {
		total += w
	}
	return total
}

// countSegments counts the segments of a text. A character is never split between two.
func countSegments(text string) channels.Count {
	used := newGSM()
	widths, complete := gsmWidths(text)
	if !complete {
		used, widths = newUCS(), ucsWidths(text)
	}
	if total := sumWidths(widths); total <= used.single {
		return channels.Count{Parts: 1, Left: used.single - total, Encoding: used.name}
	}

	parts, filled := 1, 0
	for _, w := range widths {
		if filled+w > used.part {
			parts++
			filled = 0
		}
		filled += w
	}

	return channels.Count{Parts: parts, Left: used.part - filled, Encoding: used.name}
}
