package email

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"parley/channels"
	"parley/channels/channelstest"
	"parley/channels/email/mailbox"
	"parley/channels/email/mailfake"
)

// Nearly each test of this package has a world: mail servers (package mailfake) with the mailbox support@acme.test, and a
// channel that reads it into a journal. The methods that tests use are in this file, the journal is in journal_test.go.
//
// The code was also tried by hand against other servers, by pointing this harness at them. On 2026-11-20: Dovecot
// 2.3.19.1 (maildir, IDLE). A mail is there 0.5 s after its APPEND, 30 mails in a row come in order, and 39 MB come
// whole. A session that is killed while it idles is replaced. Removing the maildir changes UIDVALIDITY, and no mail is
// lost or doubled. Copies are filed and found by Reconcile. A wrong password is explained. Also smtp-server 3.21.6 of
// npm: PLAIN, LOGIN, STARTTLS, TLS, 550, SIZE, 535, and silence after the final dot.
//
// On 2026-11-23: hoodiecrow-imap 2.1.0 of npm without any extension, with IDLE alone, with LITERAL+ and without UIDPLUS,
// with all that it knows, and as Gmail. Unasked responses, cut sockets and BYE while 30 mails came, and a new
// UIDVALIDITY: no mail was lost, doubled or out of order. An unasked response of an unknown kind ends the connection,
// since go-imap refuses it, and the next connection goes on. LOGINDISABLED is explained. The clients imapflow 2.10.2,
// node-imap and nodemailer 10.6.0 of npm work with package mailfake as with other servers. Python's email, mailparser and
// postal-mime read 400 odd mails of Parley's: see filename.go.
//
// On 2026-11-29: mox of 2026-08-19 (1c95876), which has IMAP4rev2. Mails that arrive while others are being read come within
// 0.2 s, in order. Parley's mail is submitted, its copy filed, and found by Reconcile. Cyrus 3.6.1 and Courier 5.0.13: bursts,
// changed flags and expunged mails meanwhile, a mailbox that is removed and made again, mails that are moved and brought back,
// answers in Sent: nothing was lost, doubled or out of order. Exim 4.96: greylisting, and refusals of one recipient of several,
// of the connection and of the password; addresses outside ASCII.

const (
	support  = "support@acme.test" // the mailbox of the channel
	password = "secret"
	customer = "ann@customer.test"

	// patience bounds every wait; only a failing test uses it up.
	patience = 2 * time.Minute

	// mailsOfABatch is how many mails are fetched and stored together. TestBatchesKeepUIDOrder fails when package
	// mailbox takes another number.
	mailsOfABatch = 50

	// closedAddress is an address at which no server listens. A free port could be taken by another process a moment
	// later.
	closedAddress = "127.0.0.1:1"
)

// testKeys sign the tokens of all tests.
func testKeys() [][]byte { return [][]byte{[]byte("key one"), []byte("key two")} }

// testTiming reacts at once and never polls, so that only a test's own steps make something happen. Its limits are more
// than a slow machine needs.
func testTiming() mailbox.Timing {
	return mailbox.Timing{
		Dial:       30 * time.Second,
		Command:    30 * time.Second,
		Total:      patience,
		Poll:       time.Hour,
		PollBlind:  time.Hour,
		Rescan:     time.Hour,
		RescanBad:  time.Hour,
		Overlap:    48 * time.Hour,
		RetryFirst: time.Millisecond,
		RetryMax:   20 * time.Millisecond,
		RetryLost:  20 * time.Millisecond,
		LoginFirst: time.Millisecond,
		LoginMax:   20 * time.Millisecond,
		StoreFirst: time.Millisecond,
		StoreMax:   20 * time.Millisecond,
		Again:      time.Millisecond,
		SaveCopy:   30 * time.Second,
	}
}

// world is mail servers with one channel on them. A test changes config, env, begins and opts before it makes the channel.
type world struct {
	*mailfake.Server
	t       *testing.T
	journal *journal
	config  channels.Config
	env     channels.Env
	begins  time.Time // the account's set-up; zero means that its time isn't known
	opts    mailbox.Options
	process *process
}

// newWorld starts servers with the mailbox support@acme.test and prepares a channel.
func newWorld(t *testing.T, change ...func(*mailfake.Options)) *world {
	t.Helper()
	o := mailfake.Options{Mailboxes: []mailfake.MailboxConfig{
		{Address: support, Password: password, Folders: []string{"Archive"}},
	}}
	for _, c := range change {
		c(&o)
	}

	w := &world{
		Server:  mailfake.New(o),
		t:       t,
		journal: newJournal(),
		opts:    mailbox.Options{Timing: testTiming(), MaxBody: 50 << 20, MaxJoin: 1 << 20},
		process: newProcess(),
	}
	noError(t, w.Start(t.Context()))
	t.Cleanup(func() { _ = w.Close() })
	for _, addr := range []string{w.IMAPAddr(), w.SMTPAddr()} { // closing a server that doesn't serve yet would hang
		waitForGreeting(t, addr)
	}

	w.env = channels.Env{
		Log:  slog.New(slog.NewTextHandler(channelstest.Log(t), nil)).With("account_id", 1),
		Now:  time.Now,
		Keys: testKeys(),
	}
	w.storeIn(w.journal)
	w.config = channels.Config{
		"address":       support,
		"sender_name":   "Acme Support",
		"aliases":       "help@acme.test",
		"imap.security": "none",
		"imap.password": password,
		"smtp.security": "none",
	}
	w.pointTo(w.IMAPAddr(), w.SMTPAddr())
	return w
}

// newWatchedWorld makes a world whose mailbox the channel has looked at once. Mails that come from now on are new.
func newWatchedWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.lookOnce()
	return w
}

// storeIn lets the channel store in this journal.
func (w *world) storeIn(j *journal) {
	w.journal = j
	w.env.Accept = j.accept
	w.env.State = j
	w.env.Report = j.report
}

// waitForGreeting waits until a server greets.
func waitForGreeting(t *testing.T, addr string) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(testContext(t), "tcp", addr)
	noError(t, err)
	defer conn.Close()
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
}

// pointTo sets the servers' addresses.
func (w *world) pointTo(imapAddr, smtpAddr string) {
	w.config["imap.host"], w.config["imap.port"], _ = strings.Cut(imapAddr, ":")
	w.config["smtp.host"], w.config["smtp.port"], _ = strings.Cut(smtpAddr, ":")
}

// channel makes a channel from the world's current settings.
func (w *world) channel() *Channel {
	w.t.Helper()
	account := channels.Account{ID: 1, Name: "mail", Config: maps.Clone(w.config), BeginsAt: w.begins}
	c, err := newChannel(account, w.env, w.opts, w.process)
	noError(w.t, err)
	return c
}

// start makes a channel and runs it. stop ends Run and waits for that.
func (w *world) start() (stop func()) {
	w.t.Helper()
	c := w.channel()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				w.t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			w.t.Error("Run did not stop")
		}
	})
	w.t.Cleanup(stop)
	return stop
}

// startAndWaitActive is like start, and waits until the channel has looked at the mailbox for the first time.
func (w *world) startAndWaitActive() (stop func()) {
	w.t.Helper()
	stop = w.start()
	w.waitActive()
	return stop
}

// lookOnce starts the channel, lets it look at the mailbox once, and stops it.
func (w *world) lookOnce() {
	w.t.Helper()
	stop := w.startAndWaitActive()
	stop()
}

// waitActive waits until the channel that runs reports that it has looked at the mailbox.
func (w *world) waitActive() {
	w.t.Helper()
	w.waitCondition(channels.Active)
}

// waitCondition waits until the latest report of the channel has a status, and returns the report.
func (w *world) waitCondition(status channels.ConditionStatus) (got channels.Condition) {
	w.t.Helper()
	w.journal.waitUntil(w.t, "condition "+string(status), func() bool {
		n := len(w.journal.conditions)
		if n > 0 {
			got = w.journal.conditions[n-1]
		}
		return n > 0 && got.Status == status
	})
	return got
}

// wantOnlyActive checks that the channel has only reported that it works.
func (w *world) wantOnlyActive() {
	w.t.Helper()
	for _, c := range w.journal.snapshot().conditions {
		if c.Status != channels.Active {
			w.t.Errorf("report of the channel: got %+v, want active alone", c)
		}
	}
}

// waitStored waits until this many mails are stored, and checks that they are these, in this order, since the test began.
func (w *world) waitStored(want ...string) {
	w.t.Helper()
	w.journal.waitUntil(w.t, fmt.Sprintf("the mails %q", want), func() bool { return len(w.journal.facts) >= len(want) })
	if got := subjectsOf(w.journal.snapshot().facts); !slices.Equal(got, want) {
		w.t.Fatalf("stored mails: got %q, want %q", got, want)
	}
}

// waitWatermark waits until the watermark, which is JSON, has a text in it.
func (w *world) waitWatermark(part string) {
	w.t.Helper()
	w.journal.waitUntil(w.t, "a watermark with "+part, func() bool { return strings.Contains(string(w.journal.state), part) })
}

// findingText returns the text of one finding of Check, or "" if there is none of that name.
func (w *world) findingText(what string) string {
	w.t.Helper()
	for _, f := range w.channel().Check(testContext(w.t)) {
		if f.What == what {
			return f.Text
		}
	}
	return ""
}

// deliver delivers a customer's mail into the inbox.
func (w *world) deliver(subjects ...string) {
	w.t.Helper()
	for _, subject := range subjects {
		m := mailfake.Mail{To: []string{w.config["address"]}, Subject: subject, Text: "Hello " + subject}
		if _, err := w.Customer("Ann Lee <" + customer + ">").Send(m); err != nil {
			w.t.Fatal(err)
		}
	}
}

// openAsMailProgram logs in as another mail program would, with a folder open.
func (w *world) openAsMailProgram(folder string) *imapclient.Client {
	w.t.Helper()
	c, err := imapclient.DialInsecure(w.IMAPAddr(), nil)
	noError(w.t, err)
	w.t.Cleanup(func() { _ = c.Close() })
	context.AfterFunc(testContext(w.t), func() { _ = c.Close() }) // so that no command waits for its answer without an end
	noError(w.t, c.Login(w.config["address"], password).Wait())
	if _, err := c.Select(folder, nil).Wait(); err != nil {
		w.t.Fatal(err)
	}
	return c
}

// appendMail puts a raw mail into a folder, with an arrival date. Its lines may end with \n.
func (w *world) appendMail(folder, raw string, at time.Time) {
	w.t.Helper()
	c := w.openAsMailProgram(folder)
	raw = strings.ReplaceAll(raw, "\n", "\r\n")
	cmd := c.Append(folder, int64(len(raw)), &imap.AppendOptions{Time: at})
	if _, err := io.WriteString(cmd, raw); err != nil {
		w.t.Fatal(err)
	}
	noError(w.t, cmd.Close())
	if _, err := cmd.Wait(); err != nil {
		w.t.Fatal(err)
	}
}

// appendReceived puts a mail into a folder that was received some time before now.
func (w *world) appendReceived(folder, subject string, ago time.Duration) {
	w.t.Helper()
	id := strings.ReplaceAll(subject, " ", "-")
	w.appendMail(folder, fmt.Sprintf("Message-ID: <%s@x>\nSubject: %s\n\nHello\n", id, subject), time.Now().Add(-ago))
}

// addFault arms a fault of the servers, and returns its id for waitFault.
func (w *world) addFault(f mailfake.Fault) string {
	w.t.Helper()
	id, err := w.AddFault(f)
	noError(w.t, err)
	return id
}

// addIdleFault adds a fault that affects each IDLE. So waitFault can tell when an IDLE has begun.
func (w *world) addIdleFault(f mailfake.Fault) string {
	w.t.Helper()
	f.Op = mailfake.OpIDLE
	f.Times = mailfake.Forever
	return w.addFault(f)
}

// waitFault waits until a fault has occurred this many times.
func (w *world) waitFault(id string, times int) {
	w.t.Helper()
	if err := w.WaitFault(testContext(w.t), id, times); err != nil {
		w.t.Fatalf("fault %s: %v", id, err)
	}
}

// changeUIDValidity gives the mails of a folder new numbers.
func (w *world) changeUIDValidity(folder string) {
	w.t.Helper()
	noError(w.t, w.ChangeUIDValidity(support, folder))
}

// testContext ends with the test, or when its patience does.
func testContext(t *testing.T) context.Context { return contextWithin(t, patience) }

// contextWithin ends with the test, or after d.
func contextWithin(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// noError ends the test if something failed.
func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantEqual checks one value. The argument what names it.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// wantContains checks that a text for people contains words.
func wantContains(t *testing.T, what, text, words string) {
	t.Helper()
	if !strings.Contains(text, words) {
		t.Errorf("%s: got %q, want %q in it", what, text, words)
	}
}
