package email

import (
	"parley/channels"
	"parley/channels/email/mailbox"
	"parley/channels/email/message"
)

// Spec describes the channel "email": a mailbox read by IMAP and answered by SMTP. All mailboxes made
// by one Spec share limits on memory and connections, so call it once per process.
func Spec() channels.Spec {
	shared := newProcess()
	return channels.Spec{
		Kind:        "email",
		Name:        "E-mail",
		Icon:        "email",
		OwnHosts:    message.Hosts,
		Check:       message.Check,
		Sources:     message.Sources,
		ReadAddress: func(_ channels.Config, typed string) (channels.Party, error) { return message.ReadAddress(typed) },
		SentTo:      message.SentTo,
		Consent:     message.FieldOAuth,
		New: func(account channels.Account, env channels.Env) (channels.Channel, error) {
			return newChannel(account, env, mailbox.DefaultOptions(), shared)
		},
		Fields: message.Fields(),
	}
}
