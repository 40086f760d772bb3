package messenger

import (
	"sync"
	"time"
)

const (
	profileAgain = 24 * time.Hour // until the same customer's profile is read again, whatever was answered
	maxProfiles  = 4              // webhook requests that read profiles at a time
	maxNamesKept = 10_000         // customers of whom a process remembers that it has asked for their names, or stored them
)

// profiles decides whose profile is read. It is safe for concurrent use.
type profiles struct {
	mu      sync.Mutex
	asked   map[string]time.Time // when each customer's profile was last read, or put into waiting
	waiting []string             // the customers whose profiles are to be read
	asking  int                  // how many requests read profiles now; at most maxProfiles
	paused  time.Time            // until then no profile is read
}

// noteMessage records that a customer has written. Her profile will be asked for, unless that was done lately.
func (p *profiles) noteMessage(customer string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	askedAt, wasAsked := p.asked[customer]
	if wasAsked && now.Sub(askedAt) < profileAgain {
		return
	}
	if len(p.asked) > maxNamesKept {
		clear(p.asked)
	}
	p.asked[customer] = now
	p.waiting = append(p.waiting, customer)
}

// forgetIfPaused returns true if no profile may be read now. Then it also forgets the customer, so that her next message asks again.
func (p *profiles) forgetIfPaused(customer string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !now.Before(p.paused) {
		return false
	}
	delete(p.asked, customer)
	return true
}

// pauseUntil lets no profile be read until a time. customer is the one whose profile could not be read: a message of hers after that time
// asks again.
func (p *profiles) pauseUntil(customer string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paused = until
	delete(p.asked, customer)
}

// tryBegin takes one of the maxProfiles turns to read profiles. It returns false if no customer is waiting or no turn is free. A caller
// that got true must call nextCustomer until that returns false.
func (p *profiles) tryBegin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 || p.asking == maxProfiles {
		return false
	}
	p.asking++
	return true
}

// nextCustomer returns the customer whose profile is read next. If none is waiting, ok is false, and the caller's turn is over.
func (p *profiles) nextCustomer() (customer string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		p.asking--
		return "", false
	}
	customer = p.waiting[0]
	p.waiting = p.waiting[1:]
	return customer, true
}
