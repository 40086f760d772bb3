package message

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"slices"
	"strconv"
	"strings"

	"parley/channels"
)

// An email account's configuration is a map from field names to texts, which an administrator types in a form or a file:
//
//	address: help@acme.test
//	imap.host: imap.acme.test
//	imap.password: …
//	smtp.host: smtp.acme.test
//
// Read checks it and fills in the defaults. Fields describes the fields for the form.

// The names of the fields.
const (
	fieldAddress      = "address"
	fieldAliases      = "aliases"
	fieldSenderName   = "sender_name"
	fieldOAuthUser    = "oauth_user"
	fieldIMAPHost     = "imap.host"
	fieldIMAPPort     = "imap.port"
	fieldIMAPSecurity = "imap.security"
	fieldIMAPUsername = "imap.username"
	fieldIMAPPassword = "imap.password"
	fieldSMTPHost     = "smtp.host"
	fieldSMTPPort     = "smtp.port"
	fieldSMTPSecurity = "smtp.security"
	fieldSMTPUsername = "smtp.username"
	fieldSMTPPassword = "smtp.password"
	fieldSaveSent     = "save_sent"
	fieldFolder       = "folder"
	fieldSentFolder   = "sent_folder"
)

// FieldOAuth is the field for the provider at which Parley signs in without a password.
const FieldOAuth = "oauth"

// The values of FieldOAuth: providers at which a person grants Parley access to the mailbox.
const (
	OAuthGoogle    = "google"
	OAuthMicrosoft = "microsoft"
)

// The values of Server.Security.
const (
	TLS         = "tls"
	STARTTLS    = "starttls"
	Unprotected = "none"
)

// The values of the field save_sent: whether Parley copies sent mail to the sent folder.
const (
	saveAuto = "auto"
	SaveOn   = "on"
	SaveOff  = "off"
)

// Server is an IMAP or SMTP server with the credentials for it.
type Server struct {
	Host, Port, Security, Username string
	Password                       string `json:"-"`
}

// String hides the password, also in logs.
func (s Server) String() string {
	return fmt.Sprintf("%s at %s (%s)", s.Username, s.Address(), s.Security)
}

// GoString hides the password from %#v.
func (s Server) GoString() string { return s.String() }

// Address returns the host and port to dial.
func (s Server) Address() string { return net.JoinHostPort(s.Host, s.Port) }

// Settings is the checked configuration of an account.
type Settings struct {
	Address    string   // as configured, with its domain in ASCII
	Own        []string // all addresses of the mailbox in lower case, main one first
	SenderName string
	IMAP, SMTP Server
	OAuth      string // OAuthGoogle or OAuthMicrosoft; "" means sign-in with a password
	SaveSent   string // SaveOn or SaveOff
	SaveAuto   bool   // SaveSent is a default: saving stops once the server was seen to save sent mail itself
	Folder     string // the folder from which mail is read
	SentFolder string // "" means that it is found by its special-use attribute or a common name
}

// Service is a mail service.
type Service int

// The services that need special treatment.
const (
	other Service = iota // all others
	gmail
	Microsoft
)

// Service returns the mail service, recognised by its SMTP server. Gmail's relay server counts as other, because it
// doesn't save a copy of sent mail.
func (s Settings) Service() Service {
	host := strings.ToLower(strings.TrimSuffix(s.SMTP.Host, "."))
	switch host {
	case "smtp.gmail.com", "smtp.googlemail.com":
		return gmail
	case "smtp.office365.com", "smtp-mail.outlook.com", "outlook.office365.com":
		return Microsoft
	}
	return other
}

// Domain returns the domain of the main address.
func (s Settings) Domain() string { return s.Own[0][strings.LastIndexByte(s.Own[0], '@')+1:] }

// ReadSettings checks a configuration and fills in defaults. It returns all errors joined, each a *channels.FieldError. After an
// error, the settings must not be used.
func ReadSettings(c channels.Config) (Settings, error) {
	r := reader{config: c}
	s := Settings{
		Address:    r.readAddress(fieldAddress, r.readText(fieldAddress, "")),
		SenderName: OneLine(r.readText(fieldSenderName, "")),
		Folder:     r.readText(fieldFolder, "INBOX"),
		SentFolder: r.readText(fieldSentFolder, ""),
		SaveSent:   r.readOneOf(fieldSaveSent, saveAuto, saveAuto, SaveOn, SaveOff),
	}

	typed := s.Address // user names keep a domain in its original form
	s.Address = ASCIIDomain(typed)
	s.Own = []string{strings.ToLower(s.Address)}
	for _, alias := range c.List(fieldAliases) {
		alias = r.readAddress(fieldAliases, strings.TrimSpace(alias))
		own := strings.ToLower(ASCIIDomain(alias))
		if !slices.Contains(s.Own, own) {
			s.Own = append(s.Own, own)
		}
	}

	if s.OAuth = r.readText(FieldOAuth, ""); s.OAuth != "" {
		s.OAuth = r.readOneOf(FieldOAuth, "", OAuthGoogle, OAuthMicrosoft)
	}
	if user := r.readText(fieldOAuthUser, ""); user != "" {
		r.readAddress(fieldOAuthUser, user)
	}

	imapHost, smtpHost := defaultHosts(s.OAuth)
	s.IMAP = Server{
		Host:     r.readHost(fieldIMAPHost, imapHost),
		Port:     r.readPort(fieldIMAPPort, "993"),
		Username: r.readText(fieldIMAPUsername, typed),
		Password: r.readSecret(fieldIMAPPassword, s.OAuth == ""),
	}

	s.IMAP.Security = r.readSecurity(fieldIMAPSecurity, s.IMAP.Port)
	s.SMTP = Server{
		Host:     r.readHost(fieldSMTPHost, smtpHost),
		Port:     r.readPort(fieldSMTPPort, "587"),
		Username: r.readText(fieldSMTPUsername, ""),
		Password: r.readSecret(fieldSMTPPassword, false),
	}

	s.SMTP.Security = r.readSecurity(fieldSMTPSecurity, s.SMTP.Port)
	r.completeSMTP(&s)

	if s.SaveSent == saveAuto {
		s.SaveAuto = true
		s.SaveSent = SaveOn
		if s.Service() != other { // Gmail and Microsoft save sent mail themselves
			s.SaveSent = SaveOff
		}
	}

	return s, errors.Join(r.faults...)
}

// Check returns the errors of Read.
func Check(c channels.Config) error {
	_, err := ReadSettings(c)
	return err
}

// defaultHosts returns the servers of an OAuth provider, or "" for sign-in with a password.
func defaultHosts(oauth string) (imap, smtp string) {
	switch oauth {
	case OAuthGoogle:
		return "imap.gmail.com", "smtp.gmail.com"
	case OAuthMicrosoft:
		return "outlook.office365.com", "smtp.office365.com"
	}
	return "", ""
}

// completeSMTP fills in missing SMTP credentials with those for IMAP. The password is used only if both user names belong
// to the same mailbox.
func (r *reader) completeSMTP(s *Settings) {
	s.SMTP.Username = cmp.Or(s.SMTP.Username, s.IMAP.Username)
	if s.OAuth != "" {
		s.IMAP.Password, s.SMTP.Password = "", "" // from the time before the account used OAuth
		return
	}
	if s.SMTP.Password != "" {
		return
	}
	if !isSameUser(s.SMTP.Username, s.IMAP.Username) {
		r.addFault(fieldSMTPPassword, "missing for this user name")
	}
	s.SMTP.Password = s.IMAP.Password
}

// isSameUser reports whether two user names are equal, or one is the other without its domain.
func isSameUser(a, b string) bool {
	localA, _, _ := strings.Cut(a, "@")
	localB, _, _ := strings.Cut(b, "@")
	return strings.EqualFold(a, b) || strings.EqualFold(localA, b) || strings.EqualFold(a, localB)
}

// reader reads the fields of a configuration and collects all errors. After an error, its methods return a placeholder.
type reader struct {
	config channels.Config
	faults []error
}

func (r *reader) addFault(field, what string) {
	r.faults = append(r.faults, &channels.FieldError{Section: "email", Field: field, What: what})
}

// readText reads a trimmed text. def is its default.
func (r *reader) readText(field, def string) string {
	return cmp.Or(strings.TrimSpace(r.config[field]), def)
}

// readHost reads a required host name or IP address.
func (r *reader) readHost(field, def string) string {
	v := r.readText(field, def)
	hasPort := strings.Count(v, ":") == 1 // an IPv6 address has more colons
	if v == "" {
		r.addFault(field, "missing")
	} else if hasPort || strings.ContainsAny(v, "/@ ") {
		r.addFault(field, "must be a name like mail.example.com, without port")
	}
	return v
}

// readSecret reads a password. It isn't trimmed, because it may contain spaces.
func (r *reader) readSecret(field string, required bool) string {
	v := r.config[field]
	if v == "" && required {
		r.addFault(field, "missing")
	}
	return v
}

func (r *reader) readOneOf(field, def string, allowed ...string) string {
	v := r.readText(field, def)
	if !slices.Contains(allowed, v) {
		r.addFault(field, "must be one of "+strings.Join(allowed, ", "))
		return def
	}
	return v
}

func (r *reader) readPort(field, def string) string {
	const portBits = 16
	v := r.readText(field, def)
	n, err := strconv.ParseUint(v, 10, portBits)
	if err != nil || n == 0 {
		r.addFault(field, "must be a number from 1 to 65535")
		return def
	}
	return v
}

// readSecurity reads the security of a connection. The default depends on the port.
func (r *reader) readSecurity(field, port string) string {
	def := STARTTLS
	if port == "993" || port == "465" {
		def = TLS
	}
	return r.readOneOf(field, def, TLS, STARTTLS, Unprotected)
}

// readAddress checks an email address without a display name. The result always contains an "@".
func (r *reader) readAddress(field, v string) string {
	a, err := mail.ParseAddress(v)
	if err != nil || a.Address != v { // if v contains a name, Address differs from it
		r.addFault(field, "is not an e-mail address")
		return "invalid@invalid"
	}
	return v
}

// Fields describes the fields for forms and help texts.
func Fields() []channels.Field {
	security := []string{TLS, STARTTLS, Unprotected}
	return []channels.Field{
		{Name: fieldAddress, Label: "E-mail address", Help: "The address customers write to.", Required: true},
		{Name: fieldAliases, Label: "Other addresses", Help: "Further addresses that end up in this mailbox.", List: true},
		{Name: fieldSenderName, Label: "Sender name", Help: "Shown to customers beside the address: Acme Support."},
		{Name: FieldOAuth, Label: "Sign in with", OneOf: []string{OAuthGoogle, OAuthMicrosoft},
			Help: "Gmail or Microsoft 365, without a password: the account's page *Connection* leads there, " +
				"as does `parley connect` on the server. Servers and passwords may then be left out."},
		{Name: fieldOAuthUser, Label: "Who signs in", Help: "Only where another person than the mailbox itself signs in: " +
			"somebody who has full access to a shared mailbox of Microsoft 365."},
		{Name: fieldIMAPHost, Label: "IMAP server", Help: "Where mail is read: imap.example.com.", Required: true, Unless: FieldOAuth},
		{Name: fieldIMAPPort, Label: "IMAP port", Help: "993 for TLS, 143 for STARTTLS.", Default: "993"},
		{Name: fieldIMAPSecurity, Label: "IMAP security", OneOf: security,
			Help: "Leave it empty unless your provider says otherwise. \"none\" sends the password readable: only inside your own network."},
		{Name: fieldIMAPUsername, Label: "IMAP user name", Help: "Empty: the e-mail address."},
		{Name: fieldIMAPPassword, Label: "IMAP password", Help: "With two-step sign-in: an app password.", Secret: true,
			Required: true, Unless: FieldOAuth},
		{Name: fieldSMTPHost, Label: "SMTP server", Help: "Where mail is sent: smtp.example.com.", Required: true, Unless: FieldOAuth},
		{Name: fieldSMTPPort, Label: "SMTP port", Help: "587 for STARTTLS, 465 for TLS.", Default: "587"},
		{Name: fieldSMTPSecurity, Label: "SMTP security", OneOf: security,
			Help: "Empty: tls on 465, else starttls. none sends the password readable: only inside your own network."},
		{Name: fieldSMTPUsername, Label: "SMTP user name", Help: "Empty, with the SMTP password empty too: as for IMAP."},
		{Name: fieldSMTPPassword, Label: "SMTP password", Secret: true},
		{Name: fieldSaveSent, Label: "Copy to Sent", Default: saveAuto, OneOf: []string{saveAuto, SaveOn, SaveOff},
			Help: "on: Parley files a copy. off: the mail server files what it sends, as Gmail and Microsoft 365 do. " +
				"auto: off for those two, on for others."},
		{Name: fieldFolder, Label: "Folder", Help: "The folder that is read.", Default: "INBOX"},
		{Name: fieldSentFolder, Label: "Sent folder", Help: "Where sent mail is filed, and where answers are found " +
			"that somebody writes in the mailbox itself. Empty: Parley finds it."},
	}
}

// Persons returns the addresses with which a person may sign in at the provider to connect the mailbox: the configured
// user, who is expected and comes first, and the mailbox's own addresses.
func Persons(c channels.Config) []string {
	own := append([]string{c[fieldAddress]}, c.List(fieldAliases)...)
	if user := c[fieldOAuthUser]; user != "" {
		return append([]string{user}, own...)
	}
	return own
}

// Hosts returns the IMAP and SMTP servers in a configuration, unchecked. They may be "".
func Hosts(c channels.Config) []string { return []string{c[fieldIMAPHost], c[fieldSMTPHost]} }
