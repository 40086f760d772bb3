package messenger

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"parley/channels"
	"parley/channels/graph"
)

// A webhook has only a number for a customer. Her name stands in her profile at Facebook, which is read after her first message was
// stored. Where it can't be read, the list of conversations (run.go) may have the name.

const (
	profileTimeout = 3 * time.Second // for the profiles that one webhook's request reads
	profileAgain   = 24 * time.Hour  // until the same customer's profile is read again, whatever was answered
	profilePause   = time.Hour       // until any profile is read after Facebook refused the Page, or asked for a pause
	profileRetry   = time.Minute     // until any profile is read after Facebook didn't answer
	maxProfiles    = 4               // webhook requests that read profiles at a time
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

// introduceLater is the webhook's Later. It returns a function that reads the profiles of customers who wrote for the first time; that
// runs after their messages were stored, so that no message waits for a name. introduceLater returns nil if there is nothing to do.
func (c *Channel) introduceLater() func(context.Context) {
	if !c.profiles.tryBegin() {
		return nil
	}
	return func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, profileTimeout)
		defer cancel()
		for customer, ok := c.profiles.nextCustomer(); ok; customer, ok = c.profiles.nextCustomer() {
			if !c.storeName(ctx, customer) {
				c.requestLook()
			}
		}
	}
}

// storeName reads a customer's profile and stores her name. It returns whether the name is known now. If Facebook refuses, it is asked
// again after a day; until then agents see the customer's number.
func (c *Channel) storeName(ctx context.Context, customer string) bool {
	if ctx.Err() != nil || c.profiles.forgetIfPaused(customer, c.env.Now()) {
		return false
	}

	var profile struct {
		Name  string `json:"name"`
		First string `json:"first_name"`
		Last  string `json:"last_name"`
	}

	err := c.graph.Call(ctx, http.MethodGet, customer, url.Values{"fields": {"name,first_name,last_name"}}, nil, &profile)
	if err != nil {
		if wait := pauseAfter(err); wait > 0 {
			c.profiles.pauseUntil(customer, c.env.Now().Add(wait))
		}
		c.env.Log.Info("profile not read", "error", err)
		return false
	}

	name := cmp.Or(profile.Name, strings.TrimSpace(profile.First+" "+profile.Last))
	if name == "" {
		return false
	}
	if err := c.env.Accept(ctx, c.nameFact(customer, name)); err != nil {
		c.env.Log.Info("name not stored", "error", err)
		return false
	}

	return true
}

// pauseAfter returns how long no profile is read after a failure. It returns 0 if the failure is about this person only: her profile is
// private, she has none, or the app may not read it.
func pauseAfter(err error) time.Duration {
	if refused, ok := errors.AsType[*graph.Error](err); ok && refused.NoAccess() {
		return 0
	}
	switch e := classifyError(err); e.Class {
	case channels.Retry, channels.Ambiguous:
		return profileRetry
	case channels.Throttled:
		return max(e.Wait, profilePause)
	case channels.AuthBroken, channels.AccountBlocked:
		return profilePause
	default:
		return 0
	}
}

// requestLook asks Run for a look at the conversations, which have names, too.
func (c *Channel) requestLook() {
	select {
	case c.newcomer <- struct{}{}:
	default: // a look is requested already
	}
}
