package submission

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/email/outbound"
	"parley/channels/email/rawmail"
	"parley/channels/email/settings"
	"parley/channels/email/smtpcode"
	"parley/channels/email/wire"
)

// Sender sends the mails of one mailbox by SMTP. It is safe for concurrent use.
type Sender struct {
	set     settings.Settings
	dialer  channels.Dialer
	grant   channels.Grant // hands out access tokens; nil if the account signs in by password
	now     func() time.Time
	tls     *tls.Config // base of the TLS configuration, set by tests; nil for the system's roots
	limits  *wire.Limits
	sending chan struct{} // holds a token for each open connection
}

// maxSending is how many SMTP connections a mailbox has at a time: Microsoft 365 allows no more.
const maxSending = 3

// New returns the sender of one mailbox. It opens no connection.
func New(set settings.Settings, env channels.Env, base *tls.Config, limits *wire.Limits) *Sender {
	return &Sender{
		set:     set,
		dialer:  env.Dialer,
		grant:   env.Grant,
		now:     env.Now,
		tls:     base,
		limits:  limits,
		sending: make(chan struct{}, maxSending),
	}
}

// Send makes one attempt to send a mail. It waits while maxSending other mails are being sent. ctx must have a deadline, after which no
// byte is written.
// Errors: *channels.SendError. It is Ambiguous if the connection ended after the mail's end (the final dot) was sent and before the server
// answered: only the server knows whether it took the mail.
func (c *Sender) Send(ctx context.Context, m *outbound.Mail, o channels.Outbound) error {
	if err := c.sendMail(ctx, m); err != nil {
		return c.explainFailure(err, o.Attempt.FirstAt, m.Recipients)
	}
	return nil
}

// sendMail sends a mail by SMTP.
func (c *Sender) sendMail(ctx context.Context, m *outbound.Mail) error {
	select {
	case c.sending <- struct{}{}:
		defer func() { <-c.sending }()
	case <-ctx.Done():
		return &smtpFailure{step: smtpcode.StepGreeting, err: fmt.Errorf("waiting for other mails: %w", ctx.Err())}
	}

	done, err := c.limits.ReserveFile(ctx, m.MemoryBytes())
	if err != nil {
		return &smtpFailure{step: smtpcode.StepGreeting, err: fmt.Errorf("waiting for other mails: %w", err)}
	}
	defer done()
	s, err := c.openSMTP(ctx, m.UTF8)
	if err != nil {
		return err
	}
	defer s.close()

	if err := s.deliver(ctx, m); err != nil {
		return err
	}

	s.sendQuit()
	return nil
}

// explainFailure returns class, texts and hint of a failed attempt. firstAt is when the first attempt was made, or zero. recipients are
// all recipients of the mail.
func (c *Sender) explainFailure(err error, firstAt time.Time, recipients []string) *channels.SendError {
	if known, ok := errors.AsType[*channels.SendError](err); ok {
		return known
	}

	out := &channels.SendError{Cause: err}
	var f *smtpFailure
	if !errors.As(err, &f) {
		out.Class, out.Text = channels.Ambiguous, "The mail may have been sent: "+rawmail.Excerpt(err.Error())
		return out
	}

	code, words := f.reply()
	if code == 0 {
		c.explainUnanswered(out, f)
		return out
	}

	var waited time.Duration
	if !firstAt.IsZero() {
		waited = c.now().Sub(firstAt)
	}

	v := smtpcode.Classify(f.step, code, words, waited)
	out.Class = v.Class
	out.Wait = v.Wait
	out.Hint = v.Hint
	if v.Hint == smtpcode.HintPassword {
		out.Hint = wire.PasswordHint(c.set)
	}

	reply := rawmail.Excerpt(fmt.Sprintf("%d %s", code, words))
	if f.step == smtpcode.StepAuth {
		c.explainSignIn(out, code, reply)
		return out
	}

	refusal := "The mail server refuses the mail: "
	if f.step == smtpcode.StepGreeting {
		refusal = "The mail server refuses the connection: "
	}
	switch {
	case f.recipient == "":
		out.Text = refusal + reply
	case len(recipients) > 1:
		out.Text = fmt.Sprintf("The mail server refuses %s, so nothing was sent to anybody: %s", f.recipient, reply)
	default:
		out.Text = fmt.Sprintf("The mail server refuses %s: %s", f.recipient, reply)
	}

	out.AccountText = refusal + rawmail.Excerpt(fmt.Sprintf("%d %s", code, withoutAddresses(words, recipients)))
	return out
}

// withoutAddresses replaces addresses, in whatever case, in a server's words: "<ann@customer.test>: Relay access denied" becomes
// "<recipient>: Relay access denied".
func withoutAddresses(words string, addresses []string) string {
	for _, address := range addresses {
		for _, written := range []string{strings.Trim(smtpPath(address), "<>"), address} {
			pattern := "(?i)" + regexp.QuoteMeta(strings.ToValidUTF8(written, "?"))
			words = regexp.MustCompile(pattern).ReplaceAllLiteralString(words, "recipient")
		}
	}

	return words
}

// explainSignIn completes the error of a refused sign-in, which has the class and hint for its code.
func (c *Sender) explainSignIn(out *channels.SendError, code int, reply string) {
	byToken := c.set.OAuth != ""
	if byToken && code < firstPermanentCode {
		// The server can't check the token now. (With a password, Microsoft gives the same answer if that is wrong.)
		out.Class, out.Hint = channels.Retry, smtpcode.HintLater
	}

	if byToken && code >= firstPermanentCode {
		out.Text = fmt.Sprintf("The mail server refuses the sign-in of %s: %s", c.set.SMTP.Username, reply)
		if out.Class == channels.AuthBroken {
			out.Hint = wire.RefusedTokenHint(c.set, "SMTP")
		}
		return
	}

	if out.Class == channels.Retry {
		out.Text = "The mail server does not let anybody in right now: " + reply
		return
	}

	out.Text = "The mail server refuses the user name or the password: " + reply
}

// explainUnanswered completes the error of a step that the server didn't answer. Before the final dot, it is certain that nothing was sent.
func (c *Sender) explainUnanswered(out *channels.SendError, f *smtpFailure) {
	if f.step == smtpcode.StepDot {
		out.Class = channels.Ambiguous
		out.Text = "The whole mail was handed over, but the mail server did not say whether it took it."
		out.Hint = "Parley looks for it in the Sent folder."
		return
	}

	out.Class, out.Hint = channels.Retry, smtpcode.HintLater
	p, isKnown := wire.Explain(f.err, c.set.SMTP)
	switch {
	case isTimeOver(f.err), !isKnown && errors.Is(f.err, context.DeadlineExceeded):
		out.Text = c.set.SMTP.Address() + " was too slow; the mail was not sent."
	case isKnown:
		out.Text, out.Hint = p.Text, p.Hint
	default:
		out.Text = fmt.Sprintf("The connection to %s broke before the mail was sent: %s", c.set.SMTP.Address(), rawmail.Excerpt(f.err.Error()))
	}
}
