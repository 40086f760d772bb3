package torture

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"parley/channels/wire"
)

const (
	// diskFullFor is how long the data folder stays full.
	diskFullFor = 10 * time.Second
	// pollEvery is the interval at which the run polls for something that takes only a moment.
	pollEvery = 50 * time.Millisecond
)

// injector injects the faults of a test run: it kills a process, cuts a connection, fills a disk. A schedule says when to
// inject which fault, for example "kill replica 1 after 12 s". A replica is one of the Parley processes under test. Some
// faults then wait for a trigger, such as certain words on a connection, or for messages that the driver (which acts for
// customers and agents) writes for them.
type injector struct {
	// The parts that it disturbs.
	client    Client
	replicas  []*replica
	network   *network
	database  *Database
	driver    *driver
	endpoints *endpoints

	opt            Options
	triggerTimeout time.Duration // how long a fault waits for its trigger
	printLine      func(format string, args ...any)

	upgradeProgram []string      // command line of the version to which faultUpgrade upgrades
	upgraded       chan struct{} // closed once all replicas run that version; nil if they do from the start

	began         time.Time
	receiptFloods int            // how often sendForeignReceipts ran
	running       sync.WaitGroup // goroutines of faults that are not over yet
	restarting    sync.Mutex     // held during a restart, so that only one replica restarts at a time
	oneCrashing   sync.Mutex     // held while a mail crashes the process that reads it, so that there is only one such mail

	// mu guards what follows.
	mu       sync.Mutex
	injected map[string]int // by kind
	missed   map[string]int // by kind: faults that found nothing to disturb, or whose trigger did not fire
	// waiting has, by kind, the cancel functions of faults that wait for their trigger longer than usual, because too few of
	// their kind have been injected so far.
	waiting map[string][]func()
	err     error // of runBeside
}

// run injects every fault of a schedule, which is sorted by time, and returns when the last one is over. It returns an
// error if ctx ends, the emulators don't respond, or the database doesn't come back.
func (in *injector) run(ctx context.Context, list []fault) error {
	in.began = time.Now()
	for _, f := range list {
		if !wire.For(ctx, f.At-time.Since(in.began)) {
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

// countInjected counts a fault that was injected. If enough of its kind were injected now, it cancels the extended waits
// of others of this kind.
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

// runBeside calls work in a new goroutine. run waits for it, and returns its error.
func (in *injector) runBeside(kind string, work func() error) {
	in.running.Go(func() {
		if err := work(); err != nil {
			in.mu.Lock()
			defer in.mu.Unlock()
			in.err = errors.Join(in.err, fmt.Errorf("torture: %s: %w", kind, err))
		}
	})
}

// holdSnapshot holds a database snapshot for a while, during which it may block other transactions. The fault is printed
// when it begins and again when it ends, and counts as injected when it ends.
func (in *injector) holdSnapshot(ctx context.Context, f fault) error {
	statement := TakeSnapshot
	if f.Kind == faultReadTables {
		statement = ReadAll
	}
	in.printFault("", f)
	err := in.database.HoldSnapshot(ctx, time.Now().Add(f.Duration), statement)
	if err == nil {
		in.recordInjected(f)
	}
	return err
}

// fillDisk leaves the database no disk space for diskFullFor.
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

// countFaults returns how many faults of each kind were injected, and how many were missed.
func (in *injector) countFaults() (injected, missed map[string]int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return maps.Clone(in.injected), maps.Clone(in.missed)
}
