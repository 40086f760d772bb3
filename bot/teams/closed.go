package teams

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"parley/bot/teams/connector"
	"parley/bridge"
	"parley/channels"
)

// probeInterval is the time after which one of the waiting posts is sent to a closed place nevertheless: we may have
// missed the event that opens the place, or another replica may have got it.
const probeInterval = time.Minute

// authorized is the key of the closure that stops all posts: our credentials are refused.
const authorized = "auth"

// closures are the places in which Teams refuses us. A place is closed until an event, or a post that succeeds, shows
// that it is open again.
type closures struct {
	mu      sync.Mutex
	byPlace map[string]closure // by the id of a team or a channel; the key authorized stands for all places
}

type closure struct {
	err       error              // with which posts to the place fail
	condition channels.Condition // what people are told
	closedAt  time.Time          // when Teams refused us first
	triedAt   time.Time          // when a post was tried last; see probeInterval
}

// close closes a place, or renews the reason. It returns false if the place was closed already.
func (c *closures) close(place string, err error, condition channels.Condition, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry, closedBefore := c.byPlace[place]
	if !closedBefore {
		entry.closedAt = now
	}
	entry.err = err
	entry.condition = condition
	entry.triedAt = now
	c.byPlace[place] = entry
	return !closedBefore
}

// open opens places. It reports whether any of them was closed.
func (c *closures) open(places ...string) bool {
	return c.openIf(func(error) bool { return true }, places...)
}

// openWithApp opens those places that were closed because the app may not be in them. It reports whether there were any.
func (c *closures) openWithApp(places ...string) bool {
	return c.openIf(func(err error) bool { return errors.Is(err, bridge.ErrChannelClosed) }, places...)
}

// openIf opens those places whose error is one of those wanted. It reports whether any of them was closed.
func (c *closures) openIf(isWanted func(error) bool, places ...string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	anyClosed := false
	for _, p := range places {
		if entry, ok := c.byPlace[p]; ok && isWanted(entry.err) {
			delete(c.byPlace, p)
			anyClosed = true
		}
	}
	return anyClosed
}

// admitPost returns nil if a post to these places may be tried, or the error of the first of them that is closed. Once in a
// probeInterval it admits a post to a closed place, too, and notes that the place is tried now.
func (c *closures) admitPost(now time.Time, places ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()

	for _, p := range places {
		entry, ok := c.byPlace[p]
		if !ok {
			continue
		}
		if now.Sub(entry.triedAt).Abs() < probeInterval {
			return entry.err
		}

		entry.triedAt = now
		c.byPlace[p] = entry
	}

	return nil
}

// openMatching opens all closed places that match. It returns when the first of them was closed; zero if none was.
func (c *closures) openMatching(matches func(place string) bool) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	var first time.Time
	for p, entry := range c.byPlace {
		if !matches(p) {
			continue
		}
		if first.IsZero() || entry.closedAt.Before(first) {
			first = entry.closedAt
		}
		delete(c.byPlace, p)
	}
	return first
}

// latestCondition returns the condition of the place that was closed last; false if no place is closed.
func (c *closures) latestCondition() (channels.Condition, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var last closure
	for _, p := range slices.Sorted(maps.Keys(c.byPlace)) {
		if entry := c.byPlace[p]; !entry.closedAt.Before(last.closedAt) {
			last = entry
		}
	}
	return last.condition, len(c.byPlace) > 0
}

// isClosingCode reports whether a failure with this code of Teams means that we may not post in a place.
func isClosingCode(code string) bool {
	switch code {
	case connector.CodeNotInRoster, connector.CodeDisabled, connector.CodeBlocked, connector.CodeWritesBlocked, connector.CodeAccessDenied:
		return true
	}
	return false
}
