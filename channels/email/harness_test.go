package email

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
	"parley/channels/email/inbound"
	"parley/channels/email/mailbox"
	"parley/channels/email/mailfake"
)

const support = "support@acme.test"

// Beside the emulator, the code was tried by hand on 2026-11-20, with what is in this
// harness pointed at other servers. Dovecot 2.3.19.1 (maildir, IDLE): a mail is there
// 0.5 s after its APPEND, 30 in a row in order; a session killed while it idles is
// replaced; 39 MB come whole; removing the maildir changes UIDVALIDITY and nothing is
// lost or doubled; copies are filed and found by Reconcile; a wrong password is
// explained. smtp-server 3.21.6 of npm: PLAIN, LOGIN, STARTTLS, TLS, 550, SIZE, 535, and
// silence after the final dot.
//
// On 2026-11-23: hoodiecrow-imap 2.1.0 of npm without any extension, with IDLE alone, with LITERAL+ and
// without UIDPLUS, with all it knows, and as Gmail. Unasked responses, sockets cut and BYE while 30 mails
// came, and a new UIDVALIDITY: nothing was lost, doubled or out of order. An unasked response of an
// unknown kind costs the connection, as go-imap refuses it; the next one goes on. LOGINDISABLED is explained.
// imapflow 2.10.2, node-imap and nodemailer 10.6.0 of npm do with package mailfake what they do with other
// servers. 400 odd mails of ours were read by Python's email, mailparser and postal-mime: see filename.go.

// patience bounds every wait; only a failing test uses it up.
const patience = 2 * time.Minute

// mailsOfABatch is how many mails are fetched and stored together. TestBatchesKeepUIDOrder fails when package
// mailbox takes another number.
const mailsOfABatch = 50

// testKeys sign the tokens of all tests.
func testKeys() [][]byte { return [][]byte{[]byte("key one"), []byte("key two")} }

// testTiming reacts at once and polls never, so that what happens was caused. Its bounds are
// more than a slow machine takes.
func testTiming() mailbox.Timing {
	return mailbox.Timing{
		Dial: 30 * time.Second, Command: 30 * time.Second, Total: patience,
		Poll: time.Hour, PollBlind: time.Hour, Rescan: time.Hour, RescanBad: time.Hour, Overlap: 48 * time.Hour,
		RetryFirst: time.Millisecond, RetryMax: 20 * time.Millisecond,
		LoginFirst: time.Millisecond, LoginMax: 20 * time.Millisecond,
		StoreFirst: time.Millisecond, StoreMax: 20 * time.Millisecond,
		Again: time.Millisecond, SaveCopy: 30 * time.Second,
	}
}

// signal wakes those who wait for a change.
type signal struct {
	mu sync.Mutex
	ch chan struct{}
}

func newSignal() *signal { return &signal{ch: make(chan struct{})} }

// change runs f under the lock and wakes everybody.
func (s *signal) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.ch)
	s.ch = make(chan struct{})
}

// wait waits until done, which is called under the lock, reports true.
func (s *signal) wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		s.mu.Lock()
		ok, ch := done(), s.ch
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-ch:
		case <-timeout.C:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// journal is Accept and State as the engine has them: a fact is stored once. While a channel runs,
// tests read it by read and change it by change.
type journal struct {
	*signal
	record
	refuse    []error // what the next calls of accept answer
	failSaves int     // how many calls of Save fail
}

// record is what a channel has told its journal.
type record struct {
	facts      []channels.Fact
	calls      [][]channels.Fact // every call, known facts too
	state      []byte
	saves      int
	conditions []channels.Condition
}

// read returns what the journal holds now.
func (j *journal) read() record {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := j.record
	r.facts, r.calls, r.conditions = slices.Clone(r.facts), slices.Clone(r.calls), slices.Clone(r.conditions)
	return r
}

func (j *journal) accept(_ context.Context, facts ...channels.Fact) (err error) {
	j.change(func() {
		j.calls = append(j.calls, facts)
		if len(j.refuse) > 0 {
			err, j.refuse = j.refuse[0], j.refuse[1:]
			return
		}
		for _, f := range facts {
			known := func(o channels.Fact) bool { return o.ExternalID == f.ExternalID }
			if !slices.ContainsFunc(j.facts, known) {
				j.facts = append(j.facts, f)
			}
		}
	})
	return err
}

// Load and Save make the journal the channel's state.
func (j *journal) Load(context.Context) ([]byte, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.state, nil
}

func (j *journal) Save(_ context.Context, data []byte) (err error) {
	j.change(func() {
		if j.failSaves > 0 {
			j.failSaves--
			err = fmt.Errorf("no database")
			return
		}
		j.state, j.saves = data, j.saves+1
	})
	return err
}

func (j *journal) report(c channels.Condition) {
	j.change(func() { j.conditions = append(j.conditions, c) })
}

// subjects lists the stored facts by the subject of their mails.
func (j *journal) subjects() []string {
	return subjectsOf(j.read().facts)
}

func subjectsOf(facts []channels.Fact) []string {
	out := []string{}
	for _, f := range facts {
		out = append(out, subjectOf(f))
	}
	return out
}

func subjectOf(f channels.Fact) string {
	if f.Quarantine != "" {
		return "quarantined"
	}
	_, raw := inbound.SplitPayload(f.Payload)
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		if s, ok := strings.CutPrefix(line, "Subject: "); ok {
			return s
		}
	}
	return "?"
}

// world is a mail world with one channel on it.
type world struct {
	*mailfake.Server
	t       *testing.T
	journal *journal
	config  channels.Config
	env     channels.Env
	begins  time.Time // when the account was set up; zero = not known
	opts    mailbox.Options
	process *process
}

// newWorld starts servers with the mailbox support@acme.test and prepares a channel.
func newWorld(t *testing.T, change ...func(*mailfake.Options)) *world {
	t.Helper()
	o := mailfake.Options{Mailboxes: []mailfake.MailboxConfig{
		{Address: support, Password: "secret", Folders: []string{"Archive"}},
	}}
	for _, c := range change {
		c(&o)
	}
	w := &world{Server: mailfake.New(o), t: t, journal: &journal{signal: newSignal()}}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	for _, addr := range []string{w.IMAPAddr(), w.SMTPAddr()} { // closed before they serve, they never end
		waitGreeting(t, addr)
	}
	w.opts = mailbox.Options{Timing: testTiming(), MaxBody: 50 << 20, MaxJoin: 1 << 20}
	w.process = newProcess()
	w.env = channels.Env{
		Accept: w.journal.accept, State: w.journal, Report: w.journal.report,
		Log: slog.New(slog.NewTextHandler(channelstest.Log(t), nil)).With("account_id", 1), Now: time.Now, Keys: testKeys(),
	}
	w.config = channels.Config{
		"address": support, "sender_name": "Acme Support", "aliases": "help@acme.test",
		"imap.security": "none", "imap.password": "secret", "smtp.security": "none",
	}
	w.pointTo(w.IMAPAddr(), w.SMTPAddr())
	return w
}

// newWatchedWorld makes a world whose mailbox was watched once: what is mailed from now on is new.
func newWatchedWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.lookOnce()
	return w
}

// lookOnce lets the channel look at the mailbox once.
func (w *world) lookOnce() {
	w.t.Helper()
	stop := w.watch()
	stop()
}

// watch is run, and waits until it has looked at the mailbox for the first time.
func (w *world) watch() (stop func()) {
	w.t.Helper()
	stop = w.run()
	w.ready()
	return stop
}

// waitGreeting waits until a server says hello.
func waitGreeting(t *testing.T, addr string) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(testContext(t), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
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

func (w *world) channel() *Channel {
	w.t.Helper()
	c, err := newChannel(channels.Account{ID: 1, Name: "mail", Config: maps.Clone(w.config), BeginsAt: w.begins}, w.env, w.opts, w.process)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// run starts Run; stop ends it and waits.
func (w *world) run() (stop func()) {
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

// ready waits until Run has looked at the mailbox for the first time.
func (w *world) ready() {
	w.t.Helper()
	w.waitCondition(channels.Active)
}

// waitCondition waits until the channel reports a status, and returns the report.
func (w *world) waitCondition(status channels.ConditionStatus) (got channels.Condition) {
	w.t.Helper()
	w.journal.wait(w.t, "condition "+string(status), func() bool {
		n := len(w.journal.conditions)
		if n > 0 {
			got = w.journal.conditions[n-1]
		}
		return n > 0 && got.Status == status
	})
	return got
}

// wantStored waits until exactly these mails are stored, in this order.
func (w *world) wantStored(want ...string) {
	w.t.Helper()
	w.journal.wait(w.t, fmt.Sprintf("mails %q", want), func() bool { return len(w.journal.facts) >= len(want) })
	if got := w.journal.subjects(); !slices.Equal(got, want) {
		w.t.Fatalf("stored %q, want %q", got, want)
	}
}

// deliver delivers a customer's mail into the inbox.
func (w *world) deliver(subject string) {
	w.t.Helper()
	_, err := w.Customer("Ann Lee <ann@customer.test>").Send(mailfake.Mail{To: []string{w.config["address"]}, Subject: subject, Text: "Hello " + subject})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) addFault(f mailfake.Fault) string {
	w.t.Helper()
	id, err := w.AddFault(f)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// waitFault waits until a fault has struck so many times.
func (w *world) waitFault(id string, times int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	if err := w.WaitFault(ctx, id, times); err != nil {
		w.t.Fatalf("fault %s: %v", id, err)
	}
}

// testContext ends with the test, or when its patience does.
func testContext(t *testing.T) context.Context { return within(t, patience) }

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// wantEqual checks one value, which what names.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// wantText checks that a text for people contains words.
func wantText(t *testing.T, what, text, words string) {
	t.Helper()
	if !strings.Contains(text, words) {
		t.Errorf("%s: got %q, want %q in it", what, text, words)
	}
}
