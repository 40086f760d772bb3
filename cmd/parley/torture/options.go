package torture

import (
	"io"
	"time"
)

// Options configures a test run: what simulated customers and agents write, which faults are injected, and how Parley is
// started. Plan fills in missing numbers, Quick sets small ones; both remove faults that don't fit (see adaptFaults).
// For example, a Flow of ten minutes gives some 600 mails, 600 replies and 66 kills.
type Options struct {
	// Program is the path of the parley program. The run starts it with the sub-commands serve, torture --fakes and
	// torture --oracle.
	Program string
	// Keep is the folder for the run's data; "" means a temporary one, which is removed unless the run fails.
	Keep string
	Out  io.Writer // progress messages
	// Seed determines the schedule of faults, and who writes what.
	Seed uint64

	// The amounts that people write, and the time for it.
	Mails   int           // by customers
	Replies int           // typed by agents
	Flow    time.Duration // how long people write and faults are injected
	Settle  time.Duration // after the flow: how long everything may take to be delivered

	// Faults is the number of faults of each kind. Plan fills in missing kinds.
	Faults map[string]int
	// StopFor is how long a SIGSTOP lasts.
	StopFor time.Duration
	// ClaimStopFor is how long a SIGSTOP lasts when a process has claimed a message (reserved it for sending) but not
	// sent it: longer than the lease of the claim and the two checks that follow it.
	ClaimStopFor time.Duration
	// BlackholeFor is the longest time for which connections drop their traffic.
	BlackholeFor time.Duration
	// RequestDelay is how long a late request takes: longer than its sender waits, but shorter than the pause after
	// which Parley checks whether it succeeded.
	RequestDelay time.Duration

	// How Parley runs.
	Replicas int // processes that share the database
	// ShortWaits makes Parley wait seconds instead of minutes (see ShortenWaits). The invariants stay the same.
	ShortWaits bool
	// Upgrade starts the run with the program of an earlier commit, and upgrades to the current one under load.
	Upgrade bool
	From    string // the earlier commit; "" means that oldversion*.go chooses one

	// The chat in which agents work: Slack, unless Teams is set.
	Teams bool // Microsoft Teams
	// Blind denies Parley the permission to read channels of Teams: it is notified only of messages that mention it,
	// and can't look anything up.
	Blind    bool
	Webhooks bool // Slack sends requests, through a balancer, instead of Socket Mode
	// Rate is Parley's SLACK_RATE or TEAMS_RATE; 1 means as fast as Slack or Teams allows. Above 0 the emulators
	// enforce the published limits. 0 means no limits.
	Rate float64

	// The other providers.
	Chats bool // two of three customers write by WhatsApp, Messenger and short messages
	// OwnCopies means that Parley saves sent mail itself because the mail server doesn't. Then nothing indicates
	// whether a mail was sent if the server's response was lost.
	OwnCopies bool
}

// hold returns how long Parley keeps a reply back so that its author can take it back. It is short, so that faults occur
// both during the hold and after it. With several replicas it is longer: if one of them is stopped, Slack waits 3 s for
// its acknowledgement before it notifies another one of an edit or a deletion. Teams retries after 1 s and then 4 s.
func (o Options) hold() time.Duration {
	if o.Replicas > 1 || o.Teams {
		return 8 * time.Second
	}
	return 2 * time.Second
}
