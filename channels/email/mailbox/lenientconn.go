package mailbox

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// lenientConn leaves out what a server says unasked and the library doesn't know: it would end the connection, again and again.
// A client has to take such responses at any time (RFC 3501 section 2.2.2). Literals pass as they are, whatever stands in them.
type lenientConn struct {
	net.Conn
	r         *bufio.Reader
	ready     []byte // what Read hands out next
	literal   int    // bytes of the current literal that are still to come
	isInside  bool   // the current response goes on
	isDropped bool   // the current response is left out
	line      []byte // the end of the current line
}

func newLenientConn(conn net.Conn) *lenientConn {
	return &lenientConn{Conn: conn, r: bufio.NewReader(conn)}
}

// Read implements net.Conn.
func (c *lenientConn) Read(p []byte) (int, error) {
	for len(c.ready) == 0 {
		piece, err := c.readPiece()
		if err != nil {
			return 0, err
		}
		if !c.isDropped {
			c.ready = piece
		}
	}
	n := copy(p, c.ready)
	c.ready = c.ready[n:]
	return n, nil
}

// readPiece reads a piece of a literal, or of a line. It is valid until the next call.
func (c *lenientConn) readPiece() ([]byte, error) {
	if c.literal > 0 {
		return c.readLiteral()
	}
	return c.readLine()
}

// readLiteral reads what has come of the current literal.
func (c *lenientConn) readLiteral() ([]byte, error) {
	if _, err := c.r.Peek(1); err != nil { // waits until something comes
		return nil, err
	}
	piece, err := c.r.Peek(min(c.literal, c.r.Buffered()))
	_, _ = c.r.Discard(len(piece)) // can't fail: the piece is in the buffer
	c.literal -= len(piece)
	return piece, err
}

// readLine reads a line, or the beginning or a middle of one that is longer than the buffer. It decides whether a response that begins is
// dropped, and notes whether the response goes on, and with a literal of what length.
func (c *lenientConn) readLine() ([]byte, error) {
	piece, err := c.r.ReadSlice('\n')
	isWholeOrPart := err == nil || errors.Is(err, bufio.ErrBufferFull)
	if len(piece) == 0 || !isWholeOrPart {
		return nil, err
	}
	if !c.isInside {
		c.isDropped = isUnknown(string(piece[:min(len(piece), maxAnnouncement)]))
	}

	c.line = append(c.line, piece...)
	c.line = c.line[max(0, len(c.line)-maxAnnouncement):]
	announced := literalAnnounced.FindSubmatch(c.line)
	if announced == nil {
		c.isInside = !bytes.HasSuffix(piece, []byte("\n"))
		return piece, nil
	}

	c.isInside = true
	c.literal, err = strconv.Atoi(string(announced[1]))
	return piece, err
}

// literalAnnounced matches the end of a line that a literal follows: {42}.
var literalAnnounced = regexp.MustCompile(`\{(\d+)\}\r?\n$`)

// maxAnnouncement is longer than what announces a response or a literal.
const maxAnnouncement = 40

// isUnknown reports whether a line begins a response that isn't tagged, and whose type the library doesn't know.
func isUnknown(line string) bool {
	words := strings.Fields(line)
	if len(words) == 0 {
		return true
	}
	if words[0] != "*" {
		return false
	}
	if len(words) == 1 {
		return true
	}

	if _, err := strconv.ParseUint(words[1], 10, 32); err == nil {
		return len(words) == 2 || !slices.Contains([]string{"EXISTS", "RECENT", "EXPUNGE", "FETCH"}, strings.ToUpper(words[2]))
	}
	return !slices.Contains([]string{
		"OK", "NO", "BAD", "BYE", "PREAUTH", "ID", "CAPABILITY", "ENABLED", "NAMESPACE", "FLAGS", "LIST", "STATUS", "SEARCH", "ESEARCH",
		"SORT", "THREAD", "METADATA", "QUOTA", "QUOTAROOT", "MYRIGHTS", "ACL",
	}, strings.ToUpper(words[1]))
}
