package openai

import (
	"sync"
	"time"
)

const (
	failuresToOpen = 5
	firstOpen      = 30 * time.Second
	longestOpen    = 10 * time.Minute
	firstHold      = 2 * time.Second // after a 429 that doesn't say how long to wait
	longestHold    = time.Minute
)

// breaker is a circuit breaker: it stops calls to a server that doesn't answer. Five failures in a row open it, or one that
// only a person can mend, such as a wrong key. While it is open nobody may ask. After 30 seconds one call, the probe, may
// try. If that succeeds, the breaker closes; if it fails, it stays open for twice as long as before.
//
// Apart from this, a server may ask to wait (429). Then nobody asks for that long, whether the breaker is open or not.
type breaker struct {
	now func() time.Time

	mu      sync.Mutex
	era     int           // grows when it opens or closes: a call that began in an earlier era says nothing about this one
	row     int           // failures in a row
	open    bool          // nobody may ask, except for the probe
	until   time.Time     // when the probe may begin, while it is open
	span    time.Duration // for how long it was opened last
	probing bool          // the probe is under way
	last    Kind          // of the failure that opened it

	held time.Time     // nobody asks before, because the server asked to wait
	hold time.Duration // how long was waited last, for a server that didn't say how long
}

func newBreaker(now func() time.Time) *breaker { return &breaker{now: now} }

// turn is the right to ask once.
type turn struct {
	era   int
	probe bool
}

// takeTurn returns a turn if the server may be asked now, and else an error. The caller hands it back by handBack.
func (b *breaker) takeTurn() (turn, *Error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if wait := b.held.Sub(now); wait > 0 {
		return turn{}, &Error{Kind: Throttled, Wait: wait}
	}
	if !b.open {
		return turn{era: b.era}, nil
	}
	if b.probing || now.Before(b.until) {
		return turn{}, &Error{Kind: Open, Wait: max(b.until.Sub(now), 0)}
	}

	b.probing = true
	return turn{era: b.era, probe: true}, nil
}

// handBack hands a turn back. e is the failure of the call, or nil if there was an answer.
func (b *breaker) handBack(t turn, e *Error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e != nil && e.Kind == Throttled {
		b.holdBackLocked(e.Wait)
	}
	if t.era != b.era {
		return // the call began before the breaker opened or closed last
	}
	if t.probe {
		b.probing = false
	}

	switch {
	case e == nil:
		b.hold = 0
		b.closeLocked()
	case e.Kind == Throttled, e.isHarmless(): // this doesn't count as a failure
		if hasServerAnswered(e) {
			b.closeLocked()
		}
	case t.probe, e.needsPerson():
		b.openLocked(e)
	default:
		b.row++
		if b.row >= failuresToOpen {
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

// closeLocked lets everybody ask again.
func (b *breaker) closeLocked() {
	if b.open {
		b.era++
	}
	b.open = false
	b.row = 0
	b.span = 0
	b.last = ""
}

// openLocked keeps everybody from asking after a failure, for twice as long as the last time.
func (b *breaker) openLocked(e *Error) {
	b.era++
	b.span = min(max(b.span*2, firstOpen), longestOpen)
	b.open = true
	b.row = 0
	b.probing = false
	b.last = e.Kind
	b.until = b.now().Add(max(b.span, e.Wait))
}

// holdBackLocked keeps everybody from asking for the time of wait. If wait is 0, because the server didn't say how long, it
// is twice as long as the last time.
func (b *breaker) holdBackLocked(wait time.Duration) {
	if wait == 0 {
		b.hold = min(max(b.hold*2, firstHold), longestHold)
		wait = b.hold
	}
	if until := b.now().Add(wait); until.After(b.held) {
		b.held = until
	}
}

// readState returns whether calls are kept back, until when, and by which failure.
func (b *breaker) readState() (open bool, until time.Time, last Kind) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open && b.held.After(b.now()) {
		return true, b.held, Throttled
	}
	return b.open, b.until, b.last
}
