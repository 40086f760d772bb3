package mailbox

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
	"parley/channels/email/message"
)

// This file finds the Sent folder, files copies of sent mails in it, and looks for mails in it. People who open the
// mailbox in their mail program expect to see there what Parley has sent. Some servers file a copy of each mail that they
// send by themselves; for the others, Parley does it.

// sentNames returns common names of the Sent folder, for servers that don't mark it (RFC 6154). They are in lower case and
// without parent folders.
func sentNames() []string {
	return []string{
		"sent", "sent items", "sent messages", "sent mail", "gesendet", "gesendete elemente", "gesendete objekte",
		"envoyés", "éléments envoyés", "enviados", "elementos enviados", "posta inviata", "verzonden items", "wysłane",
	}
}

// sentFolders are the names of the folders that may have a sent mail. Either may be "" if there is no such folder.
type sentFolders struct {
	sent string // the Sent folder
	all  string // Gmail's All Mail
}

// existingNames returns the names of the folders that exist.
func (f sentFolders) existingNames() []string {
	return slices.DeleteFunc([]string{f.sent, f.all}, func(name string) bool { return name == "" })
}

// findSentFolders finds the folders by their attributes (RFC 6154) or by a common name. configured is the Sent folder from
// the account's settings, or "". If it is set, folders are listed only on Gmail, to find All Mail, because a list may
// be long.
func (s *imapSession) findSentFolders(configured string) (sentFolders, error) {
	if s.folders != nil {
		return *s.folders, nil
	}

	var options *imap.ListOptions
	caps := s.client.Caps()
	if isGmail := caps.Has("X-GM-EXT-1"); configured != "" && !isGmail {
		s.folders = &sentFolders{sent: configured}
		return *s.folders, nil
	}
	if caps.Has(imap.CapSpecialUse) && caps.Has(imap.CapListExtended) {
		options = &imap.ListOptions{ReturnSpecialUse: true}
	}

	var folders []*imap.ListData
	err := s.run(func() (err error) {
		folders, err = s.client.List("", "*", options).Collect()
		return err
	})
	if err != nil {
		return sentFolders{}, fmt.Errorf("email: list folders: %w", err)
	}

	out := pickSentFolders(folders)
	out.sent = cmp.Or(configured, out.sent)
	s.folders = &out
	return out, nil
}

// pickSentFolders finds the Sent folder and All Mail in a list of all folders.
func pickSentFolders(folders []*imap.ListData) (out sentFolders) {
	for _, f := range folders {
		switch {
		case hasAttribute(f, imap.MailboxAttrNoSelect), hasAttribute(f, imap.MailboxAttrNonExistent):
			// can't be opened
		case hasAttribute(f, imap.MailboxAttrSent):
			out.sent = f.Mailbox
		case hasAttribute(f, imap.MailboxAttrAll):
			out.all = f.Mailbox
		}
	}

	if out.sent == "" {
		out.sent = sentByName(folders)
	}

	return out
}

func hasAttribute(f *imap.ListData, attr imap.MailboxAttr) bool {
	return slices.ContainsFunc(f.Attrs, func(a imap.MailboxAttr) bool { return strings.EqualFold(string(a), string(attr)) })
}

// sentByName returns the folder with the first of sentNames that exists, or "".
func sentByName(folders []*imap.ListData) string {
	for _, name := range sentNames() {
		for _, f := range folders {
			last := f.Mailbox
			if f.Delim != 0 {
				last = last[strings.LastIndex(last, string(f.Delim))+1:]
			}
			if strings.ToLower(last) == name && !hasAttribute(f, imap.MailboxAttrNoSelect) {
				return f.Mailbox
			}
		}
	}
	return ""
}

// FileCopy files a copy of a mail that was just sent in the Sent folder, unless the server does so itself. An error only
// means that there may be no copy.
func (box *Mailbox) FileCopy(ctx context.Context, m *message.Mail) error {
	previousID, serverSaves := box.noteSent(m.ID)
	if box.set.SaveSent == message.SaveOff {
		return nil
	}
	if box.set.SaveAuto && serverSaves {
		return nil
	}

	ctx, cancel := context.WithTimeout(ctx, box.opts.Timing.SaveCopy)
	defer cancel()
	s, err := box.openIMAP(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	folders, err := s.findSentFolders(box.set.SentFolder)
	if err != nil {
		return err
	}
	if folders.sent == "" {
		return errNoSent
	}

	if box.set.SaveAuto {
		// Look for the previous mail, too, because a server may file late. On an error assume that the server doesn't file:
		// two copies are better than none.
		saves, err := s.filesByItself(folders.sent, m.ID, previousID)
		if err == nil && saves {
			box.noteServerSaves()
			return nil
		}
	}

	if err := s.fileMail(ctx, folders.sent, m); err != nil {
		return fmt.Errorf("email: copy to sent: %w", err)
	}

	return nil
}

// noteSent records the Message-ID of a mail that was just sent. It returns that of the previous one, and whether the server
// is known to file copies.
func (box *Mailbox) noteSent(id string) (previousID string, serverSaves bool) {
	box.mu.Lock()
	defer box.mu.Unlock()
	previousID = box.lastSent
	box.lastSent = id
	return previousID, box.serverSaves
}

func (box *Mailbox) noteServerSaves() {
	box.mu.Lock()
	defer box.mu.Unlock()
	box.serverSaves = true
}

// maxCopiesLost is how many copies in a row must fail before administrators are told, if the cause may pass.
const maxCopiesLost = 3

// NoteCopy records the result of FileCopy, and returns what to tell administrators, or nil. It returns nil for a success,
// for a failure that may pass if fewer than maxCopiesLost copies in a row have failed, and for a refused login, which Run
// reports.
func (box *Mailbox) NoteCopy(err error) *channels.Condition {
	const text = "Replies leave, but their copies can't be filed in the mailbox: "
	const hintOff = "If the server files by itself what it sends, set save_sent to off in the account's settings."
	_, isAtSignIn := errors.AsType[*stageError](err)
	isRefused := isRefusal(err) && !isAtSignIn
	isReportedByRun := isAtSignIn && box.explain(err).NeedsPerson
	lost := box.countLostCopies(err, isRefused)
	switch {
	case err == nil, isReportedByRun:
		return nil
	case errors.Is(err, errNoSent):
		return &channels.Condition{
			Status: channels.Broken,
			Text:   text + "it has no folder of sent mail.",
			Hint:   "Make a folder named Sent.",
		}
	case isRefused:
		return &channels.Condition{
			Status: channels.Broken,
			Text:   text + message.Excerpt(serverWords(err)),
			Hint:   "Is the mailbox full? " + hintOff,
		}
	case lost >= maxCopiesLost:
		return &channels.Condition{
			Status: channels.Broken,
			Text:   text + "each time the server fails, or doesn't answer in time.",
			Hint:   hintOff,
		}
	}
	return nil
}

// countLostCopies counts the result err of FileCopy, and returns how many copies in a row have failed. A copy that the
// server refused counts as maxCopiesLost, so that the report stays if the next copy only finds no connection.
func (box *Mailbox) countLostCopies(err error, isRefused bool) int {
	box.mu.Lock()
	defer box.mu.Unlock()
	box.copiesLost++
	if isRefused {
		box.copiesLost = max(box.copiesLost, maxCopiesLost)
	}
	if err == nil {
		box.copiesLost = 0
	}
	return box.copiesLost
}

var errNoSent = errors.New("email: the mailbox has no folder of sent mail")

// filesByItself reports whether the server itself has filed one of these mails.
func (s *imapSession) filesByItself(folder string, ids ...string) (bool, error) {
	if _, err := s.open(folder); err != nil {
		return false, err
	}
	for _, id := range ids {
		found, err := s.findByMessageID(id)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(found, func(m mailHeaders) bool { return !m.isOurCopy }) {
			return true, nil
		}
	}
	return false, nil
}

// mailHeaders has the headers by which a sent mail is recognised.
type mailHeaders struct {
	uid       imap.UID
	arrivedAt time.Time // INTERNALDATE; zero if the server omits it
	id        string    // Message-ID without <>
	ourID     string    // the Message-ID with which Parley sent the mail, from another header; may be empty
	isOurCopy bool      // Parley filed it (mailid.CopyHeader)
}

// isNamed reports whether the mail has this Message-ID or was sent with it.
func (m mailHeaders) isNamed(id string) bool { return m.id == id || m.ourID == id }

// hasOurID reports whether the Message-ID is one that Parley creates. A server may have replaced it.
func (m mailHeaders) hasOurID(keys [][]byte) bool {
	token, isOurs := message.Parse(keys, m.id)
	return isOurs && token.Message != 0
}

// findByMessageID returns the mails in the selected folder with this Message-ID. The search of the server also finds
// longer ids that contain it; findByMessageID removes these.
func (s *imapSession) findByMessageID(id string) ([]mailHeaders, error) {
	if id == "" {
		return nil, nil
	}
	uids, err := s.search(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: id}}})
	if err != nil || len(uids) == 0 {
		return nil, err
	}
	uids = uids[max(0, len(uids)-maxHeadersRead):]
	all, err := s.readHeaders(uids)
	if err == nil && len(all) < len(uids) {
		err = errNotShown
	}
	return slices.DeleteFunc(all, func(m mailHeaders) bool { return m.id != id }), err
}

// errNotShown means that the server finds a mail but doesn't return its headers, so it may be the one that we look for.
var errNotShown = errors.New("email: the server does not show a mail that it finds")

// maxHeadersRead limits the number of mails that findByMessageID and readLastHeaders read.
const maxHeadersRead = 50

// readHeaders reads the headers of mails in the selected folder.
func (s *imapSession) readHeaders(uids []imap.UID) ([]mailHeaders, error) {
	mails, err := s.fetch(uids, headerItems(), message.MaxHeaderBytes)
	return parseHeaders(mails), err
}

// readLastHeaders reads the headers of the last mails in the selected folder. count is the number of mails in it and must
// not be 0.
func (s *imapSession) readLastHeaders(count uint32) ([]mailHeaders, error) {
	var last imap.SeqSet
	last.AddRange(max(1, count-min(count, maxHeadersRead)+1), count)
	mails, err := s.fetchSet(last, headerItems(), message.MaxHeaderBytes)
	return parseHeaders(mails), err
}

// headerItems returns the items to fetch for mailHeaders.
func headerItems() *imap.FetchOptions {
	section := &imap.FetchItemBodySection{
		Peek:         true,
		Specifier:    imap.PartSpecifierHeader,
		HeaderFields: []string{"Message-ID", message.MessageHeader, message.OriginalHeader, message.CopyHeader},
	}
	return &imap.FetchOptions{UID: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{section}}
}

// parseHeaders parses the headers of fetched mails and returns them in the order of UIDs.
func parseHeaders(mails map[imap.UID]*fetched) []mailHeaders {
	var out []mailHeaders
	for _, uid := range slices.Sorted(maps.Keys(mails)) {
		m := mails[uid]
		if !m.hasRaw {
			continue
		}

		// On an error, h has the fields that could be read.
		h, _ := textproto.NewReader(bufio.NewReader(bytes.NewReader(m.raw))).ReadMIMEHeader()
		out = append(out, mailHeaders{
			uid:       m.uid,
			arrivedAt: m.arrivedAt,
			id:        message.Clean(h.Get("Message-ID")),
			ourID:     message.Clean(cmp.Or(h.Get(message.MessageHeader), h.Get(message.OriginalHeader))),
			isOurCopy: h.Get(message.CopyHeader) != "",
		})
	}

	return out
}

// copyMark is the header that marks the copies that Parley files.
const copyMark = message.CopyHeader + ": filed by Parley\r\n"

// fileMail appends a sent mail to a folder, marked as read and with copyMark.
func (s *imapSession) fileMail(ctx context.Context, folder string, m *message.Mail) error {
	return s.run(func() error {
		size := int64(len(copyMark)) + m.LengthBytes
		cmd := s.client.Append(folder, size, &imap.AppendOptions{Flags: []imap.Flag{imap.FlagSeen}})
		writeErr := writeCopy(ctx, cmd, m)
		if _, ok := errors.AsType[*channels.SendError](writeErr); ok { // an attachment can't be read
			_ = s.conn.Close() // otherwise the server would wait for the rest of the mail
		}

		closeErr := cmd.Close()
		if _, err := cmd.Wait(); err != nil { // the server's reason is more useful than the other errors
			return err
		}
		return cmp.Or(writeErr, closeErr)
	})
}

// writeCopy writes copyMark and the mail.
func writeCopy(ctx context.Context, w io.Writer, m *message.Mail) error {
	if _, err := io.WriteString(w, copyMark); err != nil {
		return err
	}
	_, err := m.Copy(ctx, w)
	return err
}
