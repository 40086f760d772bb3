package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/textproto"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"parley/channels"
)

// maxReplyBytes bounds what an SMTP server may say in one connection.
const maxReplyBytes = 1 << 20

var (
	errTooLate   = errors.New("the attempt's time is over")
	errTalkative = errors.New("the server's answers have no end")
)

// smtpSession is one connection to the sending server, logged in.
type smtpSession struct {
	client *smtp.Client
	conn   *fencedConn
	unhook func() bool
}

// smtpFailure is a failed step. Recipient is set when one was refused.
type smtpFailure struct {
	step      smtpStep
	recipient string
	err       error
}

func (e *smtpFailure) Error() string { return fmt.Sprintf("email: smtp: %v", e.err) }
func (e *smtpFailure) Unwrap() error { return e.err }

// reply gives the server's code and words, 0 when it said nothing.
func (e *smtpFailure) reply() (int, string) {
	var tp *textproto.Error
	if errors.As(e.err, &tp) {
		return tp.Code, tp.Msg
	}
	return 0, ""
}

// openSMTP connects, protects the connection and logs in. ctx must have a deadline:
// no byte is written after it. Errors: *smtpFailure.
func (c *Channel) openSMTP(ctx context.Context, utf8 bool) (*smtpSession, error) {
	s := &smtpSession{unhook: func() bool { return true }}
	client, err := c.smtpClient(ctx, s, utf8)
	if err == nil {
		s.client, err = client.DialToSMTPClientWithContext(ctx)
	}
	if err != nil {
		s.close()
		return nil, &smtpFailure{step: stepGreeting, err: err}
	}
	if err := s.login(c.set.smtp); err != nil {
		s.close()
		return nil, &smtpFailure{step: stepAuth, err: err}
	}
	return s, nil
}

// smtpClient prepares the library's client. It dials through us: implicit TLS is made
// here, above the fence, and the connection stays in our hands, since the library
// leaves it open when a greeting or STARTTLS fails.
func (c *Channel) smtpClient(ctx context.Context, s *smtpSession, utf8 bool) (*mail.Client, error) {
	to := c.set.smtp
	port, err := strconv.Atoi(to.port)
	if err != nil {
		return nil, err
	}
	deadline, _ := ctx.Deadline()
	config := c.process.tls(to.host, c.opts.tls)
	dial := func(dialCtx context.Context, network, address string) (net.Conn, error) {
		raw, err := c.env.Dialer.DialContext(dialCtx, network, address)
		if err != nil {
			return nil, err
		}
		keepAlive(raw)
		s.conn = &fencedConn{Conn: raw, deadline: deadline}
		s.unhook = context.AfterFunc(ctx, func() { _ = raw.Close() })
		if to.security != securityTLS {
			return s.conn, nil
		}
		conn := tls.Client(s.conn, config)
		return conn, conn.HandshakeContext(dialCtx)
	}
	policy := mail.NoTLS
	if to.security == securitySTARTTLS {
		policy = mail.TLSMandatory
	}
	options := []mail.Option{
		mail.WithPort(port), mail.WithTLSPolicy(policy), mail.WithTLSConfig(config),
		mail.WithSMTPAuth(mail.SMTPAuthNoAuth), mail.WithDialContextFunc(dial),
		mail.WithTimeout(max(time.Until(deadline), time.Millisecond)), mail.WithHELO(c.set.domain()),
	}
	if !utf8 {
		options = append(options, mail.WithoutSMTPUTF8())
	}
	return mail.NewClient(to.host, options...)
}

// login signs in with what the server offers. One that offers nothing is a relay that
// knows us by our address, or refuses the mail itself.
func (s *smtpSession) login(to server) error {
	offered, methods := s.client.Extension("AUTH")
	if !offered {
		return nil
	}
	var auth smtp.Auth
	unprotected := to.security == securityNone
	switch words := strings.Fields(strings.ToUpper(methods)); {
	case slices.Contains(words, "PLAIN"):
		auth = smtp.PlainAuth("", to.username, to.password, to.host, unprotected)
	case slices.Contains(words, "LOGIN"):
		auth = smtp.LoginAuth(to.username, to.password, to.host, unprotected)
	case slices.Contains(words, "CRAM-MD5"):
		auth = smtp.CRAMMD5Auth(to.username, to.password)
	default:
		return &textproto.Error{Code: 504, Msg: "no password sign-in offered, only " + said(methods)}
	}
	return s.client.Auth(auth)
}

// deliver hands one mail over. All recipients or none: when one is refused nothing is
// sent, so that what an agent sees is never half true. Errors: *smtpFailure; *channels.SendError for
// the files.
func (s *smtpSession) deliver(ctx context.Context, m *outgoing) error {
	size := m.sizeBytes()
	if limit := s.maxBytes(); limit > 0 && size > limit {
		return &smtpFailure{step: stepData, err: &textproto.Error{Code: 552, Msg: fmt.Sprintf(
			"5.3.4 the mail has %.1f MB, the server takes %.1f MB", float64(size)/(1<<20), float64(limit)/(1<<20))}}
	}
	if m.utf8 {
		if ok, _ := s.client.Extension("SMTPUTF8"); !ok {
			return &smtpFailure{step: stepMail, err: &textproto.Error{Code: 550, Msg: "5.6.7 the server takes no addresses outside ASCII"}}
		}
	}
	if err := s.client.Mail(smtpPath(m.from)); err != nil {
		return &smtpFailure{step: stepMail, err: err}
	}
	for _, to := range m.recipients {
		if err := s.client.Rcpt(smtpPath(to)); err != nil {
			return &smtpFailure{step: stepRcpt, recipient: to, err: err}
		}
	}
	w, err := s.client.Data()
	if err != nil {
		return &smtpFailure{step: stepData, err: err}
	}
	if m.lengthBytes, err = m.writeTo(ctx, w); err != nil {
		var file *channels.SendError
		if errors.As(err, &file) {
			return err // the connection ends without the final dot: nothing is sent
		}
		return &smtpFailure{step: stepData, err: s.lastWords(err)} // no final dot has left: nothing is sent
	}
	if err := w.Close(); err != nil {
		step := stepDot
		if s.conn.refused.Load() { // neither has it here
			step, err = stepData, fmt.Errorf("%w: %w", errTooLate, err)
		}
		return &smtpFailure{step: step, err: err}
	}
	return nil
}

// lastWords looks for a refusal that a server sent in the middle of the mail before it
// hung up.
func (s *smtpSession) lastWords(cause error) error {
	var tp *textproto.Error
	if _, _, err := s.client.Text.ReadResponse(250); errors.As(err, &tp) {
		return tp
	}
	return cause
}

// smtpPath writes an address as SMTP wants it, its local part quoted where needed.
func smtpPath(address string) string {
	if isASCII(address) {
		return (&netmail.Address{Address: address}).String()
	}
	return "<" + address + ">"
}

// maxBytes is the server's SIZE limit (RFC 1870); 0 = none told.
func (s *smtpSession) maxBytes() int64 {
	_, size := s.client.Extension("SIZE")
	n, _ := strconv.ParseInt(strings.TrimSpace(size), 10, 64)
	return n
}

// quit says goodbye; what the server answers does not matter any more.
func (s *smtpSession) quit() {
	_ = s.client.UpdateDeadline(quitWait)
	_ = s.client.Quit()
}

const quitWait = 2 * time.Second

func (s *smtpSession) close() {
	s.unhook()
	if s.conn != nil {
		_ = s.conn.Close()
	}
}

// fencedConn refuses to write after the deadline by the monotonic clock: a process
// that was stopped and goes on must not send what somebody else has taken over.
type fencedConn struct {
	net.Conn
	deadline time.Time
	refused  atomic.Bool
	read     atomic.Int64
}

// Write implements net.Conn.
func (f *fencedConn) Write(p []byte) (int, error) {
	if f.refused.Load() || time.Until(f.deadline) <= 0 {
		f.refused.Store(true)
		return 0, errTooLate
	}
	return f.Conn.Write(p)
}

// Read implements net.Conn.
func (f *fencedConn) Read(p []byte) (int, error) {
	n, err := f.Conn.Read(p)
	if f.read.Add(int64(n)) > maxReplyBytes {
		return 0, errTalkative
	}
	return n, err
}

// SetDeadline implements net.Conn; it never goes beyond the fence.
func (f *fencedConn) SetDeadline(t time.Time) error {
	if t.IsZero() || t.After(f.deadline) {
		t = f.deadline
	}
	return f.Conn.SetDeadline(t)
}

// timedOut tells a silent server from other failures.
func timedOut(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
}
