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

// Places are closed when Teams refuses our posts there: a channel from which the app was removed, an archived team,
// or all of Teams if our credentials are refused. Posts to a closed place fail at once, with the error of the last
// refusal, instead of being refused again one by one.

// probeInterval is how often one waiting post is tried at a closed place all the same. Otherwise the place would stay
// closed if we missed the event that opens it, or another replica got that event.
const probeInterval = time.Minute

// authorized stands for all places: it is closed when our credentials are refused.
const authorized = "auth"

// closures are the closed places. An event of Teams, or a post that succeeds, opens one. Safe for concurrent use.
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

// close closes a place. If it is closed already, close replaces the reason, and returns false.
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

func (c *closures) open(places ...string) bool {
	return c.openIf(func(error) bool { return true }, places...)
}

// openWithApp opens places that were closed by a bridge.ErrChannelClosed. It reports whether there were any.
func (c *closures) openWithApp(places ...string) bool {
	return c.openIf(func(err error) bool { return errors.Is(err, bridge.ErrChannelClosed) }, places...)
}

// openIf opens those places for whose error isWanted returns true. It reports whether there were any.
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

// admitPost returns nil if a post may be tried; places are all those that it needs. If one is closed, it returns the
// error with which that place was closed. Once in a probeInterval it lets a post try a closed place, and counts the
// probeInterval anew.
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

// openMatching opens all closed places for which matches returns true. It returns when the first of them was closed;
// the zero time if there were none.
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
