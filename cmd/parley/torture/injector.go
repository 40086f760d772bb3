package torture

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/torture/emulators"
	"parley/cmd/parley/torture/records"
)

const (
	// diskFullFor is how long the data folder stays full.
	diskFullFor = 10 * time.Second
	// targetWait is how long a blow waits for a process to run or a connection to open. Where the process was killed that
	// fetched the only mailbox, its lease lasts for 30 s, and another process leaves it to its new owner for a while.
	targetWait = 90 * time.Second
	// pollEvery is how often the run looks whether something that takes a moment has come about.
	pollEvery = 50 * time.Millisecond
	// rateLimitFor is how long the chat refuses all posts: Parley repeats each of them several times meanwhile.
	rateLimitFor = 3 * time.Second
	day          = 24 * time.Hour
)

// injector strikes the blows of a schedule.
type injector struct {
	client         emulators.Client
	replicas       []*replica
	network        *network
	database       *records.Database
	driver         *driver
	endpoints      *endpoints
	opt            Options
	printLine      func(format string, args ...any)
	began          time.Time
	triggerTimeout time.Duration // how long a blow waits for its moment on the wire
	receiptFloods  int           // floods of another system's receipts so far
	upgradeProgram []string      // the new version, which an upgrade brings
	newerProgram   []string      // the program of a replica that is replaced by a newer version
	upgraded       chan struct{} // closed when all replicas run the new version; nil means they do from the start

	running     sync.WaitGroup // blows that are not over yet
	restarting  sync.Mutex     // one replica at a time
	oneCrashing sync.Mutex     // one deadly mail at a time

	mu       sync.Mutex
	injected map[string]int
	missed   map[string]int
	// waiting holds, by the kind of blow, what ends the wait of those that lurk only until their kind has struck often enough.
	waiting map[string][]func()
	// acceptedByNewer counts a newer version's events that came while an older one ran beside it.
	acceptedByNewer int
	err             error
}

// run strikes every blow of the schedule and returns when the last one is over.
// Errors: the emulators don't answer, the database does not come back.
func (in *injector) run(ctx context.Context, list []fault) error {
	in.began = time.Now()
	for _, h := range list {
		if !pause.For(ctx, h.At-time.Since(in.began)) {
			in.running.Wait()
			return ctx.Err()
		}
		if err := in.injectOrStart(ctx, h); err != nil {
			in.running.Wait()
			return fmt.Errorf("torture: %s: %w", h.Kind, err)
		}
	}
	in.running.Wait()
	return in.err
}

// recordInjected counts a blow that struck and says so. It ends the wait of those that are no longer needed.
func (in *injector) recordInjected(h fault) {
	in.mu.Lock()
	in.injected[h.Kind]++
	if !in.needsMoreOf(h.Kind) {
		for _, stop := range in.waiting[h.Kind] {
			stop()
		}
		delete(in.waiting, h.Kind)
	}
	in.mu.Unlock()
	in.printLine("%6.1fs  %s", time.Since(in.began).Seconds(), h.describe(in.opt))
}

// runBeside runs a blow that takes a while beside other blows, and keeps its error for run.
func (in *injector) runBeside(name string, f func() error) {
	in.running.Go(func() {
		if err := f(); err != nil {
			in.mu.Lock()
			defer in.mu.Unlock()
			in.err = errors.Join(in.err, fmt.Errorf("torture: %s: %w", name, err))
		}
	})
}

// injectOrStart strikes a blow, or starts it if it takes a while. run waits for those.
func (in *injector) injectOrStart(ctx context.Context, h fault) error {
	switch h.Kind {
	case faultKillBusyLane, faultStopAfterClaim, faultEarlyReceipt, faultLoseCommitAnswer, faultLateRequest:
		in.running.Go(func() { in.injectOnTrigger(ctx, h) })
	case faultUpgrade:
		in.runBeside(h.Kind, func() error { return in.rollUpgrade(ctx) })
	case faultMixedVersions:
		in.runBeside(h.Kind, func() error { return in.mixVersions(ctx, h) })
	case faultRestart:
		in.runBeside(h.Kind, func() error { return in.restartReplica(ctx, h, nil) })
	case faultClockHour, faultClockDay:
		in.runBeside(h.Kind, func() error { return in.jumpClock(ctx, h) })
	case faultFloodSender, faultFloodAccount, faultPoisonEvent:
		in.running.Go(func() { in.injectTask(ctx, h) })
	case faultFailingEvent, faultSlowEvent, faultCrashingEvent:
		in.running.Go(func() { in.injectFailingMail(ctx, h) })
	case faultHoldSnapshot, faultReadTables:
		in.runBeside(h.Kind, func() error { return in.holdSnapshot(ctx, h) })
	case faultKill, faultStop, faultReset:
		in.running.Go(func() { in.injectWhenPossible(ctx, h) })
	default:
		return in.injectAtOnce(ctx, h)
	}

	return nil
}

// injectAtOnce strikes a blow that needs no moment of its own. Only a silence goes on afterwards.
func (in *injector) injectAtOnce(ctx context.Context, h fault) error {
	in.recordInjected(h)
	over := func() {}
	if h.isDatabaseOutage() {
		over = in.network.beginOutage()
	}

	if h.Kind == faultBlackhole {
		p, way := in.network.proxyFor(h.Route, h.Replica)
		in.running.Go(func() {
			defer over()
			in.network.addCount("half-open "+way, p.dropTraffic(ctx, way, h.Duration, h.Wholly))
		})
		return nil
	}
	defer over()
	return in.injectNow(ctx, h)
}

// injectNow strikes a blow that is over when injectNow returns.
func (in *injector) injectNow(ctx context.Context, h fault) error {
	switch h.Kind {
	case faultKillDatabase:
		return in.database.KillAndStart(ctx)
	case faultDropSockets, faultEndTokens:
		return in.client.Platform().EndSessions(ctx)
	case faultCutMail:
		return in.client.CutMailConnections(ctx)
	case faultLimitSlack, faultLimitTeams:
		return in.client.Platform().RateLimit(ctx, rateLimitFor)
	case faultFillDisk:
		return in.fillDisk(ctx)
	case faultForeignReceipts:
		in.receiptFloods++
		return in.sendForeignReceipts(ctx)
	}

	return nil
}

// injectWhenPossible strikes a process or connections as soon as there are any.
func (in *injector) injectWhenPossible(ctx context.Context, h fault) {
	deadline := time.Now().Add(targetWait)
	for {
		if in.tryInject(ctx, h) {
			in.recordInjected(h)
			return
		}
		if time.Now().After(deadline) || !pause.For(ctx, pollEvery) {
			in.recordMissed(h)
			return
		}
	}
}

// tryInject strikes once and reports whether there was something to strike.
func (in *injector) tryInject(ctx context.Context, h fault) bool {
	r := in.replicas[h.Replica]
	switch h.Kind {
	case faultKill:
		return r.kill()
	case faultStop:
		thaw, ok := r.stop()
		if ok {
			in.running.Go(func() {
				pause.For(ctx, h.Duration)
				thaw()
			})
		}
		return ok
	}

	if h.isDatabaseOutage() {
		defer in.network.beginOutage()()
	}

	p, way := in.network.proxyFor(h.Route, h.Replica)
	n := p.cut(way)
	in.network.addCount("reset "+way, n)
	return n > 0
}

// injectTask strikes by having customers write.
func (in *injector) injectTask(ctx context.Context, h fault) {
	what := map[string]task{faultFloodSender: taskFloodSender, faultFloodAccount: taskFloodAccount, faultPoisonEvent: taskPoisonEvent}[h.Kind]
	if in.driver.tasks.runAndWait(ctx, what, in.opt.triggerWait()) {
		in.recordInjected(h)
		return
	}
	in.recordMissed(h)
}

// holdSnapshot keeps a snapshot for a while, or until everything is said. The blow counts when it ends:
// all the while it may be in the way of other transactions.
func (in *injector) holdSnapshot(ctx context.Context, h fault) error {
	what := records.TakeSnapshot
	if h.Kind == faultReadTables {
		what = records.ReadAll
	}
	in.printLine("%6.1fs  %s", time.Since(in.began).Seconds(), h.describe(in.opt))
	err := in.database.HoldSnapshot(ctx, time.Now().Add(h.Duration), what)
	if err == nil {
		in.recordInjected(h)
	}
	return err
}

// recordMissed counts a blow that waited in vain, and says so.
func (in *injector) recordMissed(h fault) {
	in.mu.Lock()
	in.missed[h.Kind]++
	in.mu.Unlock()
	in.printLine("%6.1fs  waited in vain: %s", time.Since(in.began).Seconds(), h.describe(in.opt))
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

// jumpClock moves Parley's clock, which ends all holds: a reply that was deleted a moment ago may be
// on its way already.
func (in *injector) jumpClock(ctx context.Context, h fault) error {
	if err := in.waitForUpgrade(ctx); err != nil { // an earlier version may refuse a moved clock
		return err
	}

	by := time.Hour
	if h.Kind == faultClockDay {
		by = day
	}

	in.recordInjected(h)
	in.driver.excuseHeldReplies()

	for { // PostgreSQL may just be starting
		err := in.database.MoveClock(ctx, by)
		in.driver.excuseHeldReplies() // once more: what was typed meanwhile may be on its way as well

		if err == nil || !pause.For(ctx, time.Second) {
			return err
		}
		if time.Since(in.began) > in.opt.Flow+time.Minute {
			return err
		}
	}
}

// countFaults returns how often each kind of blow struck, and missed.
func (in *injector) countFaults() (struck, missed map[string]int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return maps.Clone(in.injected), maps.Clone(in.missed)
}
