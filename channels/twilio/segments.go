package twilio

import (
	"strings"
	"unicode/utf16"

	"parley/channels"
)

// Sizes of one SMS alone and of each of several, which carry a header.
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

// countSegments counts the SMS that a text is sent as. A character is never split over two.
func countSegments(text string) channels.Count {
	widths, encoding, alone, part := make([]int, 0, len(text)), "GSM-7", gsmAlone, gsmPart
	for _, r := range text {
		switch {
		case r >= 'a' && r <= 'z' || r == ' ', strings.ContainsRune(gsmBasic, r):
			widths = append(widths, 1)
		case strings.ContainsRune(gsmExtension, r):
			widths = append(widths, 2)
		default:
			encoding = "UCS-2"
		}
		if encoding == "UCS-2" {
			break
		}
	}
	if encoding == "UCS-2" {
		widths, alone, part = widths[:0], ucsAlone, ucsPart
		for _, r := range text {
			widths = append(widths, max(1, utf16.RuneLen(r)))
		}
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
