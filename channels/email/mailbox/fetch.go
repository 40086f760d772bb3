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

	"parley/channels/email/rawmail"
)

// fetched is one mail as the server gave it.
type fetched struct {
	uid         imap.UID
	arrivedAt   time.Time // INTERNALDATE; zero if the server didn't say
	sizeBytes   int64     // as the server says, or counted if it doesn't
	hasRaw      bool      // raw was fetched; an empty mail has an empty raw
	truncated   bool      // the mail is too large: raw has only its header
	raw         []byte    // the bytes of the mail
	rawWithRoom []byte    // headRoom bytes with raw behind them, in one buffer; nil if raw is in a buffer without room
}

// fetchSizes fetches size and date of mails. That is cheap, and by the sizes the caller decides how to fetch the
// bodies. It leaves out answers with neither: such an answer only says that somebody has just changed a mail's flags.
func (s *imapSession) fetchSizes(uids []imap.UID) (map[imap.UID]*fetched, error) {
	mails, err := s.fetch(uids, &imap.FetchOptions{UID: true, InternalDate: true, RFC822Size: true}, 0)
	maps.DeleteFunc(mails, func(_ imap.UID, m *fetched) bool { return m.arrivedAt.IsZero() && m.sizeBytes == 0 })
	return mails, err
}

// fetchBodies adds bodies to mails, which has what fetchSizes found, by one command. If uids is a single mail
// that is too large, it fetches only the header.
func (s *imapSession) fetchBodies(uids []imap.UID, mails map[imap.UID]*fetched, o Options) error {
	section := &imap.FetchItemBodySection{Peek: true}
	limit := o.MaxBody
	headerOnly := len(uids) == 1 && mails[uids[0]].sizeBytes > o.MaxBody
	if headerOnly {
		section.Specifier, limit = imap.PartSpecifierHeader, rawmail.MaxHeaderBytes
	}

	got, err := s.fetch(uids, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}}, limit)
	for uid, g := range got {
		m := mails[uid]
		if m == nil || !g.hasRaw {
			continue
		}

		m.rawWithRoom = g.rawWithRoom
		m.raw = g.raw
		m.hasRaw = true
		m.truncated = headerOnly || g.truncated
		if m.sizeBytes == 0 {
			m.sizeBytes = int64(len(g.raw))
		}
	}

	return err
}

// fetch asks for mails by their UIDs. Bodies that don't come it asks for once more, by the mails' sequence numbers (their places in the
// folder). A body may be missing for two reasons. When somebody changes a mail's flags meanwhile, the library takes the server's
// announcement of that for the answer. And some servers write the UID behind the body, where the library doesn't look for it.
//
// The result may still have mails without a body (fetched.hasRaw is false), or lack mails. With an error,
// fetch returns the mails that came before it.
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
		if got[uid] == nil { // the first answer had the mail, but the library didn't see its UID
			s.uidAfterBody = true
		}

		got[uid] = m
	}

	return got, err
}

// sequenceNumbers returns the sequence numbers of mails that are still in the folder. The numbers are valid
// until the next command is answered.
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

// fetchSet runs one FETCH. With an error, it returns the mails that came before it.
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

	delete(got, 0) // an answer without a UID
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
	headRoom         = 512      // room for the line that is stored in front of a mail
	firstBufferBytes = 64 << 10 // allocated at first, however many bytes the server announces
)

// readRaw reads at most limit bytes of a mail into the buffer from which the mail is stored, so that its
// bytes are never copied.
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
				err = io.ErrUnexpectedEOF // the library takes a literal for complete when the connection ends in it
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

// withLine returns line, followed by the mail. It doesn't copy the mail if the buffer has room for line.
func (m *fetched) withLine(line []byte) []byte {
	if len(m.rawWithRoom) < headRoom || len(line) > headRoom {
		return append(line, m.raw...)
	}
	start := headRoom - len(line)
	copy(m.rawWithRoom[start:], line)
	return m.rawWithRoom[start:]
}

// headerOf returns a copy of a mail's header, with the empty line behind it.
func headerOf(raw []byte) []byte {
	head := raw[:min(len(raw), rawmail.MaxHeaderBytes)]
	for i := range head {
		if head[i] != '\n' {
			continue
		}
		behind := head[i+1:]
		for _, emptyLine := range []string{"\n", "\r\n"} {
			if bytes.HasPrefix(behind, []byte(emptyLine)) {
				return bytes.Clone(head[:i+1+len(emptyLine)])
			}
		}
	}
	return bytes.Clone(head)
}

// isInFolder asks the server whether a mail is still in the folder. A FETCH without an answer would not prove
// that the mail is gone.
func (s *imapSession) isInFolder(uid imap.UID) (bool, error) {
	found, err := s.search(&imap.SearchCriteria{UID: []imap.UIDSet{imap.UIDSetNum(uid)}})
	return slices.Contains(found, uid), err
}

// otherMail returns a mail of the selected folder that is neither uid nor one of bad, or 0 if there is none. It asks only for
// the first mails, as many as are certain to have one among them.
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

// newestMail returns UID and time of arrival of the last mail of the selected folder, which has count mails.
// count is not 0. The time is zero if the server didn't say.
func (s *imapSession) newestMail(count uint32) (uid imap.UID, at time.Time, err error) {
	err = s.run(func() error {
		cmd := s.client.Fetch(imap.SeqSetNum(count), &imap.FetchOptions{UID: true, InternalDate: true})
		for data := cmd.Next(); data != nil; data = cmd.Next() {
			m := &fetched{}
			_ = m.read(data, 0) // it fails only while it reads a body, which is not asked for here
			uid, at = max(uid, m.uid), m.arrivedAt
		}
		return cmd.Close()
	})
	return uid, at, err
}
