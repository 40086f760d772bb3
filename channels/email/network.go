package email

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// problem is a failure in words for people.
type problem struct {
	text, hint  string
	needsPerson bool // waiting does not help
}

// explainNetwork explains failures of the connection, for IMAP and SMTP; false if err is none.
func explainNetwork(err error, to server) (problem, bool) {
	var dns *net.DNSError
	var badName x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var noTLS tls.RecordHeaderError
	var op *net.OpError
	switch {
	case errors.As(err, &dns):
		return problem{
			text: fmt.Sprintf("The name %s can't be found.", to.host),
			hint: "Check the server's name in the account's settings.",
		}, true
	case errors.As(err, &badName):
		return problem{
			text:        fmt.Sprintf("The certificate of %s belongs to another name.", to.address()),
			hint:        "Enter the server's name as its certificate has it.",
			needsPerson: true,
		}, true
	case errors.As(err, &unknown):
		return problem{
			text:        fmt.Sprintf("The certificate of %s is signed by nobody known.", to.address()),
			hint:        "Install a certificate of a known authority, or add yours to this machine's trusted ones.",
			needsPerson: true,
		}, true
	case errors.As(err, &invalid):
		return problem{
			text:        fmt.Sprintf("The certificate of %s is not valid: %s", to.address(), said(invalid.Error())),
			hint:        "Renew the server's certificate and check this machine's clock.",
			needsPerson: true,
		}, true
	case errors.As(err, &noTLS):
		return problem{text: to.address() + " does not speak TLS here.", hint: tlsHint(to)}, true
	case errors.Is(err, errSilent) || errors.Is(err, os.ErrDeadlineExceeded):
		return problem{
			text: to.address() + " stopped answering.",
			hint: "Check port and security; a firewall may swallow the connection.",
		}, true
	case errors.As(err, &op) && op.Op == "dial":
		return problem{
			text: fmt.Sprintf("No connection to %s: %s", to.address(), said(op.Err.Error())),
			hint: "Check the server's name and port, and that a firewall lets the connection through.",
		}, true
	}
	return problem{}, false
}

func tlsHint(to server) string {
	if to.security == securitySTARTTLS {
		return "Check port and security: starttls needs the plain port (143, 587), tls the other one (993, 465)."
	}
	return "Check port and security: tls needs port 993 or 465, starttls 143 or 587."
}

// keepAlive makes the operating system find out when the other side is gone.
func keepAlive(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 15 * time.Second, Count: 4})
	}
}
