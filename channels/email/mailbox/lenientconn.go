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

// lenientConn filters out untagged IMAP responses that Parley doesn't need and at which the library would close the
// connection, again and again:
//
//   - Those of unknown types, such as "* XYZZY 1". A client must accept them at any time (RFC 3501 section 2.2.2).
//   - Those about nothing but flags. Some servers write flags that the standard doesn't allow, such as [css3-page], a tag that
//     somebody has invented in a mail program.
//   - Those that list a folder whose name is invalid. Such a folder couldn't be opened.
//
// A response may contain literals: {5} at the end of a line announces five bytes of data, after which the response
// continues. lenientConn passes literals through unchanged, so that a line in the text of a mail is never filtered.
type lenientConn struct {
	net.Conn
	r         *bufio.Reader
	ready     []byte // the data that Read returns next
	literal   int    // how many bytes of the current literal are still to come
	isInside  bool   // the current response continues
	isDropped bool   // the current response is filtered out
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

// readPiece reads a piece of a literal or of a line. The piece is valid until the next call.
func (c *lenientConn) readPiece() ([]byte, error) {
	if c.literal > 0 {
		return c.readLiteral()
	}
	return c.readLine()
}

// readLiteral returns the available part of the current literal.
func (c *lenientConn) readLiteral() ([]byte, error) {
	if _, err := c.r.Peek(1); err != nil { // blocks until there is data
		return nil, err
	}
	piece, err := c.r.Peek(min(c.literal, c.r.Buffered()))
	_, _ = c.r.Discard(len(piece)) // can't fail: the piece is in the buffer
	c.literal -= len(piece)
	return piece, err
}

// readLine reads a line, or a piece of one that is longer than the buffer. At the beginning of a response it sets
// isDropped. It then sets isInside and literal for what follows.
func (c *lenientConn) readLine() ([]byte, error) {
	piece, err := c.r.ReadSlice('\n')
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	if !c.isInside {
		c.isDropped = isUnknown(string(piece[:min(len(piece), maxAnnouncement)])) || aboutFlags.Match(piece) || isMisnamed(piece)
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

// aboutFlags matches a response about nothing but flags: the flags of a folder, or a notification of those of a mail.
var aboutFlags = regexp.MustCompile(`(?i)^\* (?:FLAGS |OK \[PERMANENTFLAGS[ \]]|` +
	`\d+ FETCH \((?:(?:UID \d+|MODSEQ \(\d+\)) )*FLAGS \([^()]*\)(?: (?:UID \d+|MODSEQ \(\d+\)))*\)\r?\n$)`)

// literalAnnounced matches the end of a line before a literal: {42}.
var literalAnnounced = regexp.MustCompile(`\{(\d+)\}\r?\n$`)

// maxAnnouncement is how much of a line is enough to recognise the type of a response, or the announcement of a literal.
const maxAnnouncement = 40

// isUnknown reports whether a line begins an untagged response of a type that the library doesn't know.
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

	if _, err := strconv.ParseUint(words[1], 10, 32); err == nil { // "* 23 EXISTS"
		return len(words) == 2 || !slices.Contains([]string{"EXISTS", "RECENT", "EXPUNGE", "FETCH"}, strings.ToUpper(words[2]))
	}
	return !slices.Contains([]string{
		"OK", "NO", "BAD", "BYE", "PREAUTH", "ID", "CAPABILITY", "ENABLED", "NAMESPACE", "FLAGS", "LIST", "STATUS", "SEARCH", "ESEARCH",
		"SORT", "THREAD", "METADATA", "QUOTA", "QUOTAROOT", "MYRIGHTS", "ACL",
	}, strings.ToUpper(words[1]))
}
