package teams

import (
	"maps"
	"slices"
	"sync"
	"time"

	"parley/bot/teams/connector"
	"parley/channels"
)

// probeEvery is how often one of the waiting posts is sent to a closed place all the same: the event
// that opens the place may have been missed, or have come to another replica.
const probeEvery = time.Minute

// authorized is the key of the closure that stops all posts: our credentials are refused.
const authorized = "auth"

// closures are the places in which Teams refuses us: teams and channels by id, until an event says that
// they are open again, and all places under the key authorized.
type closures struct {
	mu sync.Mutex
	of map[string]closure
}

type closure struct {
	err     error
	why     channels.Condition
	at      time.Time
	triedAt time.Time
}

func newClosures() *closures { return &closures{of: map[string]closure{}} }

// shut closes a place; it returns false if the place was closed already.
func (c *closures) shut(place string, err error, why channels.Condition, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	old, known := c.of[place]
	if !known {
		old.at = now
	}
	old.err, old.why, old.triedAt = err, why, now
	c.of[place] = old
	return !known
}

// open opens places; it says whether any of them was closed.
func (c *closures) open(places ...string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := false
	for _, p := range places {
		if _, ok := c.of[p]; ok {
			delete(c.of, p)
			was = true
		}
	}
	return was
}

// stops gives the error of the first place that is closed and was tried a moment ago; nil if a post may be tried.
func (c *closures) stops(now time.Time, places ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range places {
		one, ok := c.of[p]
		if !ok {
			continue
		}
		if now.Sub(one.triedAt).Abs() < probeEvery {
			return one.err
		}
		one.triedAt = now
		c.of[p] = one
	}
	return nil
}

// reopen opens all closed places that match. It gives when the first of them was closed, zero if none
// was.
func (c *closures) reopen(is func(place string) bool) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	var first time.Time
	for p, one := range c.of {
		if !is(p) {
			continue
		}
		if first.IsZero() || one.at.Before(first) {
			first = one.at
		}
		delete(c.of, p)
	}
	return first
}

// latest gives what to tell people: the condition of the place that was closed last; false if none is closed.
func (c *closures) latest() (channels.Condition, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var last closure
	for _, p := range slices.Sorted(maps.Keys(c.of)) {
		if one := c.of[p]; !one.at.Before(last.at) {
			last = one
		}
	}
	return last.why, len(c.of) > 0
}

// shutBy tells whether a failure with this code of Teams closes a place.
func shutBy(code string) bool {
	switch code {
	case connector.CodeNotInRoster, connector.CodeDisabled, connector.CodeBlocked, connector.CodeWritesBlocked:
		return true
	}
	return false
}
