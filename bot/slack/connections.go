package slack

import (
	"context"
	"errors"
	"sync"
	"time"

	"parley/bot/slack/fact"
	"parley/channels"
	"parley/channels/pause"
)

// lostWithin is how long ago each connection may have been lost, when one opens again, for all of them to
// count as lost at the same time: a dead connection is noticed late.
const lostWithin = 45 * time.Second

// connections are the Socket Mode connections by which Slack sends events, clicks and commands.
type connections struct {
	*intake

	wanted int // how many there should be; 0 when Slack sends requests instead

	mu   sync.Mutex
	open int
	ends map[int]time.Time // when each connection was last lost
	lost time.Time         // when the last open connection was lost; zero = none was lost since the start
	left bool              // we closed the last one ourselves, and nothing was missing
}

// introduce asks Slack who we are, until it answers; false if ctx ended first.
func (c *connections) introduce(ctx context.Context) (*fact.Self, bool) {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		me, err := c.identifyWithin(ctx, requestTimeout)
		if err == nil {
			c.reports.Report(channels.Condition{Status: channels.Active})
			return me, true
		}
		if ctx.Err() != nil {
			return nil, false
		}
		c.reportError(err)
		limit, limited := throttle(err)
		if limited {
			wait = max(wait, limit)
		}
		if !pause.For(ctx, wait) {
			return nil, false
		}
	}
}

// reportError tells people what keeps us from working.
func (c *connections) reportError(err error) {
	var se *channels.SendError
	text, hint := "Slack can't be reached.", "Check the network; Parley keeps trying."
	if errors.As(classify(err), &se) && se.Class != channels.Ambiguous {
		text, hint = se.Text, se.Hint
	}
	c.log.Error("slack not available", "error", err)
	c.reports.Report(channels.Condition{Status: channels.Broken, Text: text, Hint: hint})
}

// opened counts a new connection. It announces a gap if no other connection was open, or if all of them
// were lost at about the same time.
func (c *connections) opened() {
	c.mu.Lock()
	gap, since := c.open == 0, c.lost
	if !gap {
		since, gap = c.lostTogether()
	}
	c.open++
	c.mu.Unlock()
	if gap {
		c.sweeper.Announce(since)
	}
}

// lostTogether says whether all connections were lost at about the same time, and when the first of them
// was. Its caller holds the lock.
func (c *connections) lostTogether() (since time.Time, together bool) {
	for _, at := range c.ends {
		if c.now().Sub(at) >= lostWithin {
			return time.Time{}, false
		}
		if since.IsZero() || at.Before(since) {
			since = at
		}
	}
	return since, len(c.ends) == c.wanted
}

// closed counts a lost connection. With the last one a gap begins: nothing is told until one opens again, and no
// reply may leave meanwhile that was edited or deleted. ending means that we closed it ourselves.
func (c *connections) closed(n int, ending bool) {
	c.mu.Lock()
	c.open--
	if c.ends == nil {
		c.ends = map[int]time.Time{}
	}
	now := c.now()
	c.ends[n] = now
	gap := c.open == 0
	if gap {
		_, open := c.sweeper.Gap()
		c.lost, c.left = now, ending && !open
	}
	c.mu.Unlock()
	if gap {
		c.sweeper.Announce(now)
	}
}

// nothingMissing says that this process, which ends, has all that it was to be told.
func (c *connections) nothingMissing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, open := c.sweeper.Gap()
	return !open || c.left
}

// count says how many connections are open.
func (c *connections) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open
}
