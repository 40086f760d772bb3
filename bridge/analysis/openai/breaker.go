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
	era     int // grows when the state changes: what began before says nothing about the new state
	row     int // failures in a row
	open    bool
	until   time.Time // open: when one may try
	span    time.Duration
	probing bool
	held    time.Time // nobody asks before
	hold    time.Duration
	last    Kind // that opened it
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
		return
	}
	if t.probe {
		b.probing = false
	}
	switch {
	case e == nil:
		b.hold = 0
		b.close()
	case e.Kind == Throttled, e.harmless():
		if answered(e) {
			b.close()
		}
	case t.probe, e.needsPerson():
		b.trip(e)
	default:
		if b.row++; b.row >= failuresToOpen {
			b.trip(e)
		}
	}
}

// answered reports whether a failure shows that the server works.
func answered(e *Error) bool {
	return e.Kind == Refused || e.Kind == Truncated || e.Kind == Invalid || e.Kind == Throttled
}

func (b *breaker) close() {
	if b.open {
		b.era++
	}
	b.open, b.row, b.span, b.last = false, 0, 0, ""
}

func (b *breaker) trip(e *Error) {
	b.era++
	b.span = min(max(b.span*2, firstOpen), longestOpen)
	b.open, b.row, b.probing, b.last = true, 0, false, e.Kind
	b.until = b.now().Add(max(b.span, e.Wait))
}

func (b *breaker) holdBack(wait time.Duration) {
	if wait == 0 {
		b.hold = min(max(b.hold*2, firstHold), longestHold)
		wait = b.hold
	}
	if until := b.now().Add(wait); until.After(b.held) {
		b.held = until
	}
}

// state tells whether calls are kept back, until when, and by which failure.
func (b *breaker) state() (open bool, until time.Time, last Kind) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open && b.held.After(b.now()) {
		return true, b.held, Throttled
	}
	return b.open, b.until, b.last
}
