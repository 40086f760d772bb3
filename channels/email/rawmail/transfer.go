package rawmail

import (
	"bytes"
	"strings"
)

// decodeTransfer undoes a Content-Transfer-Encoding. Of damaged code it decodes what it can, and bytes in an
// unknown encoding it returns as they are.
func decodeTransfer(b []byte, encoding string) []byte {
	switch encodingName(encoding) {
	case "base64":
		code, footer := cutFooter(b)
		out := DecodeBase64(code)
		if len(footer) > 0 && !bytes.HasSuffix(out, []byte("\n")) {
			out = append(out, '\n')
		}
		return append(out, footer...)
	case "quoted-printable":
		return decodeQuotedPrintable(b)
	case "x-uuencode", "x-uue", "uuencode", "uue":
		if out, ok := decodeUU(b); ok {
			return out
		}
	}
	return b
}

// encodingName returns the name in a Content-Transfer-Encoding, in lower case: "base64".
func encodingName(encoding string) string {
	encoding = strings.ToLower(strings.Trim(encoding, " \t\"';"))
	encoding, _, _ = strings.Cut(encoding, ";")
	return strings.ReplaceAll(strings.TrimSpace(encoding), " ", "")
}

// base64Value returns the value of a base64 digit, standard or URL alphabet, or -1.
func base64Value(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '+' || c == '-':
		return 62
	case c == '/' || c == '_':
		return 63
	}
	return -1
}

// cutFooter cuts off plain text below base64, which mailing lists and virus scanners write there. Such a
// footer begins with a line that can't be base64, below whole groups of four digits. If a long line of base64
// follows, the line belongs to a damaged file instead.
func cutFooter(b []byte) (code, footer []byte) {
	const longLine = 60
	digits, at, start := 0, 0, -1
	for line := range bytes.Lines(b) {
		n := base64Digits(line)
		switch {
		case n < 0 && start < 0 && digits > 0 && digits%4 == 0:
			start = at
		case n >= longLine:
			start = -1
		}
		if start < 0 {
			digits += max(n, 0)
		}
		at += len(line)
	}
	if start < 0 {
		return b, nil
	}
	return b[:start], b[start:]
}

// base64Digits returns how many digits of base64 a line has, including padding. It returns -1 if the line is
// other text.
func base64Digits(line []byte) int {
	line = bytes.TrimSpace(line)
	if len(line) > 0 && len(bytes.Trim(line, "-_")) == 0 {
		return -1 // a rule above a footer
	}
	for _, c := range line {
		if c != '=' && base64Value(c) < 0 {
			return -1
		}
	}
	return len(line)
}

// DecodeBase64 decodes base64 of either alphabet (RFC 4648 sections 4 and 5). It skips characters that are no
// digits, and goes on after padding in the middle, which is there if pieces were joined.
func DecodeBase64(b []byte) []byte {
	out := make([]byte, 0, len(b)/4*3+3)
	bits, n := 0, 0
	for _, c := range b {
		v := base64Value(c)
		if v < 0 {
			if c == '=' {
				bits, n = 0, 0
			}
			continue
		}
		bits, n = bits<<6|v, n+6
		if n >= 8 {
			n -= 8
			out = append(out, byte(bits>>n))
			bits &= 1<<n - 1
		}
	}
	return out
}

// decodeQuotedPrintable keeps a "=" that starts no code, as people would read it.
func decodeQuotedPrintable(b []byte) []byte {
	if bytes.IndexByte(b, '=') < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '=' {
			out = append(out, b[i])
			continue
		}
		if i+2 < len(b) && hexValue(b[i+1]) >= 0 && hexValue(b[i+2]) >= 0 {
			out = append(out, byte(hexValue(b[i+1])<<4|hexValue(b[i+2])))
			i += 2
			continue
		}
		j := i + 1
		for j < len(b) && (b[j] == ' ' || b[j] == '\t' || b[j] == '\r') {
			j++
		}
		if j == len(b) || b[j] == '\n' {
			i = j // a soft line break
			continue
		}
		out = append(out, '=')
	}
	return out
}

// hexValue returns the value of a hexadecimal digit, or -1.
func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// decodeUU decodes the first file of a uuencoded text. ok is false if there is no file.
func decodeUU(b []byte) (out []byte, ok bool) {
	for line := range bytes.Lines(b) {
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case !ok:
			ok = bytes.HasPrefix(line, []byte("begin "))
		case bytes.Equal(line, []byte("end")):
			return out, true
		case len(line) > 0:
			out = appendUULine(out, line)
		}
	}
	return out, ok
}

// appendUULine decodes one line of at most 63 bytes.
func appendUULine(out, line []byte) []byte {
	want := int((line[0] - ' ') & 63)
	bits, n, got := 0, 0, 0
	for _, c := range line[1:] {
		bits, n = bits<<6|int((c-' ')&63), n+6
		if n >= 8 && got < want {
			n -= 8
			out = append(out, byte(bits>>n))
			bits &= 1<<n - 1
			got++
		}
	}
	return out
}

// isLetter reports whether c is an ASCII letter.
func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// isDigit reports whether c is an ASCII digit.
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
