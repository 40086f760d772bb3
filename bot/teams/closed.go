package teams

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"parley/bridge"
	"parley/channels"
)

// probeInterval is how often one post may be tried at a closed place anyway. Otherwise the place would stay closed if
// we missed the event that opens it, or if another replica received that event.
const probeInterval = time.Minute

// Everywhere is the place that stands for all of Teams. It is closed while our credentials are refused.
const Everywhere = "auth"

// Places is the set of closed places. Safe for concurrent use.
type Places struct {
	mu      sync.Mutex
	byPlace map[string]closure // by the id of a team or a channel, or Everywhere
}

// NewClosed returns an empty set: all places are open.
func NewClosed() *Places { return &Places{byPlace: map[string]closure{}} }

// closure is why a place is closed, and since when.
type closure struct {
	err       error              // the error of posts to the place
	condition channels.Condition // what people are told
	closedAt  time.Time          // when Teams refused us first
	triedAt   time.Time          // when a post was tried last; see probeInterval
}

// Close closes a place: posts to it fail with err, and people are told condition. It reports whether the place was
// open before. If it was already closed, only the reason changes.
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

// OpenWithApp opens those of the places whose error is a bridge.ErrChannelClosed, because the app is now known to be
// there. It leaves places closed whose posts fail for another reason, such as Everywhere. It reports whether any was
// opened.
func (c *Places) OpenWithApp(places ...string) bool {
	return c.openIf(func(err error) bool { return errors.Is(err, bridge.ErrChannelClosed) }, places...)
}

// openIf opens those closed places for whose error matches returns true. It reports whether there were any.
func (c *Places) openIf(matches func(error) bool, places ...string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	wasAnyOpened := false
	for _, p := range places {
		entry, isClosed := c.byPlace[p]
		if isClosed && matches(entry.err) {
			delete(c.byPlace, p)
			wasAnyOpened = true
		}
	}
	return wasAnyOpened
}

// Admit returns nil if a post may be tried. places are all the places that must be open for it, such as a channel, its
// team and Everywhere. If one is closed, Admit returns the error with which that place was closed. Once in a
// probeInterval, it admits a post to a closed place.
func (c *Places) Admit(now time.Time, places ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()

	for _, p := range places {
		entry, isClosed := c.byPlace[p]
		if isClosed && now.Sub(entry.triedAt).Abs() < probeInterval {
			return entry.err
		}
	}

	for _, p := range places {
		if entry, isClosed := c.byPlace[p]; isClosed {
			entry.triedAt = now
			c.byPlace[p] = entry
		}
	}

	return nil
}

// OpenMatching opens all closed places for which matches returns true. It returns the time at which the first of them
// was closed; the zero time if there were none.
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

// LatestCondition returns the condition of the most recently closed place. ok is false if no place is closed.
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
