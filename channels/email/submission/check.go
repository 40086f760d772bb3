package submission

import (
	"context"
	"errors"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/email/settings"
	"parley/channels/email/smtpcode"
	"parley/channels/email/wire"
)

// Check signs in at the SMTP server with the stored credentials, and asks whether it takes mail from the
// mailbox's address. It sends nothing.
func (c *Sender) Check(ctx context.Context) []channels.Finding {
	const login = "SMTP login"
	ctx, cancel := context.WithTimeout(ctx, wire.CheckTimeout)
	defer cancel()
	to := c.set.SMTP
	s, err := c.openSMTP(ctx, false)
	if err != nil {
		return []channels.Finding{c.smtpFault(login, err)}
	}
	defer s.close()
	out := []channels.Finding{}
	if offered, _ := s.client.Extension("AUTH"); offered {
		out = append(out, channels.Success(login, "%s signed in at %s.", to.Username, to.Address()))
	} else {
		out = append(out, channels.Success(login, "%s asks for no sign-in.", to.Address()))
	}

	if to.Security == settings.Unprotected {
		out = append(out, channels.Success("SMTP security", wire.UnprotectedText))
	}

	const sender = "SMTP sender"
	if err := s.client.Mail(smtpPath(c.set.Address)); err != nil {
		return append(out, c.smtpFault(sender, &smtpFailure{step: smtpcode.StepMail, err: err}))
	}

	out = append(out, channels.Success(sender, "The server takes mail from %s.", c.set.Address))
	if limit := s.maxBytes(); limit > 0 {
		out = append(out, channels.Success("SMTP size", "Mails up to %d MB.", limit>>20))
	}

	_ = s.client.Reset()
	s.sendQuit()
	return out
}

func (c *Sender) smtpFault(what string, err error) channels.Finding {
	se := c.explainFailure(err, time.Time{}, nil)
	hint := se.Hint
	var f *smtpFailure
	switch {
	case strings.Contains(err.Error(), "does not support STARTTLS"):
		hint = "Check the port; if the server really has no STARTTLS, set security to tls with port 465."
	case errors.As(err, &f) && strings.Contains(err.Error(), microsoftNoSMTPAuth):
		hint = "The mailbox has password sign-in for SMTP switched off: " +
			"switch on SMTP AUTH for it in the administration of Microsoft 365."
	case hint == smtpcode.HintLater:
		hint += " If it stays so, check server and port: an SMTP server must listen there."
	}
	return channels.Fault(what, se.Text, hint)
}

// microsoftNoSMTPAuth is the enhanced status code with which Microsoft 365 refuses passwords because
// SMTP AUTH is disabled.
const microsoftNoSMTPAuth = "5.7.139"
