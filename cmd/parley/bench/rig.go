package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"parley/cmd/parley/lab"
	"parley/store/pgserver"
)

// Clients is the number of connections that send to Parley concurrently, and of clients that insert the
// reference.
const Clients = 32

// DrainWithin is how long Parley may take to process what one round has left.
const DrainWithin = 2 * time.Minute

// Rig is one run of the benchmarks. Only Say may be called concurrently. New makes a Rig, Close ends it.
type Rig struct {
	Opt      RigOptions
	Scratch  *lab.Scratch // folder of the run, with the database in it
	Tool     string       // path of pgbench; "" if it was not found; set by Machine
	OnRAM    bool         // the database is on a RAM file system, which changes targets; set by Machine
	InsertUS float64      // PostgreSQL's processor time per insert of the last reference, in µs; set by Inserts

	server       *pgserver.Server // nil until startPostgres
	worlds       int              // number of worlds that were created
	profiles     int              // number of profiles that were started
	hasTemplate  bool             // templateDatabase exists
	hasReference bool             // ReferenceDatabase exists
	mu           sync.Mutex       // guards writes to Options.Out
}

// Close stops the server and removes the folder of the run.
func (b *Rig) Close() error {
	var err error
	if b.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		err = b.server.Close(ctx)
	}
	return errors.Join(err, b.Scratch.Remove())
}

// Rounds returns how often each figure is measured.
func (b *Rig) Rounds() int {
	if b.Opt.Quick {
		return 1
	}
	const fullRounds = 3
	return fullRounds
}

// Say prints a line about the progress of the run.
func (b *Rig) Say(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, _ = fmt.Fprintf(b.Opt.Out, format+"\n", args...) // progress only
}

// LeavesOutLong reports whether to skip measurements that take longer than a minute. Tests skip nothing: they
// run every measurement, but briefly.
func (b *Rig) LeavesOutLong() bool { return b.Opt.Quick && !b.Opt.Short }

// Span is Choose for durations. A test measures as long as --quick does, but at most for a second.
func (b *Rig) Span(full, quick time.Duration) time.Duration {
	return Choose(b, full, quick, min(quick, time.Second))
}

// Choose returns full for a normal run, quick with --quick, and short in a test.
func Choose[T any](b *Rig, full, quick, short T) T {
	if b.Opt.Short {
		return short
	}
	if b.Opt.Quick {
		return quick
	}
	return full
}

// HopEvery is the interval between messages when the latency of single messages is measured: thirty per second.
const HopEvery = time.Second / 30

// RigOptions say how a run measures.
type RigOptions struct {
	Program string    // path of the program parley
	Dir     string    // folder for the database; "" means a temporary one
	Quick   bool      // --quick: one short round of each figure; see LeavesOutLong
	Short   bool      // a test, which also sets Quick: a second or less per figure, so the ratios mean nothing
	Out     io.Writer // for the progress; nil means none
	// Unanalysed turns off the analysis of customers' messages in the Parleys that are measured.
	Unanalysed bool
	// CPUProfile is the path prefix of CPU profiles: with the suffixes .1, .2, … for the measured Parleys, and .own for this
	// process with the load generators and emulators. "" means no profiles.
	CPUProfile string
	// Statements is a file to which the groups accept, chat, busy and relay append statistics of pg_stat_statements: the cost
	// of each SQL statement per message, and the rows that were written. "" means no statistics.
	Statements string
}

// New prepares a run. The caller must call Close.
//
// Errors: the folder can't be created.
func New(o RigOptions) (*Rig, error) {
	scratch, err := lab.NewScratch(o.Dir, "parley-bench-", 0, nil)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	return &Rig{Opt: o, Scratch: scratch}, nil
}
