package twilio

import (
	"strings"
	"unicode/utf16"

	"parley/channels"
)

// Sizes of a single SMS, and of each SMS of several: these have a header.
// Source: 3GPP TS 23.038 and 23.040.
const (
	gsmAlone, gsmPart = 160, 153 // septets
	ucsAlone, ucsPart = 70, 67   // UTF-16 units
)

// gsmBasic is the alphabet of GSM 7-bit, without the escape to gsmExtension, whose
// characters take two septets.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtension = "\f^{}\\[~]|€"
)

// Names of the encodings, for people.
const (
	encodingGSM = "GSM-7"
	encodingUCS = "UCS-2"
)

// gsmWidths returns how many septets each character takes; ok is false if the alphabet lacks one of them.
func gsmWidths(text string) (widths []int, ok bool) {
	widths = make([]int, 0, len(text))
	for _, r := range text {
		switch {
		case r >= 'a' && r <= 'z' || r == ' ', strings.ContainsRune(gsmBasic, r):
			widths = append(widths, 1)
		case strings.ContainsRune(gsmExtension, r):
			widths = append(widths, 2)
		default:
			return widths, false
		}
	}
	return widths, true
}

// ucsWidths returns how many UTF-16 units each character takes.
func ucsWidths(text string) []int {
	widths := make([]int, 0, len(text))
	for _, r := range text {
		widths = append(widths, max(1, utf16.RuneLen(r)))
	}
	return widths
}

// roomBeside returns how many characters fit into one, two and three SMS above the text below.
func roomBeside(below, encoding string) (room [3]int) {
	widths, _ := gsmWidths(below)
	alone, part := gsmAlone, gsmPart
	if encoding == encodingUCS {
		widths, alone, part = ucsWidths(below), ucsAlone, ucsPart
	}
	used := 0
	for _, w := range widths {
		used += w
	}
	for i, all := range [...]int{alone, 2 * part, 3 * part} {
		room[i] = max(0, all-used)
	}
	return room
}

// countSegments counts the SMS of a text. A character is never split between two.
func countSegments(text string) channels.Count {
	encoding, alone, part := encodingGSM, gsmAlone, gsmPart
	widths, ok := gsmWidths(text)
	if !ok {
		encoding, alone, part = encodingUCS, ucsAlone, ucsPart
		widths = ucsWidths(text)
	}
	total := 0
	for _, w := range widths {
		total += w
	}
	if total <= alone {
		return channels.Count{Parts: 1, Left: alone - total, Encoding: encoding}
	}
	parts, used := 1, 0
	for _, w := range widths {
		if used+w > part {
			parts, used = parts+1, 0
		}
		used += w
	}
	return channels.Count{Parts: parts, Left: part - used, Encoding: encoding}
}
