package mailbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/email/message"
)

// Sender sends the mails of one mailbox by SMTP. An attempt has one of three results, which decide what happens next:
//
//   - The server accepted the mail.
//   - The mail was certainly not sent. It may be retried, depending on the class of the error.
//   - Ambiguous: the connection broke after the final dot, which ends a mail, and before the server's reply. Only the
//     server knows whether it accepted the mail, so a retry could send it twice.
//
// A Sender is safe for concurrent use.
type Sender struct {
	set    message.Settings
	dialer channels.Dialer
	grant  channels.Grant // issues access tokens; nil if the account uses a password or isn't connected
	now    func() time.Time
	tls    *tls.Config // set by tests; nil means the system's root certificates
	limits *Limits
	slots  chan struct{} // a semaphore of maxConnections
}

// maxConnections is the number of connections that send mails of a mailbox at the same time. Microsoft 365 allows no more.
const maxConnections = 3

// NewSubmission returns the Sender of one mailbox. It opens no connection.
func NewSubmission(set message.Settings, env channels.Env, base *tls.Config, limits *Limits) *Sender {
	return &Sender{
		set:    set,
		dialer: env.Dialer,
		grant:  env.Grant,
		now:    env.Now,
		tls:    base,
		limits: limits,
		slots:  make(chan struct{}, maxConnections),
	}
}

// Send makes one attempt to send a mail. It waits while maxConnections other mails are being sent. ctx must have a
// deadline; nothing is written to the connection after it. The error is a *channels.SendError.
func (s *Sender) Send(ctx context.Context, m *message.Mail, o channels.Outbound) error {
	if err := s.sendMail(ctx, m); err != nil {
		return s.sendError(err, o.Attempt.FirstAt, m.Recipients)
	}
	return nil
}

// sendMail is Send with the errors of the connection: mostly *smtpFailure.
func (s *Sender) sendMail(ctx context.Context, m *message.Mail) error {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return &smtpFailure{step: message.StepGreeting, err: fmt.Errorf("waiting for other mails: %w", ctx.Err())}
	}

	done, err := s.limits.ReserveFile(ctx, m.MemoryBytes())
	if err != nil {
		return &smtpFailure{step: message.StepGreeting, err: fmt.Errorf("waiting for other mails: %w", err)}
	}
	defer done()

	session, err := s.openSMTP(ctx, m.UTF8)
	if err != nil {
		return err
	}
	defer session.close()

	if err := session.deliver(ctx, m); err != nil {
		return err
	}

	session.quit()
	return nil
}

// sendError returns the class, texts and hint for the error of an attempt. firstAt is the time of the first attempt to send
// the mail; zero counts as now. recipients are all recipients of the mail.
func (s *Sender) sendError(err error, firstAt time.Time, recipients []string) *channels.SendError {
	if known, ok := errors.AsType[*channels.SendError](err); ok {
		return known
	}

	out := &channels.SendError{Cause: err}
	f, ok := errors.AsType[*smtpFailure](err)
	if !ok { // not expected, so the worst is assumed
		out.Class, out.Text = channels.Ambiguous, "The mail may have been sent: "+message.Excerpt(err.Error())
		return out
	}

	code, text := f.reply()
	if code == 0 {
		s.describeUnanswered(out, f)
		return out
	}

	var waited time.Duration
	if !firstAt.IsZero() {
		waited = s.now().Sub(firstAt)
	}

	v := message.Classify(f.step, code, text, waited)
	out.Class = v.Class
	out.Wait = v.Wait
	out.Hint = v.Hint
	if v.Hint == message.HintPassword {
		out.Hint = PasswordHint(s.set)
	}

	reply := message.Excerpt(fmt.Sprintf("%d %s", code, text))
	if f.step == message.StepAuth {
		s.describeSignIn(out, code, reply)
		return out
	}

	prefix := "The mail server refuses the mail: "
	if f.step == message.StepGreeting {
		prefix = "The mail server refuses the connection: "
	}
	switch {
	case f.recipient == "":
		out.Text = prefix + reply
	case len(recipients) > 1:
		out.Text = fmt.Sprintf("The mail server refuses %s, so nothing was sent to anybody: %s", f.recipient, reply)
	default:
		out.Text = fmt.Sprintf("The mail server refuses %s: %s", f.recipient, reply)
	}

	out.AccountText = prefix + message.Excerpt(fmt.Sprintf("%d %s", code, withoutAddresses(text, recipients)))
	return out
}

// withoutAddresses replaces addresses in a server's text, ignoring case: "<ann@customer.test>: Relay access denied" becomes
// "<recipient>: Relay access denied". AccountText is about the mailbox, and must not contain customers' addresses.
func withoutAddresses(text string, addresses []string) string {
	for _, address := range addresses {
		for _, form := range []string{strings.Trim(smtpPath(address), "<>"), address} {
			pattern := "(?i)" + regexp.QuoteMeta(strings.ToValidUTF8(form, "?"))
			text = regexp.MustCompile(pattern).ReplaceAllLiteralString(text, "recipient")
		}
	}
	return text
}

// describeSignIn completes the error of a refused sign-in. Class and hint are already set by the reply code; for access
// tokens, they are corrected.
func (s *Sender) describeSignIn(out *channels.SendError, code int, reply string) {
	usesToken := s.set.OAuth != ""
	isPermanent := code >= firstPermanentCode
	if usesToken && isPermanent {
		out.Text = fmt.Sprintf("The mail server refuses the sign-in of %s: %s", s.set.SMTP.Username, reply)
		if out.Class == channels.AuthBroken {
			out.Hint = RefusedTokenHint(s.set, "SMTP")
		}
		return
	}

	if usesToken {
		// The server can't check the token now. (For a wrong password, Microsoft gives the same reply.)
		out.Class, out.Hint = channels.Retry, message.HintLater
	}
	if out.Class == channels.Retry {
		out.Text = "The mail server does not let anybody in right now: " + reply
		return
	}

	out.Text = "The mail server refuses the user name or the password: " + reply
}

// describeUnanswered completes the error of a step without a reply from the server. Before the final dot, it is certain that
// nothing was sent.
func (s *Sender) describeUnanswered(out *channels.SendError, f *smtpFailure) {
	if f.step == message.StepDot {
		out.Class = channels.Ambiguous
		out.Text = "The whole mail was handed over, but the mail server did not say whether it took it."
		out.Hint = "Parley looks for it in the Sent folder."
		return
	}

	out.Class, out.Hint = channels.Retry, message.HintLater
	problem, isKnown := Explain(f.err, s.set.SMTP)
	switch {
	case isDeadlineError(f.err), !isKnown && errors.Is(f.err, context.DeadlineExceeded):
		out.Text = s.set.SMTP.Address() + " was too slow; the mail was not sent."
	case isKnown:
		out.Text, out.Hint = problem.Text, problem.Hint
	default:
		out.Text = fmt.Sprintf("The connection to %s broke before the mail was sent: %s", s.set.SMTP.Address(), message.Excerpt(f.err.Error()))
	}
}
