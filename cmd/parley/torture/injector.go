package torture

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/torture/checker"
	"parley/cmd/parley/torture/emulators"
	"parley/cmd/parley/torture/records"
)

const (
	// diskFullFor is how long the data folder stays full.
	diskFullFor = 10 * time.Second
	// pollEvery is how often the run looks whether something that takes a moment has come about.
	pollEvery = 50 * time.Millisecond
	day       = 24 * time.Hour
)

// A fault is something bad that happens to Parley on purpose: a process is killed, a connection is cut, a disk is full. A schedule
// says when which fault is injected. Some faults wait for a trigger, such as certain words on a connection, or for something that
// the driver, which plays customers and agents, does for them.

// injector injects the faults of a schedule.
type injector struct {
	// What it disturbs.
	client    emulators.Client
	replicas  []*replica
	network   *network
	database  *records.Database
	driver    *driver
	endpoints *endpoints

	opt            Options
	triggerTimeout time.Duration // how long a fault waits for its trigger
	printLine      func(format string, args ...any)

	upgradeProgram []string      // of the version to which faultUpgrade rolls
	upgraded       chan struct{} // closed when all replicas run that version; nil means they do from the start
	newerProgram   []string      // of the newer version of faultMixedVersions

	began         time.Time
	receiptFloods int            // how often another system's receipts were sent so far
	running       sync.WaitGroup // faults that are not over yet
	restarting    sync.Mutex     // held during a restart, so that one replica restarts at a time
	oneCrashing   sync.Mutex     // held while there is a mail that ends the process that reads it, so that there is one at a time

	// mu guards what follows.
	mu       sync.Mutex
	injected map[string]int // by kind
	missed   map[string]int // by kind: those that had nothing to disturb, or whose trigger did not come
	// waiting has, by kind, functions that end waits for a trigger. Such a fault waits longer than usual, because too few of its kind
	// were injected so far.
	waiting map[string][]func()
	// acceptedByNewer counts the events that the newer version accepted while an older one ran beside it.
	acceptedByNewer int
	jumps           []checker.ClockJump
	err             error // of runBeside
}

// run injects every fault of a schedule and returns when the last one is over.
// Errors: the emulators don't answer, the database does not come back.
func (in *injector) run(ctx context.Context, list []fault) error {
	in.began = time.Now()
	for _, f := range list {
		if !pause.For(ctx, f.At-time.Since(in.began)) {
			in.running.Wait()
			return ctx.Err()
		}
		if err := injections()[f.Kind](in, ctx, f); err != nil {
			in.running.Wait()
			return fmt.Errorf("torture: %s: %w", f.Kind, err)
		}
	}
	in.running.Wait()
	return in.err
}

// recordInjected counts a fault that was injected and prints it.
func (in *injector) recordInjected(f fault) {
	in.countInjected(f.Kind)
	in.printFault("", f)
}

// countInjected counts a fault that was injected. If that are enough of its kind now, it ends the waits of others.
func (in *injector) countInjected(kind string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.injected[kind]++
	if in.needsMoreOfLocked(kind) {
		return
	}
	for _, stop := range in.waiting[kind] {
		stop()
	}
	delete(in.waiting, kind)
}

// recordMissed counts a fault that waited in vain, and prints it.
func (in *injector) recordMissed(f fault) {
	in.printFault("waited in vain: ", f)
	in.mu.Lock()
	defer in.mu.Unlock()
	in.missed[f.Kind]++
}

// printFault prints a line about a fault, with the time since the flow began.
func (in *injector) printFault(prefix string, f fault) {
	in.printLine("%6.1fs  %s%s", time.Since(in.began).Seconds(), prefix, f.describe(in.opt))
}

// runBeside does the work of a fault in a goroutine of its own, and keeps its error for run, which waits for it.
func (in *injector) runBeside(kind string, work func() error) {
	in.running.Go(func() {
		if err := work(); err != nil {
			in.mu.Lock()
			defer in.mu.Unlock()
			in.err = errors.Join(in.err, fmt.Errorf("torture: %s: %w", kind, err))
		}
	})
}

// holdSnapshot keeps a snapshot for a while. It is printed when it begins and again when it ends, and counts when it
// ends: all the while it may be in the way of other transactions.
func (in *injector) holdSnapshot(ctx context.Context, f fault) error {
	statement := records.TakeSnapshot
	if f.Kind == faultReadTables {
		statement = records.ReadAll
	}
	in.printFault("", f)
	err := in.database.HoldSnapshot(ctx, time.Now().Add(f.Duration), statement)
	if err == nil {
		in.recordInjected(f)
	}
	return err
}

// fillDisk leaves the database no space for a while.
func (in *injector) fillDisk(ctx context.Context) error {
	ended, refused, err := in.database.FillDisk(ctx, diskFullFor)
	in.network.addCount("writes refused for want of space", refused)
	if ended {
		in.network.addCount("postgres ended for want of space", 1)
	}
	return err
}

// waitForUpgrade waits until all replicas run the new version.
func (in *injector) waitForUpgrade(ctx context.Context) error {
	if in.upgraded == nil {
		return nil
	}
	select {
	case <-in.upgraded:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// jumpClock moves Parley's clock forward and records the jump: it ends all holds, so a reply may leave before Parley is
// told that it was deleted.
func (in *injector) jumpClock(ctx context.Context, f fault) error {
	if err := in.waitForUpgrade(ctx); err != nil { // an earlier version may refuse a moved clock
		return err
	}

	by := time.Hour
	if f.Kind == faultClockDay {
		by = day
	}

	in.recordInjected(f)
	jump := checker.ClockJump{After: time.Now()}
	for { // PostgreSQL may just be starting
		err := in.database.MoveClock(ctx, by)
		if err == nil {
			jump.Before = time.Now()
			in.mu.Lock()
			defer in.mu.Unlock()
			in.jumps = append(in.jumps, jump)
			return nil
		}
		if !pause.For(ctx, time.Second) {
			return err
		}
		if time.Since(in.began) > in.opt.Flow+time.Minute {
			return err
		}
	}
}

// countFaults returns how many faults of each kind were injected, and how many waited in vain.
func (in *injector) countFaults() (injected, missed map[string]int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return maps.Clone(in.injected), maps.Clone(in.missed)
}
