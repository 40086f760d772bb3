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
	if err := s.AddMailbox(added); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"help@acme.test", "hilfe@acme.test", "nonsense"} {
		if s.AddMailbox(mailfake.MailboxConfig{Address: bad}) == nil {
			t.Errorf("added %s", bad)
		}
	}
	if _, err := s.Customer(ann).Send(mailfake.Mail{To: []string{"Hilfe+x@acme.test"}, Text: "x"}); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Inbox("help@acme.test")); n != 1 {
		t.Fatalf("%d by alias", n)
	}
	client := func() *gomail.Client {
		return sender(t, s, gomail.WithUsername("u-4711"), gomail.WithPassword("p"))
	}
	if err := client().DialAndSendWithContext(soon(t), letter(t, "hilfe@acme.test", ann, "Hi", "x")); err != nil {
		t.Fatal(err)
	}
	arm(t, s, mailfake.Fault{Op: mailfake.OpAUTH, Action: mailfake.ActionReply, Mailbox: "help@acme.test", Code: 535})
	if err := client().DialAndSendWithContext(soon(t), letter(t, "help@acme.test", ann, "Hi", "x")); err == nil {
		t.Fatal("the fault missed")
	}
	if sub := s.Submissions(); len(sub) != 1 || sub[0].Mailbox != "help@acme.test" {
		t.Fatalf("submissions %+v", sub)
	}
}

func TestStoreFlags(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := fill(t, s, 1, nil)
	steps := []struct {
		op    imap.StoreFlagsOp
		flags []imap.Flag
		want  string
	}{
		{imap.StoreFlagsSet, []imap.Flag{imap.FlagSeen, imap.FlagAnswered}, `\Answered \Seen`},
		{imap.StoreFlagsAdd, []imap.Flag{imap.FlagSeen, "$Parked"}, `$Parked \Answered \Seen`},
		{imap.StoreFlagsDel, []imap.Flag{imap.FlagSeen, imap.FlagDraft}, `$Parked \Answered`},
		{imap.StoreFlagsSet, []imap.Flag{imap.FlagFlagged}, `\Flagged`},
	}
	for _, step := range steps {
		if err := c.Store(imap.SeqSetNum(1), &imap.StoreFlags{Op: step.op, Flags: step.flags}, nil).Close(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(s.Inbox(support)[0].Flags, " "); got != step.want {
			t.Errorf("%v %v: %s, want %s", step.op, step.flags, got, step.want)
		}
	}
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		t.Fatal(err)
	}
	change := &imap.StoreFlags{Op: imap.StoreFlagsSet, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := c.Store(imap.SeqSetNum(1), change, nil).Close(); err == nil {
		t.Error("stored in EXAMINE")
	}
	if _, err := c.Move(imap.SeqSetNum(1), "Sent").Wait(); err == nil {
		t.Error("moved in EXAMINE")
	}
	if err := c.Expunge().Close(); err != nil || len(s.Inbox(support)) != 1 {
		t.Errorf("expunged in EXAMINE: %v", err)
	}
}

func TestListForms(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := login(t, s, nil)
	write(t, s, "one")
	if err := c.Create("Filed/2026", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if err := c.Unsubscribe("Filed/2026").Wait(); err != nil {
		t.Fatal(err)
	}
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
		{"*", nil, "Filed/2026 INBOX Sent"},
		{"%", nil, "INBOX Sent"},
		{"Filed/*", nil, "Filed/2026"},
		{"*", &imap.ListOptions{SelectSubscribed: true}, "INBOX Sent"},
		{"*", &imap.ListOptions{SelectSpecialUse: true}, "Sent"},
	} {
		if got := names(tc.pattern, tc.options); got != tc.want {
			t.Errorf("LIST %s %+v: %s", tc.pattern, tc.options, got)
		}
	}
	list, err := c.List("", "INBOX", &imap.ListOptions{ReturnSubscribed: true, ReturnStatus: &imap.StatusOptions{NumMessages: true}}).Collect()
	if err != nil || len(list) != 1 || list[0].Status == nil || *list[0].Status.NumMessages != 1 || !slices.Contains(list[0].Attrs, imap.MailboxAttrSubscribed) {
		t.Errorf("LIST with STATUS: %+v, %v", list, err)
	}
	if ns, err := c.Namespace().Wait(); err != nil || len(ns.Personal) != 1 || ns.Personal[0].Delim != '/' {
		t.Errorf("namespace: %+v, %v", ns, err)
	}
}

// TestSearchResult: "$" stands for what the last search saved. go-imap's client never
// sends SAVE, so this is spoken by hand.
func TestSearchResult(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, subject := range []string{"a", "b", "c"} {
		write(t, s, subject)
	}
	answer := talk(t, s, "b SELECT INBOX", "c UID SEARCH RETURN (SAVE COUNT) SUBJECT b", "d UID FETCH $ (FLAGS)", "e UID SEARCH UID $", "f LOGOUT")
	if !strings.Contains(answer, "COUNT 1") || strings.Count(answer, "FETCH (") != 1 || !strings.Contains(answer, "* 2 FETCH (UID 2 FLAGS ())") ||
		!strings.Contains(answer, "* SEARCH 2\r\n") {
		t.Fatal(answer)
	}
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
			c := fill(t, s, 1, nil)
			arm(t, s, mailfake.Fault{Op: op, Action: mailfake.ActionReply, Enhanced: "UNAVAILABLE"})
			if err := command(c); err == nil {
				t.Error("not refused")
			}
			if op == mailfake.OpSELECT { // a failed SELECT leaves no folder open
				_, _ = c.Select("INBOX", nil).Wait()
			}
			if err := command(c); err != nil {
				t.Errorf("next time: %v", err)
			}
			arm(t, s, mailfake.Fault{Op: op, Action: mailfake.ActionDropAfter})
			if err := command(c); err == nil {
				t.Error("answered")
			}
		})
	}
}
