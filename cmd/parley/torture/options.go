package torture

import (
	"cmp"
	"errors"
	"io"
	"maps"
	"time"

	"parley/bridge/relay"
	"parley/channels/twilio"
	"parley/cmd/parley/app"
	"parley/cmd/parley/lab"
	"parley/cmd/parley/torture/checker"
	"parley/cmd/parley/torture/records"
)

// hold is how long Parley holds a reply back. It is short, so that blows fall during the hold
// and after it. With several replicas it is longer: if one of them is stopped, Slack waits 3 s
// for its acknowledgement before it tells another one of an edit or a deletion. Teams tries
// again after 1 s and then 4 s.
func (o Options) hold() time.Duration {
	if o.Replicas > 1 || o.Teams {
		return 8 * time.Second
	}
	return 2 * time.Second
}

// Options of a run.
type Options struct {
	// Program is the path of this program. The run starts it with the sub-commands serve,
	// torture --fakes and torture --oracle.
	Program string
	Seed    uint64
	Mails   int // that customers write
	Replies int // that agents type for them
	// Faults counts each kind of blow, by its name; see Plan.
	Faults map[string]int
	// StopFor is how long a SIGSTOP lasts. ClaimStopFor is how long one lasts that meets a sender
	// between its claim and its write: longer than a lease and the two looks that follow it.
	// BlackholeFor is the longest that a connection stays half open.
	StopFor, ClaimStopFor, BlackholeFor time.Duration
	// RequestDelay is how long a request is under way: longer than its sender waits, shorter
	// than the pause after which Parley looks for what became of it.
	RequestDelay time.Duration
	Replicas     int           // Parleys on one database
	Flow         time.Duration // how long messages are written and blows fall
	Settle       time.Duration // how long after the flow everything must have arrived
	// ShortWaits lets Parley wait seconds where production waits minutes (see the function
	// ShortWaits); the oracle's definitions stay the same.
	ShortWaits bool
	OwnCopies  bool // Parley itself files sent mail: if the answer to a send is lost, nothing tells whether the mail left
	// Webhooks lets Slack send requests, by a balancer, instead of Socket Mode.
	Webhooks bool
	// Chats lets two of three customers write by WhatsApp, Messenger and short messages. Such
	// a run has no jump of a day, which would close all reply windows, and no upgrade: earlier
	// versions don't know these channels.
	Chats bool
	// Model lets a model read what customers write: a server of chat completions that fails by chance.
	Model bool
	// Rate is Parley's SLACK_RATE or TEAMS_RATE: 1 = as fast as Slack or Teams allows. Above 0
	// the emulators enforce the published limits. 0 means there are no limits.
	Rate float64
	// Teams lets agents work in Microsoft Teams instead of Slack. Such a run begins with an
	// earlier version only if From names one: older ones don't know Teams.
	Teams bool
	// Blind keeps Parley from reading Teams' channels: Teams tells it only of messages that
	// mention it, and it can look nothing up.
	Blind bool
	// Upgrade lets the run begin with the program of an earlier commit, and roll to
	// this one under load. From names that commit; "" means see listOldCommits.
	Upgrade bool
	From    string
	// Source is where the repository is, for Upgrade; "" means the working folder.
	Source string
	// Keep is where the run leaves its data; "" means a temporary folder, removed after a
	// good verdict.
	Keep string
	Out  io.Writer // progress, for people
}

// floodSize is how many messages make a flood: one for each second of the flow, within bounds.
func (o Options) floodSize() int {
	const fewest, most = 20, 200
	return min(max(int(o.Flow.Seconds()), fewest), most)
}

// Plan returns the blows and messages that fit a flow: their number grows with it. What
// o has already stays.
func Plan(o Options) Options {
	every := func(d time.Duration) int { return max(1, int(o.Flow/d)) }
	stops := 45 * time.Second
	if o.Replicas == 1 {
		stops = 2 * time.Minute // otherwise the only Parley would stand still most of the time
	}

	plan := map[string]int{
		faultKill: every(9 * time.Second), faultKillBusyLane: every(30 * time.Second), faultStop: every(stops), faultStopAfterClaim: every(4 * stops),
		faultKillDatabase: every(2 * time.Minute), faultRestart: every(3 * time.Minute), faultDropSockets: every(40 * time.Second), faultCutMail: every(40 * time.Second),
		faultLimitSlack: every(90 * time.Second), faultReset: every(15 * time.Second), faultBlackhole: every(45 * time.Second),
		faultEarlyReceipt: every(20 * time.Second), faultLateRequest: every(time.Minute), faultLoseCommitAnswer: every(20 * time.Second), faultFillDisk: every(10 * time.Minute),
		// Parley tries to send a mail for two days, so all jumps together are at most 32 hours.
		faultClockHour: min(every(4*time.Minute), 8), faultClockDay: 1,
		faultFloodSender: every(3 * time.Minute), faultFloodAccount: every(5 * time.Minute), faultForeignReceipts: every(3 * time.Minute),
		faultPoisonEvent: every(time.Minute), faultHoldSnapshot: 1, faultMixedVersions: 1,
		faultFailingEvent: every(2 * time.Minute), faultSlowEvent: every(5 * time.Minute), faultCrashingEvent: every(3 * time.Minute),
	}

	maps.Copy(plan, o.Faults)
	o.Faults = plan
	o.adaptFaults()
	// The emulators keep in memory all that was said, as the oracle's evidence: hence a limit.
	const perMinute, fewest, most = 60, 20, 10_000
	said := min(max(int(o.Flow.Minutes()*perMinute), fewest), most)
	o.Mails = cmp.Or(o.Mails, said)
	o.Replies = cmp.Or(o.Replies, said)
	return o
}

// Report is what a run tells.
type Report struct {
	Seed            uint64          `json:"seed"`
	Loads           [2]string       `json:"loads"`  // the machine's load average before and after
	Planned         map[string]int  `json:"blows"`  // that were to fall, by name
	Injected        map[string]int  `json:"harm"`   // those that did
	Missed          map[string]int  `json:"missed"` // blows that waited in vain for their moment
	KillsAndStops   int             `json:"struck"` // kills and stops of Parley and PostgreSQL among the blows
	ProviderFaults  map[string]int  `json:"faults"` // of providers and connections, by what they did
	Workload        workloadCounts  `json:"said"`
	Left            lab.Load        `json:"left"`    // what Parley still had to do at the end
	Audit           records.Audit   `json:"audit"`   // what Parley's own records say
	UnexpectedExits []string        `json:"fell"`    // ends of a Parley that nobody asked for
	FailedStarts    int             `json:"refused"` // starts that Parley gave up, as its database was out of reach or its port was taken
	Downtimes       downtimes       `json:"gaps"`    // in which a stopping and starting Parley answered nobody
	Skipped         []string        `json:"skipped"` // what this machine could not play, and why
	Unanalysed      int             `json:"unread"`  // what customers wrote and nobody has analysed yet, and texts that nobody has written
	Took            time.Duration   `json:"took"`    // Units: nanoseconds
	SettleTime      time.Duration   `json:"quiet"`   // from the end of the flow to the verdict
	Verdict         checker.Verdict `json:"verdict"`
	Crashes         []string        `json:"crashes,omitempty"` // panics and data races in the logs
	// Versions says what replicas of two versions made of each other's events.
	Versions records.Versions `json:"versions"`
	// Problems are what Parley sent that emulators could not show as it was meant.
	Problems []string `json:"problems,omitempty"`
	// Failures says why the run failed; empty means all promises were kept, and put to the test.
	Failures []string `json:"broken,omitempty"`
	Folder   string   `json:"folder,omitempty"` // what was kept

	opt Options
}

// ErrVerdict is returned for a run in which Parley broke a promise, or that did not put its
// promises to the test.
var ErrVerdict = errors.New("torture: not all promises were kept")

// ShortWaits shortens the waits of production for a run of seconds: they change when
// something is tried again, never whether it may be.
func ShortWaits(o app.Options, env app.Env) app.Options {
	o.Relay = relay.Options{MaxRequest: 6 * time.Second, LeaseMargin: 3 * time.Second, ReconcileAfter: time.Second,
		AbsentAgain: 2 * time.Second, UnclearAfter: 90 * time.Second} // long enough for several looks on a slow machine
	if env.SlackRate > 0 { // its limit may let Parley look only after a minute
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

// Quick is the short form of a run: seconds instead of minutes, everything else alike.
func Quick(o Options) Options {
	o.Mails, o.Replies = 90, 90
	o.Faults = map[string]int{
		faultKill: 4, faultKillBusyLane: 2, faultStop: 1, faultStopAfterClaim: 2, faultKillDatabase: 1, faultRestart: 1, faultDropSockets: 2, faultCutMail: 2, faultLimitSlack: 1,
		faultReset: 4, faultBlackhole: 2, faultEarlyReceipt: 3, faultLateRequest: 2, faultLoseCommitAnswer: 3, faultClockHour: 1, faultClockDay: 1, faultFillDisk: 0,
		faultFloodSender: 1, faultFloodAccount: 1, faultForeignReceipts: 1, faultPoisonEvent: 2, faultHoldSnapshot: 1, faultMixedVersions: 1,
		faultFailingEvent: 1, faultSlowEvent: 0, faultCrashingEvent: 1, // no slow mail: it takes 40 s, three times
	}

	o.StopFor, o.BlackholeFor = 5*time.Second, 5*time.Second
	o.ClaimStopFor = 12 * time.Second
	o.RequestDelay = 2500 * time.Millisecond
	o.Upgrade = o.From != "" // building an earlier version takes longer than all of it
	o.Flow, o.Settle = 20*time.Second, 5*time.Minute
	o.ShortWaits = true
	if o.Rate > 0 {
		o.Settle = 15 * time.Minute // Slack takes 40 marks a minute
	}

	o.adaptFaults()
	return o
}

// Shorten makes a short form still shorter, for the tests that run after each change: fewer mails, and of the blows that fall at
// any moment half as many. What a run costs is mostly what a Parley costs that starts again after a kill. Those that fall at chosen
// moments, such as a receipt before its result, stay as many.
func Shorten(o Options) Options {
	o.Mails = 60
	for _, h := range []string{faultKill, faultDropSockets, faultCutMail, faultLateRequest, faultPoisonEvent} {
		o.Faults[h] /= 2
	}
	return o
}

// adaptFaults leaves out the blows that this kind of run can't play. In Teams it replaces Slack's blows by those of Teams.
func (o *Options) adaptFaults() {
	if o.Replicas < 2 {
		o.Faults[faultMixedVersions] = 0
	}

	if o.Chats {
		o.Faults[faultClockDay], o.Upgrade = 0, false
	} else {
		o.Faults[faultForeignReceipts], o.Faults[faultPoisonEvent] = 0, 0 // both are about WhatsApp
	}

	if !o.Teams {
		return
	}

	o.Upgrade = o.Upgrade && o.From != ""
	for slacks, ours := range map[string]string{faultDropSockets: faultEndTokens, faultLimitSlack: faultLimitTeams} {
		if n, ok := o.Faults[slacks]; ok {
			o.Faults[ours] = n
			delete(o.Faults, slacks)
		}
	}
}

// downtimes are the times in which a Parley that was asked to stop, and the one after it,
// served nobody: from the last answer of the old process to the first of the new.
type downtimes struct {
	Longest time.Duration   `json:"worst"` // Units: nanoseconds
	All     []time.Duration `json:"all"`
	// LongestStop is the longest that an old process took to end.
	LongestStop time.Duration `json:"drained"`
	// Disturbed counts restarts that another blow hit. Their gaps are not in All.
	Disturbed int `json:"disturbed"`
}

// workloadCounts is what was said.
type workloadCounts struct {
	Mails        int `json:"mails"`
	Replies      int `json:"replies"`
	Internal     int `json:"inside"`
	Edits        int `json:"edits"`
	Deletes      int `json:"deletes"`
	Bounced      int `json:"backs"`    // replies that bounce
	Bursts       int `json:"bursts"`   // several messages at once in one conversation
	Resolved     int `json:"resolved"` // conversations marked as done, some of them to be reopened
	HandedOver   int `json:"handed"`   // conversations given to another team, or put back
	Floods       int `json:"floods"`   // times that customers wrote very often
	Poisons      int `json:"poisons"`  // facts that can't be read
	FailingMails int `json:"hard"`     // mails whose applying failed, took long or ended the process
}
