package email

import "parley/channels"

// Names of the settings, as Spec lists them.
const (
	fieldAddress      = "address"
	fieldAliases      = "aliases"
	fieldSenderName   = "sender_name"
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

// Spec describes the channel "email": a mailbox read by IMAP and answered by SMTP. All mailboxes made
// by one Spec share limits on memory and connections, so call it once per process.
func Spec() channels.Spec {
	shared := newProcess()
	security := []string{securityTLS, securitySTARTTLS, securityNone}
	return channels.Spec{
		Kind:     "email",
		Name:     "E-mail",
		Icon:     "email",
		OwnHosts: func(c channels.Config) []string { return []string{c[fieldIMAPHost], c[fieldSMTPHost]} },
		New: func(account channels.Account, env channels.Env) (channels.Channel, error) {
			return newChannel(account, env, defaultOptions(), shared)
		},
		Fields: []channels.Field{
			{Name: fieldAddress, Label: "E-mail address", Help: "The address customers write to.", Required: true},
			{Name: fieldAliases, Label: "Other addresses", Help: "Further addresses that end up in this mailbox.", List: true},
			{Name: fieldSenderName, Label: "Sender name", Help: "Shown to customers beside the address: Acme Support."},
			{Name: fieldIMAPHost, Label: "IMAP server", Help: "Where mail is read: imap.example.com.", Required: true},
			{Name: fieldIMAPPort, Label: "IMAP port", Help: "993 for TLS, 143 for STARTTLS.", Default: "993"},
			{Name: fieldIMAPSecurity, Label: "IMAP security", OneOf: security,
				Help: "Empty: tls on 993, else starttls. none sends the password readable: only inside your own network."},
			{Name: fieldIMAPUsername, Label: "IMAP user name", Help: "Empty: the e-mail address."},
			{Name: fieldIMAPPassword, Label: "IMAP password", Help: "With two-step sign-in: an app password.", Secret: true, Required: true},
			{Name: fieldSMTPHost, Label: "SMTP server", Help: "Where mail is sent: smtp.example.com.", Required: true},
			{Name: fieldSMTPPort, Label: "SMTP port", Help: "587 for STARTTLS, 465 for TLS.", Default: "587"},
			{Name: fieldSMTPSecurity, Label: "SMTP security", OneOf: security,
				Help: "Empty: tls on 465, else starttls. none sends the password readable: only inside your own network."},
			{Name: fieldSMTPUsername, Label: "SMTP user name", Help: "Empty, with the SMTP password empty too: as for IMAP."},
			{Name: fieldSMTPPassword, Label: "SMTP password", Secret: true},
			{Name: fieldSaveSent, Label: "Copy to Sent", Default: saveAuto, OneOf: []string{saveAuto, saveOn, saveOff},
				Help: "on: Parley files a copy. off: the mail server files what it sends, as Gmail and Microsoft 365 do. " +
					"auto: off for those two, on for others."},
			{Name: fieldFolder, Label: "Folder", Help: "The folder that is read.", Default: "INBOX"},
			{Name: fieldSentFolder, Label: "Sent folder", Help: "Where sent mail is filed, and where answers are found " +
				"that somebody writes in the mailbox itself. Empty: Parley finds it."},
		},
	}
}
