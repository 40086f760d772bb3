package mailbox

import (
	"crypto/tls"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"parley/channels"
	"parley/channels/email/settings"
	"parley/channels/email/wire"
)

// Mailbox reads one mailbox by IMAP: mail that customers send (Run), and copies of mail that was sent (FileCopy, Reconcile). IMAP numbers
// the mails of a folder by UIDs, in the order in which they arrive. If a folder's UIDVALIDITY changes, all its UIDs do. Only Run needs
// Accept and State of the environment.
type Mailbox struct {
	set      settings.Settings
	beginsAt time.Time // when the account was set up; zero if that isn't known
	env      channels.Env
	opts     Options
	log      *slog.Logger
	limits   *wire.Limits

	// wantsIntroduction is set when the server was seen to open no folder before it knows which program we are.
	wantsIntroduction atomic.Bool

	mu          sync.Mutex // guards the fields below, because mails are sent while Run fetches
	lastSent    string     // Message-ID of the last mail that this process sent; "" before the first one
	serverSaves bool       // the server was seen to file copies of what it sends
	copiesLost  int        // how many copies of sent mails could not be filed, one after the other
	caughtUp    time.Time  // when all new mail had last been fetched
}

// New returns a Mailbox. It opens no connection. beginsAt is when the account was set up. If it is zero,
// because that isn't known, mail that is there already is not fetched.
func New(set settings.Settings, beginsAt time.Time, env channels.Env, opts Options, limits *wire.Limits) *Mailbox {
	return &Mailbox{set: set, beginsAt: beginsAt, env: env, opts: opts, log: env.Log, limits: limits}
}

// Options are values that tests change.
type Options struct {
	TLS     *tls.Config // base of the TLS configuration; nil for the system's roots
	Timing  Timing
	MaxBody int64 // in bytes: of larger mails only the header is fetched
	MaxJoin int64 // in bytes: more is not fetched and stored together
}

// Timing holds the waits of fetching.
type Timing struct {
	Dial       time.Duration // limit of connection, TLS and login together
	Command    time.Duration // limit of the server's silence while a command runs
	Total      time.Duration // limit of one command, even if data keeps coming
	Poll       time.Duration // between looks for new mail while IDLE works; each ends IDLE and starts it again
	PollBlind  time.Duration // between looks for new mail without IDLE
	Rescan     time.Duration // between rescans of the last days
	RescanBad  time.Duration // until the first rescan after a mail could not be read; doubles
	Overlap    time.Duration // how far back a rescan looks
	RetryFirst time.Duration // first wait after a session that failed; doubles up to RetryMax or RetryLost, and is then spread
	RetryMax   time.Duration // where the server has refused something
	RetryLost  time.Duration // where the connection was lost, or there was none
	LoginFirst time.Duration // first wait after a refused login; doubles
	LoginMax   time.Duration
	StoreFirst time.Duration // first wait when nothing can be stored; doubles
	StoreMax   time.Duration
	BlameAfter time.Duration // how long a mail has to break connections until it, and not the line, is taken for the cause
	Again      time.Duration // between tries for one mail on the same connection
	SaveCopy   time.Duration // limit of filing a copy of a sent mail
}

// Limits of the mails that production fetches. Providers take mails of at most 25 to 50 MB.
const (
	maxBody = 50 << 20
	maxJoin = 1 << 20
)

// DefaultOptions returns the values of production. IDLE is renewed after Timing.Poll, which is shorter
// than firewalls keep a silent connection.
func DefaultOptions() Options {
	return Options{
		MaxBody: maxBody,
		MaxJoin: maxJoin,
		Timing: Timing{
			Dial:       30 * time.Second,
			Command:    60 * time.Second,
			Total:      15 * time.Minute,
			Poll:       time.Minute,
			PollBlind:  45 * time.Second,
			Rescan:     time.Hour,
			RescanBad:  time.Minute,
			Overlap:    48 * time.Hour,
			RetryFirst: time.Second,
			RetryMax:   5 * time.Minute,
			RetryLost:  time.Minute,
			LoginFirst: 5 * time.Minute,
			LoginMax:   30 * time.Minute,
			StoreFirst: time.Second,
			StoreMax:   time.Minute,
			BlameAfter: 2 * time.Minute,
			Again:      time.Second,
			SaveCopy:   15 * time.Second,
		},
	}
}

// CaughtUpAt returns when this process had last fetched all new mail, or zero if it hasn't yet.
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
