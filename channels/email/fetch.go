package email

import (
	"errors"
	"io"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// fetched is one mail as the server gave it.
type fetched struct {
	uid       imap.UID
	at        time.Time // INTERNALDATE; zero: not told
	sizeBytes int64     // as the server says, or counted
	buf       []byte    // room for what is stored before raw, then raw; nil: no room
	raw       []byte
	whole     bool // raw is there: the mail, or its head when truncated
	truncated bool // too big: raw is the header only
}

// fetchFacts asks for size and date, which costs nothing and decides how bodies are
// asked for.
func (s *imapSession) fetchFacts(uids []imap.UID) (map[imap.UID]*fetched, error) {
	return s.fetch(uids, &imap.FetchOptions{UID: true, InternalDate: true, RFC822Size: true}, 0)
}

// fetchBodies adds the bodies to what fetchFacts found, by one command; of a mail that
// is too big, which must be alone, the header only.
func (s *imapSession) fetchBodies(uids []imap.UID, mails map[imap.UID]*fetched, o options) error {
	section := &imap.FetchItemBodySection{Peek: true}
	limit := o.maxBody
	headerOnly := len(uids) == 1 && mails[uids[0]].sizeBytes > o.maxBody
	if headerOnly {
		section.Specifier, limit = imap.PartSpecifierHeader, maxHeaderBytes
	}
	got, err := s.fetch(uids, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}}, limit)
	for uid, g := range got {
		if m := mails[uid]; m != nil && g.whole {
			m.buf, m.raw, m.whole = g.buf, g.raw, true
			m.truncated = headerOnly || g.truncated
			if m.sizeBytes == 0 {
				m.sizeBytes = int64(len(g.raw))
			}
		}
	}
	return err
}

// fetch runs one UID FETCH. Answers come in any order; one that is only a flag update
// leaves its mail without body, which the caller sees. What was received before an
// error is returned with it.
func (s *imapSession) fetch(uids []imap.UID, o *imap.FetchOptions, limit int64) (map[imap.UID]*fetched, error) {
	got := map[imap.UID]*fetched{}
	err := s.do(func() error {
		cmd := s.client.Fetch(imap.UIDSetNum(uids...), o)
		var readErr error
		for data := cmd.Next(); data != nil; data = cmd.Next() {
			m := &fetched{}
			if readErr = m.read(data, limit); readErr != nil {
				s.abandon()
				break
			}
			got[m.uid] = m
		}
		return errors.Join(cmd.Close(), readErr)
	})
	delete(got, 0)
	return got, err
}

// abandon ends a connection that broke inside a literal. The library would read on
// beside its own reader, so that one must have ended first.
func (s *imapSession) abandon() {
	_ = s.conn.Close()
	<-s.client.Closed()
}

// read takes one answer in, at most limit bytes of a body.
func (m *fetched) read(data *imapclient.FetchMessageData, limit int64) error {
	for item := data.Next(); item != nil; item = data.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			m.uid = item.UID
		case imapclient.FetchItemDataInternalDate:
			m.at = item.Time
		case imapclient.FetchItemDataRFC822Size:
			m.sizeBytes = item.Size
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil { // BODY[] NIL
				continue
			}
			if err := m.readBody(item.Literal, limit); err != nil {
				return err
			}
		}
	}
	return nil
}

// Room in the buffer of a mail.
const (
	payloadRoom = 512      // for the line that is stored before a mail
	firstRead   = 64 << 10 // what a server promises is believed only so far
)

// readBody reads a mail once into the memory from which it will be stored.
func (m *fetched) readBody(r imap.LiteralReader, limit int64) error {
	want := min(r.Size(), limit+1)
	buf := make([]byte, payloadRoom, payloadRoom+min(want, firstRead))
	for int64(len(buf)-payloadRoom) < want {
		if len(buf) == cap(buf) { // it keeps its promise: the rest at once
			buf = append(make([]byte, 0, payloadRoom+want), buf...)
		}
		n, err := r.Read(buf[len(buf):min(int64(cap(buf)), payloadRoom+want)])
		buf = buf[:len(buf)+n]
		if err != nil && int64(len(buf)-payloadRoom) < want {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF // the library calls a cut literal complete
			}
			return err
		}
	}
	m.buf, m.raw, m.whole = buf, buf[payloadRoom:], true
	if int64(len(m.raw)) > limit { // bigger than it said
		m.buf, m.raw, m.truncated = nil, headerOf(m.raw), true
	}
	return nil
}

// behind gives the mail behind a line, without copying it where there is room for the
// line. A mail that is nil is an empty one.
func (m *fetched) behind(line []byte) []byte {
	if m == nil || len(m.buf) < payloadRoom || len(line) > payloadRoom {
		if m != nil {
			line = append(line, m.raw...)
		}
		return line
	}
	start := payloadRoom - len(line)
	copy(m.buf[start:], line)
	return m.buf[start:]
}

// headerOf cuts a mail behind its header.
func headerOf(raw []byte) []byte {
	head := raw[:min(len(raw), maxHeaderBytes)]
	for i := 0; i+1 < len(head); i++ {
		if head[i] != '\n' {
			continue
		}
		if head[i+1] == '\n' {
			return append([]byte(nil), head[:i+2]...)
		}
		if i+2 < len(head) && head[i+1] == '\r' && head[i+2] == '\n' {
			return append([]byte(nil), head[:i+3]...)
		}
	}
	return append([]byte(nil), head...)
}

// exists asks whether a mail is still there. Only this proves that it vanished: a
// FETCH without an answer proves nothing.
func (s *imapSession) exists(uid imap.UID) (bool, error) {
	found, err := s.search(&imap.SearchCriteria{UID: []imap.UIDSet{imap.UIDSetNum(uid)}})
	if err != nil {
		return false, err
	}
	for _, f := range found {
		if f == uid {
			return true, nil
		}
	}
	return false, nil
}

// newest gives UID and arrival of the last mail of a folder that has some.
func (s *imapSession) newest(count uint32) (imap.UID, time.Time, error) {
	var uid imap.UID
	var at time.Time
	err := s.do(func() error {
		cmd := s.client.Fetch(imap.SeqSetNum(count), &imap.FetchOptions{UID: true, InternalDate: true})
		for data := cmd.Next(); data != nil; data = cmd.Next() {
			m := &fetched{}
			_ = m.read(data, 0)
			uid, at = max(uid, m.uid), m.at
		}
		return cmd.Close()
	})
	return uid, at, err
}
