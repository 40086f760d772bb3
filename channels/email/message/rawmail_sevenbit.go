package message

import (
	"bytes"
	"strings"

	"golang.org/x/text/encoding/korean"
)

// This file decodes two 7-bit charsets that golang.org/x/text doesn't support: ISO-2022-KR and UTF-7.

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

func isUTF7(label string) bool { return label == "utf-7" || label == "unicode-1-1-utf-7" }

// decodeUTF7 decodes UTF-7: ASCII text in which "+…-" contains UTF-16 in base64. "Gr+APw-n" is "Grün". Damaged sequences
// are left out.
// Source: RFC 2152.
func decodeUTF7(b []byte) string {
	var out strings.Builder
	for len(b) > 0 {
		plus := bytes.IndexByte(b, '+')
		if plus < 0 {
			break
		}
		out.Write(b[:plus])
		b = b[plus+1:]
		end := 0
		for end < len(b) && isUTF7Digit(b[end]) {
			end++
		}
		if end == 0 {
			out.WriteByte('+')
		} else {
			out.WriteString(decodeUTF7Sequence(b[:end]))
		}
		b = b[end:]
		if len(b) > 0 && b[0] == '-' {
			b = b[1:]
		}
	}
	out.Write(b)
	return out.String()
}

// decodeUTF7Sequence decodes the base64 between "+" and "-". It returns "" if the sequence is damaged.
func decodeUTF7Sequence(code []byte) string {
	utf16 := DecodeBase64(code)
	utf16 = utf16[:len(utf16)-len(utf16)%2] // half a code unit can't be decoded
	text, ok := decodeUTF16(utf16, "utf-16be")
	if !ok {
		return ""
	}
	return text
}

// isUTF7Digit reports whether c is a base64 digit. Unlike DecodeBase64, UTF-7 doesn't know the URL alphabet's "-" and "_":
// "-" ends the sequence.
func isUTF7Digit(c byte) bool {
	isURLDigit := c == '-' || c == '_'
	return !isURLDigit && base64Value(c) >= 0
}
