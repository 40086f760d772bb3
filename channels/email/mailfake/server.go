package mailfake

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
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
	// UnknownForeign rules all other unknown addresses. Default: PolicyAccept, which
	// opens a mailbox for the customer.
	UnknownForeign Policy
	// CustomerPassword opens the customers' mailboxes. Default: customer.
	CustomerPassword string
	// CheckToken accepts XOAUTH2 access tokens beside MailboxConfig.Tokens.
	CheckToken func(username, token string) bool
	// MaxMessageBytes is the SIZE limit of the SMTP server. Default: 50 MiB.
	MaxMessageBytes int64
	// OpenRelay lets SMTP clients send without login.
	OpenRelay bool
}

// Server is the mail world. Make it with New. Safe for concurrent use.
type Server struct {
	*emulator.FaultSet[Fault]

	opts  Options
	log   *slog.Logger
	clock func() time.Time
	cert  *certificate // nil without TLS

	imapLn, imapTLSLn, smtpLn, smtpTLSLn net.Listener

	imapServers []*imapserver.Server
	smtpServer  *smtp.Server

	done    chan struct{}
	serving sync.WaitGroup // accept loops
	live    sync.WaitGroup // sessions

	mu          sync.Mutex
	started     bool
	closed      bool
	conns       map[*faultConn]struct{}
	sessions    map[*session]struct{}
	accounts    map[string]*account // by lower-case address
	aliases     map[string]*account
	rules       []RecipientRule
	submissions []Submission
	counter     int // of generated message ids
	validity    uint32
	subscribers map[chan Change]struct{}
}

// New prepares a mail world; Start opens its ports.
func New(opts Options) *Server {
	def := func(v *string, d string) {
		if *v == "" {
			*v = d
		}
	}
	def(&opts.Domain, "mail.test")
	def(&opts.IMAPListen, "127.0.0.1:0")
	def(&opts.SMTPListen, "127.0.0.1:0")
	def(&opts.CustomerPassword, "customer")
	def((*string)(&opts.UnknownHosted), string(PolicyRefuse))
	def((*string)(&opts.UnknownForeign), string(PolicyAccept))
	if opts.UIDValidity == 0 {
		opts.UIDValidity = uint32(time.Now().Unix()) // not Clock: it may stand still
	}
	if opts.MaxMessageBytes == 0 {
		opts.MaxMessageBytes = 50 << 20
	}
	s := &Server{
		opts: opts, log: opts.Log, clock: opts.Clock, FaultSet: emulator.NewFaultSet[Fault](opts.Seed),
		done: make(chan struct{}), conns: map[*faultConn]struct{}{}, sessions: map[*session]struct{}{},
		subscribers: map[chan Change]struct{}{}, validity: opts.UIDValidity - 1,
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	s.resetLocked()
	return s
}

// Start opens the ports and serves until Close. ctx covers only the opening.
// Errors: a port is taken, or Start was called before.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started || s.closed {
		return errors.New("mailfake: start: already started or closed")
	}
	if err := s.listenLocked(ctx); err != nil {
		for _, ln := range s.listeners() {
			_ = ln.Close()
		}
		return fmt.Errorf("mailfake: start: %w", err)
	}
	s.started = true
	var startTLS, implicit *tls.Config
	if s.cert != nil {
		startTLS, implicit = s.cert.config(), s.cert.config()
	}
	plain := imapserver.New(s.imapOptions(startTLS))
	s.imapServers = append(s.imapServers, plain)
	s.serve("imap", func() error { return plain.Serve(&faultListener{s.imapLn, s}) })
	s.smtpServer = s.newSMTPServer(startTLS)
	s.serve("smtp", func() error { return s.smtpServer.Serve(&faultListener{s.smtpLn, s}) })
	if s.cert == nil {
		return nil
	}
	// IMAP faults need the plain text, so the faulty layer is above TLS there.
	secure := imapserver.New(s.imapOptions(nil))
	s.imapServers = append(s.imapServers, secure)
	s.serve("imaps", func() error { return secure.Serve(&faultListener{tls.NewListener(s.imapTLSLn, implicit), s}) })
	s.serve("smtps", func() error {
		return s.smtpServer.Serve(tls.NewListener(&faultListener{s.smtpTLSLn, s}, implicit))
	})
	return nil
}

func (s *Server) listenLocked(ctx context.Context) (err error) {
	var lc net.ListenConfig
	if s.imapLn, err = lc.Listen(ctx, "tcp", s.opts.IMAPListen); err != nil {
		return err
	}
	if s.smtpLn, err = lc.Listen(ctx, "tcp", s.opts.SMTPListen); err != nil {
		return err
	}
	if !s.opts.TLS {
		return nil
	}
	if s.cert, err = newCertificate(s.opts.Domain); err != nil {
		return err
	}
	if s.imapTLSLn, err = lc.Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	s.smtpTLSLn, err = lc.Listen(ctx, "tcp", "127.0.0.1:0")
	return err
}

func (s *Server) listeners() []net.Listener {
	var open []net.Listener
	for _, ln := range []net.Listener{s.imapLn, s.smtpLn, s.imapTLSLn, s.smtpTLSLn} {
		if ln != nil {
			open = append(open, ln)
		}
	}
	return open
}

func (s *Server) serve(name string, run func() error) {
	s.serving.Add(1)
	go func() {
		defer s.serving.Done()
		err := run()
		select {
		case <-s.done: // whatever it says, it was told to stop
		default:
			s.log.Error("mail emulator stopped serving", "protocol", name, "error", err)
		}
	}()
}

// Close hangs up on everybody, closes the ports and waits until all sessions ended. It
// may be called often.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	started := s.started
	close(s.done)
	for ch := range s.subscribers {
		delete(s.subscribers, ch)
		close(ch)
	}
	s.mu.Unlock()
	if !started {
		return nil
	}
	var errs []error
	for _, srv := range s.imapServers {
		errs = append(errs, srv.Close())
	}
	stopped := make(chan error, 1)
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	go func() { stopped <- s.smtpServer.Shutdown(ctx) }() // waits for clients, which we cut
	for _, ln := range s.listeners() {                    // a server that is about to serve does not close its own
		_ = ln.Close()
	}
	s.serving.Wait()
	s.hangUpAll()
	if err := <-stopped; err != nil && !errors.Is(err, net.ErrClosed) {
		errs = append(errs, err)
	}
	s.live.Wait()
	return errors.Join(errs...)
}

func (s *Server) hangUpAll() {
	s.mu.Lock()
	open := make([]*faultConn, 0, len(s.conns))
	for c := range s.conns {
		open = append(open, c)
	}
	s.mu.Unlock()
	for _, c := range open {
		_ = c.Close()
	}
}

func (s *Server) rememberConn(c *faultConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = struct{}{}
}

func (s *Server) forgetConn(c *faultConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// enter counts a session in, unless the server is closing; leave counts it out.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.live.Add(1)
	return true
}

func (s *Server) leave() { s.live.Done() }

// IMAPAddr is host:port of the IMAP server; STARTTLS only with Options.TLS.
func (s *Server) IMAPAddr() string { return addrOf(s.imapLn) }

// SMTPAddr is host:port of the SMTP submission server; STARTTLS only with Options.TLS.
func (s *Server) SMTPAddr() string { return addrOf(s.smtpLn) }

// IMAPTLSAddr is host:port of IMAP over TLS (as port 993), empty without Options.TLS.
func (s *Server) IMAPTLSAddr() string { return addrOf(s.imapTLSLn) }

// SMTPTLSAddr is host:port of SMTP over TLS (as port 465), empty without Options.TLS.
func (s *Server) SMTPTLSAddr() string { return addrOf(s.smtpTLSLn) }

// CertPEM is the certificate a client must trust, nil without Options.TLS. It names
// localhost, 127.0.0.1 and Options.Domain.
func (s *Server) CertPEM() []byte {
	if s.cert == nil {
		return nil
	}
	return s.cert.pem
}

func addrOf(ln net.Listener) string {
	if ln == nil {
		return ""
	}
	return ln.Addr().String()
}

// Reset forgets all mails, customers, rules, faults and submissions, hangs up on every
// client and keeps the configured mailboxes, with new UIDVALIDITYs.
func (s *Server) Reset() {
	s.ClearFaults()
	s.mu.Lock()
	s.resetLocked()
	s.mu.Unlock()
	s.hangUpAll()
}

func (s *Server) resetLocked() {
	for _, a := range s.accounts {
		close(a.changed) // whoever waits looks again and finds the new one
	}
	s.accounts, s.aliases = map[string]*account{}, map[string]*account{}
	s.rules, s.submissions = nil, nil
	for _, cfg := range s.opts.Mailboxes {
		s.addAccountLocked(cfg, false)
	}
}

// hosted tells whether the address is at a domain of a configured mailbox.
func (s *Server) hosted(address string) bool {
	for _, cfg := range s.opts.Mailboxes {
		if strings.EqualFold(domainOf(cfg.Address), domainOf(address)) {
			return true
		}
	}
	return false
}

// quiet is the logger of the protocol libraries. They complain about every cut
// connection, which is this package's daily bread, and may quote mail.
type quiet struct{}

// Printf implements imapserver.Logger.
func (quiet) Printf(string, ...any) {}

// Println implements smtp.Logger.
func (quiet) Println(...any) {}
