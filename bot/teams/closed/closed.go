// Package closed remembers in which places of Teams we may not post: a channel from which the app was removed, an archived
// team, or all of Teams if our credentials are refused. Posts to a closed place fail at once, with the error of the last
// refusal, instead of being refused again one by one. A post that succeeds, or an event of Teams, opens the place.
//
// What does not belong here: what a refusal means, and what people are told of it.
package closed

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"parley/bridge"
	"parley/channels"
)

// probeInterval is how often one waiting post is tried at a closed place all the same. Otherwise the place would stay
// closed if we missed the event that opens it, or another replica got that event.
const probeInterval = time.Minute

// Everywhere stands for all places: it is closed when our credentials are refused.
const Everywhere = "auth"

// Places are the closed places. Safe for concurrent use.
type Places struct {
	mu      sync.Mutex
	byPlace map[string]closure // by the id of a team or a channel, or Everywhere
}

// New returns Places of which none is closed.
func New() *Places { return &Places{byPlace: map[string]closure{}} }

// closure is why a place is closed, and since when.
type closure struct {
	err       error              // with which posts to the place fail
	condition channels.Condition // what people are told
	closedAt  time.Time          // when Teams refused us first
	triedAt   time.Time          // when a post was tried last; see probeInterval
}

// Close closes a place: posts there fail with err, and people are told condition. It reports whether the place was open
// before. If it wasn't, only the reason changes.
func (c *Places) Close(place string, err error, condition channels.Condition, now time.Time) (wasOpen bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry, wasClosed := c.byPlace[place]
	if !wasClosed {
		entry.closedAt = now
	}
	entry.err = err
	entry.condition = condition
	entry.triedAt = now
	c.byPlace[place] = entry
	return !wasClosed
}

// Open opens places. It reports whether any was closed.
func (c *Places) Open(places ...string) bool {
	return c.openIf(func(error) bool { return true }, places...)
}

// OpenWithApp opens places that were closed by a bridge.ErrChannelClosed. It reports whether there were any.
func (c *Places) OpenWithApp(places ...string) bool {
	return c.openIf(func(err error) bool { return errors.Is(err, bridge.ErrChannelClosed) }, places...)
}

// openIf opens those places for whose error isWanted returns true. It reports whether there were any.
func (c *Places) openIf(isWanted func(error) bool, places ...string) bool {
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

// Admit returns nil if a post may be tried; places are all those that it needs. If one is closed, it returns the
// error with which that place was closed. Once in a probeInterval it lets a post try a closed place, and counts the
// probeInterval anew.
func (c *Places) Admit(now time.Time, places ...string) error {
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

// OpenMatching opens all closed places for which matches returns true. It returns when the first of them was closed;
// the zero time if there were none.
func (c *Places) OpenMatching(matches func(place string) bool) time.Time {
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

// LatestCondition returns the condition of the place that was closed last. ok is false if no place is closed.
func (c *Places) LatestCondition() (condition channels.Condition, ok bool) {
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
