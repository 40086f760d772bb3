package mailfake_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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

// writeToSupport sends a mail of ann's.
func writeToSupport(t *testing.T, s *mailfake.Server, subject string) {
	t.Helper()
	_, err := s.Customer(ann).Send(mailfake.Mail{To: []string{support}, Subject: subject, Text: "text of " + subject})
	if err != nil {
		t.Fatal(err)
	}
}

func addFault(t *testing.T, s *mailfake.Server, f mailfake.Fault) (id string) {
	t.Helper()
	id, err := s.AddFault(f)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// listener collects what the server says unasked.
type listener struct {
	exists  chan uint32
	expunge chan uint32
	flags   chan uint32
}

func (l *listener) options() *imapclient.Options {
	l.exists, l.expunge, l.flags = make(chan uint32, 100), make(chan uint32, 100), make(chan uint32, 100)
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

// wantNext waits for the next number that the server says unasked, and checks it.
func wantNext(t *testing.T, what string, ch <-chan uint32, want uint32) {
	t.Helper()
	select {
	case n := <-ch:
		wantEqual(t, what, n, want)
	case <-testContext(t).Done():
		t.Fatalf("waited in vain for %s %d", what, want)
	}
}

// The server has the capabilities that Parley uses; folders have names, marks and counts, and can be changed.
func TestFoldersAndCapabilities(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *mailfake.Options) {
		o.UIDValidity = 700
		o.Mailboxes[0].SentFolder, o.Mailboxes[0].Folders = "[Gmail]/Sent Mail", []string{"[Gmail]/Spam"}
	})
	c := login(t, s, nil)
	for _, want := range []imap.Cap{imap.CapIdle, imap.CapMove, imap.CapUIDPlus, imap.CapSpecialUse, imap.CapESearch} {
		if !c.Caps().Has(want) {
			t.Errorf("got the capabilities %v, want %s among them", c.Caps(), want)
		}
	}
	list, err := c.List("", "*", nil).Collect()
	if err != nil || len(list) != 3 {
		t.Fatalf("got the folders %v, %v; want three", list, err)
	}
	wantEqual(t, "name of the second folder", list[1].Mailbox, "[Gmail]/Sent Mail")
	wantEqual(t, "it is marked as Sent", slices.Contains(list[1].Attrs, imap.MailboxAttrSent), true)

	writeToSupport(t, s, "one")
	selected, err := c.Select("inbox", nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "mails by SELECT", selected.NumMessages, 1)
	wantEqual(t, "UIDNEXT by SELECT", selected.UIDNext, 2)
	wantEqual(t, "UIDVALIDITY by SELECT", selected.UIDValidity, 700)
	status, err := c.Status("INBOX", &imap.StatusOptions{NumMessages: true, NumUnseen: true, UIDNext: true, UIDValidity: true}).Wait()
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "mails by STATUS", *status.NumMessages, 1)
	wantEqual(t, "unseen mails by STATUS", *status.NumUnseen, 1)
	wantEqual(t, "UIDNEXT by STATUS", status.UIDNext, 2)
	wantEqual(t, "UIDVALIDITY by STATUS", status.UIDValidity, 700)
	for _, step := range []error{
		c.Create("Done", nil).Wait(), c.Subscribe("Done").Wait(), c.Rename("Done", "Filed", nil).Wait(), c.Delete("Filed").Wait(),
	} {
		if step != nil {
			t.Error(step)
		}
	}
	_, selecting := c.Select("Nowhere", nil).Wait()
	for name, err := range map[string]error{
		"deleting a folder that is missing":  c.Delete("Filed").Wait(),
		"deleting INBOX":                     c.Delete("INBOX").Wait(),
		"selecting a folder that is missing": selecting,
	} {
		if err == nil {
			t.Errorf("%s succeeded, want an error", name)
		}
	}
}

// SEARCH finds mails by each of the criteria that Parley uses.
func TestSearch(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := openInbox(t, s, 3, nil)
	if _, err := s.Customer(ann).Send(mailfake.Mail{To: []string{support}, Subject: "Grüße", Text: strings.Repeat("lang ", 500),
		MessageID: "<special@x.test>", Date: clock.AddDate(0, 0, -9)}); err != nil {
		t.Fatal(err)
	}
	noError(t, c.Noop().Wait())
	noError(t, c.Store(imap.UIDSetNum(2), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagSeen, "$Mine"}, Silent: true}, nil).Close())
	var uids imap.UIDSet
	uids.AddRange(3, 0)
	var beyond imap.UIDSet
	beyond.AddRange(90, 0)
	cases := []struct {
		name string
		c    imap.SearchCriteria
		want []imap.UID
	}{
		{"all", imap.SearchCriteria{}, []imap.UID{1, 2, 3, 4}},
		{"3:*", imap.SearchCriteria{UID: []imap.UIDSet{uids}}, []imap.UID{3, 4}},
		{"90:* gives the highest", imap.SearchCriteria{UID: []imap.UIDSet{beyond}}, []imap.UID{4}},
		{"sequence", imap.SearchCriteria{SeqNum: []imap.SeqSet{imap.SeqSetNum(2)}}, []imap.UID{2}},
		{"seen", imap.SearchCriteria{Flag: []imap.Flag{imap.FlagSeen}}, []imap.UID{2}},
		{"keyword in another case", imap.SearchCriteria{Flag: []imap.Flag{"$mine"}}, []imap.UID{2}},
		{"unseen", imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagSeen}}, []imap.UID{1, 3, 4}},
		{"message id", imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "message-id", Value: "<special@x.test>"}}}, []imap.UID{4}},
		{"decoded subject", imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Subject", Value: "grüße"}}}, []imap.UID{4}},
		{"has header", imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "X-None"}}}, nil},
		{"body", imap.SearchCriteria{Body: []string{"text of mail 3"}}, []imap.UID{3}},
		{"text", imap.SearchCriteria{Text: []string{"subject: mail 1"}}, []imap.UID{1}},
		{"larger", imap.SearchCriteria{Larger: 2000}, []imap.UID{4}},
		{"smaller", imap.SearchCriteria{Smaller: 2000}, []imap.UID{1, 2, 3}},
		{"sent before", imap.SearchCriteria{SentBefore: clock.AddDate(0, 0, -5)}, []imap.UID{4}},
		{"arrived since", imap.SearchCriteria{Since: clock}, []imap.UID{1, 2, 3, 4}},
		{"arrived since tomorrow", imap.SearchCriteria{Since: clock.AddDate(0, 0, 1)}, nil},
		{"not", imap.SearchCriteria{Not: []imap.SearchCriteria{{Larger: 2000}}}, []imap.UID{1, 2, 3}},
		{"or", imap.SearchCriteria{Or: [][2]imap.SearchCriteria{{{Larger: 2000}, {Flag: []imap.Flag{imap.FlagSeen}}}}}, []imap.UID{2, 4}},
	}
	for _, tc := range cases {
		got, err := c.UIDSearch(&tc.c, nil).Wait()
		if err != nil || !slices.Equal(got.AllUIDs(), tc.want) {
			t.Errorf("%s: found %v, %v; want %v", tc.name, got.AllUIDs(), err, tc.want)
		}
	}
	got, err := c.Search(&imap.SearchCriteria{Larger: 2000}, &imap.SearchOptions{ReturnMin: true, ReturnMax: true, ReturnCount: true}).Wait()
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "MIN by ESEARCH", got.Min, 4)
	wantEqual(t, "MAX by ESEARCH", got.Max, 4)
	wantEqual(t, "COUNT by ESEARCH", got.Count, 1)
}

// FETCH gives all items that Parley asks for. A body that is fetched without PEEK makes a mail seen, but not in EXAMINE.
func TestFetchForms(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := openInbox(t, s, 1, nil)
	raw := s.Inbox(support)[0].Raw
	part := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Offset: 10, Size: 20}}
	past := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Offset: 1 << 20, Size: 20}}
	head := &imap.FetchItemBodySection{Peek: true, Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"Subject"}}
	msgs, err := c.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{UID: true, Flags: true, Envelope: true, InternalDate: true, RFC822Size: true,
		BodyStructure: &imap.FetchItemBodyStructure{Extended: true}, BodySection: []*imap.FetchItemBodySection{wholeMail(), part, past, head}}).Collect()
	if err != nil || len(msgs) != 1 {
		t.Fatalf("fetched %v, %v; want one mail", msgs, err)
	}
	m := msgs[0]
	wantEqual(t, "UID", m.UID, 1)
	wantEqual(t, "subject", m.Envelope.Subject, "Mail 1")
	wantEqual(t, "size", m.RFC822Size, int64(len(raw)))
	wantEqual(t, "flags", len(m.Flags), 0)
	wantEqual(t, "type", m.BodyStructure.MediaType(), "text/plain")
	if !m.InternalDate.Equal(clock) {
		t.Errorf("got the internal date %s, want %s", m.InternalDate, clock)
	}
	wantEqual(t, "whole mail", string(m.FindBodySection(wholeMail())), string(raw))
	wantEqual(t, "part of it", string(m.FindBodySection(part)), string(raw[10:30]))
	wantEqual(t, "part beyond its end", string(m.FindBodySection(past)), "")
	wantEqual(t, "header field", string(m.FindBodySection(head)), "Subject: Mail 1\r\n\r\n")
	for _, readOnly := range []bool{true, false} {
		if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: readOnly}).Wait(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Fetch(imap.UIDSetNum(1), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{}}}).Collect(); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, fmt.Sprintf("seen after a FETCH, read-only %v", readOnly), slices.Contains(s.Inbox(support)[0].Flags, `\Seen`), !readOnly)
	}
}

// TestTwoClients: what one does, the other hears in IDLE.
func TestTwoClients(t *testing.T) {
	t.Parallel()
	s := start(t)
	var l listener
	watcher := openInbox(t, s, 3, l.options())
	idle, err := watcher.Idle()
	if err != nil {
		t.Fatal(err)
	}
	actor := openInbox(t, s, 0, nil)
	noError(t, actor.Store(imap.UIDSetNum(2), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagFlagged}}, nil).Close())
	wantNext(t, "flags of mail", l.flags, 2)
	moved, err := actor.Move(imap.UIDSetNum(1), "Sent").Wait()
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "UID of the moved mail before", moved.SourceUIDs.String(), "1")
	wantEqual(t, "UID of the moved mail", moved.DestUIDs.String(), "1")
	wantNext(t, "EXPUNGE", l.expunge, 1)
	copied, err := actor.Copy(imap.UIDSetNum(2), "Sent").Wait()
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "UID of the copy", copied.DestUIDs.String(), "2")
	noError(t, actor.Store(imap.UIDSetNum(3), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}, Silent: true}, nil).Close())
	if _, err := actor.UIDExpunge(imap.UIDSetNum(3)).Collect(); err != nil {
		t.Fatal(err)
	}
	wantNext(t, "EXPUNGE", l.expunge, 2)
	writeToSupport(t, s, "another")
	wantNext(t, "EXISTS", l.exists, 2)
	noError(t, idle.Close())
	wantEqual(t, "mails in Sent", len(s.Sent(support)), 2)
}

// TestIdleTellsWhatCameBefore: a mail that arrives between two commands is announced by
// the IDLE that follows, without a further mail.
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

// A mail whose APPEND is refused isn't stored; one whose answer is lost is.
func TestAppendUnanswered(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := login(t, s, nil)
	appendCopy := func() error {
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
	noError(t, appendCopy())
	addFault(t, s, mailfake.Fault{Op: mailfake.OpAPPEND, Action: mailfake.ActionReply, Enhanced: "OVERQUOTA"})
	wantIMAPError(t, "APPEND beyond the quota", appendCopy(), "OVERQUOTA")
	wantEqual(t, "mails in Sent after the refusal", len(s.Sent(support)), 1)
	addFault(t, s, mailfake.Fault{Op: mailfake.OpAPPEND, Action: mailfake.ActionDropAfter})
	if err := appendCopy(); err == nil {
		t.Error("APPEND was answered, want the connection dropped")
	}
	wantEqual(t, "mails in Sent after the lost answer", len(s.Sent(support)), 2)
}

// wantIMAPError checks that the server refused a command, with this code.
func wantIMAPError(t *testing.T, command string, err error, code imap.ResponseCode) {
	t.Helper()
	var ie *imap.Error
	if !errors.As(err, &ie) {
		t.Fatalf("%s: got %v, want a refusal", command, err)
	}
	wantEqual(t, command+": code", ie.Code, code)
}
