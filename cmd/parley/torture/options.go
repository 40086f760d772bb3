package torture

import (
	"errors"
	"io"
	"time"

	"parley/bridge/relay"
	"parley/cmd/parley/app"
)

// hold is short, so that blows fall into it and behind it. Slack waits 3 s for an
// acknowledgement before it tries another connection: with several replicas, one of
// them stopped, what must be known within the hold needs longer.
func (o Options) hold() time.Duration {
	if o.Replicas > 1 {
		return 8 * time.Second
	}
	return 2 * time.Second
}

// Options of a run.
type Options struct {
	// Program starts this program: Program, then a sub-command: serve, fakes, or torture
	// with --oracle.
	Program string
	Seed    uint64
	Mails   int // that customers write
	Replies int // that agents type for them
	Kills   int // SIGKILL to a Parley
	Freezes int // SIGSTOP to a Parley, for FreezeFor
	// BaseKills counts the SIGKILLs to PostgreSQL.
	BaseKills int
	FreezeFor time.Duration
	Replicas  int           // Parleys on one database
	Flow      time.Duration // in which everything is said and every blow falls
	Settle    time.Duration // in which everything must have arrived, after the flow
	// ShortWaits lets Parley wait seconds where production waits minutes (see
	// ShortWaits); the oracle's definitions stay the same.
	ShortWaits bool
	OwnCopies  bool // Parley files sent mail itself: a lost answer is truly ambiguous
	// Keep is where the run leaves its data; "" = a temporary folder, removed after a
	// good verdict.
	Keep string
	Out  io.Writer // progress, for people
}

// Report is what a run tells.
type Report struct {
	Seed    uint64         `json:"seed"`
	Harm    map[string]int `json:"harm"`   // blows, by name
	Faults  map[string]int `json:"faults"` // of the providers, by what they did
	Said    counts         `json:"said"`
	Left    load           `json:"left"`  // what Parley still had to do at the end
	Fell    int            `json:"fell"`  // ends of a Parley that nobody asked for
	Took    time.Duration  `json:"took"`  // Units: nanoseconds
	Quiet   time.Duration  `json:"quiet"` // from the end of the flow to the verdict
	Verdict Verdict        `json:"verdict"`
	Crashes []string       `json:"crashes,omitempty"` // panics and data races in Parley's logs
	Folder  string         `json:"folder,omitempty"`  // what was kept
}

// ErrVerdict is returned for a run in which Parley broke a promise.
var ErrVerdict = errors.New("torture: Parley broke a promise")

// ShortWaits shortens the waits of production for a run of seconds: they change when
// something is tried again, never what may be.
func ShortWaits(o app.Options) app.Options {
	o.Relay = relay.Options{MaxRequest: 3 * time.Second, LeaseMargin: 3 * time.Second, ReconcileAfter: time.Second,
		AbsentAgain: 2 * time.Second, UnclearAfter: 12 * time.Second}
	o.Backoff = []time.Duration{time.Second, 2 * time.Second, 3 * time.Second}
	o.Lease = 6 * time.Second
	return o
}

// Quick is the short form of a run: seconds instead of minutes, everything else alike.
func Quick(o Options) Options {
	o.Mails, o.Replies, o.Kills, o.Freezes, o.BaseKills = 100, 100, 5, 2, 1
	o.FreezeFor, o.Flow, o.Settle, o.ShortWaits = 8*time.Second, 20*time.Second, 2*time.Minute, true
	return o
}
