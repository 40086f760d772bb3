package torture

import (
	"context"
	"time"

	"parley/channels/pause"
)

const (
	// minLurk is how long a blow waits at least for its moment on the wire: replies wait for
	// their hold, and up to 30 s for what a chat has to catch up with; on a busy machine for much
	// longer, and where a chat takes one post a second.
	minLurk = 3 * time.Minute
	// limitedLurk is how long a blow waits after the flow where the chat keeps to its limits. Parley may have to
	// read there, before a reply leaves, whether it was changed, and is let read so much in a minute.
	limitedLurk = 10 * time.Minute
	// commitWithin is how long PostgreSQL needs at most for a commit whose answer a blow swallows.
	commitWithin = 200 * time.Millisecond
	// stopWithin is how long the system needs at most until a process that gets SIGSTOP stands still.
	stopWithin = 5 * time.Millisecond
	// earlyFor is how long harmEarly holds an answer back, so that the event about its effect arrives before it.
	earlyFor = 1500 * time.Millisecond
)

// lurkFor is how long a blow waits for its moment.
func (o Options) lurkFor() time.Duration { return max(o.Flow/10, minLurk) }

// lurkAfter is how long after the flow, when the other blows no longer keep Parley from its work, a blow still
// waits whose kind has fallen too rarely.
func (o Options) lurkAfter() time.Duration {
	if o.Rate > 0 {
		return limitedLurk
	}
	return minLurk
}

// waitAndStrike sets a trap for the moment of a blow on the wire, and waits until it has struck, or for too long.
func (c *chaos) waitAndStrike(ctx context.Context, h harm) {
	tr, posting := &trap{way: h.Way, up: true, landed: true}, containsWords(c.driver.traits.Posting)
	switch h.Name {
	case harmLaneKill:
		tr.match = containsMark(&c.driver.burstMarks)
		tr.strike = func(l *link) bool {
			tr.landed = false
			for _, r := range c.net.ownersOf(l) {
				tr.landed = r.kill() || tr.landed
			}
			return !h.Wholly
		}
	case harmClaimStop:
		c.stopBeforeWrite(ctx, h, tr)
	case harmEarly:
		tr.match = posting
		if h.Way == waySMTP {
			tr.match = containsMark(&c.driver.bounceMarks)
		}

		tr.strike = func(l *link) bool {
			l.holdAnswers(earlyFor)
			return true
		}
	case harmLate:
		tr.way, tr.match = c.opt.callsWay(), posting
		tr.strike = func(*link) bool {
			pause.For(ctx, c.opt.LateFor) // whoever asks now is told that it isn't there
			return true
		}
	case harmCommit:
		tr.way, tr.match = wayBase, isCommitRequest
		tr.strike = func(l *link) bool {
			l.mute(false)
			time.AfterFunc(commitWithin, l.reset)
			return true
		}
	}
	defer c.driver.wishes.add(h.wishFor())()

	if h.isDatabaseOutage() {
		defer c.net.beginOutage()()
	}
	if c.waitForTrap(ctx, h, tr) {
		c.recordHit(h)
		return
	}

	c.recordMiss(h)
}

// waitForTrap waits until a blow's trap has sprung and struck something: a process may have ended just before.
// It gives up after c.patience. But if the blow's kind has fallen too rarely by then, it waits on until
// lurkAfter is over, or until enough others of the kind have fallen.
func (c *chaos) waitForTrap(ctx context.Context, h harm, tr *trap) bool {
	until, last := time.Now().Add(c.patience), c.began.Add(c.opt.Flow+c.opt.lurkAfter())
	waiting, stop := context.WithCancel(ctx)
	defer stop()

	for waiting.Err() == nil {
		if c.net.traps.wait(waiting, tr, time.Until(until)) {
			if tr.landed {
				return true
			}
			continue
		}

		if !last.After(until) || !c.shouldWaitOn(h.Name, stop) {
			return false
		}

		until = last
	}

	return false
}

// shouldWaitOn reports whether fewer blows of a kind have fallen than a good run needs. Once that is no longer so, recordHit calls stop.
func (c *chaos) shouldWaitOn(name string, stop func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.needsMore(name) {
		return false
	}
	if c.waiting == nil {
		c.waiting = map[string][]func(){}
	}
	c.waiting[name] = append(c.waiting[name], stop)
	return true
}

// needsMore reports whether fewer blows of a kind have fallen than a good run needs. Caller holds c.mu.
func (c *chaos) needsMore(name string) bool {
	return c.struck[name] < c.opt.fewestBlows(c.opt.Blows[name])
}

// stopBeforeWrite lets a trap stop a sender once its claim is committed, before or just as the first
// byte of the message leaves. The stop lasts longer than the sender's lease.
func (c *chaos) stopBeforeWrite(ctx context.Context, h harm, tr *trap) {
	switch h.Way {
	case wayBase:
		tr.up, tr.match = false, isClaimAnswer
	case waySMTP:
		tr.match = containsWords("MAIL FROM")
	default:
		tr.match = containsWords(c.driver.traits.Posting)
	}

	tr.strike = func(l *link) bool {
		tr.landed = false
		for _, r := range c.net.ownersOf(l) {
			thaw, ok := r.freezeChild()
			tr.landed = tr.landed || ok
			c.running.Go(func() {
				pause.For(ctx, h.For)
				thaw()
			})
		}

		<-time.After(stopWithin)
		return true
	}
}
