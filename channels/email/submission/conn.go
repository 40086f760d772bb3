package submission

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"parley/channels/fence"
)

// maxReplyBytes limits how much an SMTP server may send in one connection.
const maxReplyBytes = 1 << 20

var (
	errTooLate   = errors.New("the attempt's time is over")
	errTalkative = errors.New("the server's answers have no end")
)

// fencedConn refuses to write after the deadline. A process that was stopped (SIGSTOP), or whose machine slept
// (a laptop's lid), and continues must not send a mail that another process has taken over.
type fencedConn struct {
	net.Conn
	deadline     time.Time
	clock        fence.Clock
	writeRefused atomic.Bool  // a write came after the deadline: from then on, all are refused
	bytesRead    atomic.Int64 // limited by maxReplyBytes
}

// Write implements net.Conn.
func (f *fencedConn) Write(p []byte) (int, error) {
	if f.writeRefused.Load() || f.clock.IsLate(f.deadline) {
		f.writeRefused.Store(true)
		return 0, errTooLate
	}
	return f.Conn.Write(p)
}

// Read implements net.Conn.
func (f *fencedConn) Read(p []byte) (int, error) {
	n, err := f.Conn.Read(p)
	if f.bytesRead.Add(int64(n)) > maxReplyBytes {
		return 0, errTalkative
	}
	return n, err
}

// SetDeadline implements net.Conn. It never sets a time after the fence's deadline.
func (f *fencedConn) SetDeadline(t time.Time) error {
	if t.IsZero() || t.After(f.deadline) {
		t = f.deadline
	}
	return f.Conn.SetDeadline(t)
}

// replyLines reads a server's lines, and adds a blank to each code without text. Go's reader of replies needs the
// blank, but servers may leave it out: any text, "including no text at all", must be acceptable (RFC 5321 section 4.2).
type replyLines struct {
	from       *bufio.Reader
	rest       []byte // the part of the current line that wasn't read yet
	insideLine bool   // the next bytes of from continue a line
}

// Read implements io.Reader.
func (r *replyLines) Read(p []byte) (int, error) {
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
