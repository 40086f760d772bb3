package mailfake

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-smtp"

	"parley/channels/emulator"
)

// closeTimeout limits how long Close waits for SMTP handlers. They end as soon as their connections are closed.
const closeTimeout = 10 * time.Second

// Options are the options of New. The zero value works and has no company mailbox.
type Options struct {
	Log   *slog.Logger     // nil discards the log
	Clock func() time.Time // used for the dates of mails; nil means time.Now
	Seed  int64            // of the random generator that decides when a fault with a probability occurs
	// UIDValidity is the UIDVALIDITY of the first folder. Further folders get the numbers after it. The default is the
	// Unix time, so that clients notice when the emulator was restarted. Generated ids contain it.
	UIDValidity uint32
	// Domain is the host name with which the servers introduce themselves. Default: mail.test.
	Domain string
	// IMAPListen and SMTPListen are host:port. Default: 127.0.0.1:0, a free port.
	IMAPListen, SMTPListen string
	// TLS adds STARTTLS to both ports, and opens two more ports that use TLS from the first byte. See IMAPTLSAddr,
	// SMTPTLSAddr and CertPEM.
	TLS bool
	// Mailboxes are the company's mailboxes. The domains of their addresses are the hosted domains.
	Mailboxes []MailboxConfig
	// UnknownHosted decides about mail to unknown addresses at hosted domains. Default: PolicyRefuse.
	UnknownHosted Policy
	// UnknownForeign decides about mail to all other unknown addresses. Default: PolicyAccept, which creates a mailbox
	// for the customer.
	UnknownForeign Policy
	// CustomerPassword is the password of all customers' mailboxes. Default: customer.
	CustomerPassword string
	// CheckToken accepts XOAUTH2 access tokens in addition to those in MailboxConfig.Tokens. It may be nil.
	CheckToken func(username, token string) bool
	// MaxMessageBytes is the SIZE limit of the SMTP server. Default: 50 MiB.
	MaxMessageBytes int64
}

// ground is the state that all parts of the emulator share. Methods whose names end with Locked must be called with
// mu held.
type ground struct {
	opts  Options
	log   *slog.Logger
	clock func() time.Time
	done  chan struct{} // closed by Close

	mu sync.Mutex // guards all state except the faults
}

// Server emulates a mail provider in memory, for tests: an IMAP and an SMTP server on the loopback interface, with the
// company's mailboxes and those of its customers. Tests connect the program under test to it, send mail as customers
// and inject faults:
//
//	s := mailfake.New(mailfake.Options{Mailboxes: []mailfake.MailboxConfig{{Address: "support@acme.test", Password: "x"}}})
//	err := s.Start(ctx) // then s.IMAPAddr(), s.SMTPAddr()
//	defer s.Close()
//
// Create it with New. It is safe for concurrent use.
type Server struct {
	*ground    // the shared state and its lock, mu
	*mailboxes // of the company and of customers
	*office    // accepts and delivers mail
	*clients   // the connected clients
	*faults    // the faults that tests have injected
	ports

	imapServers []*imapserver.Server
	smtpServer  *smtp.Server
	serving     sync.WaitGroup // accept loops
	started     bool           // guarded by mu
}

// New returns a server that is not listening yet. Start opens its ports.
func New(opts Options) *Server {
	opts.Domain = cmp.Or(opts.Domain, "mail.test")
	opts.IMAPListen = cmp.Or(opts.IMAPListen, "127.0.0.1:0")
	opts.SMTPListen = cmp.Or(opts.SMTPListen, "127.0.0.1:0")
	opts.CustomerPassword = cmp.Or(opts.CustomerPassword, "customer")
	opts.UnknownHosted = cmp.Or(opts.UnknownHosted, PolicyRefuse)
	opts.UnknownForeign = cmp.Or(opts.UnknownForeign, PolicyAccept)
	opts.UIDValidity = cmp.Or(opts.UIDValidity, uint32(time.Now().Unix())) // opts.Clock may be a stopped clock
	opts.MaxMessageBytes = cmp.Or(opts.MaxMessageBytes, 50<<20)
	shared := &ground{opts: opts, log: opts.Log, clock: opts.Clock, done: make(chan struct{})}
	if shared.log == nil {
		shared.log = slog.New(slog.DiscardHandler)
	}
	if shared.clock == nil {
		shared.clock = time.Now
	}

	boxes := &mailboxes{ground: shared, validity: opts.UIDValidity - 1, changes: emulator.NewChanges[Change](shared.done)}
	boxes.resetLocked()
	return &Server{
		ground:    shared,
		mailboxes: boxes,
		office:    &office{ground: shared, boxes: boxes},
		clients: &clients{
			ground: shared, boxes: boxes, conns: map[*faultConn]struct{}{}, sessions: map[*session]struct{}{},
		},
		faults: &faults{FaultSet: emulator.NewFaultSet[Fault](opts.Seed), over: shared.done},
	}
}

// Start opens the ports and serves until Close. ctx limits only the opening of the ports.
// Errors: a port can't be opened, or Start or Close was called before.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()

	if s.started || s.closed {
		return errors.New("mailfake: start: already started or closed")
	}
	if err := s.open(ctx, s.opts); err != nil {
		s.ports.close()
		return fmt.Errorf("mailfake: start: %w", err)
	}

	s.started = true
	var startTLS *tls.Config
	if s.cert != nil {
		startTLS = s.cert.TLS()
	}
	plain := imapserver.New(s.imapOptions(startTLS))
	s.imapServers = append(s.imapServers, plain)
	s.serve("imap", &faultListener{s.imapLn, s.clients}, plain.Serve)
	s.smtpServer = s.newSMTPServer(startTLS)
	s.serve("smtp", &faultListener{s.smtpLn, s.clients}, s.smtpServer.Serve)
	if s.cert == nil {
		return nil
	}

	// IMAP faults look at the plain text of commands, so their listener wraps the TLS listener. For SMTP it is the
	// other way round.
	secure := imapserver.New(s.imapOptions(nil))
	s.imapServers = append(s.imapServers, secure)
	s.serve("imaps", &faultListener{tls.NewListener(s.imapTLSLn, s.cert.TLS()), s.clients}, secure.Serve)
	s.serve("smtps", tls.NewListener(&faultListener{s.smtpTLSLn, s.clients}, s.cert.TLS()), s.smtpServer.Serve)
	return nil
}

// serve runs a server in a goroutine and waits until it accepts connections. A server of go-imap must not be closed
// before that.
func (s *Server) serve(name string, ln net.Listener, run func(net.Listener) error) {
	accepting, ended := &acceptListener{Listener: ln, begun: make(chan struct{})}, make(chan struct{})
	s.serving.Add(1)
	go func() {
		defer s.serving.Done()
		defer close(ended)
		err := run(accepting)
		select {
		case <-s.done: // Close stopped the server, so the error is expected
		default:
			s.log.Error("mail emulator stopped serving", "protocol", name, "error", err)
		}
	}()

	select {
	case <-accepting.begun:
	case <-ended:
	}
}

// acceptListener closes begun when its server calls Accept for the first time.
type acceptListener struct {
	net.Listener
	once  sync.Once
	begun chan struct{}
}

// Accept implements net.Listener.
func (l *acceptListener) Accept() (net.Conn, error) {
	l.once.Do(func() { close(l.begun) })
	return l.Listener.Accept()
}

// Close closes all connections and ports, and waits until all sessions have ended. It may be called more than once.
func (s *Server) Close() error {
	if !s.beginClose() {
		return nil
	}

	var errs []error
	for _, srv := range s.imapServers {
		errs = append(errs, srv.Close())
	}

	stopped := make(chan error, 1)
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	go func() { stopped <- s.smtpServer.Shutdown(ctx) }() // waits for the clients, which hangUpAll disconnects
	s.ports.close()                                       // Shutdown doesn't close a port that isn't served yet
	s.serving.Wait()
	s.hangUpAll()
	err := <-stopped
	if err != nil && !errors.Is(err, net.ErrClosed) {
		errs = append(errs, err)
	}

	s.live.Wait()
	return errors.Join(errs...)
}

// beginClose marks the server as closed, so that no client can connect any more. It returns false if there is nothing
// to close: the server was never started, or is closed already.
func (s *Server) beginClose() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.closed = true
	close(s.done)
	return s.started
}

// Reset deletes all mails, customers, rules, faults and submissions, and disconnects every client. The configured
// mailboxes remain, with new UIDVALIDITY numbers.
func (s *Server) Reset() {
	s.ClearFaults()
	s.mu.Lock()
	s.resetLocked()
	s.rules, s.submissions = nil, nil
	s.changes.Wake() // waiting callers look again and find the new mailboxes
	s.mu.Unlock()
	s.hangUpAll()
}

// quiet is the logger of the protocol libraries. It discards everything: the libraries report each broken connection,
// although many faults break connections on purpose, and their messages may quote mail.
type quiet struct{}

// Printf implements imapserver.Logger.
func (quiet) Printf(string, ...any) {}

// Println implements smtp.Logger.
func (quiet) Println(...any) {}
