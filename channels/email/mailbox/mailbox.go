package mailbox

import (
	"crypto/tls"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"parley/channels"
	"parley/channels/email/message"
)

// Mailbox reads one mailbox by IMAP. Run fetches the mails that customers send. FileCopy adds a copy of a mail that we
// sent to the Sent folder, and Reconcile looks for such a mail to find out whether it was sent.
//
// IMAP identifies the mails of a folder by UIDs, which increase in the order of arrival. If the UIDVALIDITY of a folder
// changes, all its mails have got new UIDs.
//
// A Mailbox is safe for concurrent use, except that there must be only one Run.
type Mailbox struct {
	set      message.Settings
	beginsAt time.Time // when the account was set up; zero if unknown
	env      channels.Env
	opts     Options
	log      *slog.Logger
	limits   *Limits

	wantsIntroduction atomic.Bool // the server requires an ID command before it opens a folder; see introduce

	mu          sync.Mutex // guards the fields below: mails are sent while Run fetches
	lastSent    string     // the Message-ID of the last mail that this process sent
	serverSaves bool       // the server has filed a copy of a sent mail by itself
	copiesLost  int        // how many copies in a row could not be filed
	caughtUp    time.Time  // when all new mail had last been fetched
}

// New returns a Mailbox without opening a connection. Run fetches mail that arrived since beginsAt, when the account was
// set up. If beginsAt is zero, it fetches only mail that arrives after its first connection. Only Run needs env.Accept
// and env.State.
func New(set message.Settings, beginsAt time.Time, env channels.Env, opts Options, limits *Limits) *Mailbox {
	return &Mailbox{set: set, beginsAt: beginsAt, env: env, opts: opts, log: env.Log, limits: limits}
}

// Options configure a Mailbox. Only tests use others than DefaultOptions.
type Options struct {
	TLS     *tls.Config // base of the TLS configuration; nil for the system's roots
	Timing  Timing
	MaxBody int64 // in bytes; of larger mails only the header is fetched
	MaxJoin int64 // in bytes; the maximum size of a batch of several mails
}

// Timing holds the timeouts and intervals of a Mailbox. A session is one IMAP connection.
type Timing struct {
	// Timeouts.
	Dial     time.Duration // of connection, TLS and login together
	Command  time.Duration // of the server's silence during a command
	Total    time.Duration // of one command
	SaveCopy time.Duration // of filing a copy of a sent mail

	// Intervals.
	Poll      time.Duration // between checks for new mail with IDLE, which is restarted each time
	PollBlind time.Duration // between checks for new mail without IDLE
	Rescan    time.Duration // between rescans of the last days
	RescanBad time.Duration // before the first rescan after a mail could not be read; doubles up to Rescan
	Overlap   time.Duration // how far back a rescan looks

	// Waits before a retry. The first wait doubles up to the maximum.
	RetryFirst time.Duration // after a failed session
	RetryMax   time.Duration // if the server refused something
	RetryLost  time.Duration // if the connection was lost or not established
	LoginFirst time.Duration // after a refused login
	LoginMax   time.Duration
	StoreFirst time.Duration // after a failure of the database
	StoreMax   time.Duration
	BlameAfter time.Duration // how long a mail must break connections before it is blamed, and not the network
	Again      time.Duration // between attempts to fetch one mail on the same connection
}

// Limits in production. Most providers accept mails of up to 25 or 50 MB.
const (
	maxBody = 50 << 20
	maxJoin = 1 << 20
)

// DefaultOptions returns the options for production. Timing.Poll is shorter than the time after which firewalls drop a
// silent connection.
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

// CaughtUpAt returns the last time at which this process had fetched all new mail. It is zero until then.
func (box *Mailbox) CaughtUpAt() time.Time {
	box.mu.Lock()
	defer box.mu.Unlock()
	return box.caughtUp
}

func (box *Mailbox) noteCaughtUp() {
	box.mu.Lock()
	defer box.mu.Unlock()
	box.caughtUp = box.env.Now()
}
