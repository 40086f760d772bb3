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

// addHelp adds a mailbox that has a login name and an alias, and may send only from its own addresses.
func addHelp(t *testing.T, s *mailfake.Server) mailfake.MailboxConfig {
	t.Helper()
	help := mailfake.MailboxConfig{
		Address:      "help@acme.test",
		Username:     "u-4711",
		Password:     "p",
		Aliases:      []string{"hilfe@acme.test"},
		StrictSender: true,
	}
	noError(t, s.AddMailbox(help))
	return help
}

// asHelp returns the options that log in to the mailbox of addHelp.
func asHelp(help mailfake.MailboxConfig) []gomail.Option {
	return []gomail.Option{gomail.WithUsername(help.Username), gomail.WithPassword(help.Password)}
}

// A mailbox can't be added if its address is taken, even as an alias, or isn't an address.
func TestAddMailboxErrors(t *testing.T) {
	t.Parallel()
	s := start(t)
	addHelp(t, s)
	for _, bad := range []string{"help@acme.test", "hilfe@acme.test", "nonsense"} {
		if s.AddMailbox(mailfake.MailboxConfig{Address: bad}) == nil {
			t.Errorf("the mailbox %s was added, want an error", bad)
		}
	}
}

// A mailbox gets the mail to its alias, and may send from that alias.
func TestAliasOfAMailbox(t *testing.T) {
	t.Parallel()
	s := start(t)
	help := addHelp(t, s)
	_, err := s.Customer(ann).Send(mailfake.Mail{To: []string{"Hilfe+x@acme.test"}, Text: "x"})
	noError(t, err)
	wantEqual(t, "mails that came by its alias", len(s.Inbox(help.Address)), 1)

	submit(t, s, letter(t, "hilfe@acme.test", ann, "Hi", "x"), asHelp(help)...)
	submissions := s.Submissions()
	if len(submissions) != 1 {
		t.Fatalf("submissions: got %+v, want one", submissions)
	}
	wantEqual(t, "mailbox of the submission", submissions[0].Mailbox, help.Address)
}

// A fault names a mailbox by its address, even if the login name differs.
func TestFaultOfAMailboxWithALoginName(t *testing.T) {
	t.Parallel()
	s := start(t)
	help := addHelp(t, s)
	addFault(t, s, mailfake.Fault{Op: mailfake.OpAUTH, Action: mailfake.ActionReply, Mailbox: help.Address, Code: 535})
	if send(t, s, asHelp(help)...) == nil {
		t.Error("the login succeeded, want the fault of its mailbox to strike")
	}
}

// STORE can set, add and remove flags.
func TestStoreFlags(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := openInbox(t, s, 1, nil)
	steps := []struct {
		op    imap.StoreFlagsOp
		flags []imap.Flag
		want  []string // all flags afterwards
	}{
		{op: imap.StoreFlagsSet, flags: []imap.Flag{imap.FlagSeen, imap.FlagAnswered}, want: []string{`\Answered`, `\Seen`}},
		{op: imap.StoreFlagsAdd, flags: []imap.Flag{imap.FlagSeen, "$Parked"}, want: []string{"$Parked", `\Answered`, `\Seen`}},
		{op: imap.StoreFlagsDel, flags: []imap.Flag{imap.FlagSeen, imap.FlagDraft}, want: []string{"$Parked", `\Answered`}},
		{op: imap.StoreFlagsSet, flags: []imap.Flag{imap.FlagFlagged}, want: []string{`\Flagged`}},
	}

	for _, step := range steps {
		noError(t, c.Store(imap.SeqSetNum(1), &imap.StoreFlags{Op: step.op, Flags: step.flags}, nil).Close())
		if got := s.Inbox(support)[0].Flags; !slices.Equal(got, step.want) {
			t.Errorf("after STORE %v %v: got the flags %q, want %q", step.op, step.flags, got, step.want)
		}
	}
}

// A folder that was opened with EXAMINE can't be changed.
func TestFolderOpenByEXAMINE(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := openInbox(t, s, 1, nil)
	_, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
	noError(t, err)
	deleted := &imap.StoreFlags{Op: imap.StoreFlagsSet, Flags: []imap.Flag{imap.FlagDeleted}}
	if c.Store(imap.SeqSetNum(1), deleted, nil).Close() == nil {
		t.Error("STORE succeeded, want an error")
	}
	if _, err := c.Move(imap.SeqSetNum(1), "Sent").Wait(); err == nil {
		t.Error("MOVE succeeded, want an error")
	}
	if err := c.Expunge().Close(); err != nil {
		t.Errorf("EXPUNGE: %v", err)
	}
	wantEqual(t, "mails", len(s.Inbox(support)), 1)
}

// LIST supports patterns, the options that Parley uses, and STATUS in its answer.
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
		noError(t, err)
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

// In a search, "$" stands for the result that the last search saved. go-imap's client never sends SAVE, so the test
// writes the commands itself.
func TestSearchResult(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, subject := range []string{"a", "b", "c"} {
		writeToSupport(t, s, subject)
	}
	answer := speakIMAP(t, s,
		"b SELECT INBOX",
		"c UID SEARCH RETURN (SAVE COUNT) SUBJECT b",
		"d UID FETCH $ (FLAGS)",
		"e UID SEARCH UID $",
		"f LOGOUT",
	)
	for _, want := range []string{"COUNT 1", "* 2 FETCH (UID 2 FLAGS ())", "* SEARCH 2\r\n"} {
		if !strings.Contains(answer, want) {
			t.Errorf("answer: got %q, want %q in it", answer, want)
		}
	}
	wantEqual(t, "mails that were fetched", strings.Count(answer, "FETCH ("), 1)
}

// command is a command of IMAP that a fault can strike.
type command struct {
	op  mailfake.Op
	run func(c *imapclient.Client) error
}

func listCommands() []command {
	return []command{
		{op: mailfake.OpLIST, run: func(c *imapclient.Client) error {
			_, err := c.List("", "*", nil).Collect()
			return err
		}},
		{op: mailfake.OpSTATUS, run: func(c *imapclient.Client) error {
			_, err := c.Status("INBOX", &imap.StatusOptions{UIDNext: true}).Wait()
			return err
		}},
		{op: mailfake.OpSEARCH, run: func(c *imapclient.Client) error {
			_, err := c.UIDSearch(&imap.SearchCriteria{}, nil).Wait()
			return err
		}},
		{op: mailfake.OpSTORE, run: func(c *imapclient.Client) error {
			flags := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagSeen}}
			return c.Store(imap.UIDSetNum(1), flags, nil).Close()
		}},
		{op: mailfake.OpMOVE, run: func(c *imapclient.Client) error { // COPY is struck by it, too
			_, err := c.Copy(imap.UIDSetNum(1), "Sent").Wait()
			return err
		}},
		{op: mailfake.OpEXPUNGE, run: func(c *imapclient.Client) error { return c.Expunge().Close() }},
		{op: mailfake.OpSELECT, run: func(c *imapclient.Client) error {
			_, err := c.Select("INBOX", nil).Wait()
			return err
		}},
	}
}

// A fault can refuse any command, which succeeds the next time.
func TestCommandsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, cmd := range listCommands() {
		t.Run(string(cmd.op), func(t *testing.T) {
			t.Parallel()
			s := start(t)
			c := openInbox(t, s, 1, nil)
			addFault(t, s, mailfake.Fault{Op: cmd.op, Action: mailfake.ActionReply, ResponseCode: "UNAVAILABLE"})
			if cmd.run(c) == nil {
				t.Error("the command succeeded, want it refused")
			}
			if err := cmd.run(c); err != nil {
				t.Errorf("the command after the fault: %v", err)
			}
		})
	}
}

// A fault can drop the connection instead of the answer to any command.
func TestCommandsThatAreNotAnswered(t *testing.T) {
	t.Parallel()
	for _, cmd := range listCommands() {
		t.Run(string(cmd.op), func(t *testing.T) {
			t.Parallel()
			s := start(t)
			c := openInbox(t, s, 1, nil)
			addFault(t, s, mailfake.Fault{Op: cmd.op, Action: mailfake.ActionDropAfter})
			if cmd.run(c) == nil {
				t.Error("the command was answered, want the connection dropped")
			}
		})
	}
}
