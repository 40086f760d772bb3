package mailfake_test

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	gomail "github.com/wneessen/go-mail"

	"parley/channels/email/mailfake"
)

const (
	support  = "support@acme.test"
	letterID = "<c1.m1@acme.test>"
)

// clock is the fixed time of all servers in these tests.
var clock = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)

func start(t *testing.T, change ...func(*mailfake.Options)) *mailfake.Server {
	t.Helper()
	opts := mailfake.Options{
		UIDValidity: 700,
		Clock:       func() time.Time { return clock },
		Mailboxes: []mailfake.MailboxConfig{
			{Address: support, Password: "secret", Tokens: []string{"token-1"}},
			{Address: "sales@acme.test", Password: "secret", SaveToSent: true, RewriteMessageID: true, StrictSender: true},
		},
	}
	for _, c := range change {
		c(&opts)
	}
	s := mailfake.New(opts)
	noError(t, s.Start(t.Context()))
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func login(t *testing.T, s *mailfake.Server, opts *imapclient.Options) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(s.IMAPAddr(), opts)
	noError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	context.AfterFunc(testContext(t), func() { _ = c.Close() }) // so that no command waits for ever
	noError(t, c.Login(support, "secret").Wait())
	return c
}

func sender(t *testing.T, s *mailfake.Server, opts ...gomail.Option) *gomail.Client {
	t.Helper()
	host, port := hostPort(t, s.SMTPAddr())
	all := append([]gomail.Option{gomail.WithPort(port), gomail.WithTLSPolicy(gomail.NoTLS), gomail.WithTimeout(30 * time.Second),
		gomail.WithSMTPAuth(gomail.SMTPAuthPlain), gomail.WithUsername(support), gomail.WithPassword("secret")}, opts...)
	c, err := gomail.NewClient(host, all...)
	noError(t, err)
	return c
}

// letter makes a mail with the Message-ID letterID.
func letter(t *testing.T, from, to, subject, text string) *gomail.Msg {
	t.Helper()
	m := gomail.NewMsg()
	for _, err := range []error{m.From(from), m.To(to)} {
		noError(t, err)
	}
	m.Subject(subject)
	m.SetMessageIDWithValue(strings.Trim(letterID, "<>"))
	m.SetDateWithValue(clock)
	m.SetBodyString(gomail.TypeTextPlain, text)
	return m
}

// submit sends a mail with support's login.
func submit(t *testing.T, s *mailfake.Server, m *gomail.Msg, opts ...gomail.Option) {
	t.Helper()
	noError(t, sender(t, s, opts...).DialAndSendWithContext(testContext(t), m))
}

// noError ends the test if there is an error.
func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantEqual checks one value. what is its name in the error.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// atLeast is a condition for WaitFor: at least n mails are there.
func atLeast(n int) func([]mailfake.Received) bool {
	return func(in []mailfake.Received) bool { return len(in) >= n }
}

// TestRoundTrip plays a whole exchange: a customer writes, IDLE announces her mail, the company reads and answers it,
// and the customer reads the answer and replies to it.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	s := start(t)
	exists := make(chan uint32, 10)
	c := login(t, s, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				exists <- *d.NumMessages
			}
		},
	}})
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}

	idle, err := c.Idle()
	noError(t, err)

	ann := s.Customer("Ann Lee <ann@customer.test>")
	sent, err := ann.Send(mailfake.Mail{To: []string{support}, Subject: "Zoë's printer", Text: "It burns.\n"})
	noError(t, err)
	select {
	case n := <-exists:
		wantEqual(t, "mails that IDLE announces", n, 1)
	case <-testContext(t).Done():
		t.Fatal("IDLE announced nothing")
	}

	noError(t, idle.Close())
	msgs, err := c.Fetch(imap.UIDSetNum(1), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}}).Collect()
	if err != nil || len(msgs) != 1 {
		t.Fatalf("fetched %d mails, %v; want one", len(msgs), err)
	}

	stored := s.Inbox(support)[0]
	wantEqual(t, "mail by IMAP", string(msgs[0].FindBodySection(&imap.FetchItemBodySection{Peek: true})), string(stored.Raw))
	wantEqual(t, "subject", stored.Subject, "Zoë's printer")
	wantEqual(t, "error of the parser", stored.ParseError, "")
	answerAndReply(t, s, ann, sent.MessageID)
}

// answerAndReply answers the customer's question and lets her reply.
func answerAndReply(t *testing.T, s *mailfake.Server, ann *mailfake.Customer, question string) {
	t.Helper()
	m := letter(t, support, ann.Address(), "Re: Zoë's printer", "Water!")
	m.SetGenHeader("In-Reply-To", question)
	submit(t, s, m)

	got, err := s.WaitFor(testContext(t), ann.Address(), atLeast(1))
	noError(t, err)
	wantEqual(t, "text of the answer", got[0].Text, "Water!\n")
	wantEqual(t, "question of the answer", got[0].InReplyTo, question)
	wantEqual(t, "id of the answer", got[0].MessageID, letterID)

	if _, err := ann.Reply(got[0], "Thank you"); err != nil {
		t.Fatal(err)
	}
	reply := s.Inbox(support)[1]
	wantEqual(t, "mail that she replies to", reply.InReplyTo, letterID)
	wantEqual(t, "subject of the reply", reply.Subject, "Re: Zoë's printer")
	wantEqual(t, "error of the parser", reply.ParseError, "")
}

func hostPort(t *testing.T, addr string) (string, int) {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	noError(t, err)
	n, err := strconv.Atoi(port)
	noError(t, err)
	return host, n
}
