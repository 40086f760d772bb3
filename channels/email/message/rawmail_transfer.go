package message

import (
	"bytes"
	"strings"
)

// decodeTransfer removes a Content-Transfer-Encoding. It decodes as much of damaged input as it can, and returns bytes in
// an unknown encoding unchanged. A footer below base64 is appended on a new line, see cutFooter.
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
		return decodeUU(b)
	}

	return b
}

// encodingName returns the name in a Content-Transfer-Encoding in lower case, such as "base64". Some programs write
// quotes, parameters or spaces: "Base64; charset=utf-8" in quotes, or "quoted - printable".
func encodingName(encoding string) string {
	name, _, _ := strings.Cut(strings.ToLower(strings.Trim(encoding, " \t\"';")), ";")
	return strings.ReplaceAll(strings.TrimSpace(name), " ", "")
}

// base64Value returns the value of a base64 digit of the standard or URL alphabet, or -1 for any other byte.
func base64Value(c byte) int {
	const ( // RFC 4648, table 1; A is 0
		valueOfSmallA = 26
		valueOfZero   = 52
		valueOfPlus   = 62
		valueOfSlash  = 63
	)
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + valueOfSmallA
	case c >= '0' && c <= '9':
		return int(c-'0') + valueOfZero
	case c == '+' || c == '-':
		return valueOfPlus
	case c == '/' || c == '_':
		return valueOfSlash
	}

	return -1
}

// base64Group is the number of base64 digits that encode three bytes. Complete data consists of whole groups.
const base64Group = 4

// cutFooter separates base64 from plain text below it, such as a footer that a mailing list or virus scanner appended. A
// footer begins with a line that isn't base64, after whole groups of digits. If a long line of base64 follows, that line
// isn't a footer but damage in the file.
func cutFooter(b []byte) (code, footer []byte) {
	const longLine = 60 // all lines of a file except the last have 60 to 76 digits
	hasFooter := false
	footerStart := 0
	digits := 0 // before the footer
	at := 0
	for line := range bytes.Lines(b) {
		n, isCode := countBase64Digits(line)
		if isCode && n >= longLine {
			hasFooter = false // it was damage
		}
		if !isCode && !hasFooter {
			hasFooter = digits > 0 && digits%base64Group == 0
			footerStart = at
		}
		if !hasFooter {
			digits += n
		}

		at += len(line)
	}

	if !hasFooter {
		return b, nil
	}

	return b[:footerStart], b[footerStart:]
}

// countBase64Digits returns the number of base64 digits in a line, including padding. isCode is false, and n is 0, if the
// line contains other text.
func countBase64Digits(line []byte) (n int, isCode bool) {
	line = bytes.TrimSpace(line)
	isRule := len(line) > 0 && len(bytes.Trim(line, "-_")) == 0 // "_____", as above a footer
	if isRule {
		return 0, false
	}
	for _, c := range line {
		if c != '=' && base64Value(c) < 0 {
			return 0, false
		}
	}
	return len(line), true
}

// bitsPerDigit is the number of bits that one digit of base64 or uuencode encodes.
const bitsPerDigit = 6

// bitQueue holds decoded bits until they fill a byte.
type bitQueue struct {
	bits  int // as a number
	count int // of bits
}

// push appends the bits of one digit.
func (q *bitQueue) push(digit int) {
	q.bits = q.bits<<bitsPerDigit | digit
	q.count += bitsPerDigit
}

func (q *bitQueue) hasByte() bool { return q.count >= 8 }

// pop removes and returns the first eight bits.
func (q *bitQueue) pop() byte {
	q.count -= 8
	b := byte(q.bits >> q.count)
	q.bits &= 1<<q.count - 1
	return b
}

// DecodeBase64 decodes base64 in the standard or URL alphabet (RFC 4648 sections 4 and 5). It never fails: it skips other
// characters, and continues after padding in the middle, which occurs if encoded pieces were concatenated.
func DecodeBase64(b []byte) []byte {
	out := make([]byte, 0, len(b)/base64Group*3+3)
	var queue bitQueue
	for _, c := range b {
		v := base64Value(c)
		if v < 0 {
			if c == '=' {
				queue = bitQueue{} // drop the unused bits before padding
			}
			continue
		}

		queue.push(v)
		if queue.hasByte() {
			out = append(out, queue.pop())
		}
	}

	return out
}

// decodeQuotedPrintable decodes quoted-printable text (RFC 2045 section 6.7). It keeps a "=" that isn't followed by two
// hexadecimal digits or a line end, because it probably is part of the text.
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

		if c, ok := decodeHex(b[i+1:]); ok {
			out = append(out, c)
			i += 2
			continue
		}

		next := skipLineBlanks(b, i+1)
		isSoftBreak := next == len(b) || b[next] == '\n'
		if isSoftBreak {
			i = next
			continue
		}

		out = append(out, '=')
	}

	return out
}

// decodeHex decodes the two hexadecimal digits at the beginning of b. ok is false if b begins otherwise.
func decodeHex(b []byte) (c byte, ok bool) {
	if len(b) < 2 {
		return 0, false
	}
	high, low := hexValue(b[0]), hexValue(b[1])
	if high < 0 || low < 0 {
		return 0, false
	}
	return byte(high*16 + low), true
}

// skipLineBlanks returns the index of the first byte of b, from i on, that isn't a space, tab or carriage return.
func skipLineBlanks(b []byte, i int) int {
	for i < len(b) {
		switch b[i] {
		case ' ', '\t', '\r':
			i++
		default:
			return i
		}
	}
	return i
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
