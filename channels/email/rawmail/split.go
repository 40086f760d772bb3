package rawmail

import (
	"bufio"
	"bytes"
	"net/textproto"
	"regexp"
	"strings"

	"github.com/jhillyerd/enmime/v2"
)

// MaxHeaderBytes is how much of a header is read. (RFC 5322 sets no limit.) What is behind it is only in the
// attached original, and a notice says so.
const MaxHeaderBytes = 1 << 20

// Limits of the tree of one mail. If a mail exceeds one, a notice says so, and the original is attached.
const (
	maxDepth = 30
	maxParts = 1000
)

// Part is a node of a mail's MIME tree. Its bytes are slices of the mail.
type Part struct {
	Header   Header
	Type     string // "text/plain", lower case
	Params   map[string]string
	Body     []byte // still transfer-encoded
	Children []*Part
}

// splitter reads the MIME tree of one mail within the limits. Of enmime it uses only the tolerant
// reader of headers: enmime's reader of MIME trees has no limits, drops a body whose boundary never
// comes, and reads byte by byte.
type splitter struct {
	parts   int
	notices []string
	guess   *Guesser
}

// addNotice adds a remark once.
func (s *splitter) addNotice(text string) {
	for _, n := range s.notices {
		if n == text {
			return
		}
	}
	s.notices = append(s.notices, text)
}

// Remarks about limits.
const (
	noticeDepth   = "This mail is nested more than 30 levels deep: what lies deeper is only in the attached original."
	noticeParts   = "This mail has more than 1,000 parts: the others are only in the attached original."
	noticeHeaders = "This mail has more than 1 MB of headers: the others are only in the attached original."
)

// Read reads a whole mail, and returns remarks about the limits that it exceeds. It ignores a byte order
// mark and blanks before the first header. In a mail without newlines, carriage returns end lines.
func Read(raw []byte) (*Part, []string) {
	if bytes.IndexByte(raw, '\n') < 0 {
		raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	}
	s := &splitter{guess: NewGuesser()}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	return s.readPart(bytes.TrimLeft(raw, " \t\r\n"), 0, "text/plain"), s.notices
}

// readPart reads a part and all of its parts. defaultType is the type of a part that doesn't name one.
func (s *splitter) readPart(b []byte, depth int, defaultType string) *Part {
	s.parts++
	head, body := SplitHead(b)
	if len(head) > MaxHeaderBytes {
		s.addNotice(noticeHeaders)
		head = head[:bytes.LastIndexByte(head[:MaxHeaderBytes], '\n')+1]
	}
	p := &Part{Header: ReadHeader(head, s.guess), Body: body}
	p.Type, p.Params = contentType(p.Header, defaultType)
	if !strings.HasPrefix(p.Type, "multipart/") {
		return p
	}
	chunks := splitBody(body, p.Params["boundary"])
	if len(chunks) == 0 {
		chunks = splitBody(body, guessBoundary(body))
	}
	if len(chunks) == 0 {
		p.Type = "text/plain" // a multipart without parts is shown as text
		return p
	}
	if depth >= maxDepth {
		s.addNotice(noticeDepth)
		return p
	}
	childType := "text/plain"
	if p.Type == "multipart/digest" {
		childType = "message/rfc822"
	}
	for _, chunk := range chunks {
		if s.parts >= maxParts {
			s.addNotice(noticeParts)
			break
		}
		p.Children = append(p.Children, s.readPart(chunk, depth+1, childType))
	}
	return p
}

// SplitHead separates header and body (RFC 5322 section 2.1).
//
// Usually an empty line ends the header. Some mails are different:
//   - An odd line, which can't be a header, belongs to the body if no header follows: text without a header is
//     a body. It does not belong there if the header announces base64 and the odd line is no base64, because it
//     would make the whole body unreadable.
//   - The first delimiter of the parts that the header announces always ends the header: some mailers leave out
//     the empty line, or put a blank into it.
func SplitHead(b []byte) (head, body []byte) {
	if bytes.HasPrefix(b, []byte("From ")) || bytes.HasPrefix(b, []byte(">From ")) { // mbox
		_, b, _ = bytes.Cut(b, []byte("\n"))
	}
	at := 0
	odd := -1         // where the first line begins that can't be a header, with no header behind it; -1 if there is none
	var dashed []byte // the first line that begins like a delimiter: only this line is looked at, so that hostile mails cost no more
	for at < len(b) {
		line := b[at:]
		end := bytes.IndexByte(line, '\n') + 1
		if end == 0 {
			end = len(line)
		}
		line = bytes.TrimRight(line[:end], "\r\n")
		if dashed == nil && bytes.HasPrefix(line, []byte("--")) {
			dashed = line
			if declaresBoundary(b[:at], line[2:]) {
				return b[:at], b[at:]
			}
		}
		switch {
		case len(line) == 0 && odd < 0:
			return b[:at], b[at+end:]
		case len(line) == 0 && cannotBeBody(b[:odd], b[odd:at]):
			return b[:at], b[at+end:]
		case len(line) == 0:
			return b[:odd], b[odd:]
		case mayBeHeaderLine(line, at == 0):
			if line[0] != ' ' && line[0] != '\t' {
				odd = -1 // the odd lines before this one were a badly folded header
			}
		case at == 0:
			return nil, b
		case odd < 0:
			odd = at
		}
		at += end
	}
	if odd >= 0 {
		return b[:odd], b[odd:]
	}
	return b, nil
}

// declaresBoundary reports whether a header says that its parts are delimited by boundary.
func declaresBoundary(head, boundary []byte) bool {
	if len(head) > MaxHeaderBytes {
		return false
	}
	_, params := contentType(ReadHeader(head, NewGuesser()), "")
	return len(boundary) > 0 && params["boundary"] == string(bytes.TrimRight(boundary, " \t"))
}

// cannotBeBody reports whether odd lines can't belong to the body that a header announces: the header says
// base64, and the first odd line is no base64.
func cannotBeBody(head, odd []byte) bool {
	if len(head) > MaxHeaderBytes {
		return false
	}
	line, _, _ := bytes.Cut(odd, []byte("\n"))
	return base64Digits(line) < 0 && encodingName(ReadHeader(head, NewGuesser()).Raw("Content-Transfer-Encoding")) == "base64"
}

// mayBeHeaderLine reports whether a line may be part of a header.
func mayBeHeaderLine(line []byte, first bool) bool {
	if line[0] == ' ' || line[0] == '\t' {
		return !first
	}
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return false
	}
	for _, c := range bytes.TrimRight(line[:colon], " \t") {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// ReadHeader reads a header block. It leaves out fields that can't be read.
func ReadHeader(head []byte, guess *Guesser) Header {
	if fields, ok := readPlainHeader(head); ok {
		return Header{fields, guess}
	}
	fields, err := enmime.ReadHeader(bufio.NewReaderSize(bytes.NewReader(head), 512), ignoreErrors{})
	if err != nil && len(fields) == 0 {
		fields = nil
	}
	return Header{fields, guess}
}

// readPlainHeader reads a well-formed header block, as almost all are. Its result is that of enmime's reader,
// which is so slow that many parts or fields would take longer than the rest of a mail. ok is false for blocks
// that need enmime's tolerance.
func readPlainHeader(head []byte) (fields textproto.MIMEHeader, ok bool) {
	fields = textproto.MIMEHeader{}
	name, value := "", []byte(nil)
	for line := range bytes.Lines(head) {
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		text := bytes.Trim(line, " \t")
		switch {
		case len(text) == 0 || bytes.IndexByte(line, '\r') >= 0:
			return nil, false
		case (line[0] == ' ' || line[0] == '\t') && name != "":
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
	return r != '-' && r != '_' && (r >= 0x80 || !isLetter(byte(r)) && !isDigit(byte(r)))
}

// addField appends a value of a field.
func addField(fields textproto.MIMEHeader, name string, value []byte) {
	if name != "" {
		fields[name] = append(fields[name], string(value))
	}
}

// ignoreErrors ignores enmime's remarks on headers: the mail is shown all the same.
type ignoreErrors struct{}

func (ignoreErrors) AddError(string, string, ...any)   {}
func (ignoreErrors) AddWarning(string, string, ...any) {}

// mediaType matches a well-formed media type.
var mediaType = regexp.MustCompile(`^[a-z0-9!#$&^_.+\-]{1,100}/[a-z0-9!#$&^_.+\-]{1,100}$`)

// IsMediaType reports whether a text is a well-formed media type in lower case: "image/png".
func IsMediaType(text string) bool { return mediaType.MatchString(text) }

// contentType returns a part's type and parameters. It corrects the usual mistakes of mailers.
func contentType(h Header, defaultType string) (string, map[string]string) {
	v := h.Raw("Content-Type")
	if strings.TrimSpace(v) == "" {
		return defaultType, map[string]string{}
	}
	ctype, params := ParseParams(v, h.Guess)
	major, _, hasSlash := strings.Cut(ctype, "/")
	isValid := hasSlash && major != "" && IsMediaType(ctype)
	isBroken := !hasSlash || major == "multipart" && !isValid // as "multipart/*"
	isMultipart := isBroken && params["boundary"] != ""
	switch {
	case ctype == "" || ctype == "text" || ctype == "plain":
		return "text/plain", params
	case ctype == "html":
		return "text/html", params
	case isMultipart:
		return "multipart/mixed", params
	case isValid:
		return ctype, params
	}
	_, disposition := ParseParams(h.Raw("Content-Disposition"), h.Guess)
	if FileName(disposition, params, h.Guess) == "" {
		return "text/plain", params // not a file, so there is something to read
	}
	return "application/octet-stream", params
}

// splitBody splits a multipart body at its delimiter lines. It ignores the text before the first
// delimiter, and reads parts behind the closing delimiter as well.
func splitBody(body []byte, boundary string) [][]byte {
	if boundary == "" || len(boundary) > 1000 {
		return nil
	}
	delimiter := []byte("--" + boundary)
	var chunks [][]byte
	start := -1 // where the current part begins; -1 outside of parts
	for at := 0; at < len(body) && len(chunks) <= maxParts; {
		i := bytes.Index(body[at:], delimiter)
		if i < 0 {
			break
		}
		i += at
		next, closing, ok := readDelimiterLine(body, i, len(delimiter))
		if !ok {
			at = i + len(delimiter)
			continue
		}
		if start >= 0 {
			chunks = append(chunks, trimLineEnd(body[start:max(start, i)]))
		}
		start, at = next, next
		if closing {
			start = -1
		}
	}
	if start >= 0 && start < len(body) {
		chunks = append(chunks, body[start:])
	}
	return chunks
}

// readDelimiterLine reports whether the delimiter at i is a line of its own, and whether it is the closing
// one. next is the index of the following line.
func readDelimiterLine(body []byte, i, length int) (next int, closing, ok bool) {
	if i > 0 && body[i-1] != '\n' && body[i-1] != '\r' {
		return 0, false, false
	}
	rest := body[i+length:]
	if bytes.HasPrefix(rest, []byte("--")) {
		closing = true
		rest = rest[2:]
	}
	line := rest
	if end := bytes.IndexByte(rest, '\n'); end >= 0 {
		line = rest[:end+1]
	}
	if len(line) > 200 || len(bytes.TrimSpace(line)) > 0 {
		return 0, false, false
	}
	return len(body) - len(rest) + len(line), closing, true
}

// trimLineEnd removes one line end: it belongs to the delimiter that follows.
func trimLineEnd(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	return bytes.TrimSuffix(b, []byte("\r"))
}

// guessBoundary returns the boundary of the first line that looks like a delimiter, or "" if no line does.
func guessBoundary(body []byte) string {
	for line := range bytes.Lines(body[:min(len(body), 4096)]) {
		line = bytes.TrimSpace(line)
		if len(line) > 6 && len(line) < 200 && bytes.HasPrefix(line, []byte("--")) && !bytes.ContainsAny(line, " \t") {
			return string(line[2:])
		}
	}
	return ""
}

// Bytes returns a leaf's content without its transfer encoding.
func (p *Part) Bytes() []byte {
	return decodeTransfer(p.Body, p.Header.Raw("Content-Transfer-Encoding"))
}
