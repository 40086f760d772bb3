package mailfake_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	gomail "github.com/wneessen/go-mail"

	"parley/channels/email/mailfake"
)

// TestAddMailbox: another login name, an alias, and a fault that knows the mailbox by
// its address whatever the login name is.
func TestAddMailbox(t *testing.T) {
	t.Parallel()
	s := start(t)
	added := mailfake.MailboxConfig{Address: "help@acme.test", Username: "u-4711", Password: "p", Aliases: []string{"hilfe@acme.test"}, StrictSender: true}
	noError(t, s.AddMailbox(added))
	for _, bad := range []string{"help@acme.test", "hilfe@acme.test", "nonsense"} {
		if s.AddMailbox(mailfake.MailboxConfig{Address: bad}) == nil {
			t.Errorf("the mailbox %s was added, want an error", bad)
		}
	}
	if _, err := s.Customer(ann).Send(mailfake.Mail{To: []string{"Hilfe+x@acme.test"}, Text: "x"}); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "mails that came by its alias", len(s.Inbox("help@acme.test")), 1)
	user, password := gomail.WithUsername(added.Username), gomail.WithPassword(added.Password)
	submit(t, s, letter(t, "hilfe@acme.test", ann, "Hi", "x"), user, password)
	addFault(t, s, mailfake.Fault{Op: mailfake.OpAUTH, Action: mailfake.ActionReply, Mailbox: "help@acme.test", Code: 535})
	if err := sender(t, s, user, password).DialAndSendWithContext(testContext(t), letter(t, "help@acme.test", ann, "Hi", "x")); err == nil {
		t.Error("the login succeeded, want the fault of its mailbox to strike")
	}
	if sub := s.Submissions(); len(sub) != 1 || sub[0].Mailbox != "help@acme.test" {
		t.Errorf("got the submissions %+v, want one of the mailbox", sub)
	}
}

// Flags are set, added and taken away; a folder that is open by EXAMINE stays as it is.
func TestStoreFlags(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := openInbox(t, s, 1, nil)
	steps := []struct {
		op    imap.StoreFlagsOp
		flags []imap.Flag
		want  string
	}{
		{op: imap.StoreFlagsSet, flags: []imap.Flag{imap.FlagSeen, imap.FlagAnswered}, want: `\Answered \Seen`},
		{op: imap.StoreFlagsAdd, flags: []imap.Flag{imap.FlagSeen, "$Parked"}, want: `$Parked \Answered \Seen`},
		{op: imap.StoreFlagsDel, flags: []imap.Flag{imap.FlagSeen, imap.FlagDraft}, want: `$Parked \Answered`},
		{op: imap.StoreFlagsSet, flags: []imap.Flag{imap.FlagFlagged}, want: `\Flagged`},
	}
	for _, step := range steps {
		noError(t, c.Store(imap.SeqSetNum(1), &imap.StoreFlags{Op: step.op, Flags: step.flags}, nil).Close())
		if got := strings.Join(s.Inbox(support)[0].Flags, " "); got != step.want {
			t.Errorf("%v %v: %s, want %s", step.op, step.flags, got, step.want)
		}
	}
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		t.Fatal(err)
	}
	change := &imap.StoreFlags{Op: imap.StoreFlagsSet, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := c.Store(imap.SeqSetNum(1), change, nil).Close(); err == nil {
		t.Error("STORE in EXAMINE succeeded, want an error")
	}
	if _, err := c.Move(imap.SeqSetNum(1), "Sent").Wait(); err == nil {
		t.Error("MOVE in EXAMINE succeeded, want an error")
	}
	if err := c.Expunge().Close(); err != nil {
		t.Errorf("EXPUNGE in EXAMINE: %v", err)
	}
	wantEqual(t, "mails after it", len(s.Inbox(support)), 1)
}

// LIST knows patterns, the options that Parley uses, and STATUS beside them.
func TestListForms(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := login(t, s, nil)
	writeToSupport(t, s, "one")
	noError(t, c.Create("Filed/2026", nil).Wait())
	noError(t, c.Unsubscribe("Filed/2026").Wait())
	names := func(pattern string, options *imap.ListOptions) string {
		t.Helper()
		list, err := c.List("", pattern, options).Collect()
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, l := range list {
			out = append(out, l.Mailbox)
		}
		return strings.Join(out, " ")
	}
	for _, tc := range []struct {
		pattern string
		options *imap.ListOptions
		want    string
	}{
		{pattern: "*", want: "Filed/2026 INBOX Sent"},
		{pattern: "%", want: "Filed INBOX Sent"},
		{pattern: "Filed/*", want: "Filed/2026"},
		{pattern: "*", options: &imap.ListOptions{SelectSubscribed: true}, want: "INBOX Sent"},
		{pattern: "%", options: &imap.ListOptions{SelectSubscribed: true}, want: "INBOX Sent"},
		{pattern: "*", options: &imap.ListOptions{SelectSpecialUse: true}, want: "Sent"},
	} {
		if got := names(tc.pattern, tc.options); got != tc.want {
			t.Errorf("LIST %s %+v: got %s, want %s", tc.pattern, tc.options, got, tc.want)
		}
	}
	list, err := c.List("", "INBOX", &imap.ListOptions{ReturnSubscribed: true, ReturnStatus: &imap.StatusOptions{NumMessages: true}}).Collect()
	if err != nil || len(list) != 1 || list[0].Status == nil {
		t.Fatalf("LIST with STATUS: got %+v, %v; want one folder with its status", list, err)
	}
	wantEqual(t, "mails", *list[0].Status.NumMessages, 1)
	wantEqual(t, "the folder is subscribed", slices.Contains(list[0].Attrs, imap.MailboxAttrSubscribed), true)
	ns, err := c.Namespace().Wait()
	if err != nil || len(ns.Personal) != 1 {
		t.Fatalf("NAMESPACE: got %+v, %v; want one", ns, err)
	}
	wantEqual(t, "what parts the names of folders", ns.Personal[0].Delim, '/')
}

// TestSearchResult: "$" stands for what the last search saved. go-imap's client never
// sends SAVE, so this is spoken by hand.
func TestSearchResult(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, subject := range []string{"a", "b", "c"} {
		writeToSupport(t, s, subject)
	}
	answer := speakIMAP(t, s, "b SELECT INBOX", "c UID SEARCH RETURN (SAVE COUNT) SUBJECT b", "d UID FETCH $ (FLAGS)", "e UID SEARCH UID $", "f LOGOUT")
	for _, want := range []string{"COUNT 1", "* 2 FETCH (UID 2 FLAGS ())", "* SEARCH 2\r\n"} {
		if !strings.Contains(answer, want) {
			t.Errorf("got the answer %q, want %q in it", answer, want)
		}
	}
	wantEqual(t, "mails that were fetched", strings.Count(answer, "FETCH ("), 1)
}

// TestCommandFaults: every IMAP command can be refused, and works the next time.
func TestCommandFaults(t *testing.T) {
	t.Parallel()
	commands := map[mailfake.Op]func(c *imapclient.Client) error{
		mailfake.OpLIST:   func(c *imapclient.Client) error { _, err := c.List("", "*", nil).Collect(); return err },
		mailfake.OpSELECT: func(c *imapclient.Client) error { _, err := c.Select("INBOX", nil).Wait(); return err },
		mailfake.OpSTATUS: func(c *imapclient.Client) error {
			_, err := c.Status("INBOX", &imap.StatusOptions{UIDNext: true}).Wait()
			return err
		},
		mailfake.OpSEARCH: func(c *imapclient.Client) error {
			_, err := c.UIDSearch(&imap.SearchCriteria{}, nil).Wait()
			return err
		},
		mailfake.OpSTORE: func(c *imapclient.Client) error {
			return c.Store(imap.UIDSetNum(1), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagSeen}}, nil).Close()
		},
		mailfake.OpMOVE:    func(c *imapclient.Client) error { _, err := c.Copy(imap.UIDSetNum(1), "Sent").Wait(); return err },
		mailfake.OpEXPUNGE: func(c *imapclient.Client) error { return c.Expunge().Close() },
	}
	for op, command := range commands {
		t.Run(string(op), func(t *testing.T) {
			t.Parallel()
			s := start(t)
			c := openInbox(t, s, 1, nil)
			addFault(t, s, mailfake.Fault{Op: op, Action: mailfake.ActionReply, Enhanced: "UNAVAILABLE"})
			if err := command(c); err == nil {
				t.Error("the command succeeded, want it refused")
			}
			if op == mailfake.OpSELECT { // a failed SELECT leaves no folder open
				_, _ = c.Select("INBOX", nil).Wait()
			}
			if err := command(c); err != nil {
				t.Errorf("the command after the fault: %v", err)
			}
			addFault(t, s, mailfake.Fault{Op: op, Action: mailfake.ActionDropAfter})
			if err := command(c); err == nil {
				t.Error("the command was answered, want the connection dropped")
			}
		})
	}
}
