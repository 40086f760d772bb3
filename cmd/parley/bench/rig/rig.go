// Package rig is what all measurements stand on. A Rig is one run with its durable PostgreSQL. A World is in it, with
// emulators and a Parley as a process of its own. Bracket compares a figure with its reference, and Meter tells who used the
// processors.
//
// What does not belong here: what is measured, and the load that it takes.
package rig

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

// Clients is how many connections send to Parley at once, and how many clients of the reference insert at once.
const Clients = 32

// DrainWithin is how long Parley may take to finish what one round left.
const DrainWithin = 2 * time.Minute

// Rig is one run.
type Rig struct {
	Opt      Options
	Scratch  *lab.Scratch // the run's folder; the database is in it
	Tool     string       // path of pgbench; "" means that none was found; Machine sets it
	OnRAM    bool         // the database's files are memory, which changes targets; Machine sets it
	InsertUS float64      // µs that the database computed for one insert of the latest reference; Inserts sets it

	server       *pgserver.Server // nil until a group needs one
	worlds       int              // how many were made so far
	profiles     int              // how many were begun so far
	hasTemplate  bool             // templateDatabase was made
	hasReference bool             // ReferenceDatabase was made
	mu           sync.Mutex       // guards writes to Options.Out
}

// Close ends the server and removes everything of the run.
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

// Say prints how far the run is.
func (b *Rig) Say(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, _ = fmt.Fprintf(b.Opt.Out, format+"\n", args...) // progress only
}

// LeavesOutLong reports whether what doesn't fit into a minute is left out. Tests leave nothing out: they measure it briefly.
func (b *Rig) LeavesOutLong() bool { return b.Opt.Quick && !b.Opt.Short }

// Span chooses as Choose does; a test measures for quick, but at most for a second.
func (b *Rig) Span(full, quick time.Duration) time.Duration {
	return Choose(b, full, quick, min(quick, time.Second))
}

// Choose returns what suits the run: full for a whole one, quick with --quick, and short for a test.
func Choose[T any](b *Rig, full, quick, short T) T {
	if b.Opt.Short {
		return short
	}
	if b.Opt.Quick {
		return quick
	}
	return full
}

// HopEvery is the time between two messages where the way of a single message is timed: thirty a second.
const HopEvery = time.Second / 30

// Options say what a run measures, and how long.
type Options struct {
	Program string // this program, to start Parley and emulators with
	Dir     string // where the database lives; "" means a temporary folder
	Quick   bool   // one short round of each figure; see LeavesOutLong
	Short   bool   // a test, which sets Quick too: windows of a second, ratios mean nothing
	Out     io.Writer
	// Unanalysed measures a Parley that doesn't analyse what customers write.
	Unanalysed bool
	// CPUProfile begins the names of files that get profiles: .1 and so on for the measured Parleys, .own for the generators
	// and emulators. "" means none.
	CPUProfile string
	// Statements is a file to which the groups accept, chat, busy and relay append what pg_stat_statements counts: what
	// each statement of the database cost a message, and which rows were written. "" means that nothing is counted.
	Statements string
}

// New prepares a run. Close must be called to remove its folder and end its server.
// Errors: the folder can't be made.
func New(o Options) (*Rig, error) {
	scratch, err := lab.NewScratch(o.Dir, "parley-bench-", 0, nil)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	return &Rig{Opt: o, Scratch: scratch}, nil
}
