package submission

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"parley/channels/email/rawmail"
	"parley/channels/email/settings"
	"parley/channels/email/smtpcode"
	"parley/channels/email/wire"
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

// isTimeOver reports whether a connection failed because the attempt's time was over. Then it is closed, its own
// deadline has passed, and nothing more is written: any of the three may be noticed first.
func isTimeOver(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, errTooLate)
}
