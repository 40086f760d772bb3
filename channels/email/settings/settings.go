package settings

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
	"parley/channels/email/rawmail"
)

// Names of the settings, as fields lists them.
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

// FieldOAuth is the name of the setting that names the provider at which Parley signs in without a password.
const FieldOAuth = "oauth"

// Providers at which a person consents to Parley's signing in to the mailbox.
const (
	OAuthGoogle    = "google"
	OAuthMicrosoft = "microsoft"
)

// How a connection is protected.
const (
	TLS         = "tls"
	STARTTLS    = "starttls"
	Unprotected = "none"
)

// Whether a sent mail is copied into the folder of sent mail.
const (
	saveAuto = "auto"
	SaveOn   = "on"
	SaveOff  = "off"
)

// Server is one side of the account: IMAP or SMTP.
type Server struct {
	Host, Port, Security, Username string
	Password                       string `json:"-"`
}

// String shows everything but the password, to logs too.
func (s Server) String() string {
	return fmt.Sprintf("%s at %s (%s)", s.Username, s.Address(), s.Security)
}

// GoString is String, so that no verb of fmt shows the password.
func (s Server) GoString() string { return s.String() }

// Address returns host and port as they are dialled.
func (s Server) Address() string { return net.JoinHostPort(s.Host, s.Port) }

// Settings is an account's checked configuration.
type Settings struct {
	Address    string   // as configured, its domain in ASCII
	Own        []string // all own addresses in lower case, the main one first
	SenderName string
	IMAP, SMTP Server
	OAuth      string // OAuthGoogle or OAuthMicrosoft: who hands out access tokens; "" means sign-in by password
	SaveSent   string // SaveOn or SaveOff; auto is replaced by one of them, by the provider
	SaveAuto   bool   // it was auto: no copy is filed once the server was seen to file by itself
	Folder     string
	SentFolder string // "" means it is found by its special use or a usual name
}

// Service is a mail service whose habits are known, or other.
type Service int

// The services whose habits are known, and all others.
const (
	other Service = iota
	gmail
	Microsoft
)

// Service recognises the mail service by the name of the SMTP server. Gmail's relay server counts as
// other, because it doesn't file what it sends.
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

// Domain is the part of the main address behind the @.
func (s Settings) Domain() string { return s.Own[0][strings.LastIndexByte(s.Own[0], '@')+1:] }

// Read reads and checks a configuration. Errors: all faults, joined.
func Read(c channels.Config) (Settings, error) {
	r := reader{config: c}
	s := Settings{
		Address:    r.readAddress(fieldAddress, r.readText(fieldAddress, "")),
		SenderName: rawmail.OneLine(r.readText(fieldSenderName, "")),
		Folder:     r.readText(fieldFolder, "INBOX"),
		SentFolder: r.readText(fieldSentFolder, ""),
		SaveSent:   r.readOneOf(fieldSaveSent, saveAuto, saveAuto, SaveOn, SaveOff),
	}

	typed := s.Address
	s.Address = rawmail.ASCIIDomain(typed)
	s.Own = []string{strings.ToLower(s.Address)}
	for _, alias := range c.List(fieldAliases) {
		alias = r.readAddress(fieldAliases, strings.TrimSpace(alias))
		own := strings.ToLower(rawmail.ASCIIDomain(alias))
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

	imapHost, smtpHost := hostsOf(s.OAuth)
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
	r.fillSMTPUser(&s)

	if s.SaveSent == saveAuto {
		s.SaveSent, s.SaveAuto = SaveOn, true
		if s.Service() != other {
			s.SaveSent = SaveOff
		}
	}

	return s, errors.Join(r.faults...)
}

// Check says what is wrong with a configuration. Errors: all faults, joined.
func Check(c channels.Config) error {
	_, err := Read(c)
	return err
}

// hostsOf returns the servers of a provider at which Parley signs in without a password.
func hostsOf(oauth string) (imap, smtp string) {
	switch oauth {
	case OAuthGoogle:
		return "imap.gmail.com", "smtp.gmail.com"
	case OAuthMicrosoft:
		return "outlook.office365.com", "smtp.office365.com"
	}
	return "", ""
}

// fillSMTPUser fills in who signs in at the SMTP server: without a user name of its own, whoever signs in for IMAP; without a password
// of its own, with that for IMAP, if both user names are of one mailbox.
func (r *reader) fillSMTPUser(s *Settings) {
	s.SMTP.Username = cmp.Or(s.SMTP.Username, s.IMAP.Username)
	if s.OAuth != "" {
		s.IMAP.Password, s.SMTP.Password = "", "" // they are left from the time before sign-in at the provider
	} else if s.SMTP.Password == "" {
		if !areOfOneMailbox(s.SMTP.Username, s.IMAP.Username) {
			r.addFault(fieldSMTPPassword, "missing for this user name")
		}
		s.SMTP.Password = s.IMAP.Password
	}
}

// areOfOneMailbox reports whether two user names are the same, or one is the part of the other before the @.
func areOfOneMailbox(a, b string) bool {
	localA, _, _ := strings.Cut(a, "@")
	localB, _, _ := strings.Cut(b, "@")
	return strings.EqualFold(a, b) || strings.EqualFold(localA, b) || strings.EqualFold(a, localB)
}

// reader reads values of a configuration and collects what is wrong with them.
type reader struct {
	config channels.Config
	faults []error
}

// addFault adds a fault of a field.
func (r *reader) addFault(field, what string) {
	r.faults = append(r.faults, &channels.FieldError{Section: "email", Field: field, What: what})
}

// readText reads a text without the blanks around it. An empty one is replaced by def.
func (r *reader) readText(field, def string) string {
	return cmp.Or(strings.TrimSpace(r.config[field]), def)
}

// readHost reads a name or an IP address.
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

// readSecret reads a password. It is not trimmed, because spaces may belong to it.
func (r *reader) readSecret(field string, required bool) string {
	v := r.config[field]
	if v == "" && required {
		r.addFault(field, "missing")
	}
	return v
}

// readOneOf reads a word that must be one of those that are allowed.
func (r *reader) readOneOf(field, def string, allowed ...string) string {
	v := r.readText(field, def)
	if !slices.Contains(allowed, v) {
		r.addFault(field, "must be one of "+strings.Join(allowed, ", "))
		return def
	}
	return v
}

// readPort reads the number of a port.
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

// readSecurity reads how a connection is protected. The default depends on the port.
func (r *reader) readSecurity(field, port string) string {
	def := STARTTLS
	if port == "993" || port == "465" {
		def = TLS
	}
	return r.readOneOf(field, def, TLS, STARTTLS, Unprotected)
}

// readAddress accepts an address without a name. In any case it returns a text with an @.
func (r *reader) readAddress(field, v string) string {
	a, err := mail.ParseAddress(v)
	if err != nil || a.Address != v { // with a name, Address differs from v
		r.addFault(field, "is not an e-mail address")
		return "invalid@invalid"
	}
	return v
}

// Fields describes the settings for those who fill them in.
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
			Help: "Empty: tls on 993, else starttls. none sends the password readable: only inside your own network."},
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

// Persons returns the addresses with which a person may sign in to connect the mailbox at its provider, the one that
// is expected first: whoever the settings name for that, and the mailbox's own ones.
func Persons(c channels.Config) []string {
	own := append([]string{c[fieldAddress]}, c.List(fieldAliases)...)
	if user := c[fieldOAuthUser]; user != "" {
		return append([]string{user}, own...)
	}
	return own
}

// Hosts returns the servers that a configuration names, as they are written there.
func Hosts(c channels.Config) []string { return []string{c[fieldIMAPHost], c[fieldSMTPHost]} }
