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
	"parley/channels/email/mailid"
	"parley/channels/email/outbound"
	"parley/channels/email/rawmail"
	"parley/channels/email/settings"
)

// sentNames returns the usual names of the folder of sent mail, for servers that don't mark it
// (RFC 6154): in lower case, without the folders above it.
func sentNames() []string {
	return []string{
		"sent", "sent items", "sent messages", "sent mail", "gesendet", "gesendete elemente", "gesendete objekte",
		"envoyés", "éléments envoyés", "enviados", "elementos enviados", "posta inviata", "verzonden items", "wysłane",
	}
}

// sentFolders are the folders in which a sent mail can be found again.
type sentFolders struct {
	sent string // the folder of sent mail; "" if none was found
	all  string // Gmail's All Mail; "" if there is none
}

// existingNames returns the names of the folders that exist.
func (o sentFolders) existingNames() []string {
	return slices.DeleteFunc([]string{o.sent, o.all}, func(name string) bool { return name == "" })
}

// findSentFolders finds the folders by the use that the server names (RFC 6154), or by a usual name. configured is the folder of sent mail
// from the account's settings, or "". If it is given, only Gmail is asked for its folders, to find All Mail; other servers aren't, because
// a list breaks the connection if a server spells a name wrongly.
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

// pickSentFolders finds the folders of sent mail in a list of all folders.
func pickSentFolders(folders []*imap.ListData) (out sentFolders) {
	for _, f := range folders {
		switch {
		case hasAttribute(f, imap.MailboxAttrNoSelect), hasAttribute(f, imap.MailboxAttrNonExistent):
			// no folder that could be opened
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

// hasAttribute reports whether the server gives a folder an attribute.
func hasAttribute(f *imap.ListData, attr imap.MailboxAttr) bool {
	return slices.ContainsFunc(f.Attrs, func(a imap.MailboxAttr) bool { return strings.EqualFold(string(a), string(attr)) })
}

// sentByName returns the first folder with one of sentNames, or "" if there is none.
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

// FileCopy puts a copy of a mail that was just sent into the folder of sent mail, unless the server does that by itself. An error doesn't
// mean that the mail was not sent.
func (c *Mailbox) FileCopy(ctx context.Context, m *outbound.Mail) error {
	c.mu.Lock()
	previousID := c.lastSent
	serverSaves := c.serverSaves
	c.lastSent = m.ID
	c.mu.Unlock()

	if c.set.SaveSent == settings.SaveOff {
		return nil
	}
	if c.set.SaveAuto && serverSaves {
		return nil
	}

	ctx, cancel := context.WithTimeout(ctx, c.opts.Timing.SaveCopy)
	defer cancel()
	s, err := c.openIMAP(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	folders, err := s.findSentFolders(c.set.SentFolder)
	if err != nil {
		return err
	}
	if folders.sent == "" {
		return errNoSent
	}

	if c.set.SaveAuto {
		// A server may file late. So the previous mail, too, shows whether it files.
		saves, err := s.filesByItself(folders.sent, m.ID, previousID)
		if err == nil && saves { // on an error a copy too many is better than none
			c.mu.Lock()
			c.serverSaves = true
			c.mu.Unlock()
			return nil
		}
	}

	if err := s.fileMail(ctx, folders.sent, m); err != nil {
		return fmt.Errorf("email: copy to sent: %w", err)
	}

	return nil
}

// maxCopiesLost is how many copies may fail, one after the other, for a cause that may pass by itself, until admins are told.
const maxCopiesLost = 3

// NoteCopy notes what FileCopy returned, and says for admins why it failed. It returns nil if it succeeded, if the cause may pass by
// itself and fewer than maxCopiesLost copies in a row have failed, and for a refused sign-in, which Run reports.
func (c *Mailbox) NoteCopy(err error) *channels.Condition {
	const text = "Replies leave, but their copies can't be filed in the mailbox: "
	const hintOff = "If the server files by itself what it sends, set save_sent to off in the account's settings."
	_, isAtSignIn := errors.AsType[*stageError](err)
	isRefused := isRefusal(err) && !isAtSignIn
	lost := c.countLostCopies(err, isRefused)
	switch {
	case err == nil || isAtSignIn && c.explain(err).NeedsPerson:
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
			Text:   text + rawmail.Excerpt(serverWords(err)),
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

// countLostCopies returns how many copies could not be filed, one after the other, up to the one for which FileCopy returned err. One
// that the server refused counts as all that are needed until admins are told: they stay told if the next one only finds no connection.
func (c *Mailbox) countLostCopies(err error, isRefused bool) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.copiesLost++
	if isRefused {
		c.copiesLost = max(c.copiesLost, maxCopiesLost)
	}
	if err == nil {
		c.copiesLost = 0
	}
	return c.copiesLost
}

var errNoSent = errors.New("email: the mailbox has no folder of sent mail")

// filesByItself reports whether the server filed one of these mails by itself.
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

// mailHeaders is what the headers of a mail in a folder say.
type mailHeaders struct {
	uid       imap.UID
	arrivedAt time.Time // INTERNALDATE; zero if the server didn't say
	id        string    // Message-ID without <>
	ourID     string    // the Message-ID under which the mail was sent, if another header tells it; "" if none does
	isOurCopy bool      // it has mailid.CopyHeader: we filed it
}

// isNamed reports whether the mail has a Message-ID, or was sent under it.
func (m mailHeaders) isNamed(id string) bool { return m.id == id || m.ourID == id }

// hasOurID reports whether the mail has the Message-ID with which Parley sent it.
func (m mailHeaders) hasOurID(keys [][]byte) bool {
	token, isOurs := mailid.Parse(keys, m.id)
	return isOurs && token.Message != 0
}

// findByMessageID looks for a Message-ID in the selected folder. It leaves out mails whose ids only contain
// the id: the server finds these, too.
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

// errNotShown means that the server finds a mail but doesn't hand it out, so that it may be the sought one.
var errNotShown = errors.New("email: the server does not show a mail that it finds")

// maxHeadersRead is how many mails' headers findByMessageID and readLastHeaders read, of the last mails.
const maxHeadersRead = 50

// readHeaders reads the headers of mails in the selected folder.
func (s *imapSession) readHeaders(uids []imap.UID) ([]mailHeaders, error) {
	mails, err := s.fetch(uids, headerItems(), rawmail.MaxHeaderBytes)
	return parseHeaders(mails), err
}

// readLastHeaders reads the headers of the last mails in the selected folder, which has count mails. count is not 0.
func (s *imapSession) readLastHeaders(count uint32) ([]mailHeaders, error) {
	var last imap.SeqSet
	last.AddRange(max(1, count-min(count, maxHeadersRead)+1), count)
	mails, err := s.fetchSet(last, headerItems(), rawmail.MaxHeaderBytes)
	return parseHeaders(mails), err
}

// headerItems asks for time of arrival and for the headers that mailHeaders has.
func headerItems() *imap.FetchOptions {
	section := &imap.FetchItemBodySection{
		Peek:         true,
		Specifier:    imap.PartSpecifierHeader,
		HeaderFields: []string{"Message-ID", mailid.MessageHeader, mailid.OriginalHeader, mailid.CopyHeader},
	}
	return &imap.FetchOptions{UID: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{section}}
}

// parseHeaders reads the headers of fetched mails, in the order of their UIDs.
func parseHeaders(mails map[imap.UID]*fetched) []mailHeaders {
	var out []mailHeaders
	for _, uid := range slices.Sorted(maps.Keys(mails)) {
		m := mails[uid]
		if !m.hasRaw {
			continue
		}

		h, _ := textproto.NewReader(bufio.NewReader(bytes.NewReader(m.raw))).ReadMIMEHeader() // of a damaged header, what could be read
		out = append(out, mailHeaders{
			uid:       m.uid,
			arrivedAt: m.arrivedAt,
			id:        mailid.Clean(h.Get("Message-ID")),
			ourID:     mailid.Clean(cmp.Or(h.Get(mailid.MessageHeader), h.Get(mailid.OriginalHeader))),
			isOurCopy: h.Get(mailid.CopyHeader) != "",
		})
	}

	return out
}

// copyMark is the header that we put in front of the copies that we file.
const copyMark = mailid.CopyHeader + ": filed by Parley\r\n"

// fileMail files a sent mail, marked as read and as our copy.
func (s *imapSession) fileMail(ctx context.Context, folder string, m *outbound.Mail) error {
	return s.run(func() error {
		size := int64(len(copyMark)) + m.LengthBytes
		cmd := s.client.Append(folder, size, &imap.AppendOptions{Flags: []imap.Flag{imap.FlagSeen}})
		writeErr := writeCopy(ctx, cmd, m)
		if _, ok := errors.AsType[*channels.SendError](writeErr); ok { // a file of the mail can't be read
			_ = s.conn.Close() // the server would wait for the rest of the mail, which will never come
		}

		closeErr := cmd.Close()
		if _, err := cmd.Wait(); err != nil { // the server's reason says more than the other errors
			return err
		}
		return cmp.Or(writeErr, closeErr)
	})
}

// writeCopy writes a mail behind the mark of our copies.
func writeCopy(ctx context.Context, w io.Writer, m *outbound.Mail) error {
	if _, err := io.WriteString(w, copyMark); err != nil {
		return err
	}
	_, err := m.Copy(ctx, w)
	return err
}
