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

// outgoingFolders are the folders in which a sent mail can be found again.
type outgoingFolders struct {
	sent string // "" = none found
	all  string // Gmail's All Mail; "" = none
}

// list returns those that exist.
func (o outgoingFolders) list() []string {
	return slices.DeleteFunc([]string{o.sent, o.all}, func(name string) bool { return name == "" })
}

// outgoing finds the outgoingFolders by their special use, whatever the language of their names, or by
// a usual name. named is the folder of sent mail from the settings; "" = it has to be found.
func (s *imapSession) outgoing(named string) (outgoingFolders, error) {
	if s.folders != nil {
		return *s.folders, nil
	}
	var options *imap.ListOptions
	caps := s.client.Caps()
	if caps.Has(imap.CapSpecialUse) && caps.Has(imap.CapListExtended) {
		options = &imap.ListOptions{ReturnSpecialUse: true}
	}
	var folders []*imap.ListData
	err := s.do(func() (err error) {
		folders, err = s.client.List("", "*", options).Collect()
		return err
	})
	if err != nil {
		return outgoingFolders{}, fmt.Errorf("email: list folders: %w", err)
	}
	out := pickOutgoing(folders)
	out.sent = cmp.Or(named, out.sent)
	s.folders = &out
	return out, nil
}

func pickOutgoing(folders []*imap.ListData) (out outgoingFolders) {
	for _, f := range folders {
		switch {
		case hasAttr(f, imap.MailboxAttrNoSelect) || hasAttr(f, imap.MailboxAttrNonExistent):
		case hasAttr(f, imap.MailboxAttrSent):
			out.sent = f.Mailbox
		case hasAttr(f, imap.MailboxAttrAll):
			out.all = f.Mailbox
		}
	}
	if out.sent == "" {
		out.sent = sentByName(folders)
	}
	return out
}

func hasAttr(f *imap.ListData, attr imap.MailboxAttr) bool {
	return slices.ContainsFunc(f.Attrs, func(a imap.MailboxAttr) bool { return strings.EqualFold(string(a), string(attr)) })
}

func sentByName(folders []*imap.ListData) string {
	for _, name := range sentNames() {
		for _, f := range folders {
			last := f.Mailbox
			if f.Delim != 0 {
				last = last[strings.LastIndex(last, string(f.Delim))+1:]
			}
			if strings.ToLower(last) == name && !hasAttr(f, imap.MailboxAttrNoSelect) {
				return f.Mailbox
			}
		}
	}
	return ""
}

// FileCopy files a mail that was just sent, unless the server does. An error only leads to a note,
// because the mail is sent.
func (c *Mailbox) FileCopy(ctx context.Context, m *outbound.Mail) error {
	c.mu.Lock()
	before, serverSaves := c.lastSent, c.serverSaves
	c.lastSent = m.ID
	c.mu.Unlock()
	if c.set.SaveSent == settings.SaveOff || c.set.SaveAuto && serverSaves {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timing.SaveCopy)
	defer cancel()
	s, err := c.openIMAP(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	folders, err := s.outgoing(c.set.SentFolder)
	if err != nil {
		return err
	}
	if folders.sent == "" {
		return errNoSent
	}
	if c.set.SaveAuto {
		// A server may file late. So the previous mail also shows whether it does.
		if saves, err := s.saves(folders.sent, m.ID, before); err == nil && saves {
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

var errNoSent = errors.New("email: the mailbox has no folder of sent mail")

// saves reports whether the server filed one of these mails by itself.
func (s *imapSession) saves(folder string, ids ...string) (bool, error) {
	if _, err := s.examine(folder); err != nil {
		return false, err
	}
	for _, id := range ids {
		found, err := s.find(id)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(found, func(m sighting) bool { return !m.copy }) {
			return true, nil
		}
	}
	return false, nil
}

// sighting is what the headers of a mail in a folder say.
type sighting struct {
	uid   imap.UID
	at    time.Time // INTERNALDATE; zero = the server didn't say
	id    string    // Message-ID without <>
	token string    // mailid.MessageHeader: its Message-ID as we sent it; "" = none
	copy  bool      // mailid.CopyHeader: we filed it
}

// find looks for a Message-ID in the selected folder. The server also finds mails whose ids contain it;
// those are left out.
func (s *imapSession) find(id string) ([]sighting, error) {
	if id == "" {
		return nil, nil
	}
	uids, err := s.search(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: id}}})
	if err != nil || len(uids) == 0 {
		return nil, err
	}
	uids = uids[max(0, len(uids)-maxSightings):]
	all, err := s.sightings(uids)
	if err == nil && len(all) < len(uids) {
		err = errUnseen
	}
	return slices.DeleteFunc(all, func(m sighting) bool { return m.id != id }), err
}

// errUnseen means that the server finds a mail, but doesn't show it. So nobody can say that it isn't there.
var errUnseen = errors.New("email: the server does not show a mail that it finds")

// maxSightings limits how many mails are looked at.
const maxSightings = 50

// sightings reads the headers of mails in the selected folder.
func (s *imapSession) sightings(uids []imap.UID) ([]sighting, error) {
	mails, err := s.fetch(uids, sightingItems(), rawmail.MaxHeaderBytes)
	return sightingsOf(mails), err
}

// lastSightings reads the headers of the last mails in the selected folder, which has count mails; count > 0.
func (s *imapSession) lastSightings(count uint32) ([]sighting, error) {
	var last imap.SeqSet
	last.AddRange(max(1, count-min(count, maxSightings)+1), count)
	mails, err := s.fetchSet(last, sightingItems(), rawmail.MaxHeaderBytes)
	return sightingsOf(mails), err
}

func sightingItems() *imap.FetchOptions {
	section := &imap.FetchItemBodySection{
		Peek: true, Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"Message-ID", mailid.MessageHeader, mailid.CopyHeader},
	}
	return &imap.FetchOptions{UID: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{section}}
}

// sightingsOf reads the headers of fetched mails, in the order of their UIDs.
func sightingsOf(mails map[imap.UID]*fetched) []sighting {
	var out []sighting
	for _, uid := range slices.Sorted(maps.Keys(mails)) {
		m := mails[uid]
		if !m.whole {
			continue
		}
		h, _ := textproto.NewReader(bufio.NewReader(bytes.NewReader(m.raw))).ReadMIMEHeader()
		out = append(out, sighting{
			uid: m.uid, at: m.at, id: mailid.Clean(h.Get("Message-ID")), token: mailid.Clean(h.Get(mailid.MessageHeader)),
			copy: h.Get(mailid.CopyHeader) != "",
		})
	}
	return out
}

// fileMail files a sent mail, marked as read and as our copy.
func (s *imapSession) fileMail(ctx context.Context, folder string, m *outbound.Mail) error {
	const mark = mailid.CopyHeader + ": filed by Parley\r\n"
	return s.do(func() error {
		cmd := s.client.Append(folder, int64(len(mark))+m.LengthBytes, &imap.AppendOptions{Flags: []imap.Flag{imap.FlagSeen}})
		_, writeErr := io.WriteString(cmd, mark)
		if writeErr == nil {
			_, writeErr = m.Copy(ctx, cmd)
		}
		if file := (*channels.SendError)(nil); errors.As(writeErr, &file) {
			_ = s.conn.Close() // a file can't be read: the rest of the mail will never come
		}
		if err := cmd.Close(); writeErr == nil {
			writeErr = err
		}
		if _, err := cmd.Wait(); err != nil { // the server's reason says more than writeErr
			return err
		}
		return writeErr
	})
}
