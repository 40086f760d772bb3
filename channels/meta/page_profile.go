package meta

import (
	"sync"
	"time"
)

const (
	profileAgain = 24 * time.Hour // before the same customer's profile is read again, unless a pause began meanwhile
	maxProfiles  = 4              // webhook requests that read profiles at the same time
	maxNamesKept = 10_000         // customers whose names are remembered as requested or stored
)

// profiles decides which customers' profiles are read. A webhook only has a customer's number; her profile
// has the name. noteMessage queues a customer. A reader then calls tryBegin once, and nextCustomer until the
// queue is empty. It is safe for concurrent use.
type profiles struct {
	mu      sync.Mutex
	asked   map[string]time.Time // by customer: when she was last put into waiting
	waiting []string             // the queue of customers whose profiles are to be read
	asking  int                  // the number of active readers; at most maxProfiles
	paused  time.Time            // no profile is read before this time
}

// noteMessage records a message from a customer. It queues her, unless that was done within profileAgain.
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

// forgetIfPaused reports whether reading is paused. If so, it also forgets the customer, so that her next
// pageMessage queues her again.
func (p *profiles) forgetIfPaused(customer string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !now.Before(p.paused) {
		return false
	}
	delete(p.asked, customer)
	return true
}

// pauseUntil stops reading until a time. customer is the one whose profile could not be read: she is
// forgotten, so that a later message queues her again.
func (p *profiles) pauseUntil(customer string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paused = until
	delete(p.asked, customer)
}

// tryBegin registers a reader. It returns false if no customer is waiting or maxProfiles readers are active.
// After true, the caller must call nextCustomer until that returns false.
func (p *profiles) tryBegin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 || p.asking == maxProfiles {
		return false
	}
	p.asking++
	return true
}

// nextCustomer removes a customer from the queue. If the queue is empty, ok is false and the reader is
// unregistered.
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
