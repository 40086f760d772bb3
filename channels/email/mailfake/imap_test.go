package mailfake_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"parley/channels/email/mailfake"
)

func whole() *imap.FetchItemBodySection { return &imap.FetchItemBodySection{Peek: true} }

// fill puts n mails into the support mailbox and opens it.
func fill(t *testing.T, s *mailfake.Server, n int, opts *imapclient.Options) *imapclient.Client {
	t.Helper()
	for i := range n {
		write(t, s, fmt.Sprintf("Mail %d", i+1))
	}
	c := login(t, s, opts)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

func write(t *testing.T, s *mailfake.Server, subject string) {
	t.Helper()
	_, err := s.Customer(ann).Send(mailfake.Mail{To: []string{support}, Subject: subject, Text: "text of " + subject})
	if err != nil {
		t.Fatal(err)
	}
}

func arm(t *testing.T, s *mailfake.Server, f mailfake.Fault) (id string) {
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

func next(t *testing.T, what string, ch <-chan uint32) uint32 {
	t.Helper()
	select {
	case n := <-ch:
		return n
	case <-soon(t).Done():
		t.Fatalf("no %s came", what)
		return 0
	}
}

func TestFoldersAndCapabilities(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *mailfake.Options) {
		o.UIDValidity = 700
		o.Mailboxes[0].SentFolder, o.Mailboxes[0].Folders = "[Gmail]/Sent Mail", []string{"[Gmail]/Spam"}
	})
	c := login(t, s, nil)
	for _, want := range []imap.Cap{imap.CapIdle, imap.CapMove, imap.CapUIDPlus, imap.CapSpecialUse, imap.CapESearch} {
		if !c.Caps().Has(want) {
			t.Errorf("no %s in %v", want, c.Caps())
		}
	}
	list, err := c.List("", "*", nil).Collect()
	if err != nil || len(list) != 3 {
		t.Fatalf("list: %v, %v", list, err)
	}
	if list[1].Mailbox != "[Gmail]/Sent Mail" || !slices.Contains(list[1].Attrs, imap.MailboxAttrSent) {
		t.Errorf("sent: %+v", list[1])
	}
	write(t, s, "one")
	sel, err := c.Select("inbox", nil).Wait()
	if err != nil || sel.UIDValidity != 700 || sel.NumMessages != 1 || sel.UIDNext != 2 {
		t.Fatalf("select: %+v, %v", sel, err)
	}
	st, err := c.Status("INBOX", &imap.StatusOptions{NumMessages: true, NumUnseen: true, UIDNext: true, UIDValidity: true}).Wait()
	if err != nil || *st.NumMessages != 1 || *st.NumUnseen != 1 || st.UIDNext != 2 || st.UIDValidity != 700 {
		t.Fatalf("status: %+v, %v", st, err)
	}
	for _, step := range []error{
		c.Create("Done", nil).Wait(), c.Subscribe("Done").Wait(), c.Rename("Done", "Filed", nil).Wait(), c.Delete("Filed").Wait(),
	} {
		if step != nil {
			t.Error(step)
		}
	}
	for name, err := range map[string]error{
		"missing folder": c.Delete("Filed").Wait(), "INBOX deleted": c.Delete("INBOX").Wait(),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := c.Select("Nowhere", nil).Wait(); err == nil {
		t.Error("selected what does not exist")
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := fill(t, s, 3, nil)
	if _, err := s.Customer(ann).Send(mailfake.Mail{To: []string{support}, Subject: "Grüße", Text: strings.Repeat("lang ", 500),
		MessageID: "<special@x.test>", Date: clock.AddDate(0, 0, -9)}); err != nil {
		t.Fatal(err)
	}
	if err := c.Noop().Wait(); err != nil {
		t.Fatal(err)
	}
	if err := c.Store(imap.UIDSetNum(2), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagSeen, "$Mine"}, Silent: true}, nil).Close(); err != nil {
		t.Fatal(err)
	}
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
			t.Errorf("%s: %v, %v; want %v", tc.name, got.AllUIDs(), err, tc.want)
		}
	}
	got, err := c.Search(&imap.SearchCriteria{Larger: 2000}, &imap.SearchOptions{ReturnMin: true, ReturnMax: true, ReturnCount: true}).Wait()
	if err != nil || got.Min != 4 || got.Max != 4 || got.Count != 1 {
		t.Errorf("esearch: %+v, %v", got, err)
	}
}

func TestFetchForms(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := fill(t, s, 1, nil)
	raw := s.Inbox(support)[0].Raw
	part := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Offset: 10, Size: 20}}
	past := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Offset: 1 << 20, Size: 20}}
	head := &imap.FetchItemBodySection{Peek: true, Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"Subject"}}
	msgs, err := c.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{UID: true, Flags: true, Envelope: true, InternalDate: true, RFC822Size: true,
		BodyStructure: &imap.FetchItemBodyStructure{Extended: true}, BodySection: []*imap.FetchItemBodySection{whole(), part, past, head}}).Collect()
	if err != nil || len(msgs) != 1 {
		t.Fatalf("fetch: %v, %v", msgs, err)
	}
	m := msgs[0]
	if m.UID != 1 || m.Envelope.Subject != "Mail 1" || m.RFC822Size != int64(len(raw)) || !m.InternalDate.Equal(clock) || len(m.Flags) != 0 {
		t.Errorf("items: %+v", m)
	}
	if m.BodyStructure.MediaType() != "text/plain" {
		t.Errorf("structure: %v", m.BodyStructure)
	}
	if !bytes.Equal(m.FindBodySection(whole()), raw) || !bytes.Equal(m.FindBodySection(part), raw[10:30]) || len(m.FindBodySection(past)) != 0 {
		t.Error("sections differ from the mail")
	}
	if got := string(m.FindBodySection(head)); got != "Subject: Mail 1\r\n\r\n" {
		t.Errorf("header field: %q", got)
	}
	// without PEEK it becomes seen, but not in EXAMINE
	for _, readOnly := range []bool{true, false} {
		if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: readOnly}).Wait(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Fetch(imap.UIDSetNum(1), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{}}}).Collect(); err != nil {
			t.Fatal(err)
		}
		if seen := slices.Contains(s.Inbox(support)[0].Flags, `\Seen`); seen == readOnly {
			t.Errorf("read-only %v, seen %v", readOnly, seen)
		}
	}
}

// TestTwoClients: what one does, the other hears in IDLE.
func TestTwoClients(t *testing.T) {
	t.Parallel()
	s := start(t)
	var l listener
	watcher := fill(t, s, 3, l.options())
	idle, err := watcher.Idle()
	if err != nil {
		t.Fatal(err)
	}
	actor := fill(t, s, 0, nil)
	if err := actor.Store(imap.UIDSetNum(2), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagFlagged}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	if n := next(t, "flag update", l.flags); n != 2 {
		t.Errorf("flags of %d", n)
	}
	moved, err := actor.Move(imap.UIDSetNum(1), "Sent").Wait()
	if err != nil || moved.DestUIDs.String() != "1" || moved.SourceUIDs.String() != "1" {
		t.Fatalf("move: %+v, %v", moved, err)
	}
	if n := next(t, "EXPUNGE", l.expunge); n != 1 {
		t.Errorf("expunged %d", n)
	}
	copied, err := actor.Copy(imap.UIDSetNum(2), "Sent").Wait()
	if err != nil || copied.DestUIDs.String() != "2" {
		t.Fatalf("copy: %+v, %v", copied, err)
	}
	if err := actor.Store(imap.UIDSetNum(3), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}, Silent: true}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := actor.UIDExpunge(imap.UIDSetNum(3)).Collect(); err != nil {
		t.Fatal(err)
	}
	if n := next(t, "EXPUNGE", l.expunge); n != 2 {
		t.Errorf("expunged %d", n)
	}
	write(t, s, "another")
	if n := next(t, "EXISTS", l.exists); n != 2 {
		t.Errorf("exists %d", n)
	}
	if err := idle.Close(); err != nil {
		t.Fatal(err)
	}
	if got := len(s.Sent(support)); got != 2 {
		t.Errorf("%d in Sent", got)
	}
}

// TestIdleTellsWhatCameBefore: a mail that arrives between two commands is announced by
// the IDLE that follows, without a further mail.
func TestIdleTellsWhatCameBefore(t *testing.T) {
	t.Parallel()
	s := start(t)
	var l listener
	c := fill(t, s, 0, l.options())
	write(t, s, "early")
	if _, err := c.Idle(); err != nil {
		t.Fatal(err)
	}
	if n := next(t, "EXISTS", l.exists); n != 1 {
		t.Errorf("exists %d", n)
	}
}

func TestAppendUnanswered(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := login(t, s, nil)
	put := func() error {
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
	if err := put(); err != nil {
		t.Fatal(err)
	}
	arm(t, s, mailfake.Fault{Op: mailfake.OpAPPEND, Action: mailfake.ActionReply, Enhanced: "OVERQUOTA"})
	var ie *imap.Error
	if err := put(); !errors.As(err, &ie) || ie.Code != "OVERQUOTA" || len(s.Sent(support)) != 1 {
		t.Fatalf("refused append: %v", err)
	}
	arm(t, s, mailfake.Fault{Op: mailfake.OpAPPEND, Action: mailfake.ActionDropAfter})
	if err := put(); err == nil || len(s.Sent(support)) != 2 {
		t.Fatalf("unanswered append: %v, %d stored", err, len(s.Sent(support)))
	}
}
