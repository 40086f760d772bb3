package message

import (
	"bytes"
	"net/textproto"
)

// This file finds the end of the header of a mail or of a MIME part, and parses its fields. It tolerates the mistakes of
// mail programs.

// SplitHead splits a mail or part into header and body (RFC 5322 section 2.1). Normally, an empty line ends the header.
// Some mail programs omit it, as in
//
//	Content-Type: text/plain
//	Hello, where is my order?
//
// An odd line is one that can't be part of a header, like the second one here. If only odd lines follow until the next
// empty line, the body begins with them. There are two exceptions:
//   - If the header declares base64 and the odd line isn't base64, it belongs to the header. As a part of the body, it
//     would make all of it unreadable.
//   - The first delimiter line of a multipart body always ends the header.
func SplitHead(b []byte) (head, body []byte) {
	b = withoutMboxLine(b)
	if first := withoutLineEnd(b[:lineLength(b)]); len(first) > 0 && !mayBeHeaderLine(first, true) {
		return nil, b
	}

	end, isDelimiter := findHeadEnd(b)
	if isDelimiter {
		return b[:end], b[end:]
	}

	odd := findOddLines(b[:end])
	hasEmptyLine := end < len(b)
	isHeader := hasEmptyLine && belongsToBase64Header(b[:odd], b[odd:end])
	if odd < end && !isHeader {
		return b[:odd], b[odd:]
	}

	return b[:end], b[end+lineLength(b[end:]):]
}

// findHeadEnd returns the index of the empty line or the delimiter line that ends the header, or len(b) if there is
// neither. It checks only the first line that begins with "--", which bounds the cost of hostile mails.
func findHeadEnd(b []byte) (end int, isDelimiter bool) {
	sawDashes := false
	for at := 0; at < len(b); at += lineLength(b[at:]) {
		line := withoutLineEnd(b[at : at+lineLength(b[at:])])
		if len(line) == 0 {
			return at, false
		}
		boundary, isDashed := bytes.CutPrefix(line, []byte("--"))
		if isDashed && !sawDashes {
			sawDashes = true
			if hasBoundary(b[:at], boundary) {
				return at, true
			}
		}
	}
	return len(b), false
}

// findOddLines returns the index of the odd lines at the end of a header, or len(head) if there are none. Odd lines that
// are followed by a header line are part of a badly folded field.
func findOddLines(head []byte) int {
	odd, at := len(head), 0
	for line := range bytes.Lines(head) {
		text := withoutLineEnd(line)
		switch {
		case !mayBeHeaderLine(text, at == 0):
			odd = min(odd, at)
		case !isBlank(text[0]):
			odd = len(head)
		}
		at += len(line)
	}
	return odd
}

// withoutMboxLine removes the separator line of an mbox file, such as "From ann@acme.test Mon Nov  2 …". The line
// "From : ann@acme.test" is a header field, and stays.
func withoutMboxLine(b []byte) []byte {
	rest, isMbox := bytes.CutPrefix(bytes.TrimPrefix(b, []byte(">")), []byte("From "))
	if isMbox && !bytes.HasPrefix(bytes.TrimLeft(rest, " \t"), []byte(":")) {
		return b[lineLength(b):]
	}
	return b
}

func withoutLineEnd(line []byte) []byte { return bytes.TrimRight(line, "\r\n") }

// lineLength returns the length of the first line of b, including its newline.
func lineLength(b []byte) int {
	if end := bytes.IndexByte(b, '\n'); end >= 0 {
		return end + 1
	}
	return len(b)
}

// isBlank reports whether c is a space or tab, with which continuation lines of a folded field begin.
func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// hasBoundary reports whether a header declares a multipart body with this boundary.
func hasBoundary(head, boundary []byte) bool {
	if len(head) > MaxHeaderBytes {
		return false
	}
	_, params := contentType(ReadHeader(head, NewGuesser()), "")
	return len(boundary) > 0 && params["boundary"] == string(bytes.TrimRight(boundary, " \t"))
}

// belongsToBase64Header reports whether the header declares base64 but the first odd line isn't base64.
func belongsToBase64Header(head, odd []byte) bool {
	if len(head) > MaxHeaderBytes {
		return false
	}
	line := odd[:lineLength(odd)]
	if _, isCode := countBase64Digits(line); isCode {
		return false
	}
	return encodingName(ReadHeader(head, NewGuesser()).Raw("Content-Transfer-Encoding")) == "base64"
}

// mayBeHeaderLine reports whether a line is a header field or continues one. The first line can't be a continuation.
func mayBeHeaderLine(line []byte, isFirst bool) bool {
	if isBlank(line[0]) {
		return !isFirst
	}
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return false
	}
	for _, c := range bytes.TrimRight(line[:colon], " \t") {
		if c <= ' ' || c >= asciiDelete {
			return false
		}
	}
	return true
}

// ReadHeader parses a header block. It skips lines whose name isn't a name, and takes a line without a colon as a
// continuation of the field above it, which a mail program has forgotten to indent.
func ReadHeader(head []byte, guess *Guesser) Header {
	fields := textproto.MIMEHeader{}
	name, value := "", []byte(nil)
	for line := range bytes.Lines(head) {
		line = withoutLineEnd(line)
		if len(line) == 0 {
			break
		}
		before, after, hasColon := bytes.Cut(line, []byte(":"))
		if isBlank(line[0]) || !hasColon {
			value = append(append(value, ' '), bytes.Trim(line, " \t")...)
			continue
		}
		addField(fields, name, value)
		name, value = "", append([]byte(nil), after...)
		if before = bytes.TrimRight(before, " \t"); !bytes.ContainsFunc(before, isOddInName) {
			name = textproto.CanonicalMIMEHeaderKey(string(before))
		}
	}
	addField(fields, name, value)
	return Header{fields: fields, Guess: guess}
}

// isOddInName reports whether a character can't be in a field's name (RFC 5322 section 2.2).
func isOddInName(r rune) bool { return r <= ' ' || r >= asciiDelete }

// addField adds a value to a field. It ignores the empty name, which stands for no field.
func addField(fields textproto.MIMEHeader, name string, value []byte) {
	if name != "" {
		fields[name] = append(fields[name], string(bytes.Trim(value, " \t")))
	}
}
