package email

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/mailbox"
	"parley/channels/email/mailfake"
)

// mailboxesVariable makes a process of this test binary serve this many mailboxes instead of running tests. If the mail
// server ran in the benchmark's process, its memory would count as the channels'.
const mailboxesVariable = "PARLEY_TEST_MAILBOXES"

func TestMain(m *testing.M) {
	mailboxes := 0
	if _, err := fmt.Sscan(os.Getenv(mailboxesVariable), &mailboxes); err != nil {
		os.Exit(m.Run())
	}
	if err := serveMailboxes(mailboxes); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// boxAddress is the address of a mailbox of benchmarks.
func boxAddress(box int) string { return fmt.Sprintf("box%d@acme.test", box) }

// serveMailboxes serves mailboxes until its input ends. It prints the server's address and certificate.
func serveMailboxes(mailboxes int) error {
	o := mailfake.Options{TLS: true}
	for box := range mailboxes {
		o.Mailboxes = append(o.Mailboxes, mailfake.MailboxConfig{Address: boxAddress(box), Password: password})
	}
	s := mailfake.New(o)
	if err := s.Start(context.Background()); err != nil {
		return err
	}
	fmt.Println(s.IMAPTLSAddr(), base64.StdEncoding.EncodeToString(s.CertPEM()))
	_, _ = os.Stdin.Read(make([]byte, 1)) // until the benchmark ends
	return nil
}

// startMailboxes starts another process that serves mailboxes until the benchmark ends. With trust, a client trusts its
// certificate.
func startMailboxes(b *testing.B, mailboxes int) (addr string, trust *tls.Config) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", mailboxesVariable, mailboxes))
	stdin, err := cmd.StdinPipe()
	noError(b, err)
	stdout, err := cmd.StdoutPipe()
	noError(b, err)
	noError(b, cmd.Start())
	b.Cleanup(func() {
		_ = stdin.Close() // ends the process
		_ = cmd.Wait()
	})

	line, err := bufio.NewReader(stdout).ReadString('\n')
	noError(b, err)
	addr, encoded, _ := strings.Cut(strings.TrimSpace(line), " ")
	certificate, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		b.Fatalf("the process printed %q, want an address and a certificate: %v", line, err)
	}

	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(certificate) {
		b.Fatalf("the process printed %q, want an address and a certificate", line)
	}
	return addr, &tls.Config{RootCAs: pool}
}

// memoryState is a channels.State in memory.
type memoryState struct {
	mu   sync.Mutex
	data []byte
}

func (s *memoryState) Load(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data, nil
}

func (s *memoryState) Save(_ context.Context, _, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = data
	return nil
}

// benchmarkSetup is what the channels of a benchmark share.
type benchmarkSetup struct {
	addr     string // of the IMAP server
	security string
	opts     mailbox.Options
	process  *process
}

// newChannel makes the channel of a mailbox.
func (s benchmarkSetup) newChannel(b *testing.B, box int, env channels.Env) *Channel {
	b.Helper()
	host, port, err := net.SplitHostPort(s.addr)
	noError(b, err)
	config := channels.Config{
		"address":       boxAddress(box),
		"imap.host":     host,
		"imap.port":     port,
		"imap.security": s.security,
		"imap.password": password,
		"smtp.host":     host,
	}
	env.Now = time.Now
	env.Keys = testKeys()
	c, err := newChannel(channels.Account{ID: int64(box), Config: config}, env, s.opts, s.process)
	noError(b, err)
	return c
}

// residentBytes returns the memory that this process uses (VmRSS).
func residentBytes(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	noError(b, err)
	_, rest, _ := bytes.Cut(status, []byte("VmRSS:"))
	var kB float64
	if _, err := fmt.Sscan(string(rest), &kB); err != nil {
		b.Fatal(err)
	}
	return kB * 1024
}

// freeMemory returns unused memory to the system.
func freeMemory() {
	runtime.GC()
	debug.FreeOSMemory()
}

// htmlMail returns a mail whose HTML takes some work to decode.
func htmlMail() []byte {
	body := strings.Repeat("<div>Hello, our <b>order</b> did not arrive.</div>\r\n", 200)
	return []byte("From: a@b.test\r\nMessage-ID: <x@y>\r\nContent-Type: text/html\r\n\r\n" + body)
}

// BenchmarkIdleMailboxes measures how much memory 1,000 mailboxes in IDLE over TLS add to a process. Each has decoded
// HTML once.
func BenchmarkIdleMailboxes(b *testing.B) {
	const mailboxes = 1000
	addr, trust := startMailboxes(b, mailboxes)
	setup := benchmarkSetup{addr: addr, security: "tls", opts: mailbox.DefaultOptions()}
	setup.opts.TLS = trust
	for b.Loop() {
		freeMemory()
		before := residentBytes(b)
		setup.process = newProcess()
		stop := setup.runAll(b, mailboxes)
		b.ReportMetric((residentBytes(b)-before)/(1<<20), "MB/1000")
		freeMemory()
		b.ReportMetric((residentBytes(b)-before)/(1<<20), "MB-after-GC/1000")
		stop()
	}
}

// runAll runs the channels of all mailboxes. It returns when each has looked at its mailbox.
func (s benchmarkSetup) runAll(b *testing.B, mailboxes int) (stop func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	var active atomic.Int64
	allActive := make(chan struct{})
	report := func(c channels.Condition) {
		if c.Status == channels.Active && active.Add(1) == int64(mailboxes) {
			close(allActive)
		}
	}

	mail := htmlMail()
	var running sync.WaitGroup
	for box := range mailboxes {
		c := s.newChannel(b, box, channels.Env{State: &memoryState{}, Report: report})
		if _, err := c.Decode(mail); err != nil {
			b.Fatal(err)
		}
		running.Go(func() { _ = c.Run(ctx) })
	}

	select {
	case <-allActive:
	case <-time.After(time.Minute):
		b.Fatalf("%d of %d mailboxes are connected", active.Load(), mailboxes)
	}
	return func() {
		cancel()
		running.Wait()
	}
}

// startFullMailbox starts a server in this process, with one mailbox that has this many mails of 10 kB.
func startFullMailbox(b *testing.B, mails int) (addr string) {
	b.Helper()
	to := boxAddress(0)
	s := mailfake.New(mailfake.Options{Mailboxes: []mailfake.MailboxConfig{{Address: to, Password: password}}})
	noError(b, s.Start(b.Context()))
	b.Cleanup(func() { _ = s.Close() })
	text := strings.Repeat("Our order did not arrive, and the tracking page says nothing.\r\n", 160)
	ann := s.Customer("Ann Lee <" + customer + ">")
	for n := range mails {
		if _, err := ann.Send(mailfake.Mail{To: []string{to}, Subject: fmt.Sprint(n), Text: text}); err != nil {
			b.Fatal(err)
		}
	}
	return s.IMAPAddr()
}

// BenchmarkImport measures how fast the mails of a full mailbox come in if storing them takes no time.
func BenchmarkImport(b *testing.B) {
	const mails = 2500
	// The watermark has another UIDVALIDITY, so all mails of the last days are read again.
	const watermark = `{"v":1,"folder":"INBOX","uidvalidity":1,"first":1,"last":0,"newest_at":"2020-01-01T00:00:00Z"}`
	setup := benchmarkSetup{addr: startFullMailbox(b, mails), security: "none", opts: mailbox.DefaultOptions()}
	for b.Loop() {
		ctx, cancel := context.WithCancel(b.Context())
		var stored atomic.Int64
		allStored := make(chan struct{})
		accept := func(_ context.Context, facts ...channels.Fact) error {
			if stored.Add(int64(len(facts))) == mails {
				close(allStored)
			}
			return nil
		}

		setup.process = newProcess()
		c := setup.newChannel(b, 0, channels.Env{Accept: accept, State: &memoryState{data: []byte(watermark)}})
		var running sync.WaitGroup
		running.Go(func() { _ = c.Run(ctx) })
		<-allStored
		cancel()
		running.Wait()
	}

	b.ReportMetric(mails*float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}
