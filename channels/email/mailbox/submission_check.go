package mailbox

import (
	"context"
	"errors"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/email/message"
)

// Check tests the SMTP settings without sending a mail: it signs in, and asks whether the server accepts mail from the
// mailbox's address. It returns a finding for each step, for the administrator. The first fault ends the check.
func (s *Sender) Check(ctx context.Context) []channels.Finding {
	const login = "SMTP login"
	ctx, cancel := context.WithTimeout(ctx, CheckTimeout)
	defer cancel()
	to := s.set.SMTP
	const needsUTF8 = false
	session, err := s.openSMTP(ctx, needsUTF8)
	if err != nil {
		return []channels.Finding{s.finding(login, err)}
	}
	defer session.close()

	var out []channels.Finding
	if offered, _ := session.client.Extension("AUTH"); offered {
		out = append(out, channels.Success(login, "%s signed in at %s.", to.Username, to.Address()))
	} else {
		out = append(out, channels.Success(login, "%s asks for no sign-in.", to.Address()))
	}

	if to.Security == message.Unprotected {
		out = append(out, channels.Success("SMTP security", UnprotectedText))
	}

	const sender = "SMTP sender"
	if err := session.client.Mail(smtpPath(s.set.Address)); err != nil {
		return append(out, s.finding(sender, &smtpFailure{step: message.StepMail, err: err}))
	}

	out = append(out, channels.Success(sender, "The server takes mail from %s.", s.set.Address))
	if limit := session.maxBytes(); limit > 0 {
		out = append(out, channels.Success("SMTP size", "Mails up to %s.", channels.SizeWords(limit)))
	}

	_ = session.client.Reset()
	session.quit()
	return out
}

// finding returns the fault for a failed step. Its hint goes further than that of a failed mail, since the settings may be
// new and wrong.
func (s *Sender) finding(what string, err error) channels.Finding {
	var noAttempt time.Time
	var noRecipients []string
	described := s.sendError(err, noAttempt, noRecipients)
	hint := described.Hint
	_, isFailedStep := errors.AsType[*smtpFailure](err)
	switch {
	case strings.Contains(err.Error(), "does not support STARTTLS"):
		hint = "Check the port; if the server really has no STARTTLS, set security to tls with port 465."
	case isFailedStep && strings.Contains(err.Error(), microsoftNoSMTPAuth):
		hint = "The mailbox has password sign-in for SMTP switched off: " +
			"switch on SMTP AUTH for it in the administration of Microsoft 365."
	case hint == message.HintLater:
		hint += " If it stays so, check server and port: an SMTP server must listen there."
	}
	return channels.Fault(what, described.Text, hint)
}

// microsoftNoSMTPAuth is the enhanced status code with which Microsoft 365 refuses passwords because SMTP AUTH is disabled.
const microsoftNoSMTPAuth = "5.7.139"
