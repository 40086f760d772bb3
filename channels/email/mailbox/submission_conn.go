package mailbox

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"parley/channels/wire"
)

// maxReplyBytes is the maximum number of bytes that a server may send on one connection.
const maxReplyBytes = 1 << 20

var (
	errTooLate     = errors.New("the attempt's time is over")
	errTooMuchData = errors.New("the server's answers have no end")
)

// fencedConn is a connection that refuses to write after the deadline of an attempt to send a mail. After the deadline,
// another process may take the mail over. If this process was only suspended (SIGSTOP, a closed laptop) and continues, it
// must not send the mail a second time. A timer would not help: it may fire too late.
type fencedConn struct {
	net.Conn
	deadline     time.Time
	clock        wire.Clock
	writeRefused atomic.Bool  // a write was refused; all later ones are, too
	bytesRead    atomic.Int64 // at most maxReplyBytes
}

func (f *fencedConn) Write(p []byte) (int, error) {
	if f.writeRefused.Load() || f.clock.IsLate(f.deadline) {
		f.writeRefused.Store(true)
		return 0, errTooLate
	}
	return f.Conn.Write(p)
}

func (f *fencedConn) Read(p []byte) (int, error) {
	n, err := f.Conn.Read(p)
	if f.bytesRead.Add(int64(n)) > maxReplyBytes {
		return 0, errTooMuchData
	}
	return n, err
}

// SetDeadline sets the deadline of the connection, which is never later than that of the attempt.
func (f *fencedConn) SetDeadline(t time.Time) error {
	if t.IsZero() || t.After(f.deadline) {
		t = f.deadline
	}
	return f.Conn.SetDeadline(t)
}

// replyReader adds a space to reply lines that consist of a code alone: "250" becomes "250 ". net/textproto requires the
// space, but servers may omit it together with the text (RFC 5321 section 4.2).
type replyReader struct {
	from       *bufio.Reader
	rest       []byte // the unread part of the current line
	insideLine bool   // the next bytes of from continue a long line
}

func (r *replyReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		line, err := r.from.ReadSlice('\n')
		if len(line) == 0 {
			return 0, err
		}

		isEnd := bytes.HasSuffix(line, []byte("\n"))
		isWholeLine := isEnd && !r.insideLine
		text := bytes.TrimRight(line, "\r\n")
		if isWholeLine && len(text) == len("250") {
			r.rest = append(append(r.rest[:0], text...), " \r\n"...)
		} else {
			r.rest = append(r.rest[:0], line...)
		}

		r.insideLine = !isEnd
	}

	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
