package mailbox

import (
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"parley/channels/email/rawmail"
)

// fetched is one mail as the server gave it.
type fetched struct {
	uid       imap.UID
	at        time.Time // INTERNALDATE; zero = the server didn't say
	sizeBytes int64     // as the server says, or counted
	buf       []byte    // raw, with room in front of it for what is stored before it; nil = raw has no such room
	raw       []byte
	whole     bool // raw was fetched: the mail, or only its header if truncated
	truncated bool // the mail is too large: raw is its header only
}

// fetchFacts fetches size and date of mails. That is cheap, and by their sizes the caller decides how
// to fetch the bodies. An answer with neither is left out: it only told of flags that somebody changed at that moment.
func (s *imapSession) fetchFacts(uids []imap.UID) (map[imap.UID]*fetched, error) {
	mails, err := s.fetch(uids, &imap.FetchOptions{UID: true, InternalDate: true, RFC822Size: true}, 0)
	maps.DeleteFunc(mails, func(_ imap.UID, m *fetched) bool { return m.at.IsZero() && m.sizeBytes == 0 })
	return mails, err
}

// fetchBodies adds the bodies to what fetchFacts found, by one command. If uids is a single mail that
// is too large, it fetches the header only.
func (s *imapSession) fetchBodies(uids []imap.UID, mails map[imap.UID]*fetched, o Options) error {
	section := &imap.FetchItemBodySection{Peek: true}
	limit := o.MaxBody
	headerOnly := len(uids) == 1 && mails[uids[0]].sizeBytes > o.MaxBody
	if headerOnly {
		section.Specifier, limit = imap.PartSpecifierHeader, rawmail.MaxHeaderBytes
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

// fetch asks for mails by their UIDs. Bodies that don't come are asked for once more, by the mails' sequence numbers: somebody may
// have changed a mail's flags, of which the library takes the news for the answer; and some servers write the UID behind the body,
// where the library doesn't look for it (RFC 3501 sets no order). The server answers in any order, and may still leave mails without
// a body (fetched.whole is false). On an error, the mails that came before it are returned with it.
func (s *imapSession) fetch(uids []imap.UID, o *imap.FetchOptions, limit int64) (map[imap.UID]*fetched, error) {
	got := map[imap.UID]*fetched{}
	var err error
	if !s.uidBehind || len(o.BodySection) == 0 {
		got, err = s.fetchSet(imap.UIDSetNum(uids...), o, limit)
	}
	left := slices.DeleteFunc(slices.Clone(uids), func(uid imap.UID) bool { return got[uid] != nil && got[uid].whole })
	if err != nil || len(left) == 0 || len(o.BodySection) == 0 {
		return got, err
	}
	numbers, err := s.numbers(left)
	if err != nil || len(numbers) == 0 {
		return got, err
	}
	more, err := s.fetchSet(imap.SeqSetNum(numbers...), o, limit)
	for _, uid := range left {
		if m := more[uid]; m != nil && m.whole {
			s.uidBehind = s.uidBehind || got[uid] == nil
			got[uid] = m
		}
	}
	return got, err
}

// numbers returns the sequence numbers of mails that are still in the folder. They hold until the next command is answered.
func (s *imapSession) numbers(uids []imap.UID) (numbers []uint32, err error) {
	err = s.do(func() error {
		data, err := s.client.Search(&imap.SearchCriteria{UID: []imap.UIDSet{imap.UIDSetNum(uids...)}}, nil).Wait()
		if err == nil {
			numbers = data.AllSeqNums()
		}
		return err
	})
	return numbers[:min(len(numbers), len(uids))], err
}

// fetchSet runs one FETCH.
func (s *imapSession) fetchSet(set imap.NumSet, o *imap.FetchOptions, limit int64) (map[imap.UID]*fetched, error) {
	got := map[imap.UID]*fetched{}
	err := s.do(func() error {
		cmd := s.client.Fetch(set, o)
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

// abandon closes a connection that failed in the middle of a body, and waits until the library's
// reader has ended. Otherwise that reader and the pending command would read at the same time.
func (s *imapSession) abandon() {
	_ = s.conn.Close()
	<-s.client.Closed()
}

// read reads the server's answer about one mail, with at most limit bytes of its body.
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

// Sizes of the buffer of a mail.
const (
	payloadRoom = 512      // room for the line that is stored before a mail
	firstRead   = 64 << 10 // allocated at first, however many bytes the server announces
)

// readBody reads a mail into the buffer from which it is stored, so that it is never copied.
func (m *fetched) readBody(r imap.LiteralReader, limit int64) error {
	want := min(r.Size(), limit+1)
	buf := make([]byte, payloadRoom, payloadRoom+min(want, firstRead))
	for int64(len(buf)-payloadRoom) < want {
		if len(buf) == cap(buf) { // the server has sent firstRead bytes: allocate all that it announced
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
	if int64(len(m.raw)) > limit { // larger than RFC822.SIZE said
		m.buf, m.raw, m.truncated = nil, headerOf(m.raw), true
	}
	return nil
}

// behind returns line, followed by the mail. It doesn't copy the mail if the buffer has room for line.
// A nil mail is an empty one.
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

// headerOf returns a copy of a mail's header, with the empty line behind it.
func headerOf(raw []byte) []byte {
	head := raw[:min(len(raw), rawmail.MaxHeaderBytes)]
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

// exists asks the server whether a mail is still in the folder. (A FETCH without an answer doesn't
// prove that it is gone.)
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

// newest returns UID and time of arrival of the last mail of a folder with count mails; count > 0.
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
