package mailfake_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"parley/channels/email/mailfake"
)

// wholeMail asks for all bytes of a mail.
func wholeMail() *imap.FetchItemBodySection { return &imap.FetchItemBodySection{Peek: true} }

// openInbox puts n mails into the support mailbox and opens it.
func openInbox(t *testing.T, s *mailfake.Server, n int, opts *imapclient.Options) *imapclient.Client {
	t.Helper()
	for i := range n {
		writeToSupport(t, s, fmt.Sprintf("Mail %d", i+1))
	}
	c := login(t, s, opts)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

// writeToSupport sends a mail from ann to support.
func writeToSupport(t *testing.T, s *mailfake.Server, subject string) {
	t.Helper()
	_, err := s.Customer(ann).Send(mailfake.Mail{To: []string{support}, Subject: subject, Text: "text of " + subject})
	noError(t, err)
}

func addFault(t *testing.T, s *mailfake.Server, f mailfake.Fault) (id string) {
	t.Helper()
	id, err := s.AddFault(f)
	noError(t, err)
	return id
}

// listener collects what the server announces without being asked.
type listener struct {
	exists  chan uint32
	expunge chan uint32
	flags   chan uint32
}

func (l *listener) options() *imapclient.Options {
	l.exists = make(chan uint32, 100)
	l.expunge = make(chan uint32, 100)
	l.flags = make(chan uint32, 100)
	return &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Expunge: func(n uint32) { l.expunge <- n },
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				l.exists <- *d.NumMessages
			}
		},
		Fetch: func(m *imapclient.FetchMessageData) {
			l.flags <- m.SeqNum
			_, _ = m.Collect()
		},
	}}
}

// wantNext waits for the next number that the server announces, and checks it.
func wantNext(t *testing.T, what string, ch <-chan uint32, want uint32) {
	t.Helper()
	select {
	case n := <-ch:
		wantEqual(t, what, n, want)
	case <-testContext(t).Done():
		t.Fatalf("waited in vain for %s %d", what, want)
	}
}

// The server has the capabilities that Parley uses.
func TestCapabilities(t *testing.T) {
	t.Parallel()
	c := login(t, start(t), nil)
	for _, want := range []imap.Cap{imap.CapIdle, imap.CapMove, imap.CapUIDPlus, imap.CapSpecialUse, imap.CapESearch} {
		if !c.Caps().Has(want) {
			t.Errorf("capabilities: got %v, want %s among them", c.Caps(), want)
		}
	}
}

// The folder of sent mail has the name from the settings, and is marked as such.
func TestSentFolderIsMarked(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *mailfake.Options) {
		o.Mailboxes[0].SentFolder = "[Gmail]/Sent Mail"
		o.Mailboxes[0].Folders = []string{"[Gmail]/Spam"}
	})
	list, err := login(t, s, nil).List("", "*", nil).Collect()
	noError(t, err)
	if len(list) != 3 {
		t.Fatalf("folders: got %+v, want three", list)
	}
	wantEqual(t, "name of the second folder", list[1].Mailbox, "[Gmail]/Sent Mail")
	wantEqual(t, "it is marked as Sent", slices.Contains(list[1].Attrs, imap.MailboxAttrSent), true)
}

// SELECT and STATUS return the numbers of a folder.
func TestNumbersOfAFolder(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := login(t, s, nil)
	writeToSupport(t, s, "one")
	selected, err := c.Select("inbox", nil).Wait()
	noError(t, err)
	wantEqual(t, "mails by SELECT", selected.NumMessages, 1)
	wantEqual(t, "UIDNEXT by SELECT", selected.UIDNext, 2)
	wantEqual(t, "UIDVALIDITY by SELECT", selected.UIDValidity, 700)

	asked := &imap.StatusOptions{NumMessages: true, NumUnseen: true, UIDNext: true, UIDValidity: true}
	status, err := c.Status("INBOX", asked).Wait()
	noError(t, err)
	wantEqual(t, "mails by STATUS", *status.NumMessages, 1)
	wantEqual(t, "unseen mails by STATUS", *status.NumUnseen, 1)
	wantEqual(t, "UIDNEXT by STATUS", status.UIDNext, 2)
	wantEqual(t, "UIDVALIDITY by STATUS", status.UIDValidity, 700)
}

// Folders can be made, renamed and deleted.
func TestFoldersChange(t *testing.T) {
	t.Parallel()
	c := login(t, start(t), nil)
	noError(t, c.Create("Done", nil).Wait())
	noError(t, c.Subscribe("Done").Wait())
	noError(t, c.Rename("Done", "Filed", nil).Wait())
	noError(t, c.Delete("Filed").Wait())
	if c.Delete("Filed").Wait() == nil {
		t.Error("deleting a folder that is missing succeeded, want an error")
	}
	if c.Delete("INBOX").Wait() == nil {
		t.Error("deleting INBOX succeeded, want an error")
	}
	if _, err := c.Select("Nowhere", nil).Wait(); err == nil {
		t.Error("opening a folder that is missing succeeded, want an error")
	}
}

// FETCH returns all items that Parley asks for.
func TestFetchForms(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := openInbox(t, s, 1, nil)
	raw := s.Inbox(support)[0].Raw
	part := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Offset: 10, Size: 20}}
	past := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Offset: 1 << 20, Size: 20}}
	head := &imap.FetchItemBodySection{Peek: true, Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"Subject"}}

	msgs, err := c.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{
		UID:           true,
		Flags:         true,
		Envelope:      true,
		InternalDate:  true,
		RFC822Size:    true,
		BodyStructure: &imap.FetchItemBodyStructure{Extended: true},
		BodySection:   []*imap.FetchItemBodySection{wholeMail(), part, past, head},
	}).Collect()

	noError(t, err)
	if len(msgs) != 1 {
		t.Fatalf("mails: got %+v, want one", msgs)
	}

	m := msgs[0]
	wantEqual(t, "UID", m.UID, 1)
	wantEqual(t, "subject", m.Envelope.Subject, "Mail 1")
	wantEqual(t, "size", m.RFC822Size, int64(len(raw)))
	wantEqual(t, "flags", len(m.Flags), 0)
	wantEqual(t, "type", m.BodyStructure.MediaType(), "text/plain")
	if !m.InternalDate.Equal(clock) {
		t.Errorf("internal date: got %s, want %s", m.InternalDate, clock)
	}

	wantEqual(t, "whole mail", string(m.FindBodySection(wholeMail())), string(raw))
	wantEqual(t, "part of it", string(m.FindBodySection(part)), string(raw[10:30]))
	wantEqual(t, "part beyond its end", string(m.FindBodySection(past)), "")
	wantEqual(t, "header field", string(m.FindBodySection(head)), "Subject: Mail 1\r\n\r\n")
}

// If a body is fetched without PEEK, its mail becomes seen, except in a folder that was opened with EXAMINE.
func TestFetchWithoutPeek(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		readOnly bool
		wantSeen bool
	}{
		{name: "EXAMINE", readOnly: true, wantSeen: false},
		{name: "SELECT", readOnly: false, wantSeen: true},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			writeToSupport(t, s, "one")
			c := login(t, s, nil)
			_, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: tt.readOnly}).Wait()
			noError(t, err)

			_, err = c.Fetch(imap.UIDSetNum(1), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{}}}).Collect()
			noError(t, err)
			wantEqual(t, "the mail is seen", slices.Contains(s.Inbox(support)[0].Flags, `\Seen`), tt.wantSeen)
		})
	}
}

// openTwice opens an inbox of three mails with two clients. The first one idles, and its listener collects what it
// hears.
func openTwice(t *testing.T) (s *mailfake.Server, actor *imapclient.Client, heard *listener) {
	t.Helper()
	s = start(t)
	heard = &listener{}
	if _, err := openInbox(t, s, 3, heard.options()).Idle(); err != nil {
		t.Fatal(err)
	}
	return s, openInbox(t, s, 0, nil), heard
}

func TestIdleTellsFlags(t *testing.T) {
	t.Parallel()
	_, actor, heard := openTwice(t)
	flags := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagFlagged}}
	noError(t, actor.Store(imap.UIDSetNum(2), flags, nil).Close())
	wantNext(t, "flags of mail", heard.flags, 2)
}

// If a mail is moved, an idling client hears that it is gone from its folder. The client that moved it gets its UIDs in
// both folders.
func TestIdleTellsMoves(t *testing.T) {
	t.Parallel()
	s, actor, heard := openTwice(t)
	moved, err := actor.Move(imap.UIDSetNum(1), "Sent").Wait()
	noError(t, err)
	wantEqual(t, "UID before", moved.SourceUIDs.String(), "1")
	wantEqual(t, "UID in the other folder", moved.DestUIDs.String(), "1")
	wantNext(t, "EXPUNGE", heard.expunge, 1)
	wantEqual(t, "mails in Sent", len(s.Sent(support)), 1)
}

// Each copy gets a UID of its own, after the UIDs that the folder has.
func TestUIDsOfCopies(t *testing.T) {
	t.Parallel()
	s, actor, _ := openTwice(t)
	for n, want := range []string{"1", "2"} {
		copied, err := actor.Copy(imap.UIDSetNum(2), "Sent").Wait()
		noError(t, err)
		wantEqual(t, fmt.Sprintf("UID of copy %d", n+1), copied.DestUIDs.String(), want)
	}
	wantEqual(t, "mails in Sent", len(s.Sent(support)), 2)
}

func TestIdleTellsExpunges(t *testing.T) {
	t.Parallel()
	_, actor, heard := openTwice(t)
	flags := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}, Silent: true}
	noError(t, actor.Store(imap.UIDSetNum(3), flags, nil).Close())
	_, err := actor.UIDExpunge(imap.UIDSetNum(3)).Collect()
	noError(t, err)
	wantNext(t, "EXPUNGE", heard.expunge, 3)
}

func TestIdleTellsNewMail(t *testing.T) {
	t.Parallel()
	s, _, heard := openTwice(t)
	writeToSupport(t, s, "another")
	wantNext(t, "EXISTS", heard.exists, 4)
}

// A mail that arrives between two commands is announced by the IDLE that follows, without a further mail.
func TestIdleTellsWhatCameBefore(t *testing.T) {
	t.Parallel()
	s := start(t)
	var l listener
	c := openInbox(t, s, 0, l.options())
	writeToSupport(t, s, "early")
	if _, err := c.Idle(); err != nil {
		t.Fatal(err)
	}
	wantNext(t, "EXISTS", l.exists, 1)
}

// appendCopy puts a mail into the folder of sent mail.
func appendCopy(c *imapclient.Client) error {
	const raw = "Subject: copy\r\n\r\nx\r\n"
	cmd := c.Append("Sent", int64(len(raw)), &imap.AppendOptions{Flags: []imap.Flag{imap.FlagSeen}})
	if _, err := cmd.Write([]byte(raw)); err != nil {
		return err
	}
	if err := cmd.Close(); err != nil {
		return err
	}
	_, err := cmd.Wait()
	return err
}

func TestAppend(t *testing.T) {
	t.Parallel()
	s := start(t)
	noError(t, appendCopy(login(t, s, nil)))
	wantEqual(t, "mails in Sent", len(s.Sent(support)), 1)
}

// A mail whose APPEND is refused isn't stored.
func TestAppendRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	addFault(t, s, mailfake.Fault{Op: mailfake.OpAPPEND, Action: mailfake.ActionReply, ResponseCode: "OVERQUOTA"})
	wantIMAPError(t, "APPEND", appendCopy(login(t, s, nil)), "OVERQUOTA")
	wantEqual(t, "mails in Sent", len(s.Sent(support)), 0)
}

// If only the answer to an APPEND is lost, the mail is stored.
func TestAppendUnanswered(t *testing.T) {
	t.Parallel()
	s := start(t)
	addFault(t, s, mailfake.Fault{Op: mailfake.OpAPPEND, Action: mailfake.ActionDropAfter})
	if appendCopy(login(t, s, nil)) == nil {
		t.Error("APPEND was answered, want the connection dropped")
	}
	wantEqual(t, "mails in Sent", len(s.Sent(support)), 1)
}

// wantIMAPError checks that the server refused a command, with this code.
func wantIMAPError(t *testing.T, command string, err error, code imap.ResponseCode) {
	t.Helper()
	var refusal *imap.Error
	if !errors.As(err, &refusal) {
		t.Fatalf("%s: got error %v, want a refusal", command, err)
	}
	wantEqual(t, command+": code", refusal.Code, code)
}
