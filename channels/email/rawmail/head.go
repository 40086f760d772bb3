package rawmail

import (
	"bufio"
	"bytes"
	"net/textproto"
	"unicode/utf8"

	"github.com/jhillyerd/enmime/v2"
)

// This file finds where the header of a mail or a part ends, and reads its fields. It takes what mail programs get wrong as their authors
// meant it.

// SplitHead separates header and body (RFC 5322 section 2.1).
//
// Usually an empty line ends the header. Some mail programs leave it out:
//   - A line that can't be part of a header (an odd line) begins the body if no header line follows. But it belongs to the header if that
//     announces base64 and the line isn't base64, because it would make the whole body unreadable.
//   - The first delimiter of the parts that the header announces always ends the header.
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
	isBroken := hasEmptyLine && cannotBelongToBody(b[:odd], b[odd:end])
	if odd < end && !isBroken {
		return b[:odd], b[odd:]
	}

	return b[:end], b[end+lineLength(b[end:]):]
}

// findHeadEnd returns where the empty line or the delimiter begins that ends the header; len(b) if there is neither. Of the lines
// with dashes it looks only at the first, so that hostile mails cost no more.
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

// findOddLines returns where the odd lines begin with which a header ends; len(head) if there are none. Odd lines before a
// header line are a badly folded field.
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

// withoutMboxLine returns a mail without the line with which it begins in an mbox file: "From ann@acme.test Mon Nov  2 …". A line
// "From : ann@acme.test" is a field of the header.
func withoutMboxLine(b []byte) []byte {
	rest, isMbox := bytes.CutPrefix(bytes.TrimPrefix(b, []byte(">")), []byte("From "))
	if isMbox && !bytes.HasPrefix(bytes.TrimLeft(rest, " \t"), []byte(":")) {
		return b[lineLength(b):]
	}
	return b
}

// withoutLineEnd returns a line without its newline.
func withoutLineEnd(line []byte) []byte { return bytes.TrimRight(line, "\r\n") }

// lineLength returns the length of the first line of b, with its newline.
func lineLength(b []byte) int {
	if end := bytes.IndexByte(b, '\n'); end >= 0 {
		return end + 1
	}
	return len(b)
}

// isBlank reports whether c is one of the characters with which the continuation of a folded field begins.
func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// hasBoundary reports whether a header says that its parts are delimited by boundary.
func hasBoundary(head, boundary []byte) bool {
	if len(head) > MaxHeaderBytes {
		return false
	}
	_, params := contentType(ReadHeader(head, NewGuesser()), "")
	return len(boundary) > 0 && params["boundary"] == string(bytes.TrimRight(boundary, " \t"))
}

// cannotBelongToBody reports whether the header announces base64, and the first odd line isn't base64.
func cannotBelongToBody(head, odd []byte) bool {
	if len(head) > MaxHeaderBytes {
		return false
	}
	line := odd[:lineLength(odd)]
	if _, isCode := countBase64Digits(line); isCode {
		return false
	}
	return encodingName(ReadHeader(head, NewGuesser()).Raw("Content-Transfer-Encoding")) == "base64"
}

// mayBeHeaderLine reports whether a line may be part of a header. The first line of a header can't continue a field.
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

// ReadHeader reads a header block. It leaves out fields that can't be read.
func ReadHeader(head []byte, guess *Guesser) Header {
	if fields, ok := readPlainHeader(head); ok {
		return Header{fields: fields, Guess: guess}
	}

	const bufferBytes = 512 // small, because a mail may have a thousand parts
	// Beside an error it returns what was read before.
	fields, _ := enmime.ReadHeader(bufio.NewReaderSize(bytes.NewReader(head), bufferBytes), ignoreErrors{})
	return Header{fields: fields, Guess: guess}
}

// readPlainHeader reads a well-formed header block, as almost all are. Its result is that of enmime's reader, but it is much faster, which
// matters for mails with many parts. ok is false for blocks that aren't well-formed.
func readPlainHeader(head []byte) (fields textproto.MIMEHeader, ok bool) {
	fields = textproto.MIMEHeader{}
	name, value := "", []byte(nil)
	for line := range bytes.Lines(head) {
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		text := bytes.Trim(line, " \t")
		if len(text) == 0 || bytes.IndexByte(line, '\r') >= 0 {
			return nil, false
		}
		if isBlank(line[0]) && name != "" {
			value = append(append(value, ' '), text...)
			continue
		}

		colon := bytes.IndexByte(line, ':')
		if colon <= 0 || bytes.ContainsFunc(line[:colon], isOddInName) {
			return nil, false
		}
		addField(fields, name, value)
		name = textproto.CanonicalMIMEHeaderKey(string(line[:colon]))
		value = append([]byte(nil), bytes.TrimLeft(text[colon+1:], " \t")...)
	}
	addField(fields, name, value)
	return fields, true
}

// isOddInName reports whether a character is unusual in the name of a field.
func isOddInName(r rune) bool {
	if r == '-' || r == '_' {
		return false
	}
	return r >= utf8.RuneSelf || !isLetterOrDigit(byte(r))
}

// addField appends a value of a field.
func addField(fields textproto.MIMEHeader, name string, value []byte) {
	if name != "" { // "" before the first field
		fields[name] = append(fields[name], string(value))
	}
}

// ignoreErrors ignores enmime's remarks on headers: the mail is shown all the same.
type ignoreErrors struct{}

func (ignoreErrors) AddError(string, string, ...any)   {}
func (ignoreErrors) AddWarning(string, string, ...any) {}
