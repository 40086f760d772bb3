package email

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"parley/channels"
	"parley/channels/email/inbound"
	"parley/channels/email/mailbox"
	"parley/channels/email/outbound"
	"parley/channels/email/settings"
	"parley/channels/email/submission"
)

// Channel is the e-mail side of Parley: one mailbox, read by IMAP and answered by SMTP. Its parts do the work:
// package mailbox fetches mails and files copies of ours, inbound decodes a stored mail, outbound composes a reply,
// submission sends it. All mailboxes of the process share a *process, which limits their memory and connections.

const (
	requestTimeout = 2 * time.Minute // for one Send, with a large upload
	retryFor       = 48 * time.Hour
	// absentFor is how long we look for a mail in the folder of sent mail, after its answer was lost, before it is
	// sent again. The server may take ten minutes to answer the final dot (RFC 5321 section 4.5.3.2.6), and file the
	// mail then. requestTimeout already covers two of them.
	absentFor = 8 * time.Minute
)

// Channel is one mailbox. Spec makes it.
type Channel struct {
	set      settings.Settings
	log      *slog.Logger
	decoder  *inbound.Decoder
	composer *outbound.Composer
	sender   *submission.Sender
	mailbox  *mailbox.Mailbox
}

var (
	_ channels.Channel = (*Channel)(nil)
	_ channels.Runner  = (*Channel)(nil)
	_ channels.Checker = (*Channel)(nil)
	_ channels.Starter = (*Channel)(nil)
)

// newChannel returns the channel of one mailbox. It opens no connection. Only Run needs env.Accept and env.State.
// Errors: every fault of the settings, joined; no token keys, no clock.
func newChannel(account channels.Account, env channels.Env, opts mailbox.Options, shared *process) (*Channel, error) {
	set, err := settings.Read(account.Config)
	if err != nil {
		return nil, err
	}
	if len(env.Keys) == 0 {
		return nil, errors.New("email: no key to sign message ids with")
	}
	if env.Now == nil {
		return nil, errors.New("email: no clock")
	}
	if env.Dialer == nil {
		env.Dialer = &net.Dialer{}
	}
	if env.Report == nil {
		env.Report = func(channels.Condition) {}
	}

	log := env.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}

	env.Log = log
	return &Channel{
		set:      set,
		log:      log,
		decoder:  inbound.NewDecoder(inbound.Options{Own: set.Own, Keys: env.Keys}, shared.policy),
		composer: outbound.NewComposer(set, env.Keys[0], env.Now, shared.markdown),
		sender:   submission.New(set, env, opts.TLS, shared.Limits),
		mailbox:  mailbox.New(set, account.BeginsAt, env, opts, shared.Limits),
	}, nil
}

// Capabilities says what a mailbox can carry. Mail servers report failures only, so there are no
// delivery and read receipts.
func (c *Channel) Capabilities() channels.Capabilities {
	caps := channels.Capabilities{
		Threads:      true,
		Subject:      true,
		Participants: true,
		Start:        channels.StartFree,
		RichText:     channels.Full,
		Files:        channels.FileRules{PerMessage: outbound.MaxFiles, MaxBytes: outbound.MaxBytes},
		Sending:      channels.Sending{RetryFor: retryFor, Timeout: requestTimeout, AbsentFor: absentFor, References: true},
		Hold:         channels.HoldMail,
	}
	if c.set.Service() == settings.Microsoft {
		caps.Sending.Rate = 0.5 // Microsoft 365 lets a mailbox send 30 messages a minute
	}

	return caps
}

// Decode turns the bytes of a stored mail into what the customer did. The result depends on the bytes alone.
// Errors: an empty payload.
func (c *Channel) Decode(raw []byte) ([]channels.Inbound, error) { return c.decoder.Decode(raw) }

// Recipient implements channels.Starter: one address, with or without a name.
func (c *Channel) Recipient(typed string) (channels.Party, error) { return c.composer.Recipient(typed) }

// Send makes one attempt to send a mail by SMTP, and files a copy in the folder of sent mail if the
// server doesn't. The mail is sent when the server accepts its end (the final dot). If that answer is
// lost, nobody knows whether the mail was sent: the error's class is Ambiguous, and Reconcile looks for the mail.
// Errors: *channels.SendError.
func (c *Channel) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, requestTimeout)
		defer cancel()
	}

	m, err := c.composer.Compose(o)
	if err != nil {
		return channels.Receipt{}, err
	}
	if err := c.sender.Send(ctx, m, o); err != nil {
		return channels.Receipt{}, err
	}

	receipt := channels.Receipt{ExternalID: m.ID, State: channels.StateAccepted}
	err = c.mailbox.FileCopy(ctx, m)
	if err != nil {
		c.log.Warn("copy to the sent folder failed", "delivery_id", o.DeliveryID, "error", err)
	}
	receipt.Trouble = c.mailbox.NoteCopy(err)
	return receipt, nil
}

// Reconcile looks for a mail whose answer was lost; see mailbox.Mailbox.Reconcile.
func (c *Channel) Reconcile(ctx context.Context, o channels.Outbound) (channels.Outcome, channels.Receipt, error) {
	return c.mailbox.Reconcile(ctx, o)
}

// Run fetches mail until ctx ends; see mailbox.Mailbox.Run.
func (c *Channel) Run(ctx context.Context) error { return c.mailbox.Run(ctx) }

// CaughtUpAt returns when this process had last fetched all new mail, or zero if it hasn't yet.
func (c *Channel) CaughtUpAt() time.Time { return c.mailbox.CaughtUpAt() }

// Check signs in at the IMAP and the SMTP server with the stored credentials and looks at what they can do. It
// asks both at the same time, so that one doesn't wait for the other if that is silent. It changes nothing.
func (c *Channel) Check(ctx context.Context) []channels.Finding {
	var reading, sending []channels.Finding
	var both sync.WaitGroup
	both.Go(func() { reading = c.mailbox.Check(ctx) })
	both.Go(func() { sending = c.sender.Check(ctx) })
	both.Wait()
	return slices.Concat(reading, sending)
}
