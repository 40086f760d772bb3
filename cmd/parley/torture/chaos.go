package torture

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/torture/records"
	"parley/cmd/parley/torture/world"
)

const (
	// fullFor is how long the data folder stays full.
	fullFor = 10 * time.Second
	// catchWithin is how long a blow waits for a process to run or a connection to open. Where the process was killed that
	// fetched the only mailbox, its lease lasts for 30 s, and another process leaves it to its new owner for a while.
	catchWithin = 90 * time.Second
	// pollEvery is how often the run looks whether something that takes a moment has come about.
	pollEvery = 50 * time.Millisecond
	// limitFor is how long the chat refuses all posts: Parley repeats each of them several times meanwhile.
	limitFor = 3 * time.Second
	day      = 24 * time.Hour
)

// chaos strikes the blows of a schedule.
type chaos struct {
	wire     world.Wire
	replicas []*replica
	net      *network
	database *records.Database
	driver   *driver
	doors    *doors
	opt      Options
	say      func(format string, args ...any)
	began    time.Time
	patience time.Duration // how long a blow waits for its moment on the wire
	receipts int           // floods of another system's receipts so far
	program  []string      // the new version, which an upgrade brings
	newer    []string      // the program of a replica that is replaced by a newer version
	upgraded chan struct{} // closed when all replicas run the new version; nil means they do from the start

	running    sync.WaitGroup // blows that are not over yet
	restarting sync.Mutex     // one replica at a time
	oneDeadly  sync.Mutex     // one deadly mail at a time

	mu     sync.Mutex
	struck map[string]int
	missed map[string]int
	// waiting holds, by the kind of blow, what ends the wait of those that lurk only until their kind has struck often enough.
	waiting map[string][]func()
	// accepted counts a newer version's events that came while an older one ran beside it.
	accepted int
	err      error
}

// run strikes every blow of the schedule and returns when the last one is over.
// Errors: the emulators don't answer, the database does not come back.
func (c *chaos) run(ctx context.Context, list []harm) error {
	c.began = time.Now()
	for _, h := range list {
		if !pause.For(ctx, h.At-time.Since(c.began)) {
			c.running.Wait()
			return ctx.Err()
		}
		if err := c.strikeOrStart(ctx, h); err != nil {
			c.running.Wait()
			return fmt.Errorf("torture: %s: %w", h.Name, err)
		}
	}
	c.running.Wait()
	return c.err
}

// recordHit counts a blow that struck and says so. It ends the wait of those that are no longer needed.
func (c *chaos) recordHit(h harm) {
	c.mu.Lock()
	c.struck[h.Name]++
	if !c.needsMore(h.Name) {
		for _, stop := range c.waiting[h.Name] {
			stop()
		}
		delete(c.waiting, h.Name)
	}
	c.mu.Unlock()
	c.say("%6.1fs  %s", time.Since(c.began).Seconds(), h.describe(c.opt))
}

// runBeside runs a blow that takes a while beside other blows, and keeps its error for run.
func (c *chaos) runBeside(name string, f func() error) {
	c.running.Go(func() {
		if err := f(); err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.err = errors.Join(c.err, fmt.Errorf("torture: %s: %w", name, err))
		}
	})
}

// strikeOrStart strikes a blow, or starts it if it takes a while. run waits for those.
func (c *chaos) strikeOrStart(ctx context.Context, h harm) error {
	switch h.Name {
	case harmLaneKill, harmClaimStop, harmEarly, harmCommit, harmLate:
		c.running.Go(func() { c.waitAndStrike(ctx, h) })
	case harmUpgrade:
		c.runBeside(h.Name, func() error { return c.rollUpgrade(ctx) })
	case harmNewer:
		c.runBeside(h.Name, func() error { return c.mixVersions(ctx, h) })
	case harmRestart:
		c.runBeside(h.Name, func() error { return c.restartReplica(ctx, h, nil) })
	case harmHour, harmDay:
		c.runBeside(h.Name, func() error { return c.jumpClock(ctx, h) })
	case harmFloodOne, harmFloodAll, harmPoison:
		c.running.Go(func() { c.sendErrand(ctx, h) })
	case harmFails, harmSlow, harmEnds:
		c.running.Go(func() { c.sendHardMail(ctx, h) })
	case harmHeld, harmReader:
		c.runBeside(h.Name, func() error { return c.holdSnapshot(ctx, h) })
	case harmKill, harmFreeze, harmCut:
		c.running.Go(func() { c.strikeWhenPossible(ctx, h) })
	default:
		return c.strikeAtOnce(ctx, h)
	}

	return nil
}

// strikeAtOnce strikes a blow that needs no moment of its own. Only a silence goes on afterwards.
func (c *chaos) strikeAtOnce(ctx context.Context, h harm) error {
	c.recordHit(h)
	over := func() {}
	if h.isDatabaseOutage() {
		over = c.net.beginOutage()
	}

	if h.Name == harmSilence {
		p, way := c.net.proxyFor(h.Way, h.N)
		c.running.Go(func() {
			defer over()
			c.net.count("half-open "+way, p.keepSilent(ctx, way, h.For, h.Wholly))
		})
		return nil
	}
	defer over()
	return c.strikeNow(ctx, h)
}

// strikeNow strikes a blow that is over when strikeNow returns.
func (c *chaos) strikeNow(ctx context.Context, h harm) error {
	switch h.Name {
	case harmBase:
		return c.database.KillAndStart(ctx)
	case harmSockets, harmTokens:
		return c.wire.Platform().Upset(ctx)
	case harmMail:
		return c.wire.CutMail(ctx)
	case harmLimit, harmLimitTeams:
		return c.wire.Platform().Limit(ctx, limitFor)
	case harmFull:
		return c.fillDisk(ctx)
	case harmReceipts:
		c.receipts++
		return c.sendForeignReceipts(ctx)
	}

	return nil
}

// strikeWhenPossible strikes a process or connections as soon as there are any.
func (c *chaos) strikeWhenPossible(ctx context.Context, h harm) {
	deadline := time.Now().Add(catchWithin)
	for {
		if c.tryStrike(ctx, h) {
			c.recordHit(h)
			return
		}
		if time.Now().After(deadline) || !pause.For(ctx, pollEvery) {
			c.recordMiss(h)
			return
		}
	}
}

// tryStrike strikes once and reports whether there was something to strike.
func (c *chaos) tryStrike(ctx context.Context, h harm) bool {
	r := c.replicas[h.N]
	switch h.Name {
	case harmKill:
		return r.kill()
	case harmFreeze:
		thaw, ok := r.freezeChild()
		if ok {
			c.running.Go(func() {
				pause.For(ctx, h.For)
				thaw()
			})
		}
		return ok
	}

	if h.isDatabaseOutage() {
		defer c.net.beginOutage()()
	}

	p, way := c.net.proxyFor(h.Way, h.N)
	n := p.cut(way)
	c.net.count("reset "+way, n)
	return n > 0
}

// sendErrand strikes by having customers write.
func (c *chaos) sendErrand(ctx context.Context, h harm) {
	what := map[string]errand{harmFloodOne: errandOne, harmFloodAll: errandAll, harmPoison: errandPoison}[h.Name]
	if c.driver.errands.send(ctx, what, c.opt.lurkFor()) {
		c.recordHit(h)
		return
	}
	c.recordMiss(h)
}

// holdSnapshot keeps a snapshot for a while, or until everything is said. The blow counts when it ends:
// all the while it may be in the way of other transactions.
func (c *chaos) holdSnapshot(ctx context.Context, h harm) error {
	what := records.TakeSnapshot
	if h.Name == harmReader {
		what = records.ReadAll
	}
	c.say("%6.1fs  %s", time.Since(c.began).Seconds(), h.describe(c.opt))
	err := c.database.Read(ctx, time.Now().Add(h.For), what)
	if err == nil {
		c.recordHit(h)
	}
	return err
}

// recordMiss counts a blow that waited in vain, and says so.
func (c *chaos) recordMiss(h harm) {
	c.mu.Lock()
	c.missed[h.Name]++
	c.mu.Unlock()
	c.say("%6.1fs  waited in vain: %s", time.Since(c.began).Seconds(), h.describe(c.opt))
}

// fillDisk leaves the database no space for a while.
func (c *chaos) fillDisk(ctx context.Context) error {
	ended, refused, err := c.database.Fill(ctx, fullFor)
	c.net.count("writes refused for want of space", refused)
	if ended {
		c.net.count("postgres ended for want of space", 1)
	}
	return err
}

// waitForNew waits until all replicas run the new version.
func (c *chaos) waitForNew(ctx context.Context) error {
	if c.upgraded == nil {
		return nil
	}
	select {
	case <-c.upgraded:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// jumpClock moves Parley's clock, which ends all holds: a reply that was deleted a moment ago may be
// on its way already.
func (c *chaos) jumpClock(ctx context.Context, h harm) error {
	if err := c.waitForNew(ctx); err != nil { // an earlier version may refuse a moved clock
		return err
	}

	by := time.Hour
	if h.Name == harmDay {
		by = day
	}

	c.recordHit(h)
	c.driver.noteClockJump()

	for { // PostgreSQL may just be starting
		err := c.database.Jump(ctx, by)
		c.driver.noteClockJump() // once more: what was typed meanwhile may be on its way as well

		if err == nil || !pause.For(ctx, time.Second) {
			return err
		}
		if time.Since(c.began) > c.opt.Flow+time.Minute {
			return err
		}
	}
}

// countBlows returns how often each kind of blow struck, and missed.
func (c *chaos) countBlows() (struck, missed map[string]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.struck), maps.Clone(c.missed)
}
