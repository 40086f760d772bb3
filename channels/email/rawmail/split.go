package rawmail

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
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

// Bytes returns a leaf's content without its transfer encoding.
func (p *Part) Bytes() []byte {
	return decodeTransfer(p.Body, p.Header.Raw("Content-Transfer-Encoding"))
}

// splitter reads the MIME tree of one mail within the limits. (That of the library enmime has none, drops a body whose
// boundary never comes, and reads byte by byte.)
type splitter struct {
	parts   int
	notices []string
	guess   *Guesser
}

// addNotice adds a remark once.
func (s *splitter) addNotice(text string) {
	if !slices.Contains(s.notices, text) {
		s.notices = append(s.notices, text)
	}
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
