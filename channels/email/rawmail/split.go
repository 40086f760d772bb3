package rawmail

import (
	"bufio"
	"bytes"
	"net/textproto"
	"regexp"
	"strings"
	"unicode/utf8"

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

// splitter reads the MIME tree of one mail within the limits. It uses the library enmime only for odd headers: the library's reader of
// trees has no limits, drops a body whose boundary never comes, and reads byte by byte.
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
// Usually an empty line ends the header. Some mail programs leave it out:
//   - A line that can't be part of a header (an odd line) begins the body if no header line follows. But it belongs to the header if that
//     announces base64 and the line isn't base64, because it would make the whole body unreadable.
//   - The first delimiter of the parts that the header announces always ends the header.
func SplitHead(b []byte) (head, body []byte) {
	rest, isMbox := bytes.CutPrefix(bytes.TrimPrefix(b, []byte(">")), []byte("From "))
	if isMbox && !bytes.HasPrefix(bytes.TrimLeft(rest, " \t"), []byte(":")) { // mbox files have this line; "From : ann@x.test" is a field
		b = b[lineLength(b):]
	}

	at := 0
	hasOdd := false   // there is a line that can't be a header, with no header behind it
	odd := 0          // where the first such line begins
	var dashed []byte // the first line that begins like a delimiter: only this line is looked at, so that hostile mails cost no more
	for at < len(b) {
		next := at + lineLength(b[at:])
		line := bytes.TrimRight(b[at:next], "\r\n")
		if dashed == nil && bytes.HasPrefix(line, []byte("--")) {
			dashed = line
			if hasBoundary(b[:at], line[len("--"):]) {
				return b[:at], b[at:]
			}
		}

		if len(line) == 0 {
			if hasOdd && !cannotBelongToBody(b[:odd], b[odd:at]) {
				return b[:odd], b[odd:]
			}
			return b[:at], b[next:]
		}

		if mayBeHeaderLine(line, at == 0) {
			if !isBlank(line[0]) {
				hasOdd = false // the odd lines before this one were a badly folded header
			}
		} else if at == 0 {
			return nil, b
		} else if !hasOdd {
			hasOdd = true
			odd = at
		}

		at = next
	}

	if hasOdd {
		return b[:odd], b[odd:]
	}

	return b, nil
}

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
	fields, err := enmime.ReadHeader(bufio.NewReaderSize(bytes.NewReader(head), bufferBytes), ignoreErrors{})
	if err != nil && len(fields) == 0 {
		fields = nil
	}
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

// mediaType matches a well-formed media type.
var mediaType = regexp.MustCompile(`^[a-z0-9!#$&^_.+\-]{1,100}/[a-z0-9!#$&^_.+\-]{1,100}$`)

// IsMediaType reports whether a text is a well-formed media type in lower case: "image/png".
func IsMediaType(text string) bool { return mediaType.MatchString(text) }

// contentType returns a part's type and parameters. It corrects the usual mistakes of mail programs.
func contentType(h Header, defaultType string) (string, map[string]string) {
	v := h.Raw("Content-Type")
	if strings.TrimSpace(v) == "" {
		return defaultType, map[string]string{}
	}
	ctype, params := ParseParams(v, h.Guess)
	switch ctype {
	case "", "text", "plain":
		return "text/plain", params
	case "html":
		return "text/html", params
	}
	if IsMediaType(ctype) {
		return ctype, params
	}
	major, _, hasSlash := strings.Cut(ctype, "/")
	mayBeMultipart := !hasSlash || major == "multipart" // "mixed", "multipart/*"
	if mayBeMultipart && params["boundary"] != "" {
		return "multipart/mixed", params
	}
	_, disposition := ParseParams(h.Raw("Content-Disposition"), h.Guess)
	if FileName(disposition, params, h.Guess) == "" {
		return "text/plain", params // not a file, so there is something to read
	}
	return "application/octet-stream", params
}

// Limits of the delimiter lines between parts. RFC 2046 allows boundaries of 70 characters; some mailers write
// longer ones. A shorter line than minGuessedLine is rather a rule in a text ("----") than a delimiter.
const (
	maxBoundaryBytes = 1000
	maxBlanksBehind  = 200  // behind a delimiter, with the end of its line
	maxGuessingBytes = 4096 // the beginning of a body, in which a delimiter is guessed
	minGuessedLine   = len("--") + 5
	maxGuessedLine   = 199
)

// splitBody splits a multipart body at its delimiter lines. It ignores the text before the first delimiter, and reads parts behind the
// closing delimiter as well.
func splitBody(body []byte, boundary string) [][]byte {
	if boundary == "" || len(boundary) > maxBoundaryBytes {
		return nil
	}
	delimiter := []byte("--" + boundary)
	var chunks [][]byte
	isInPart := false
	start := 0 // where the current part begins
	for at := 0; at < len(body) && len(chunks) <= maxParts; {
		i := bytes.Index(body[at:], delimiter)
		if i < 0 {
			break
		}
		i += at
		next, isClosing, ok := readDelimiterLine(body, i, len(delimiter))
		if !ok {
			at = i + len(delimiter)
			continue
		}
		if isInPart {
			chunks = append(chunks, trimLineEnd(body[start:max(start, i)]))
		}
		isInPart = !isClosing
		start = next
		at = next
	}
	if isInPart && start < len(body) {
		chunks = append(chunks, body[start:])
	}
	return chunks
}

// readDelimiterLine reads the delimiter at i. ok is false if it isn't a line of its own. next is the index of the following line.
func readDelimiterLine(body []byte, i, length int) (next int, isClosing, ok bool) {
	if beginsLine := i == 0 || body[i-1] == '\n' || body[i-1] == '\r'; !beginsLine {
		return 0, false, false
	}
	rest, isClosing := bytes.CutPrefix(body[i+length:], []byte("--"))
	near := rest[:min(len(rest), maxBlanksBehind+1)] // not all of rest: a hostile mail has many delimiters and no newline behind them
	line := near[:lineLength(near)]
	if len(line) > maxBlanksBehind || len(bytes.TrimSpace(line)) > 0 {
		return 0, false, false
	}
	return len(body) - len(rest) + len(line), isClosing, true
}

// trimLineEnd removes one line end: it belongs to the delimiter that follows.
func trimLineEnd(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	return bytes.TrimSuffix(b, []byte("\r"))
}

// guessBoundary returns the boundary of the first line that looks like a delimiter, or "" if no line does.
func guessBoundary(body []byte) string {
	for line := range bytes.Lines(body[:min(len(body), maxGuessingBytes)]) {
		line = bytes.TrimSpace(line)
		boundary, hasDashes := bytes.CutPrefix(line, []byte("--"))
		if !hasDashes || bytes.ContainsAny(line, " \t") {
			continue
		}
		if len(line) >= minGuessedLine && len(line) <= maxGuessedLine {
			return string(boundary)
		}
	}
	return ""
}

// Bytes returns a leaf's content without its transfer encoding.
func (p *Part) Bytes() []byte {
	return decodeTransfer(p.Body, p.Header.Raw("Content-Transfer-Encoding"))
}
