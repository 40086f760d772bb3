package message

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// This file splits a mail into the tree of its MIME parts (RFC 2046). The parser of the library enmime isn't used: it has
// no limits, drops a body whose boundary never occurs, and reads byte by byte. A mail that exceeds a limit is cut. A
// notice for its reader says so, and the mail is attached to the message as a whole.

// MaxHeaderBytes is the maximum length of a header. (RFC 5322 sets no limit.)
const MaxHeaderBytes = 1 << 20

// The limits of the tree of one mail.
const (
	maxDepth = 30
	maxParts = 1000
)

// Part is a node of a mail's MIME tree. Its Body is a slice of the mail, not a copy.
type Part struct {
	Header   Header
	Type     string // in lower case: "text/plain"
	Params   map[string]string
	Body     []byte // still transfer-encoded
	Children []*Part
}

// Bytes returns the content of a part without children, with its transfer encoding removed.
func (p *Part) Bytes() []byte {
	return decodeTransfer(p.Body, p.Header.Raw("Content-Transfer-Encoding"))
}

// splitter splits one mail.
type splitter struct {
	parts   int      // read so far
	notices []string // without duplicates
	guess   *Guesser
}

func (s *splitter) addNotice(text string) {
	if !slices.Contains(s.notices, text) {
		s.notices = append(s.notices, text)
	}
}

// The notices.
const (
	noticeDepth   = "This mail is nested more than 30 levels deep: what lies deeper is only in the attached original."
	noticeParts   = "This mail has more than 1,000 parts: the others are only in the attached original."
	noticeHeaders = "This mail has more than 1 MB of headers: the others are only in the attached original."
)

// Read parses a mail. It returns the root of its tree, and a notice for each limit that the mail exceeds. It ignores a
// byte order mark and white space before the header. In a mail without newlines, carriage returns end the lines.
func Read(raw []byte) (root *Part, notices []string) {
	if bytes.IndexByte(raw, '\n') < 0 {
		raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	}
	s := &splitter{guess: NewGuesser()}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	return s.readPart(bytes.TrimLeft(raw, " \t\r\n"), 0, "text/plain"), s.notices
}

// readPart parses a part and its descendants. defaultType is used if the part declares no type.
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
		p.Type = "text/plain" // without any delimiter, the body is shown as text
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

// IsMediaType reports whether a text is a well-formed media type in lower case, such as "image/png".
func IsMediaType(text string) bool { return mediaType.MatchString(text) }

// contentType returns the type and parameters of a part. It corrects common mistakes of mail programs.
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
		return "text/plain", params // not a file, so it is probably meant to be read
	}
	return "application/octet-stream", params
}

// The limits of delimiter lines. RFC 2046 allows boundaries of 70 characters, but some programs write longer ones. A line
// that is shorter than minGuessedLine is more likely a rule in a text ("----") than a delimiter.
const (
	maxBoundaryBytes = 1000
	maxTrailingBytes = 200  // white space after a delimiter, including the line end
	maxGuessingBytes = 4096 // the beginning of a body, in which guessBoundary searches
	minGuessedLine   = len("--") + 5
	maxGuessedLine   = 199
)

// splitBody splits a multipart body at its delimiter lines. It drops the text before the first delimiter, but keeps parts
// after the closing delimiter. It returns nil if there is no delimiter.
func splitBody(body []byte, boundary string) [][]byte {
	if boundary == "" || len(boundary) > maxBoundaryBytes {
		return nil
	}
	delimiter := []byte("--" + boundary)
	var chunks [][]byte
	isInPart := false
	start := 0 // of the current part
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

// readDelimiterLine checks the delimiter at index i of body, which has the given length. ok is false if it isn't a line of
// its own. next is the index of the following line. isClosing is true for the delimiter that ends the body.
func readDelimiterLine(body []byte, i, length int) (next int, isClosing, ok bool) {
	isLineStart := i == 0 || body[i-1] == '\n' || body[i-1] == '\r'
	if !isLineStart {
		return 0, false, false
	}
	rest, isClosing := bytes.CutPrefix(body[i+length:], []byte("--"))
	near := rest[:min(len(rest), maxTrailingBytes+1)] // a hostile mail may have many delimiters and no newline after them
	line := near[:lineLength(near)]
	if len(line) > maxTrailingBytes || len(bytes.TrimSpace(line)) > 0 {
		return 0, false, false
	}
	return len(body) - len(rest) + len(line), isClosing, true
}

// trimLineEnd removes the last line end of a part, which belongs to the next delimiter.
func trimLineEnd(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	return bytes.TrimSuffix(b, []byte("\r"))
}

// guessBoundary returns the boundary of the first line that looks like a delimiter, or "" if none does.
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
