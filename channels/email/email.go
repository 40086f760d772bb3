package email

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"parley/channels"
	"parley/channels/email/inbound"
)

// Limits of one outgoing mail and of one account.
const (
	maxOutgoingBytes = 20 << 20 // text and files before encoding; base64 adds 37 %
	maxFiles         = 100
	requestTimeout   = 2 * time.Minute // of one Send, a big upload included
	retryFor         = 48 * time.Hour
	maxSending       = 3 // SMTP connections at a time: Microsoft 365 allows no more
)

// Channel is one mailbox. Make it with Spec.
type Channel struct {
	set      settings
	beginsAt time.Time // when the account was set up; zero = not known
	env      channels.Env
	opts     options
	log      *slog.Logger
	process  *process
	decoder  *inbound.Decoder
	sending  chan struct{} // has room for one token per SMTP connection

	mu          sync.Mutex
	lastSent    string    // Message-ID of the last mail that the server took; "" = none yet
	serverSaves bool      // the server was seen to file copies of what it sends
	caughtUp    time.Time // when the last fetch of all new mail ended
}

var (
	_ channels.Channel = (*Channel)(nil)
	_ channels.Runner  = (*Channel)(nil)
	_ channels.Checker = (*Channel)(nil)
)

// options are values that tests change.
type options struct {
	tls     *tls.Config // base of the TLS configuration; nil: the system's roots
	timing  timing
	maxBody int64 // bytes of a mail that is fetched whole
	maxJoin int64 // bytes of the mails that are fetched and stored together
}

// timing holds the waits of fetching.
type timing struct {
	dial       time.Duration // limit of connection, TLS and login together
	command    time.Duration // limit of the server's silence while a command runs
	total      time.Duration // limit of one command, even if data keeps coming
	poll       time.Duration // between looks for new mail while IDLE works; each ends IDLE and starts it again
	pollBlind  time.Duration // between looks for new mail without IDLE
	rescan     time.Duration // between rescans of the last days
	rescanBad  time.Duration // until the first rescan after a mail could not be read; doubles
	overlap    time.Duration // how far back a rescan looks
	retryFirst time.Duration // first wait after a lost connection; doubles
	retryMax   time.Duration
	loginFirst time.Duration // first wait after a refused login; doubles
	loginMax   time.Duration
	storeFirst time.Duration // first wait when nothing can be stored; doubles
	storeMax   time.Duration
	again      time.Duration // between tries for one mail on the same connection
	saveCopy   time.Duration // limit of filing a copy of a sent mail
}

// defaultOptions returns the values of production. IDLE is renewed after poll, which is shorter than
// firewalls keep a silent connection.
func defaultOptions() options {
	return options{
		maxBody: 50 << 20,
		maxJoin: 1 << 20,
		timing: timing{
			dial: 30 * time.Second, command: 60 * time.Second, total: 15 * time.Minute,
			poll: time.Minute, pollBlind: 45 * time.Second,
			rescan: time.Hour, rescanBad: time.Minute, overlap: 48 * time.Hour,
			retryFirst: time.Second, retryMax: 5 * time.Minute,
			loginFirst: 5 * time.Minute, loginMax: 30 * time.Minute,
			storeFirst: time.Second, storeMax: time.Minute,
			again: time.Second, saveCopy: 15 * time.Second,
		},
	}
}

// newChannel makes the channel of one mailbox. It opens no connection. Only Run needs env.Accept and
// env.State.
// Errors: every fault of the settings, joined; no token keys, no clock.
func newChannel(account channels.Account, env channels.Env, opts options, shared *process) (*Channel, error) {
	set, err := newSettings(account.Config)
	switch {
	case err != nil:
		return nil, err
	case len(env.Keys) == 0:
		return nil, errors.New("email: no key to sign message ids with")
	case env.Now == nil:
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
	return &Channel{
		set: set, beginsAt: account.BeginsAt, env: env, opts: opts,
		log:     log,
		process: shared,
		decoder: inbound.NewDecoder(inbound.Options{Own: set.own, Keys: env.Keys}, shared.policy),
		sending: make(chan struct{}, maxSending),
	}, nil
}

// Capabilities says what a mailbox can carry. Mail servers report failures only, so there are no
// delivery and read receipts.
func (c *Channel) Capabilities() channels.Capabilities {
	caps := channels.Capabilities{
		Threads: true, Subject: true, Participants: true, Start: channels.StartFree,
		RichText:              channels.Full,
		AttachmentsPerMessage: maxFiles,
		MaxAttachmentBytes:    maxOutgoingBytes,
		RetryFor:              retryFor,
		RequestTimeout:        requestTimeout,
		Hold:                  channels.HoldMail,
	}
	if c.set.provider() == providerMicrosoft {
		caps.Rate = 0.5 // 30 messages a minute
	}
	return caps
}

// Decode turns a stored mail into what the customer did. Pure.
// Errors: an empty payload.
func (c *Channel) Decode(raw []byte) ([]channels.Inbound, error) {
	return c.decoder.Decode(raw)
}
