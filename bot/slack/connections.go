package slack

import (
	"context"
	"errors"
	"sync"
	"time"

	"parley/bot/slack/fact"
	"parley/bot/slack/refusal"
	"parley/channels"
	"parley/channels/pause"
)

// lostTogetherWithin says when the losses of several connections count as one. When the first of them opens again,
// each must have been lost less than this long ago. It is that long because a dead connection is noticed late.
const lostTogetherWithin = 45 * time.Second

// connections are this process's Socket Mode connections, usually two, by which Slack sends events, clicks and
// commands. They keep track of how many are open. When the last one is lost, a gap begins: a time in which events may
// be missed. The sweeper is told, and the engine holds replies back until the gap was read.
type connections struct {
	*intake

	wanted int // how many there should be; 0 when Slack sends signed requests instead

	mu        sync.Mutex        // guards all below
	open      int               // how many are open now
	lostAt    map[int]time.Time // when each connection was last lost, by its number
	allLostAt time.Time         // when the last open connection was lost; zero until then

	// leftComplete is true after we closed the last open connection ourselves while there was no gap. So this process
	// has received everything that was sent to it.
	leftComplete bool
}

// awaitIdentity asks Slack who we are, until it answers. It returns false if ctx ended first.
func (c *connections) awaitIdentity(ctx context.Context) (*fact.Self, bool) {
	const firstWait, maxWait = time.Second, time.Minute
	for wait := firstWait; ; wait = min(2*wait, maxWait) {
		removals := c.standing.RemovalsKnown()
		self, err := c.identifyWithin(ctx, requestTimeout)
		if err == nil {
			c.standing.ReportWorks(removals)
			return self, true
		}
		if ctx.Err() != nil {
			return nil, false
		}

		c.reportError(err)
		limit, limited := refusal.RateLimit(err)
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
	if errors.As(refusal.Classify(err), &se) && se.Class != channels.Ambiguous {
		text = se.Text
		if se.Class != channels.Retry {
			hint = se.Hint
		}
	}
	c.log.Error("slack not available", "error", err)
	c.standing.ReportBroken(channels.Condition{Status: channels.Broken, Text: text, Hint: hint})
}

// appTokenHint says where an app-level token comes from.
const appTokenHint = "Make one with the scope connections:write under Basic Information, App-Level Tokens, " +
	"and copy it (xapp-…; SLACK_APP_TOKEN)."

// reportNotOpened tells people why Slack opens no connection. It only logs the reason while another connection is
// open, because everything arrives by that one. It also only logs failures for which Slack gives no reason, since
// they pass or end the connection's client.
func (c *connections) reportNotOpened(err error) {
	code := refusal.CodeOf(err)
	if code == "" || refusal.IsTemporary(err) || c.countOpen() > 0 {
		c.log.Warn("slack connection failed", "error", err)
		return
	}
	if channels.ClassOf(refusal.Classify(err)) != channels.AuthBroken {
		c.reportError(err)
		return
	}
	c.log.Error("slack refuses the app-level token", "error", err) // which opens nothing but connections
	c.standing.ReportBroken(channels.Condition{
		Status: channels.Broken, Text: "Slack opens no connection with our app-level token (" + code + ").", Hint: appTokenHint,
	})
}

// reportOpened tells people that Slack works, after a connection has opened. It first asks whether Slack takes the
// bot's token: connections open by the app-level token, which still works after the app was removed.
func (c *connections) reportOpened(ctx context.Context) {
	removals := c.standing.RemovalsKnown()
	err := withTimeout(ctx, identifyTimeout, func(ctx context.Context) error {
		_, err := c.api.AuthTestContext(ctx)
		return err
	})
	if ctx.Err() != nil {
		return // the connection is over already
	}
	if refusal.NeedsRepair(err) {
		c.reportError(err)
		return
	}
	c.standing.ReportWorks(removals)
}

// recordOpened counts a new connection. It announces a gap if no other is open, or if all were lost together.
func (c *connections) recordOpened() {
	c.mu.Lock()
	isGap := c.open == 0
	since := c.allLostAt
	if !isGap {
		since, isGap = c.lostTogether()
	}
	c.open++
	c.mu.Unlock()
	if isGap {
		c.sweeper.Announce(since)
	}
}

// lostTogether reports whether all connections were lost together, and when the first was. The caller holds c.mu.
func (c *connections) lostTogether() (since time.Time, together bool) {
	for _, at := range c.lostAt {
		if c.now().Sub(at) >= lostTogetherWithin {
			return time.Time{}, false
		}
		if since.IsZero() || at.Before(since) {
			since = at
		}
	}
	return since, len(c.lostAt) == c.wanted
}

// recordLost counts a lost connection. When it is the last one, a gap begins at once: Slack can't tell of edits and
// deletions until a connection opens again, so no reply may leave. closedByUs: because the process ends.
func (c *connections) recordLost(number int, closedByUs bool) {
	c.mu.Lock()
	c.open--
	if c.lostAt == nil {
		c.lostAt = map[int]time.Time{}
	}

	now := c.now()
	c.lostAt[number] = now
	isLast := c.open == 0
	if isLast {
		_, gapOpen := c.sweeper.Gap()
		c.allLostAt = now
		c.leftComplete = closedByUs && !gapOpen
	}

	c.mu.Unlock()

	if isLast {
		c.sweeper.Announce(now)
	}
}

// hasAll reports whether this process, which is ending, has received everything that was sent to it. The gap that
// began when it closed its own last connection doesn't count.
func (c *connections) hasAll() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, gapOpen := c.sweeper.Gap()
	return !gapOpen || c.leftComplete
}

// areLost reports whether Socket Mode is in use and no connection is open.
func (c *connections) areLost() bool { return c.wanted > 0 && c.countOpen() == 0 }

func (c *connections) countOpen() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open
}
