package email

import (
	"crypto/tls"
	"log/slog"
	"sync"
	"time"

	"parley/channels"
	"parley/channels/email/settings"
	"parley/channels/email/wire"
)

// Mailbox reads one mailbox by IMAP. Only Run needs Accept and State of its environment.
type Mailbox struct {
	set      settings.Settings
	beginsAt time.Time // when the account was set up; zero = not known
	env      channels.Env
	opts     options
	log      *slog.Logger
	limits   *wire.Limits

	mu          sync.Mutex
	lastSent    string    // Message-ID of the last mail that the server took; "" = none yet
	serverSaves bool      // the server was seen to file copies of what it sends
	caughtUp    time.Time // when the last fetch of all new mail ended
}

// newMailbox makes a mailbox. It opens no connection. beginsAt is when the account was set up; zero = not
// known, and mail that is there already is not fetched.
func newMailbox(set settings.Settings, beginsAt time.Time, env channels.Env, opts options, limits *wire.Limits) *Mailbox {
	return &Mailbox{set: set, beginsAt: beginsAt, env: env, opts: opts, log: env.Log, limits: limits}
}

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

// CaughtUpAt returns when this process last had fetched all new mail; zero = not yet.
func (c *Mailbox) CaughtUpAt() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.caughtUp
}

func (c *Mailbox) noteCaughtUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.caughtUp = c.env.Now()
}
