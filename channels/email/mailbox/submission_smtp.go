package mailbox

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

	"parley/channels/email/message"
)

// smtpSession is a connection to the SMTP server. After openSMTP it is signed in, and can send one mail.
type smtpSession struct {
	client          *smtp.Client
	conn            *fencedConn
	stopWatchingCtx func() bool // until it is called, the end of ctx closes the connection
}

// smtpFailure is the error of one step of sending a mail.
type smtpFailure struct {
	step      message.Step
	recipient string // the refused recipient; "" if no recipient was refused
	err       error  // a *textproto.Error if the server replied
}

func (e *smtpFailure) Error() string { return fmt.Sprintf("email: smtp: %v", e.err) }
func (e *smtpFailure) Unwrap() error { return e.err }

// reply returns the server's reply. The code is 0 if there was none.
func (e *smtpFailure) reply() (code int, text string) {
	if reply, ok := errors.AsType[*textproto.Error](e.err); ok {
		return reply.Code, reply.Msg
	}
	return 0, ""
}

// openSMTP connects, starts TLS and signs in. ctx must have a deadline; nothing is written after it. If the server refuses
// an access token, openSMTP retries once with a new one, because the token may have expired early by the server's clock.
// needsUTF8 is true if an address of the mail requires SMTPUTF8.
// Errors: *smtpFailure; *channels.SendError if there is no access token.
func (s *Sender) openSMTP(ctx context.Context, needsUTF8 bool) (*smtpSession, error) {
	const noneRefused = ""
	token, err := Token(ctx, s.set, s.grant, noneRefused)
	if err != nil {
		return nil, err
	}

	session, err := s.connect(ctx, needsUTF8, token)
	if token == "" || !isSignInRefused(err) {
		return session, err
	}

	refused := token
	token, err = Token(ctx, s.set, s.grant, refused)
	if err != nil {
		return nil, err
	}
	return s.connect(ctx, needsUTF8, token)
}

// isSignInRefused reports whether the server permanently refused the credentials.
func isSignInRefused(err error) bool {
	f, ok := errors.AsType[*smtpFailure](err)
	if !ok || f.step != message.StepAuth {
		return false
	}
	code, _ := f.reply()
	return code >= firstPermanentCode
}

// connect connects, starts TLS and signs in with the access token, or with the password if token is "". The error is an
// *smtpFailure.
func (s *Sender) connect(ctx context.Context, needsUTF8 bool, token string) (*smtpSession, error) {
	session := &smtpSession{stopWatchingCtx: func() bool { return true }}
	client, err := s.newClient(ctx, session, needsUTF8)
	if err == nil {
		session.client, err = client.DialToSMTPClientWithContext(ctx)
	}
	if err != nil {
		session.close()
		return nil, &smtpFailure{step: message.StepGreeting, err: err}
	}

	session.client.Text.R = bufio.NewReader(&replyReader{from: session.client.Text.R})
	if err := session.login(s.set.SMTP, token); err != nil {
		session.close()
		return nil, &smtpFailure{step: message.StepAuth, err: err}
	}

	return session, nil
}

// newClient returns a client of the mail library that connects for a session. It uses our own dial function for two reasons:
// all writes go through a fencedConn, even with TLS, and the session can close the connection, which the library leaves
// open if the greeting or STARTTLS fails.
func (s *Sender) newClient(ctx context.Context, session *smtpSession, needsUTF8 bool) (*mail.Client, error) {
	to := s.set.SMTP
	port, err := strconv.Atoi(to.Port)
	if err != nil {
		return nil, err
	}

	deadline, _ := ctx.Deadline() // always set, see openSMTP
	config := s.limits.TLS(to.Host, s.tls)
	dial := func(dialCtx context.Context, network, address string) (net.Conn, error) {
		raw, err := s.dialer.DialContext(dialCtx, network, address)
		if err != nil {
			return nil, err
		}

		KeepAlive(raw)
		session.conn = &fencedConn{Conn: raw, deadline: deadline, clock: time.Now} //nolint:forbidigo // the deadline is by this machine's clock
		session.stopWatchingCtx = context.AfterFunc(ctx, func() { _ = raw.Close() })
		if to.Security != message.TLS {
			return session.conn, nil
		}

		conn := tls.Client(session.conn, config)
		return conn, conn.HandshakeContext(dialCtx)
	}

	policy := mail.NoTLS
	if to.Security == message.STARTTLS {
		policy = mail.TLSMandatory
	}

	options := []mail.Option{
		mail.WithPort(port),
		mail.WithTLSPolicy(policy),
		mail.WithTLSConfig(config),
		mail.WithSMTPAuth(mail.SMTPAuthNoAuth), // see login
		mail.WithDialContextFunc(dial),
		mail.WithTimeout(max(time.Until(deadline), time.Millisecond)),
		mail.WithHELO(s.set.Domain()),
	}
	if !needsUTF8 {
		options = append(options, mail.WithoutSMTPUTF8())
	}

	return mail.NewClient(to.Host, options...)
}

// login signs in with the access token or, if token is "", with the password. If the server doesn't offer AUTH, login does
// nothing: either the server is a relay that trusts our IP address, or it will refuse the mail.
func (s *smtpSession) login(to message.Server, token string) error {
	offered, methods := s.client.Extension("AUTH")
	if !offered {
		return nil
	}

	mechanisms := strings.Fields(strings.ToUpper(methods))
	if token != "" {
		if !slices.Contains(mechanisms, "XOAUTH2") {
			return &textproto.Error{
				Code: codeNoMethod,
				Msg:  "no sign-in with access tokens offered, only " + message.Excerpt(methods),
			}
		}
		return s.client.Auth(smtp.XOAuth2Auth(to.Username, token))
	}

	unprotected := to.Security == message.Unprotected
	switch {
	case slices.Contains(mechanisms, "PLAIN"):
		return s.client.Auth(smtp.PlainAuth("", to.Username, to.Password, to.Host, unprotected))
	case slices.Contains(mechanisms, "LOGIN"):
		return s.client.Auth(smtp.LoginAuth(to.Username, to.Password, to.Host, unprotected))
	case slices.Contains(mechanisms, "CRAM-MD5"):
		return s.client.Auth(smtp.CRAMMD5Auth(to.Username, to.Password))
	}

	return &textproto.Error{Code: codeNoMethod, Msg: "no password sign-in offered, only " + message.Excerpt(methods)}
}

// quit sends QUIT and ignores the reply. The mail has been accepted already.
func (s *smtpSession) quit() {
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

// isDeadlineError reports whether a connection failed because the deadline of the attempt had passed. Depending on timing,
// the connection was closed, its deadline was exceeded, or fencedConn refused a write.
func isDeadlineError(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, errTooLate)
}
