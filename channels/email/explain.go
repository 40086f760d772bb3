package email

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-imap/v2"

	"parley/channels/email/smtpcode"
)

// problem is a failure in words for people.
type problem struct {
	text, hint  string
	needsPerson bool // waiting does not help
}

// maxSaidRunes bounds what is repeated of a server's own words.
const maxSaidRunes = 200

// said shortens a server's words to one line.
func said(text string) string {
	text = oneLine(strings.ToValidUTF8(text, "?"))
	if utf8.RuneCountInString(text) > maxSaidRunes {
		text = string([]rune(text)[:maxSaidRunes]) + "…"
	}
	return text
}

// explain says for people why an IMAP session failed.
func explain(err error, to server, folder string) problem {
	var se *stageError
	if !errors.As(err, &se) {
		return problem{text: "Reading the mailbox failed: " + said(err.Error())}
	}
	if p, ok := explainNetwork(err, to); ok {
		return p
	}
	switch se.stage {
	case stageLogin:
		return explainLogin(err, to)
	case stageTLS:
		return problem{
			text: fmt.Sprintf("No protected connection to %s: %s", to.address(), said(se.err.Error())),
			hint: tlsHint(to),
		}
	case stageFolder:
		if refused(err) {
			return problem{
				text:        fmt.Sprintf("The folder %q can't be opened: %s", folder, said(wordsOf(err))),
				hint:        "Check the folder's name in the account's settings; most mailboxes use INBOX.",
				needsPerson: true,
			}
		}
	default: // connecting and fetching: the server's words are all there is
	}
	return problem{
		text: fmt.Sprintf("The connection to %s broke: %s", to.address(), said(wordsOf(err))),
		hint: "Parley tries again by itself.",
	}
}

// explainLogin tells a refused password from a server that can't check passwords now.
func explainLogin(err error, to server) problem {
	if errors.Is(err, errLoginDisabled) {
		return problem{
			text:        to.address() + " offers no password login on this connection.",
			hint:        loginDisabledHint(to),
			needsPerson: true,
		}
	}
	var no *imap.Error
	if !errors.As(err, &no) || passing(no) {
		return problem{
			text: fmt.Sprintf("%s does not let anybody in right now: %s", to.address(), said(wordsOf(err))),
			hint: "Parley tries again by itself.",
		}
	}
	return problem{
		text:        fmt.Sprintf("%s refuses the user name or the password: %s", to.address(), said(no.Text)),
		hint:        smtpcode.HintPassword,
		needsPerson: true,
	}
}

func loginDisabledHint(to server) string {
	if to.security == securityNone {
		return "Set security to starttls or tls."
	}
	return "Ask the provider how programs sign in to this mailbox."
}

// passing reports whether a refused login may work later with the same password.
func passing(no *imap.Error) bool {
	switch no.Code {
	case imap.ResponseCodeUnavailable, imap.ResponseCodeServerBug, imap.ResponseCodeInUse, imap.ResponseCodeLimit:
		return true
	}
	if no.Type == imap.StatusResponseTypeBye {
		return true
	}
	text := strings.ToLower(no.Text)
	return strings.Contains(text, "too many") || strings.Contains(text, "try again") || strings.Contains(text, "temporar")
}

func tlsHint(to server) string {
	if to.security == securitySTARTTLS {
		return "Check port and security: starttls needs the plain port (143, 587), tls the other one (993, 465)."
	}
	return "Check port and security: tls needs port 993 or 465, starttls 143 or 587."
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

// wordsOf returns the server's words in an error, or the error's own if the server said nothing.
func wordsOf(err error) string {
	var no *imap.Error
	if errors.As(err, &no) {
		return no.Text
	}
	var se *stageError
	if errors.As(err, &se) {
		return se.err.Error()
	}
	return err.Error()
}
