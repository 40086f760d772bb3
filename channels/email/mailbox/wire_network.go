package mailbox

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/email/message"
)

// Problem describes a failure for people.
type Problem struct {
	Text, Hint  string
	NeedsPerson bool // a retry doesn't help until somebody fixes it
}

// Explain describes a connection error for IMAP and SMTP, such as an unknown host or an invalid certificate. to is the
// server. ok is false for other errors, such as a refusal by the server.
func Explain(err error, to message.Server) (problem Problem, ok bool) {
	var dns *net.DNSError
	var badName x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var noTLS tls.RecordHeaderError
	var op *net.OpError
	switch {
	case errors.Is(err, channels.ErrPrivateAddress):
		return Problem{
			Text: to.Host + " leads to an address that is not on the internet.",
			Hint: "Check the server's name in the account's settings.",
		}, true
	case errors.As(err, &dns):
		return Problem{
			Text: fmt.Sprintf("The name %s can't be found.", to.Host),
			Hint: "Check the server's name in the account's settings.",
		}, true
	case errors.As(err, &badName):
		return Problem{
			Text:        fmt.Sprintf("The certificate of %s belongs to another name.", to.Address()),
			Hint:        "Enter the server's name as its certificate has it.",
			NeedsPerson: true,
		}, true
	case errors.As(err, &unknown):
		return Problem{
			Text:        fmt.Sprintf("The certificate of %s is signed by nobody known.", to.Address()),
			Hint:        "Install a certificate of a known authority, or add yours to this machine's trusted ones.",
			NeedsPerson: true,
		}, true
	case errors.As(err, &invalid):
		return Problem{
			Text:        fmt.Sprintf("The certificate of %s is not valid: %s", to.Address(), message.Excerpt(invalid.Error())),
			Hint:        "Renew the server's certificate and check this machine's clock.",
			NeedsPerson: true,
		}, true
	case errors.As(err, &noTLS):
		return Problem{Text: to.Address() + " does not speak TLS here.", Hint: TLSHint(to)}, true
	case errors.Is(err, ErrSilent) || errors.Is(err, os.ErrDeadlineExceeded):
		return Problem{
			Text: to.Address() + " stopped answering.",
			Hint: "Check port and security; a firewall may swallow the connection.",
		}, true
	case errors.As(err, &op) && op.Op == "dial":
		return Problem{
			Text: fmt.Sprintf("No connection to %s: %s", to.Address(), message.Excerpt(op.Err.Error())),
			Hint: "Check the server's name and port, and that a firewall lets the connection through.",
		}, true
	}

	return Problem{}, false
}

// PasswordHint returns the hint after a server refused the password. Some services accept no passwords at all.
func PasswordHint(set message.Settings) string {
	if set.Service() == message.Microsoft {
		return "Microsoft 365 takes no passwords. Sign in with Microsoft instead: oauth: microsoft in the account's settings, " +
			"then connect it on its page Connection, or with parley connect microsoft."
	}
	if strings.EqualFold(set.IMAP.Host, "imap.gmail.com") {
		return "Google takes app passwords only: switch on two-step sign-in and make one. " +
			"Or sign in with Google: oauth: google in the account's settings, " +
			"then connect it on its page Connection, or with parley connect google."
	}
	return message.HintPassword
}

// TLSHint returns the hint after a server didn't start TLS.
func TLSHint(to message.Server) string {
	if to.Security == message.STARTTLS {
		return "Check port and security: starttls needs the plain port (143, 587), tls the other one (993, 465)."
	}
	return "Check port and security: tls needs port 993 or 465, starttls 143 or 587."
}

// KeepAlive enables TCP keep-alive, so that a lost connection is noticed 90 seconds after the last byte. An error is
// ignored, because the timeouts of commands notice it as well, only later.
func KeepAlive(conn net.Conn) {
	const firstProbe, betweenProbes, probes = 30 * time.Second, 15 * time.Second, 4
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: firstProbe, Interval: betweenProbes, Count: probes})
	}
}

// ErrSilent means that a server didn't answer a command in time.
var ErrSilent = errors.New("the server stopped answering")
