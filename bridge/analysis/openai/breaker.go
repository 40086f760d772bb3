package openai

import (
	"sync"
	"time"
)

const (
	failuresToOpen = 5
	minOpen        = 30 * time.Second
	maxOpen        = 10 * time.Minute
	minBackoff     = 2 * time.Second // after a 429 without Retry-After
	maxBackoff     = time.Minute
)

// breaker is a circuit breaker for the model's server. It stops calls in two independent cases:
//
//   - The server fails. Five failures in a row open the breaker, or one that only a person can fix, such as a wrong
//     key. After 30 seconds a single call, the probe, is let through. If it succeeds, the breaker closes. If it fails,
//     the breaker stays open for twice as long as before.
//   - The server throttles (429). Calls are stopped for as long as it asks, or with exponential backoff if it doesn't
//     say how long. Throttling is not a failure and never opens the breaker.
//
// Each call takes a turn before and hands it back afterwards. A breaker is safe for concurrent use.
type breaker struct {
	now func() time.Time

	mu          sync.Mutex
	generation  int           // incremented whenever the breaker opens or closes
	failures    int           // in a row
	open        bool          // only the probe may call
	openUntil   time.Time     // while open: when the probe may start
	openFor     time.Duration // how long the breaker was last opened for
	probing     bool          // the probe is in flight
	lastFailure Kind          // the failure that opened the breaker

	throttledUntil time.Time
	backoff        time.Duration // the last wait after a 429 without Retry-After
}

func newBreaker(now func() time.Time) *breaker { return &breaker{now: now} }

// turn is the permission to make one call.
type turn struct {
	generation int
	isProbe    bool
}

// takeTurn returns a turn if the server may be called now, and otherwise an error of the kind Throttled or Open. The
// caller must pass the turn to handBack.
func (b *breaker) takeTurn() (turn, *Error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if wait := b.throttledUntil.Sub(now); wait > 0 {
		return turn{}, &Error{Kind: Throttled, Wait: wait}
	}
	if !b.open {
		return turn{generation: b.generation}, nil
	}
	if b.probing || now.Before(b.openUntil) {
		return turn{}, &Error{Kind: Open, Wait: max(b.openUntil.Sub(now), 0)}
	}

	b.probing = true
	return turn{generation: b.generation, isProbe: true}, nil
}

// handBack returns a turn after its call. e is the failure of the call, or nil if it succeeded.
func (b *breaker) handBack(t turn, e *Error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e != nil && e.Kind == Throttled {
		b.throttleLocked(e.Wait)
	}
	if t.generation != b.generation {
		return // the breaker has opened or closed since: the result is out of date
	}
	if t.isProbe {
		b.probing = false
	}

	switch {
	case e == nil:
		b.backoff = 0
		b.closeLocked()
	case e.Kind == Throttled, e.isHarmless():
		if hasServerAnswered(e) {
			b.closeLocked()
		}
	case t.isProbe, e.needsPerson():
		b.openLocked(e)
	default:
		b.failures++
		if b.failures >= failuresToOpen {
			b.openLocked(e)
		}
	}
}

// hasServerAnswered reports whether a failure shows that the server works.
func hasServerAnswered(e *Error) bool {
	switch e.Kind {
	case Refused, Truncated, Invalid, Throttled:
		return true
	default:
		return false
	}
}

func (b *breaker) closeLocked() {
	if b.open {
		b.generation++
	}
	b.open = false
	b.failures = 0
	b.openFor = 0
	b.lastFailure = ""
}

// openLocked opens the breaker, for twice as long as the last time if it hasn't been closed since.
func (b *breaker) openLocked(e *Error) {
	b.generation++
	b.openFor = min(max(b.openFor*2, minOpen), maxOpen)
	b.open = true
	b.failures = 0
	b.probing = false
	b.lastFailure = e.Kind
	b.openUntil = b.now().Add(max(b.openFor, e.Wait))
}

// throttleLocked stops all calls for the duration of wait; 0 means that the server didn't say how long.
func (b *breaker) throttleLocked(wait time.Duration) {
	if wait == 0 {
		b.backoff = min(max(b.backoff*2, minBackoff), maxBackoff)
		wait = b.backoff
	}
	if until := b.now().Add(wait); until.After(b.throttledUntil) {
		b.throttledUntil = until
	}
}

// readState reports whether calls are stopped, until when, and after which failure.
func (b *breaker) readState() (isStopped bool, until time.Time, last Kind) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open && b.throttledUntil.After(b.now()) {
		return true, b.throttledUntil, Throttled
	}
	return b.open, b.openUntil, b.lastFailure
}
