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

// breaker keeps from asking a server that doesn't answer. It opens after some failures in a row, or after one that
// needs a person, for a time that doubles; then one call may try. Apart from this, it holds back calls for as long as
// a server asks to wait.
type breaker struct {
	now func() time.Time

	mu      sync.Mutex
	era     int           // grows when it opens or closes: a call that began before says nothing about the new state
	row     int           // failures in a row
	open    bool          // nobody asks, but for one call after until
	until   time.Time     // while it is open
	span    time.Duration // for how long it was opened last; twice as long the next time
	probing bool          // that one call is under way
	held    time.Time     // nobody asks before, be it open or not: the server asked to wait
	hold    time.Duration // for how long it was held last, by a server that didn't say how long
	last    Kind          // of the failure that opened it
}

func newBreaker(now func() time.Time) *breaker { return &breaker{now: now} }

// turn is the right to ask once.
type turn struct {
	era   int
	probe bool
}

// enter reports whether the server may be asked now. Who got a turn hands it back to leave.
func (b *breaker) enter() (turn, *Error) {
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

// leave hands a turn back with its outcome; nil if there was an answer.
func (b *breaker) leave(t turn, e *Error) {
	b.mu.Lock()
	defer b.mu.Unlock()

	if e != nil && e.Kind == Throttled {
		b.holdBack(e.Wait)
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
		b.close()
	case e.Kind == Throttled, e.isHarmless(): // no failure, and a sign of life if the server answered
		if hasServerAnswered(e) {
			b.close()
		}
	case t.probe, e.needsPerson():
		b.openAfter(e)
	default:
		b.row++
		if b.row >= failuresToOpen {
			b.openAfter(e)
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

// close lets everybody ask again.
func (b *breaker) close() {
	if b.open {
		b.era++
	}
	b.open = false
	b.row = 0
	b.span = 0
	b.last = ""
}

// openAfter keeps everybody from asking, for twice as long as the last time.
func (b *breaker) openAfter(e *Error) {
	b.era++
	b.span = min(max(b.span*2, firstOpen), longestOpen)
	b.open = true
	b.row = 0
	b.probing = false
	b.last = e.Kind
	b.until = b.now().Add(max(b.span, e.Wait))
}

// holdBack keeps everybody from asking for as long as the server asked, or with 0 for twice as long as the last time.
func (b *breaker) holdBack(wait time.Duration) {
	if wait == 0 {
		b.hold = min(max(b.hold*2, firstHold), longestHold)
		wait = b.hold
	}
	if until := b.now().Add(wait); until.After(b.held) {
		b.held = until
	}
}

// readState tells whether calls are kept back, until when, and by which failure.
func (b *breaker) readState() (open bool, until time.Time, last Kind) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open && b.held.After(b.now()) {
		return true, b.held, Throttled
	}
	return b.open, b.until, b.last
}
