package torture

import (
	"io"
	"time"
)

// Options of a run: what people write, which faults are injected, and how the Parleys are started. Plan and Quick
// fill in what is missing, and leave out faults that don't fit the rest (see adaptFaults).
type Options struct {
	// Program is the path of this program. The run starts it with the sub-commands serve, torture --fakes and
	// torture --oracle.
	Program string
	// Keep is the folder in which the run leaves its data; "" means a temporary one, which is removed unless the run
	// fails.
	Keep string
	Out  io.Writer // progress, for people
	// Seed decides the schedule of faults, and who writes what.
	Seed uint64

	// What people write.
	Mails   int           // by customers
	Replies int           // typed by agents
	Flow    time.Duration // how long people write and faults are injected
	Settle  time.Duration // after the flow: how long everything may take to arrive

	// Faults is how many faults of each kind are planned. A kind that is missing gets the number that Plan gives it.
	Faults map[string]int
	// StopFor is how long a SIGSTOP lasts.
	StopFor time.Duration
	// ClaimStopFor is how long a SIGSTOP between a sender's claim and its write lasts: longer than a lease and
	// the two checks that follow it.
	ClaimStopFor time.Duration
	// BlackholeFor is the longest that connections stay half open.
	BlackholeFor time.Duration
	// RequestDelay is how long a late request takes: longer than its sender waits, shorter than the pause after
	// which Parley looks for what became of it.
	RequestDelay time.Duration

	// The Parleys.
	Replicas int // on one database
	// ShortWaits lets Parley wait seconds where production waits minutes (see ShortenWaits). What the checker calls a
	// violation stays the same.
	ShortWaits bool
	// Upgrade lets the run begin with the program of an earlier commit, and roll to this one under load.
	Upgrade bool
	From    string // that commit; "" means one that package oldversion chooses

	// The chat in which agents work: Slack, unless Teams is set.
	Teams bool // Microsoft Teams
	// Blind keeps Parley from reading the channels of Teams: it is told only of messages that mention it, and can
	// look nothing up.
	Blind    bool
	Webhooks bool // Slack sends requests, through a balancer, instead of Socket Mode
	// Rate is Parley's SLACK_RATE or TEAMS_RATE; 1 means as fast as Slack or Teams allows. Above 0 the emulators
	// enforce the published limits. 0 means there are no limits.
	Rate float64

	// The other providers.
	Chats bool // two of three customers write by WhatsApp, Messenger and short messages
	Model bool // a model reads what customers write, and fails by chance
	// OwnCopies means that Parley files sent mail itself, as the mail server doesn't. Then nothing tells whether a
	// mail left if the answer to its sending was lost.
	OwnCopies bool
}

// hold is how long Parley holds a reply back. It is short, so that faults come both during the hold and after it.
// With several replicas it is longer: if one of them is stopped, Slack waits 3 s for its acknowledgement before it
// tells another one of an edit or a deletion. Teams tries again after 1 s and then 4 s.
func (o Options) hold() time.Duration {
	if o.Replicas > 1 || o.Teams {
		return 8 * time.Second
	}
	return 2 * time.Second
}
