package mailbox

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"parley/channels/email/message"
)

// This file has the IMAP commands that read mails: their sizes and dates, their bodies, and which UIDs exist. All of them
// apply to the selected folder and leave the mails unread (PEEK). The sizes are fetched first, so that bodies can be
// fetched within the limits of memory.

// fetched is what was fetched of one mail.
type fetched struct {
	uid         imap.UID
	arrivedAt   time.Time // INTERNALDATE; zero if the server omits it
	sizeBytes   int64     // reported by the server or, if it isn't, counted
	hasRaw      bool      // raw was fetched; it may be empty
	truncated   bool      // the mail is too large: raw has only its header
	raw         []byte    // the bytes of the mail
	rawWithRoom []byte    // the buffer of raw, which follows headRoom unused bytes; nil if raw has no such buffer
}

// fetchSizes fetches the sizes and dates of mails. It ignores responses with neither, which only report changed flags.
func (s *imapSession) fetchSizes(uids []imap.UID) (map[imap.UID]*fetched, error) {
	mails, err := s.fetch(uids, &imap.FetchOptions{UID: true, InternalDate: true, RFC822Size: true}, 0)
	maps.DeleteFunc(mails, func(_ imap.UID, m *fetched) bool { return m.arrivedAt.IsZero() && m.sizeBytes == 0 })
	return mails, err
}

// fetchBodies fetches the bodies of mails with one command and adds them to mails, the result of fetchSizes. Of a single
// mail that is too large, it fetches only the header.
func (s *imapSession) fetchBodies(uids []imap.UID, mails map[imap.UID]*fetched, o Options) error {
	section := &imap.FetchItemBodySection{Peek: true}
	limit := o.MaxBody
	headerOnly := len(uids) == 1 && mails[uids[0]].sizeBytes > o.MaxBody
	if headerOnly {
		section.Specifier, limit = imap.PartSpecifierHeader, message.MaxHeaderBytes
	}

	got, err := s.fetch(uids, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}}, limit)
	for uid, body := range got {
		m := mails[uid]
		if m == nil || !body.hasRaw {
			continue
		}

		m.rawWithRoom = body.rawWithRoom
		m.raw = body.raw
		m.hasRaw = true
		m.truncated = headerOnly || body.truncated
		if m.sizeBytes == 0 {
			m.sizeBytes = int64(len(body.raw))
		}
	}

	return err
}

// fetch fetches mails by UID. It fetches missing bodies once more, by sequence number, which is the position in the
// folder. A body may be missing for two reasons:
//
//   - Somebody has just changed the mail's flags. The library mistakes the notification of that for the response.
//   - The server writes the UID after the body, where the library doesn't look for it.
//
// The result may still lack mails or bodies (fetched.hasRaw). On an error, it has the mails that came before.
func (s *imapSession) fetch(uids []imap.UID, o *imap.FetchOptions, limit int64) (map[imap.UID]*fetched, error) {
	wantsBody := len(o.BodySection) > 0
	if !wantsBody {
		return s.fetchSet(imap.UIDSetNum(uids...), o, limit)
	}

	got := map[imap.UID]*fetched{}
	if !s.uidAfterBody {
		var err error
		if got, err = s.fetchSet(imap.UIDSetNum(uids...), o, limit); err != nil {
			return got, err
		}
	}

	missing := slices.DeleteFunc(slices.Clone(uids), func(uid imap.UID) bool { return got[uid] != nil && got[uid].hasRaw })
	if len(missing) == 0 {
		return got, nil
	}

	numbers, err := s.sequenceNumbers(missing)
	if err != nil || len(numbers) == 0 {
		return got, err
	}

	more, err := s.fetchSet(imap.SeqSetNum(numbers...), o, limit)
	for _, uid := range missing {
		m := more[uid]
		if m == nil || !m.hasRaw {
			continue
		}
		if got[uid] == nil { // the library didn't see the UID in the first response
			s.uidAfterBody = true
		}

		got[uid] = m
	}

	return got, err
}

// sequenceNumbers returns the sequence numbers of those mails that are still in the folder. They are valid only until the
// next command.
func (s *imapSession) sequenceNumbers(uids []imap.UID) (numbers []uint32, err error) {
	err = s.run(func() error {
		data, err := s.client.Search(&imap.SearchCriteria{UID: []imap.UIDSet{imap.UIDSetNum(uids...)}}, nil).Wait()
		if err == nil {
			numbers = data.AllSeqNums()
		}
		return err
	})
	return numbers[:min(len(numbers), len(uids))], err
}

// fetchSet runs one FETCH. On an error, it also returns the mails that came before.
func (s *imapSession) fetchSet(set imap.NumSet, o *imap.FetchOptions, limit int64) (map[imap.UID]*fetched, error) {
	got := map[imap.UID]*fetched{}
	err := s.run(func() error {
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

	delete(got, 0) // a response without a UID
	return got, err
}

// abandon closes a connection that failed in the middle of a body, and waits for the library's reader to end. Otherwise
// that reader and the pending command would read at the same time.
func (s *imapSession) abandon() {
	_ = s.conn.Close()
	<-s.client.Closed()
}

// read reads the response for one mail, with at most limit bytes of its body.
func (m *fetched) read(data *imapclient.FetchMessageData, limit int64) error {
	for item := data.Next(); item != nil; item = data.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			m.uid = item.UID
		case imapclient.FetchItemDataInternalDate:
			m.arrivedAt = item.Time
		case imapclient.FetchItemDataRFC822Size:
			m.sizeBytes = item.Size
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil { // BODY[] NIL
				continue
			}
			if err := m.readRaw(item.Literal, limit); err != nil {
				return err
			}
		}
	}

	return nil
}

// Sizes of the buffer of a mail.
const (
	headRoom         = 512      // room for the line that is stored before a mail
	firstBufferBytes = 64 << 10 // the initial allocation, however many bytes the server announces
)

// readRaw reads a mail into a buffer with room for the line that is stored before it, so that a mail needn't be copied. Of
// a mail of more than limit bytes it keeps only the header.
func (m *fetched) readRaw(r imap.LiteralReader, limit int64) error {
	want := min(r.Size(), limit+1)
	buf := make([]byte, headRoom, headRoom+min(want, firstBufferBytes))
	for int64(len(buf)-headRoom) < want {
		if len(buf) == cap(buf) { // the server has sent firstBufferBytes: allocate all that it announced
			buf = append(make([]byte, 0, headRoom+want), buf...)
		}

		n, err := r.Read(buf[len(buf):min(int64(cap(buf)), headRoom+want)])
		buf = buf[:len(buf)+n]
		if err != nil && int64(len(buf)-headRoom) < want {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF // the library treats EOF as the end of the body
			}
			return err
		}
	}

	m.rawWithRoom = buf
	m.raw = buf[headRoom:]
	m.hasRaw = true
	if int64(len(m.raw)) > limit { // the mail is larger than RFC822.SIZE said
		m.rawWithRoom = nil
		m.raw = headerOf(m.raw)
		m.truncated = true
	}

	return nil
}

// withLine returns line followed by the mail. It avoids a copy of the mail if the buffer has room for line.
func (m *fetched) withLine(line []byte) []byte {
	if len(m.rawWithRoom) < headRoom || len(line) > headRoom {
		return append(line, m.raw...)
	}
	start := headRoom - len(line)
	copy(m.rawWithRoom[start:], line)
	return m.rawWithRoom[start:]
}

// headerOf returns a copy of a mail's header, including the empty line at its end.
func headerOf(raw []byte) []byte {
	head := raw[:min(len(raw), message.MaxHeaderBytes)]
	for i := range head {
		if head[i] != '\n' {
			continue
		}
		rest := head[i+1:]
		for _, emptyLine := range []string{"\n", "\r\n"} {
			if bytes.HasPrefix(rest, []byte(emptyLine)) {
				return bytes.Clone(head[:i+1+len(emptyLine)])
			}
		}
	}
	return bytes.Clone(head)
}

// isInFolder reports whether a mail is still in the folder. It searches for the mail, because a FETCH without a response
// wouldn't prove that the mail is gone.
func (s *imapSession) isInFolder(uid imap.UID) (bool, error) {
	found, err := s.search(&imap.SearchCriteria{UID: []imap.UIDSet{imap.UIDSetNum(uid)}})
	return slices.Contains(found, uid), err
}

// otherMail returns a mail that is neither uid nor in bad, or 0 if there is none. It searches only the first len(bad)+2
// mails, which always include one.
func (s *imapSession) otherMail(uid imap.UID, bad map[imap.UID]bool) (imap.UID, error) {
	selected := s.client.Mailbox()
	if selected == nil || selected.NumMessages == 0 {
		return 0, nil
	}

	var first imap.SeqSet
	first.AddRange(1, min(selected.NumMessages, uint32(len(bad)+2)))
	found, err := s.search(&imap.SearchCriteria{SeqNum: []imap.SeqSet{first}})
	if err != nil {
		return 0, err
	}

	for _, other := range found {
		if other != uid && !bad[other] {
			return other, nil
		}
	}

	return 0, nil
}

// newestMail returns the UID and the time of arrival of the last mail. count is the number of mails in the folder and
// must not be 0. The time is zero if the server omits it.
func (s *imapSession) newestMail(count uint32) (uid imap.UID, at time.Time, err error) {
	err = s.run(func() error {
		cmd := s.client.Fetch(imap.SeqSetNum(count), &imap.FetchOptions{UID: true, InternalDate: true})
		for data := cmd.Next(); data != nil; data = cmd.Next() {
			m := &fetched{}
			_ = m.read(data, 0) // can't fail: there is no body
			uid, at = max(uid, m.uid), m.arrivedAt
		}
		return cmd.Close()
	})
	return uid, at, err
}
