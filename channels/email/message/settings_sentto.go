package message

import (
	"slices"
	"strings"

	"parley/channels"
)

// SentTo returns the servers that get a mailbox's passwords, and the access tokens of its provider: see channels.Spec. A mailbox that signs
// in by access tokens may still have passwords from before. They count as if they were used, because they are used again if somebody
// removes the provider from the settings.
func SentTo(c channels.Config) map[string][]string {
	r := reader{config: c}
	servers := func(oauth string) (imap, smtp string) {
		imapHost, smtpHost := defaultHosts(oauth)
		return r.readReceiver(fieldIMAPHost, imapHost, r.readPort(fieldIMAPPort, "993"), fieldIMAPSecurity),
			r.readReceiver(fieldSMTPHost, smtpHost, r.readPort(fieldSMTPPort, "587"), fieldSMTPSecurity)
	}

	imap, smtp := servers("") // the provider's own servers get no password
	sent := map[string][]string{fieldIMAPPassword: {imap}, fieldSMTPPassword: {smtp}}
	if c[fieldSMTPPassword] == "" { // then IMAP's is used
		sent[fieldIMAPPassword] = append(sent[fieldIMAPPassword], smtp)
	}
	if oauth := r.readText(FieldOAuth, ""); oauth != "" {
		imap, smtp = servers(oauth)
		sent[FieldOAuth] = []string{imap, smtp}
	}

	for field, servers := range sent {
		sent[field] = slices.DeleteFunc(servers, func(s string) bool { return s == "" })
	}

	return sent
}

// readReceiver returns a server in the form of SentTo, or "" if no server is named. A protected connection proves the
// name of the host, so its port doesn't matter.
func (r *reader) readReceiver(field, host, port, security string) string {
	host = strings.ToLower(strings.TrimSuffix(r.readText(field, host), "."))
	if host == "" {
		return ""
	}
	if r.readSecurity(security, port) == Unprotected {
		return host + ":" + port + " without protection"
	}
	return host
}
