package rawmail

import (
	"bytes"
	"strings"

	"golang.org/x/text/encoding/korean"
)

// ISO-2022-KR is Korean text all of whose bytes are ASCII: a text begins with announcesKorean, and between shiftOut and
// shiftIn stand the bytes of EUC-KR without their highest bits.
// Source: RFC 1557.
const (
	announcesKorean = "\x1b$)C"
	shiftOut        = '\x0e'
	shiftIn         = '\x0f'
	highBit         = 0x80
)

// isKorean7Bit reports whether a charset is ISO-2022-KR.
func isKorean7Bit(label string) bool { return label == "iso-2022-kr" || label == "csiso2022kr" }

// decodeKorean7Bit decodes ISO-2022-KR. Each line begins in ASCII, even if the line before doesn't end so. ok is false if the
// text can't be decoded.
func decodeKorean7Bit(b []byte) (text string, ok bool) {
	var wide []byte // the text in EUC-KR
	isShifted := false
	for _, c := range bytes.ReplaceAll(b, []byte(announcesKorean), nil) {
		switch {
		case c == shiftOut:
			isShifted = true
		case c == shiftIn:
			isShifted = false
		case c == '\n':
			isShifted = false
			wide = append(wide, c)
		case isShifted && c > ' ':
			wide = append(wide, c|highBit)
		default:
			wide = append(wide, c)
		}
	}
	out, err := korean.EUCKR.NewDecoder().Bytes(wide)
	return string(out), err == nil
}

// isUTF7 reports whether a charset is UTF-7.
func isUTF7(label string) bool { return label == "utf-7" || label == "unicode-1-1-utf-7" }

// decodeUTF7 decodes UTF-7: ASCII text in which "+…-" contains UTF-16 in base64.
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
			units := DecodeBase64(b[:end])
			isOdd := len(units)%2 == 1
			if isOdd {
				units = units[:len(units)-1]
			}
			if text, ok := decodeUTF16(units, "utf-16be"); ok { // damaged text is left out
				out.WriteString(text)
			}
		}
		b = b[end:]
		if len(b) > 0 && b[0] == '-' {
			b = b[1:]
		}
	}
	out.Write(b)
	return out.String()
}

// isUTF7Digit reports whether c is a digit of base64. In UTF-7 the digits "-" and "_" of URLs don't count, because
// "-" ends the code.
func isUTF7Digit(c byte) bool {
	isURLDigit := c == '-' || c == '_'
	return !isURLDigit && base64Value(c) >= 0
}
