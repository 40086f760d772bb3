package torture

import (
	"io"
	"time"

	"parley/bridge/relay"
	"parley/channels/twilio"
	"parley/cmd/parley/app"
)

// Options of a run.
type Options struct {
	// Program is the path of this program. The run starts it with the sub-commands serve,
	// torture --fakes and torture --oracle.
	Program string
	Seed    uint64
	Mails   int // that customers write
	Replies int // that agents type for them
	// Faults is how many faults of each kind are planned; see Plan.
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
	Replicas     int           // Parleys on one database
	Flow         time.Duration // how long messages are written and faults injected
	Settle       time.Duration // how long after the flow everything must have arrived
	// ShortWaits lets Parley wait seconds where production waits minutes (see the function ShortWaits). What
	// the checker calls a violation stays the same.
	ShortWaits bool
	OwnCopies  bool // Parley itself files sent mail: if the answer to a send is lost, nothing tells whether the mail left
	// Webhooks lets Slack send requests, through a balancer, instead of Socket Mode.
	Webhooks bool
	// Chats lets two of three customers write by WhatsApp, Messenger and short messages. Such a run has no jump of
	// a day, which would close all reply windows, and no upgrade: earlier versions don't know these channels.
	Chats bool
	// Model lets a model read what customers write: a server of chat completions that fails by chance.
	Model bool
	// Rate is Parley's SLACK_RATE or TEAMS_RATE; 1 means as fast as Slack or Teams allows. Above 0 the emulators
	// enforce the published limits. 0 means there are no limits.
	Rate float64
	// Teams lets agents work in Microsoft Teams instead of Slack. Such a run begins with an earlier version only
	// if From names one: older ones don't know Teams.
	Teams bool
	// Blind keeps Parley from reading Teams' channels: Teams tells it only of messages that mention it, and it can
	// look nothing up.
	Blind bool
	// Upgrade lets the run begin with the program of an earlier commit, and roll to this one under load. From names
	// that commit; "" means one that listOldCommits finds.
	Upgrade bool
	From    string
	// Source is where the repository is, for Upgrade; "" means the working folder.
	Source string
	// Keep is where the run leaves its data; "" means a temporary folder, which is removed after a run without
	// failures.
	Keep string
	Out  io.Writer // progress, for people
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

// ShortWaits shortens the waits of production for a run of seconds. They change when something is tried again, never
// whether it may be.
func ShortWaits(o app.Options, env app.Env) app.Options {
	o.Relay = relay.Options{
		MaxRequest:     6 * time.Second,
		LeaseMargin:    3 * time.Second,
		ReconcileAfter: time.Second,
		AbsentAgain:    2 * time.Second,
		UnclearAfter:   90 * time.Second, // long enough for several checks on a slow machine
	}
	if env.SlackRate > 0 { // Slack's limit may let Parley look only after a minute
		o.Relay.UnclearAfter = 3 * time.Minute
	}

	o.Backoff = []time.Duration{time.Second, 2 * time.Second, 3 * time.Second}
	o.Lease = 6 * time.Second
	o.Sweep = 10 * time.Second
	o.Specs = app.Specs()
	for i := range o.Specs {
		if o.Specs[i].Kind == "sms" {
			o.Specs[i] = twilio.SMSSpec(twilio.Options{Poll: 3 * time.Second, Settle: 2 * time.Second})
		}
	}

	return o
}
