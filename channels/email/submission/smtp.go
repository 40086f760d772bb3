package submission

import (
	"bufio"
	"bytes"
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
	"parley/channels/email/outbound"
	"parley/channels/email/rawmail"
	"parley/channels/email/settings"
	"parley/channels/email/smtpcode"
	"parley/channels/email/wire"
	"parley/channels/fence"
)

// maxReplyBytes limits how much an SMTP server may send in one connection.
const maxReplyBytes = 1 << 20

var (
	errTooLate   = errors.New("the attempt's time is over")
	errTalkative = errors.New("the server's answers have no end")
)

// smtpSession is one connection to the sending server, logged in.
type smtpSession struct {
	client          *smtp.Client
	conn            *fencedConn
	stopWatchingCtx func() bool // from then on, the end of ctx doesn't close the connection
}

// smtpFailure is a failed step.
type smtpFailure struct {
	step      smtpcode.Step
	recipient string // the refused recipient; "" if no recipient was refused
	err       error
}

func (e *smtpFailure) Error() string { return fmt.Sprintf("email: smtp: %v", e.err) }
func (e *smtpFailure) Unwrap() error { return e.err }

// reply returns the server's code and words. The code is 0 if the server didn't answer.
func (e *smtpFailure) reply() (code int, words string) {
	if tp, ok := errors.AsType[*textproto.Error](e.err); ok {
		return tp.Code, tp.Msg
	}
	return 0, ""
}

// openSMTP connects, starts TLS and logs in. ctx must have a deadline: no byte is written after it. If the
// server refuses an access token, openSMTP tries once more with a new one: the token may have ended early, by
// the server's clock.
// Errors: *smtpFailure; *channels.SendError if there is no access token.
func (c *Sender) openSMTP(ctx context.Context, utf8 bool) (*smtpSession, error) {
	token, err := wire.Token(ctx, c.set, c.grant, "")
	if err != nil {
		return nil, err
	}
	s, err := c.connect(ctx, utf8, token)
	if token == "" || !isSignInRefused(err) {
		return s, err
	}
	token, err = wire.Token(ctx, c.set, c.grant, token)
	if err != nil {
		return nil, err
	}
	return c.connect(ctx, utf8, token)
}

// isSignInRefused reports whether the server refused a sign-in for good.
func isSignInRefused(err error) bool {
	var f *smtpFailure
	if !errors.As(err, &f) || f.step != smtpcode.StepAuth {
		return false
	}
	code, _ := f.reply()
	return code >= firstPermanentCode
}

// SMTP reply codes (RFC 5321, RFC 4954): success, and refusals with the words that we give for a server.
const (
	codeSuccess        = 250
	firstPermanentCode = 500 // from this code on, a refusal is for good
	codeNoMethod       = 504
	codeRefused        = 550
	codeTooLarge       = 552
)

// connect connects, starts TLS and logs in: with the access token, or with the password if token is "". utf8
// says that an address needs SMTPUTF8.
// Errors: *smtpFailure.
func (c *Sender) connect(ctx context.Context, utf8 bool, token string) (*smtpSession, error) {
	s := &smtpSession{stopWatchingCtx: func() bool { return true }}
	client, err := c.newClient(ctx, s, utf8)
	if err == nil {
		s.client, err = client.DialToSMTPClientWithContext(ctx)
	}
	if err != nil {
		s.close()
		return nil, &smtpFailure{step: smtpcode.StepGreeting, err: err}
	}

	s.client.Text.R = bufio.NewReader(&replyLines{from: s.client.Text.R})
	if err := s.login(c.set.SMTP, token); err != nil {
		s.close()
		return nil, &smtpFailure{step: smtpcode.StepAuth, err: err}
	}

	return s, nil
}

// newClient prepares the library's client. The client dials by our function, so that it writes by a fencedConn also under TLS, and so that
// we can close the connection, which the library leaves open when the greeting or STARTTLS fails.
func (c *Sender) newClient(ctx context.Context, s *smtpSession, utf8 bool) (*mail.Client, error) {
	to := c.set.SMTP
	port, err := strconv.Atoi(to.Port)
	if err != nil {
		return nil, err
	}

	deadline, _ := ctx.Deadline() // openSMTP's ctx has one
	config := c.limits.TLS(to.Host, c.tls)
	dial := func(dialCtx context.Context, network, address string) (net.Conn, error) {
		raw, err := c.dialer.DialContext(dialCtx, network, address)
		if err != nil {
			return nil, err
		}

		wire.KeepAlive(raw)
		s.conn = &fencedConn{Conn: raw, deadline: deadline, clock: time.Now} //nolint:forbidigo // the deadline is by this machine's clock
		s.stopWatchingCtx = context.AfterFunc(ctx, func() { _ = raw.Close() })
		if to.Security != settings.TLS {
			return s.conn, nil
		}

		conn := tls.Client(s.conn, config)
		return conn, conn.HandshakeContext(dialCtx)
	}

	policy := mail.NoTLS
	if to.Security == settings.STARTTLS {
		policy = mail.TLSMandatory
	}

	options := []mail.Option{
		mail.WithPort(port),
		mail.WithTLSPolicy(policy),
		mail.WithTLSConfig(config),
		mail.WithSMTPAuth(mail.SMTPAuthNoAuth), // login does it
		mail.WithDialContextFunc(dial),
		mail.WithTimeout(max(time.Until(deadline), time.Millisecond)),
		mail.WithHELO(c.set.Domain()),
	}
	if !utf8 {
		options = append(options, mail.WithoutSMTPUTF8())
	}

	return mail.NewClient(to.Host, options...)
}

// login signs in with the access token or, if token is "", by a password method that the server offers. A
// server that offers no sign-in is a relay that knows us by our IP address, or that will refuse the mail.
func (s *smtpSession) login(to settings.Server, token string) error {
	offered, methods := s.client.Extension("AUTH")
	if !offered {
		return nil
	}

	words := strings.Fields(strings.ToUpper(methods))
	if token != "" {
		if !slices.Contains(words, "XOAUTH2") {
			return &textproto.Error{
				Code: codeNoMethod,
				Msg:  "no sign-in with access tokens offered, only " + rawmail.Excerpt(methods),
			}
		}
		return s.client.Auth(smtp.XOAuth2Auth(to.Username, token))
	}

	unprotected := to.Security == settings.Unprotected
	switch {
	case slices.Contains(words, "PLAIN"):
		return s.client.Auth(smtp.PlainAuth("", to.Username, to.Password, to.Host, unprotected))
	case slices.Contains(words, "LOGIN"):
		return s.client.Auth(smtp.LoginAuth(to.Username, to.Password, to.Host, unprotected))
	case slices.Contains(words, "CRAM-MD5"):
		return s.client.Auth(smtp.CRAMMD5Auth(to.Username, to.Password))
	}

	return &textproto.Error{Code: codeNoMethod, Msg: "no password sign-in offered, only " + rawmail.Excerpt(methods)}
}

// deliver sends one mail to all recipients or to none. If one recipient is refused, nothing is sent, so that
// "sent" and "failed" are always true for all of them.
// Errors: *smtpFailure; *channels.SendError if a file can't be read.
func (s *smtpSession) deliver(ctx context.Context, m *outbound.Mail) error {
	const megabyte = 1 << 20
	size, limit := m.SizeBytes(), s.maxBytes()
	if limit > 0 && size > limit {
		return &smtpFailure{step: smtpcode.StepData, err: &textproto.Error{Code: codeTooLarge, Msg: fmt.Sprintf(
			"5.3.4 the mail has %.1f MB, the server takes %.1f MB", float64(size)/megabyte, float64(limit)/megabyte)}}
	}

	if m.UTF8 {
		if ok, _ := s.client.Extension("SMTPUTF8"); !ok {
			refused := &textproto.Error{Code: codeRefused, Msg: "5.6.7 the server takes no addresses outside ASCII"}
			at := slices.IndexFunc(m.Recipients, func(a string) bool { return !rawmail.IsASCII(a) })
			if at < 0 { // our own address is outside ASCII
				return &smtpFailure{step: smtpcode.StepMail, err: refused}
			}
			return &smtpFailure{step: smtpcode.StepRcpt, recipient: m.Recipients[at], err: refused}
		}
	}

	if err := s.client.Mail(smtpPath(m.From)); err != nil {
		return &smtpFailure{step: smtpcode.StepMail, err: err}
	}

	step := smtpcode.StepRcpt
	for _, to := range m.Recipients {
		if err := s.client.Rcpt(smtpPath(to)); err != nil {
			return &smtpFailure{step: step, recipient: to, err: err}
		}
		step = smtpcode.StepFurtherRcpt
	}

	w, err := s.client.Data()
	if err != nil {
		return &smtpFailure{step: smtpcode.StepData, err: err}
	}

	if m.LengthBytes, err = m.Copy(ctx, w); err != nil {
		if _, ok := errors.AsType[*channels.SendError](err); ok {
			return err // nothing is sent, because the connection ends before the final dot
		}
		return &smtpFailure{step: smtpcode.StepData, err: s.lastWords(err)} // nothing is sent, for the same reason
	}

	err = w.Close()
	if err != nil && !isSuccess(err) {
		step = smtpcode.StepDot
		if s.conn.writeRefused.Load() { // the fence kept the final dot from being written: nothing is sent
			step = smtpcode.StepData
			err = fmt.Errorf("%w: %w", errTooLate, err)
		}
		return &smtpFailure{step: step, err: err}
	}

	return nil
}

// isSuccess reports whether an error is a success: a server took the mail with another code than 250. Of codes
// that it doesn't know, a client looks only at the first digit (RFC 5321 section 4.2).
func isSuccess(err error) bool {
	const codesPerClass = 100
	var tp *textproto.Error
	return errors.As(err, &tp) && tp.Code/codesPerClass == codeSuccess/codesPerClass
}

// lastWords returns the refusal that a server sent before it closed the connection in the middle of the
// mail, or cause if there is none.
func (s *smtpSession) lastWords(cause error) error {
	var tp *textproto.Error
	if _, _, err := s.client.Text.ReadResponse(codeSuccess); errors.As(err, &tp) {
		return tp
	}
	return cause
}

// smtpPath writes an address for SMTP, with its local part quoted if needed.
func smtpPath(address string) string {
	if rawmail.IsASCII(address) {
		return (&netmail.Address{Address: address}).String()
	}
	return "<" + address + ">"
}

// maxBytes returns the server's SIZE limit (RFC 1870), or 0 if the server announced none that can be read.
func (s *smtpSession) maxBytes() int64 {
	_, size := s.client.Extension("SIZE")
	n, _ := strconv.ParseInt(strings.TrimSpace(size), 10, 64)
	return n
}

// sendQuit sends QUIT and ignores the answer.
func (s *smtpSession) sendQuit() {
	_ = s.client.UpdateDeadline(quitTimeout)
	_ = s.client.Quit()
}

const quitTimeout = 2 * time.Second

func (s *smtpSession) close() {
	s.stopWatchingCtx()
	if s.conn != nil {
		_ = s.conn.Close()
	}
}

// fencedConn refuses to write after the deadline. A process that was stopped (SIGSTOP), or whose machine slept
// (a laptop's lid), and continues must not send a mail that another process has taken over.
type fencedConn struct {
	net.Conn
	deadline     time.Time
	clock        fence.Clock
	writeRefused atomic.Bool  // a write came after the deadline: from then on, all are refused
	bytesRead    atomic.Int64 // limited by maxReplyBytes
}

// Write implements net.Conn.
func (f *fencedConn) Write(p []byte) (int, error) {
	if f.writeRefused.Load() || f.clock.IsLate(f.deadline) {
		f.writeRefused.Store(true)
		return 0, errTooLate
	}
	return f.Conn.Write(p)
}

// Read implements net.Conn.
func (f *fencedConn) Read(p []byte) (int, error) {
	n, err := f.Conn.Read(p)
	if f.bytesRead.Add(int64(n)) > maxReplyBytes {
		return 0, errTalkative
	}
	return n, err
}

// SetDeadline implements net.Conn. It never sets a time after the fence's deadline.
func (f *fencedConn) SetDeadline(t time.Time) error {
	if t.IsZero() || t.After(f.deadline) {
		t = f.deadline
	}
	return f.Conn.SetDeadline(t)
}

// replyLines reads a server's lines, and adds a blank to each code without text. Go's reader of replies needs the
// blank, but servers may leave it out: any text, "including no text at all", must be acceptable (RFC 5321 section 4.2).
type replyLines struct {
	from       *bufio.Reader
	rest       []byte // the part of the current line that wasn't read yet
	insideLine bool   // the next bytes of from continue a line
}

// Read implements io.Reader.
func (r *replyLines) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		line, err := r.from.ReadSlice('\n')
		if len(line) == 0 {
			return 0, err
		}

		isEnd := bytes.HasSuffix(line, []byte("\n"))
		isWholeLine := isEnd && !r.insideLine
		text := bytes.TrimRight(line, "\r\n")
		if isWholeLine && len(text) == len("250") {
			r.rest = append(append(r.rest[:0], text...), " \r\n"...)
		} else {
			r.rest = append(r.rest[:0], line...)
		}

		r.insideLine = !isEnd
	}

	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// isTimeout reports whether an error means that the server was silent for too long.
func isTimeout(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
}
