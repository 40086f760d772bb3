package twilio

import (
	"strings"
	"unicode/utf16"

	"parley/channels"
)

// alphabet is one of the two in which SMS are written. A single SMS holds more than each SMS of several, because these
// have a header.
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

// gsmWidths returns how many septets each character takes; complete is false if the alphabet lacks one of them: then
// widths ends there.
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

// roomBeside returns how many characters fit into one, two and three SMS above the text below.
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
