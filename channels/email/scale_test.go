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

// serveVariable makes a mail world of the test binary: what it holds in memory must
// not count as ours. Its value is the number of mailboxes.
const serveVariable = "PARLEY_TEST_MAILBOXES"

func TestMain(m *testing.M) {
	boxes := 0
	if _, err := fmt.Sscan(os.Getenv(serveVariable), &boxes); err != nil {
		os.Exit(m.Run())
	}
	o := mailfake.Options{TLS: true}
	for i := range boxes {
		o.Mailboxes = append(o.Mailboxes, mailfake.MailboxConfig{Address: fmt.Sprintf("box%d@acme.test", i), Password: "secret"})
	}
	s := mailfake.New(o)
	if err := s.Start(context.Background()); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(s.IMAPTLSAddr(), base64.StdEncoding.EncodeToString(s.CertPEM()))
	_, _ = os.Stdin.Read(make([]byte, 1)) // until the parent ends
	os.Exit(0)
}

// serveElsewhere starts a mail world in another process.
func serveElsewhere(b *testing.B, boxes int) (addr string, trust *tls.Config) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", serveVariable, boxes))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	addr, encoded, _ := strings.Cut(strings.TrimSpace(line), " ")
	pem, err := base64.StdEncoding.DecodeString(encoded)
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(pem) {
		b.Fatal("no certificate: ", line)
	}
	return addr, &tls.Config{RootCAs: pool}
}

// memory is a State that lasts as long as the test.
type memory struct {
	mu   sync.Mutex
	data []byte
}

func (s *memory) Load(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data, nil
}

func (s *memory) Save(_ context.Context, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = data
	return nil
}

// mailboxAt configures one mailbox for a benchmark.
func mailboxAt(b *testing.B, addr, security string, box int, env channels.Env, o mailbox.Options, shared *process) *Channel {
	b.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		b.Fatal(err)
	}
	env.Now, env.Keys = time.Now, testKeys()
	c, err := newChannel(channels.Account{ID: int64(box), Config: channels.Config{
		"address": fmt.Sprintf("box%d@acme.test", box), "imap.host": host, "imap.port": port,
		"imap.security": security, "imap.password": "secret", "smtp.host": host,
	}}, env, o, shared)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// residentBytes is this process' VmRSS.
func residentBytes(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := bytes.Cut(status, []byte("VmRSS:"))
	var kB float64
	if _, err := fmt.Sscan(string(rest), &kB); err != nil {
		b.Fatal(err)
	}
	return kB * 1024
}

// BenchmarkIdleMailboxes measures what 1,000 mailboxes in IDLE over TLS add to the
// process, each of which has decoded HTML once.
func BenchmarkIdleMailboxes(b *testing.B) {
	const boxes = 1000
	addr, trust := serveElsewhere(b, boxes)
	o := mailbox.DefaultOptions()
	o.TLS = trust
	mail := []byte("From: a@b.test\r\nMessage-ID: <x@y>\r\nContent-Type: text/html\r\n\r\n" + strings.Repeat("<div>Hello, our <b>order</b> did not arrive.</div>\r\n", 200))
	for b.Loop() {
		runtime.GC()
		debug.FreeOSMemory()
		before := residentBytes(b)
		shared := newProcess()
		ctx, cancel := context.WithCancel(b.Context())
		var active atomic.Int64
		all := make(chan struct{})
		var running sync.WaitGroup
		for i := range boxes {
			env := channels.Env{State: &memory{}}
			env.Report = func(c channels.Condition) {
				if c.Status == channels.Active && active.Add(1) == boxes {
					close(all)
				}
			}
			c := mailboxAt(b, addr, "tls", i, env, o, shared)
			if _, err := c.Decode(mail); err != nil {
				b.Fatal(err)
			}
			running.Go(func() { _ = c.Run(ctx) })
		}
		select {
		case <-all:
		case <-time.After(time.Minute):
			b.Fatalf("%d of %d mailboxes are connected", active.Load(), boxes)
		}
		b.ReportMetric((residentBytes(b)-before)/(1<<20), "MB/1000")
		runtime.GC()
		debug.FreeOSMemory()
		b.ReportMetric((residentBytes(b)-before)/(1<<20), "MB-after-GC/1000")
		cancel()
		running.Wait()
	}
}

// BenchmarkImport measures how fast a full mailbox comes in when storing costs
// nothing. The mail server is in this process too.
func BenchmarkImport(b *testing.B) {
	const mails = 2500
	s := mailfake.New(mailfake.Options{Mailboxes: []mailfake.MailboxConfig{{Address: "box0@acme.test", Password: "secret"}}})
	if err := s.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	text := strings.Repeat("Our order did not arrive, and the tracking page says nothing.\r\n", 160)
	ann := s.Customer("Ann Lee <ann@customer.test>")
	for i := range mails {
		if _, err := ann.Send(mailfake.Mail{To: []string{"box0@acme.test"}, Subject: fmt.Sprint(i), Text: text}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		// A watermark of another UIDVALIDITY: all of the last days is read again.
		state := &memory{data: []byte(`{"v":1,"folder":"INBOX","uidvalidity":1,"first":1,"last":0,"newest_at":"2020-01-01T00:00:00Z"}`)}
		ctx, cancel := context.WithCancel(b.Context())
		var stored atomic.Int64
		all := make(chan struct{})
		accept := func(_ context.Context, facts ...channels.Fact) error {
			if stored.Add(int64(len(facts))) == mails {
				close(all)
			}
			return nil
		}
		c := mailboxAt(b, s.IMAPAddr(), "none", 0, channels.Env{Accept: accept, State: state}, mailbox.DefaultOptions(), newProcess())
		var running sync.WaitGroup
		running.Go(func() { _ = c.Run(ctx) })
		<-all
		cancel()
		running.Wait()
	}
	b.ReportMetric(mails*float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}
