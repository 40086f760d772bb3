package email

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"slices"
	"strconv"
	"strings"

	"parley/channels"
)

// How a connection is protected.
const (
	securityTLS      = "tls"
	securitySTARTTLS = "starttls"
	securityNone     = "none"
)

// Whether a sent mail is copied into the folder of sent mail.
const (
	saveAuto = "auto"
	saveOn   = "on"
	saveOff  = "off"
)

// server is one side of the account: IMAP or SMTP.
type server struct {
	host, port, security, username, password string
}

func (s server) address() string { return net.JoinHostPort(s.host, s.port) }

// settings is an account's checked configuration.
type settings struct {
	address    string   // as configured
	own        []string // all own addresses in lower case, the main one first
	senderName string
	imap, smtp server
	saveSent   string // saveOn or saveOff; auto is replaced by one of them, by the provider
	saveAuto   bool   // it was auto: no copy is filed once the server was seen to file by itself
	folder     string
	sentFolder string // "" = it is found by its special use or a usual name
}

// provider is a mail service whose habits are known.
type provider int

const (
	providerOther provider = iota
	providerGmail
	providerMicrosoft
)

// provider recognises the mail service by the name of the SMTP server. Gmail's relay server counts as
// providerOther, because it doesn't file what it sends.
func (s settings) provider() provider {
	host := strings.ToLower(strings.TrimSuffix(s.smtp.host, "."))
	switch {
	case host == "smtp.gmail.com" || host == "smtp.googlemail.com":
		return providerGmail
	case host == "smtp.office365.com" || host == "smtp-mail.outlook.com" || host == "outlook.office365.com":
		return providerMicrosoft
	}
	return providerOther
}

// domain is the part of the main address behind the @.
func (s settings) domain() string {
	return s.own[0][strings.LastIndexByte(s.own[0], '@')+1:]
}

// newSettings reads and checks a configuration. Errors: all faults, joined.
func newSettings(c channels.Config) (settings, error) {
	r := reader{config: c}
	s := settings{
		address:    r.address(fieldAddress, r.text(fieldAddress, "")),
		senderName: oneLine(r.text(fieldSenderName, "")),
		folder:     r.text(fieldFolder, "INBOX"),
		sentFolder: r.text(fieldSentFolder, ""),
		saveSent:   r.oneOf(fieldSaveSent, saveAuto, saveAuto, saveOn, saveOff),
	}
	s.own = []string{strings.ToLower(s.address)}
	for _, alias := range c.List(fieldAliases) {
		if a := strings.ToLower(r.address(fieldAliases, strings.TrimSpace(alias))); !slices.Contains(s.own, a) {
			s.own = append(s.own, a)
		}
	}
	s.imap = server{
		host:     r.host(fieldIMAPHost),
		port:     r.port(fieldIMAPPort, "993"),
		username: r.text(fieldIMAPUsername, s.address),
		password: r.secret(fieldIMAPPassword, true),
	}
	s.imap.security = r.security(fieldIMAPSecurity, s.imap.port)
	s.smtp = server{
		host:     r.host(fieldSMTPHost),
		port:     r.port(fieldSMTPPort, "587"),
		username: r.text(fieldSMTPUsername, ""),
		password: r.secret(fieldSMTPPassword, false),
	}
	s.smtp.security = r.security(fieldSMTPSecurity, s.smtp.port)
	if s.smtp.password == "" {
		if s.smtp.username != "" && s.smtp.username != s.imap.username {
			r.fault(fieldSMTPPassword, "missing for this user name")
		}
		s.smtp.username, s.smtp.password = s.imap.username, s.imap.password
	}
	if s.smtp.username == "" {
		s.smtp.username = s.imap.username
	}
	if s.saveSent == saveAuto {
		s.saveSent, s.saveAuto = saveOn, true
		if s.provider() != providerOther {
			s.saveSent = saveOff
		}
	}
	return s, errors.Join(r.faults...)
}

// reader reads values of a configuration and collects what is wrong with them.
type reader struct {
	config channels.Config
	faults []error
}

func (r *reader) fault(field, what string) {
	r.faults = append(r.faults, fmt.Errorf("email: %s: %s", field, what))
}

func (r *reader) text(field, def string) string {
	if v := strings.TrimSpace(r.config[field]); v != "" {
		return v
	}
	return def
}

// host reads a name or an IP address.
func (r *reader) host(field string) string {
	v := r.text(field, "")
	switch {
	case v == "":
		r.fault(field, "missing")
	case strings.ContainsAny(v, "/@ ") || strings.Count(v, ":") == 1:
		r.fault(field, "must be a name like mail.example.com, without port")
	}
	return v
}

// secret reads a password. It is not trimmed, because spaces may belong to it.
func (r *reader) secret(field string, required bool) string {
	v := r.config[field]
	if v == "" && required {
		r.fault(field, "missing")
	}
	return v
}

func (r *reader) oneOf(field, def string, allowed ...string) string {
	v := r.text(field, def)
	if !slices.Contains(allowed, v) {
		r.fault(field, "must be one of "+strings.Join(allowed, ", "))
		return def
	}
	return v
}

func (r *reader) port(field, def string) string {
	v := r.text(field, def)
	if n, err := strconv.ParseUint(v, 10, 16); err != nil || n == 0 {
		r.fault(field, "must be a number from 1 to 65535")
		return def
	}
	return v
}

// security reads how a connection is protected. The default depends on the port.
func (r *reader) security(field, port string) string {
	def := securitySTARTTLS
	if port == "993" || port == "465" {
		def = securityTLS
	}
	return r.oneOf(field, def, securityTLS, securitySTARTTLS, securityNone)
}

// address accepts an address without a name. In any case it returns a text with an @.
func (r *reader) address(field, v string) string {
	a, err := mail.ParseAddress(v)
	if err != nil || a.Name != "" || a.Address != v {
		r.fault(field, "is not an e-mail address")
		return "invalid@invalid"
	}
	return v
}
