package twilio

import (
	"strings"
	"unicode/utf16"

	"parley/channels"
)

// This file counts as how many SMS a text is sent and billed. A text in GSM 7-bit fits 160 characters into one SMS. A
// single other character, such as an emoji, makes it UCS-2, with 70. Longer texts are split into several SMS.

// alphabet is one of the two encodings of SMS. If a text needs several SMS, each of them has a header, and so holds
// less than a single SMS.
// Source: 3GPP TS 23.038 and 23.040.
type alphabet struct {
	name   string // for people
	single int    // units of a single SMS
	part   int    // units of each SMS of several
}

// newGSM returns the alphabet GSM 7-bit; its units are septets.
func newGSM() alphabet { return alphabet{name: "GSM-7", single: 160, part: 153} }

// newUCS returns UCS-2, which has all characters; its units are those of UTF-16.
func newUCS() alphabet { return alphabet{name: encodingUCS, single: 70, part: 67} }

// encodingUCS is the name of UCS-2.
const encodingUCS = "UCS-2"

// gsmBasic is the alphabet of GSM 7-bit, without the escape to gsmExtension, whose characters take two septets.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtension = "\f^{}\\[~]|€"
)

// gsmWidths returns how many septets each character takes. If the alphabet lacks a character, widths ends before it,
// and complete is false.
func gsmWidths(text string) (widths []int, complete bool) {
	widths = make([]int, 0, len(text))
	for _, r := range text {
		if strings.ContainsRune(gsmBasic, r) {
			widths = append(widths, 1)
		} else if strings.ContainsRune(gsmExtension, r) {
			widths = append(widths, 2)
		} else {
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

// roomBeside returns how many units are left in one, two and three SMS beside the text below, such as a signature.
func roomBeside(below, encoding string) (room [3]int) {
	used := newGSM()
	widths, _ := gsmWidths(below) // the encoding says whether the alphabet suffices
	if encoding == encodingUCS {
		used, widths = newUCS(), ucsWidths(below)
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

// sumWidths returns how many units a text takes.
func sumWidths(widths []int) int {
	total := 0
	for _, w := range widths {
		total += w
	}
	return total
}

// countSegments counts the SMS of a text. A character is never split between two.
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
