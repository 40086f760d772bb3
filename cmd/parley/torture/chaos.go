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
)

// chaos strikes as scheduled.
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
	program  []string      // the new version, to which an upgrade rolls
	newer    []string      // the program of a replica that is replaced by a newer version
	rolled   chan struct{} // closed when all replicas run the new version; nil means they do from the start

	under      sync.WaitGroup // blows that are not over yet
	restarting sync.Mutex     // one replica at a time

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
			c.under.Wait()
			return ctx.Err()
		}
		if err := c.strike(ctx, h); err != nil {
			c.under.Wait()
			return fmt.Errorf("torture: %s: %w", h.Name, err)
		}
	}
	c.under.Wait()
	return c.err
}

// hit counts a blow and tells of it.
func (c *chaos) hit(h harm) {
	c.mu.Lock()
	c.struck[h.Name]++
	if !c.lacks(h.Name) {
		for _, stop := range c.waiting[h.Name] {
			stop()
		}
		delete(c.waiting, h.Name)
	}
	c.mu.Unlock()
	c.say("%6.1fs  %s", time.Since(c.began).Seconds(), h.describe(c.opt))
}

// lasting runs a blow that takes a while beside the others, and keeps its error.
func (c *chaos) lasting(name string, f func() error) {
	c.under.Go(func() {
		if err := f(); err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.err = errors.Join(c.err, fmt.Errorf("torture: %s: %w", name, err))
		}
	})
}

func (c *chaos) strike(ctx context.Context, h harm) error {
	switch h.Name {
	case harmLaneKill, harmClaimStop, harmEarly, harmCommit, harmLate:
		c.under.Go(func() { c.lurk(ctx, h) })
		return nil
	case harmUpgrade:
		c.lasting(h.Name, func() error { return c.roll(ctx) })
		return nil
	case harmNewer:
		c.lasting(h.Name, func() error { return c.mixVersions(ctx, h) })
		return nil
	case harmRestart:
		c.lasting(h.Name, func() error { return c.restart(ctx, h, nil) })
		return nil
	case harmHour, harmDay:
		c.lasting(h.Name, func() error { return c.jump(ctx, h) })
		return nil
	case harmFloodOne, harmFloodAll, harmPoison:
		c.under.Go(func() { c.letPeople(ctx, h) })
		return nil
	case harmFails, harmSlow, harmEnds:
		c.under.Go(func() { c.stumble(ctx, h) })
		return nil
	case harmHeld, harmReader:
		c.lasting(h.Name, func() error { return c.hold(ctx, h) })
		return nil
	case harmKill, harmFreeze, harmCut:
		c.under.Go(func() { c.catch(ctx, h) })
		return nil
	}
	c.hit(h)
	over := func() {}
	if h.strikesBase() {
		over = c.net.troubled()
	}
	if h.Name == harmSilence {
		p, way := c.net.to(h.Way, h.N)
		c.under.Go(func() {
			defer over()
			c.net.count("half-open "+way, p.silence(ctx, way, h.For, h.Wholly))
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
		return c.wire.Platform().Limit(ctx, 3*time.Second)
	case harmFull:
		return c.fill(ctx)
	case harmReceipts:
		c.receipts++
		return c.foreignReceipts(ctx)
	}
	return nil
}

// catch strikes a process or connections as soon as there are any.
func (c *chaos) catch(ctx context.Context, h harm) {
	for deadline := time.Now().Add(catchWithin); ; {
		if c.caught(ctx, h) {
			c.hit(h)
			return
		}
		if time.Now().After(deadline) || !pause.For(ctx, 50*time.Millisecond) {
			c.miss(h)
			return
		}
	}
}

// caught strikes once and reports whether there was something to strike.
func (c *chaos) caught(ctx context.Context, h harm) bool {
	r := c.replicas[h.N]
	switch h.Name {
	case harmKill:
		return r.kill()
	case harmFreeze:
		thaw, ok := r.freeze()
		if ok {
			c.under.Go(func() {
				pause.For(ctx, h.For)
				thaw()
			})
		}
		return ok
	}
	if h.strikesBase() {
		defer c.net.troubled()()
	}
	p, way := c.net.to(h.Way, h.N)
	n := p.cut(way)
	c.net.count("reset "+way, n)
	return n > 0
}

// letPeople strikes by having customers write.
func (c *chaos) letPeople(ctx context.Context, h harm) {
	what := map[string]errand{harmFloodOne: errandOne, harmFloodAll: errandAll, harmPoison: errandPoison}[h.Name]
	if c.driver.errands.send(ctx, what, c.opt.lurkFor()) {
		c.hit(h)
		return
	}
	c.miss(h)
}

// hold keeps a snapshot for a while, or until everything is said. The blow counts when it ends:
// all the while it may be in the way of other transactions.
func (c *chaos) hold(ctx context.Context, h harm) error {
	what := records.TakeSnapshot
	if h.Name == harmReader {
		what = records.ReadAll
	}
	c.say("%6.1fs  %s", time.Since(c.began).Seconds(), h.describe(c.opt))
	err := c.database.Read(ctx, time.Now().Add(h.For), what)
	if err == nil {
		c.hit(h)
	}
	return err
}

// miss counts a blow that waited in vain.
func (c *chaos) miss(h harm) {
	c.mu.Lock()
	c.missed[h.Name]++
	c.mu.Unlock()
	c.say("%6.1fs  waited in vain: %s", time.Since(c.began).Seconds(), h.describe(c.opt))
}

// fill leaves the database no space for a while.
func (c *chaos) fill(ctx context.Context) error {
	ended, refused, err := c.database.Fill(ctx, fullFor)
	c.net.count("writes refused for want of space", refused)
	if ended {
		c.net.count("postgres ended for want of space", 1)
	}
	return err
}

// waitForNew waits until all replicas run the new version.
func (c *chaos) waitForNew(ctx context.Context) error {
	if c.rolled == nil {
		return nil
	}
	select {
	case <-c.rolled:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// jump moves Parley's clock, which ends all holds: a reply that was deleted a moment ago may be
// on its way already.
func (c *chaos) jump(ctx context.Context, h harm) error {
	if err := c.waitForNew(ctx); err != nil { // an earlier version may refuse a moved clock
		return err
	}
	by := time.Hour
	if h.Name == harmDay {
		by = 24 * time.Hour
	}
	c.hit(h)
	c.driver.jumped()
	for { // PostgreSQL may just be starting
		err := c.database.Jump(ctx, by)
		c.driver.jumped() // once more: what was typed meanwhile may be on its way as well
		if err == nil || !pause.For(ctx, time.Second) || time.Since(c.began) > c.opt.Flow+time.Minute {
			return err
		}
	}
}

// counts returns how often each kind of blow struck, and missed.
func (c *chaos) counts() (struck, missed map[string]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.struck), maps.Clone(c.missed)
}
