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

// closeTimeout bounds the wait for SMTP handlers, which end as soon as they are cut off.
const closeTimeout = 10 * time.Second

// Options of New; the zero value works and has no company mailbox.
type Options struct {
	Log   *slog.Logger     // nil: silent
	Clock func() time.Time // dates of mails; nil: time.Now
	Seed  int64            // of probable faults
	// UIDValidity of the first folder; the others follow. Default: seconds since 1970,
	// so that a restarted world is not taken for the old one. Part of generated ids.
	UIDValidity uint32
	// Domain is the host name the servers give. Default: mail.test.
	Domain string
	// IMAPListen and SMTPListen are host:port. Default: 127.0.0.1:0, a free port.
	IMAPListen, SMTPListen string
	// TLS adds STARTTLS to both ports and two ports with TLS from the first byte; see
	// IMAPTLSAddr, SMTPTLSAddr and CertPEM.
	TLS bool
	// Mailboxes of the company. Their domains are the hosted ones.
	Mailboxes []MailboxConfig
	// UnknownHosted rules unknown addresses at hosted domains. Default: PolicyRefuse.
	UnknownHosted Policy
	// UnknownForeign rules all other unknown addresses. Default: PolicyAccept, which opens a mailbox for the customer.
	UnknownForeign Policy
	// CustomerPassword opens the customers' mailboxes. Default: customer.
	CustomerPassword string
	// CheckToken accepts XOAUTH2 access tokens beside MailboxConfig.Tokens.
	CheckToken func(username, token string) bool
	// MaxMessageBytes is the SIZE limit of the SMTP server. Default: 50 MiB.
	MaxMessageBytes int64
}

// ground is what all parts of the emulator share. Methods whose names end with Locked must be called with mu held.
type ground struct {
	opts  Options
	log   *slog.Logger
	clock func() time.Time
	done  chan struct{} // closed by Close

	mu sync.Mutex // guards all state but the faults
}

// Server is an emulated mail provider, with its mailboxes and the customers'. Make it with New. It is safe for concurrent use.
type Server struct {
	*ground    // with the lock, mu
	*mailboxes // of the company and of customers
	*office    // takes mail and delivers it
	*clients   // the programs that are connected
	*faults    // what goes wrong
	ports

	imapServers []*imapserver.Server
	smtpServer  *smtp.Server
	serving     sync.WaitGroup // accept loops
	started     bool           // guarded by the lock
}

// New prepares a mail world; Start opens its ports.
func New(opts Options) *Server {
	opts.Domain = cmp.Or(opts.Domain, "mail.test")
	opts.IMAPListen = cmp.Or(opts.IMAPListen, "127.0.0.1:0")
	opts.SMTPListen = cmp.Or(opts.SMTPListen, "127.0.0.1:0")
	opts.CustomerPassword = cmp.Or(opts.CustomerPassword, "customer")
	opts.UnknownHosted = cmp.Or(opts.UnknownHosted, PolicyRefuse)
	opts.UnknownForeign = cmp.Or(opts.UnknownForeign, PolicyAccept)
	opts.UIDValidity = cmp.Or(opts.UIDValidity, uint32(time.Now().Unix())) // not Clock: it may stand still
	opts.MaxMessageBytes = cmp.Or(opts.MaxMessageBytes, 50<<20)
	g := &ground{opts: opts, log: opts.Log, clock: opts.Clock, done: make(chan struct{})}
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	if g.clock == nil {
		g.clock = time.Now
	}

	boxes := &mailboxes{ground: g, validity: opts.UIDValidity - 1, changes: emulator.NewChanges[Change](g.done)}
	boxes.resetLocked()
	return &Server{
		ground: g, mailboxes: boxes, office: &office{ground: g, boxes: boxes},
		clients: &clients{ground: g, boxes: boxes, conns: map[*faultConn]struct{}{}, sessions: map[*session]struct{}{}},
		faults:  &faults{FaultSet: emulator.NewFaultSet[Fault](opts.Seed), over: g.done},
	}
}

// Start opens the ports and serves until Close. ctx covers only the opening.
// Errors: a port is taken, or Start was called before.
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

	// IMAP faults need the plain text, so the faulty layer is above TLS there.
	secure := imapserver.New(s.imapOptions(nil))
	s.imapServers = append(s.imapServers, secure)
	s.serve("imaps", &faultListener{tls.NewListener(s.imapTLSLn, s.cert.TLS()), s.clients}, secure.Serve)
	s.serve("smtps", tls.NewListener(&faultListener{s.smtpTLSLn, s.clients}, s.cert.TLS()), s.smtpServer.Serve)
	return nil
}

// serve runs a server in a goroutine and waits until it accepts connections, because a server of go-imap must not be closed before.
func (s *Server) serve(name string, ln net.Listener, run func(net.Listener) error) {
	waiting, ended := &begunListener{Listener: ln, begun: make(chan struct{})}, make(chan struct{})
	s.serving.Add(1)
	go func() {
		defer s.serving.Done()
		defer close(ended)
		err := run(waiting)
		select {
		case <-s.done: // it was told to stop, so its error means nothing
		default:
			s.log.Error("mail emulator stopped serving", "protocol", name, "error", err)
		}
	}()

	select {
	case <-waiting.begun:
	case <-ended:
	}
}

// begunListener closes begun when its server waits for the first connection.
type begunListener struct {
	net.Listener
	once  sync.Once
	begun chan struct{}
}

// Accept implements net.Listener.
func (l *begunListener) Accept() (net.Conn, error) {
	l.once.Do(func() { close(l.begun) })
	return l.Listener.Accept()
}

// Close hangs up on everybody, closes the ports and waits until all sessions ended. It may be called often.
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
	go func() { stopped <- s.smtpServer.Shutdown(ctx) }() // waits for clients, whose connections are cut below
	s.ports.close()                                       // Shutdown doesn't close the port of a server that is about to serve
	s.serving.Wait()
	s.hangUpAll()
	err := <-stopped
	if err != nil && !errors.Is(err, net.ErrClosed) {
		errs = append(errs, err)
	}

	s.live.Wait()
	return errors.Join(errs...)
}

// beginClose marks the server as closed, so that no client can connect any more. It returns whether there is something to close.
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

// Reset forgets all mails, customers, rules, faults and submissions, hangs up on every
// client and keeps the configured mailboxes, with new UIDVALIDITYs.
func (s *Server) Reset() {
	s.ClearFaults()
	s.mu.Lock()
	s.resetLocked()
	s.rules, s.submissions = nil, nil
	s.changes.Wake() // whoever waits looks again and finds the new mailboxes
	s.mu.Unlock()
	s.hangUpAll()
}

// quiet is the logger of the protocol libraries. It drops everything: they complain about every cut connection, which is what many faults
// do, and may quote mail.
type quiet struct{}

// Printf implements imapserver.Logger.
func (quiet) Printf(string, ...any) {}

// Println implements smtp.Logger.
func (quiet) Println(...any) {}
