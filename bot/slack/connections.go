package slack

import (
	"context"
	"errors"
	"sync"
	"time"

	"parley/channels"
	"parley/channels/wire"
)

// lostTogetherWithin is how recently all connections must have been lost for one outage to be assumed. A dead connection
// is noticed late, so none may have worked for a while although some connection was always counted as open.
const lostTogetherWithin = 45 * time.Second

// connections counts the Socket Mode connections of this process, through which Slack sends events, clicks and commands.
// Usually there are two. When the last one is lost, a gap begins: a time in which events may be missed. Then the engine
// sends no replies to customers until the sweeper has read Slack's history of the gap, in which a reply may have been
// deleted. It is safe for concurrent use.
type connections struct {
	*intake

	wanted int // how many there should be; 0 if Slack sends HTTP requests instead

	mu        sync.Mutex        // guards the fields below
	open      int               // how many are open
	lostAt    map[int]time.Time // when each connection was last lost, by its number
	allLostAt time.Time         // when the last open connection was lost; zero if that hasn't happened

	// closedWithoutGap is true if this process closed the last open connection itself while there was no gap. Then it
	// has received everything that Slack sent before.
	closedWithoutGap bool
}

// awaitIdentity asks Slack who our app is, and retries until Slack answers. It returns false if ctx ended first.
func (c *connections) awaitIdentity(ctx context.Context) (*Self, bool) {
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
		limit, limited := RateLimit(err)
		if limited {
			wait = max(wait, limit)
		}
		if !wire.For(ctx, wait) {
			return nil, false
		}
	}
}

// reportError logs an error of Slack's and shows it to the admins as the reason why Slack doesn't work.
func (c *connections) reportError(err error) {
	var se *channels.SendError
	text, hint := "Slack can't be reached.", "Check the network; Parley keeps trying."
	if errors.As(Classify(err), &se) && se.Class != channels.Ambiguous {
		text = se.Text
		if se.Class != channels.Retry {
			hint = se.Hint
		}
	}
	c.log.Error("slack not available", "error", err)
	c.desk.Report(channels.Condition{Status: channels.Broken, Text: text, Hint: hint})
}

// appTokenHint says where an app-level token comes from.
const appTokenHint = "Make one with the scope connections:write under Basic Information, App-Level Tokens, " +
	"and copy it (xapp-…; SLACK_APP_TOKEN)."

// reportNotOpened reports the failure to open a connection. It shows the reason to the admins, or only logs it in two
// cases: another connection is open, so that everything still arrives; or Slack gave no lasting reason, so that the
// next attempt may succeed.
func (c *connections) reportNotOpened(err error) {
	code := CodeOf(err)
	if code == "" || IsTemporary(err) || c.countOpen() > 0 {
		c.log.Warn("slack connection failed", "error", err)
		return
	}
	if channels.ClassOf(Classify(err)) != channels.AuthBroken {
		c.reportError(err)
		return
	}
	c.log.Error("slack refuses the app-level token", "error", err)
	c.desk.Report(channels.Condition{
		Status: channels.Broken, Text: "Slack opens no connection with our app-level token (" + code + ").", Hint: appTokenHint,
	})
}

// reportOpened shows the admins that Slack works, after a connection has opened and if the bot token works, too. A
// connection needs only the app-level token, which stays valid after the app was uninstalled.
func (c *connections) reportOpened(ctx context.Context) {
	removals := c.standing.RemovalsKnown()
	err := withTimeout(ctx, identifyTimeout, func(ctx context.Context) error {
		_, err := c.api.AuthTestContext(ctx)
		return err
	})
	if ctx.Err() != nil {
		return // the connection is closed already
	}
	if NeedsRepair(err) {
		c.reportError(err)
		return
	}
	c.standing.ReportWorks(removals)
}

// recordOpened counts a connection that has opened. It announces a gap if no other was open, or if all were lost
// together.
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

// lostTogether reports whether all connections were lost within lostTogetherWithin, and when the first of them was. The
// caller must hold c.mu.
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

// recordLost counts a connection that was lost. If it was the last one, it announces a gap at once: from now on an edit
// or deletion may be missed, so no reply may be sent. closedByUs means that this process closed it to shut down.
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
		c.closedWithoutGap = closedByUs && !gapOpen
	}

	c.mu.Unlock()

	if isLast {
		c.sweeper.Announce(now)
	}
}

// hasAll reports whether this process, which is shutting down, has received everything that Slack sent until it closed
// its last connection.
func (c *connections) hasAll() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, gapOpen := c.sweeper.Gap()
	return !gapOpen || c.closedWithoutGap
}

func (c *connections) countOpen() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open
}
