package message

import (
	"bytes"

	"golang.org/x/text/encoding/korean"
)

// This file decodes ISO-2022-KR, a 7-bit charset that golang.org/x/text doesn't support.

// ISO-2022-KR encodes Korean text in ASCII bytes. A text begins with koreanHeader. The bytes between shiftOut and shiftIn
// are those of EUC-KR without their highest bits.
// Source: RFC 1557.
const (
	koreanHeader = "\x1b$)C"
	shiftOut     = '\x0e'
	shiftIn      = '\x0f'
	highBit      = 0x80
)

func isKorean7Bit(label string) bool { return label == "iso-2022-kr" || label == "csiso2022kr" }

// decodeKorean7Bit decodes ISO-2022-KR. Each line begins in ASCII, even if the previous one has no shiftIn at its end.
// ok is false if the text can't be decoded.
func decodeKorean7Bit(b []byte) (text string, ok bool) {
	var euc []byte // the text in EUC-KR
	isShifted := false
	for _, c := range bytes.ReplaceAll(b, []byte(koreanHeader), nil) {
		switch {
		case c == shiftOut:
			isShifted = true
		case c == shiftIn:
			isShifted = false
		case c == '\n':
			isShifted = false
			euc = append(euc, c)
		case isShifted && c > ' ':
			euc = append(euc, c|highBit)
		default:
			euc = append(euc, c)
		}
	}
	out, err := korean.EUCKR.NewDecoder().Bytes(euc)
	return string(out), err == nil
}
