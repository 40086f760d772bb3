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
	"parley/channels/email/mailbox"
	"parley/channels/email/message"
)

// This file connects one mailbox to Parley, a helpdesk that shows customers' mails as chat threads. It only delegates:
//
//	package mailbox     fetches new mails by IMAP and files copies of sent mails
//	package inbound     decodes a stored mail into a message of a customer
//	outbound*.go    composes the mail for an agent's reply
//	package submission  sends the mail by SMTP

const (
	requestTimeout = 2 * time.Minute // for one Send, including a large upload
	retryFor       = 48 * time.Hour
	// absentFor is how long a mail must be missing from the Sent folder before it is sent again, if the connection
	// broke before the server confirmed it. A server may take ten minutes to confirm and file a mail (RFC 5321 section
	// 4.5.3.2.6); requestTimeout covers the first two of them.
	absentFor = 8 * time.Minute
)

// Channel is one mailbox, which is read by IMAP and answered by SMTP. It implements channels.Channel. It is safe for
// concurrent use.
type Channel struct {
	set      message.Settings
	log      *slog.Logger
	decoder  *message.Decoder
	composer *message.Composer
	sender   *mailbox.Sender
	mailbox  *mailbox.Mailbox
}

var (
	_ channels.Channel = (*Channel)(nil)
	_ channels.Runner  = (*Channel)(nil)
	_ channels.Checker = (*Channel)(nil)
	_ channels.Starter = (*Channel)(nil)
)

// newChannel returns the channel of one mailbox without opening a connection. shared holds the limits of memory and
// connections of all mailboxes in the process. Only Run needs env.Accept and env.State.
// It returns an error for invalid settings (all faults joined), and if env has no keys or no clock.
func newChannel(account channels.Account, env channels.Env, opts mailbox.Options, shared *process) (*Channel, error) {
	set, err := message.ReadSettings(account.Config)
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
		decoder:  message.NewDecoder(message.Options{Own: set.Own, Keys: env.Keys}, shared.policy),
		composer: message.NewComposer(set, env.Keys[0], env.Now, shared.markdown),
		sender:   mailbox.NewSubmission(set, env, opts.TLS, shared.Limits),
		mailbox:  mailbox.New(set, account.BeginsAt, env, opts, shared.Limits),
	}, nil
}

// Capabilities describes what mail can carry. There are no delivery and read receipts: mail servers report only
// failures.
func (c *Channel) Capabilities() channels.Capabilities {
	caps := channels.Capabilities{
		Threads:      true,
		Subject:      true,
		Participants: true,
		Start:        channels.StartFree,
		RichText:     channels.Full,
		Reactions:    channels.Partial,
		Files:        channels.FileRules{PerMessage: message.MaxFiles, MaxBytes: message.MaxBytes},
		Sending:      channels.Sending{RetryFor: retryFor, Timeout: requestTimeout, AbsentFor: absentFor, References: true},
		Hold:         channels.HoldMail,
	}
	if c.set.Service() == message.Microsoft {
		caps.Sending.Rate = 0.5 // Microsoft 365 lets a mailbox send 30 messages a minute
	}

	return caps
}

// Decode decodes a stored mail; see inbound.Decoder.Decode. The result depends only on the bytes.
func (c *Channel) Decode(raw []byte) ([]channels.Inbound, error) { return c.decoder.Decode(raw) }

// Recipient parses what an agent typed as the recipient of a new mail: one address, with or without a name.
func (c *Channel) Recipient(typed string) (channels.Party, error) { return c.composer.Recipient(typed) }

// Send makes one attempt to send a mail by SMTP. It files a copy in the Sent folder if the server doesn't; a failure to
// do so is only logged and reported in the receipt.
//
// The mail counts as sent when the server confirms the end of its data. If the connection breaks before that, nobody
// knows whether it was sent: the error has the class Ambiguous, and the caller uses Reconcile to look for the mail.
// All errors are of type *channels.SendError.
func (c *Channel) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, requestTimeout)
		defer cancel()
	}

	mail, err := c.composer.Compose(o)
	if err != nil {
		return channels.Receipt{}, err
	}
	if err := c.sender.Send(ctx, mail, o); err != nil {
		return channels.Receipt{}, err
	}

	receipt := channels.Receipt{ExternalID: mail.ID, State: channels.StateAccepted}
	copyErr := c.mailbox.FileCopy(ctx, mail)
	if copyErr != nil {
		c.log.Warn("copy to the sent folder failed", "delivery_id", o.DeliveryID, "error", copyErr)
	}
	receipt.Trouble = c.mailbox.NoteCopy(copyErr)
	return receipt, nil
}

// Reconcile finds out whether a mail was sent that the server didn't confirm; see mailbox.Mailbox.Reconcile.
func (c *Channel) Reconcile(ctx context.Context, o channels.Outbound) (channels.Outcome, channels.Receipt, error) {
	return c.mailbox.Reconcile(ctx, o)
}

// Run fetches mail until ctx ends; see mailbox.Mailbox.Run.
func (c *Channel) Run(ctx context.Context) error { return c.mailbox.Run(ctx) }

// CaughtUpAt returns the last time at which this process had fetched all new mail. It is zero until then.
func (c *Channel) CaughtUpAt() time.Time { return c.mailbox.CaughtUpAt() }

// Check signs in to the IMAP and the SMTP server with the stored credentials and examines what they support. It checks
// both at the same time, because either may be slow. It changes nothing in the mailbox.
func (c *Channel) Check(ctx context.Context) []channels.Finding {
	var reading, sending []channels.Finding
	var both sync.WaitGroup
	both.Go(func() { reading = c.mailbox.Check(ctx) })
	both.Go(func() { sending = c.sender.Check(ctx) })
	both.Wait()
	return slices.Concat(reading, sending)
}
