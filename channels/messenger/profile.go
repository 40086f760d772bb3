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

const (
	// profileTimeout bounds the question for one customer's profile.
	profileTimeout = 3 * time.Second
	// profileAgain is how long a customer's profile is not asked for again, whatever was answered.
	profileAgain = 24 * time.Hour
	// profilePause is how long nobody's profile is asked for after Facebook refused the Page, or asked for a pause.
	profilePause = time.Hour
	// profileRetry is how long nobody's profile is asked for after Facebook didn't answer.
	profileRetry = time.Minute
	// maxProfiles is how many requests may ask for profiles at a time.
	maxProfiles = 4
)

// profiles decides whose profile is asked for. It is safe for concurrent use.
type profiles struct {
	mu      sync.Mutex
	asked   map[string]time.Time // when each customer's profile was last asked for, or put into waiting
	waiting []string             // the customers whose profiles have to be asked for
	asking  int                  // how many requests ask for profiles now; at most maxProfiles
	paused  time.Time            // until then no profile is asked for
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

// forgetIfPaused reports whether no profile may be asked for now. If so, it forgets the customer, so that her next message asks again.
func (p *profiles) forgetIfPaused(customer string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !now.Before(p.paused) {
		return false
	}
	delete(p.asked, customer)
	return true
}

// pauseUntil lets no profile be asked for until a time. customer is whose profile could not be read: a message
// of hers after that time asks again.
func (p *profiles) pauseUntil(customer string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paused = until
	delete(p.asked, customer)
}

// tryBegin reports whether the caller may ask for profiles: some are waiting, and few enough requests ask for
// them. A caller that got true must call nextCustomer until it returns false.
func (p *profiles) tryBegin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 || p.asking == maxProfiles {
		return false
	}
	p.asking++
	return true
}

// nextCustomer returns the customer whose profile is asked for next. ok is false if none is waiting: then the caller's turn is over.
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

// introduceLater returns a function that asks for the profiles of customers who wrote for the first time. It is
// called after their messages were stored, so that no message waits for a name. introduceLater returns nil if no
// profile is waiting, or if other requests ask for them.
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

// storeName stores a customer's name from her profile, and reports whether the name is known now. If Facebook
// refuses, it is asked again after a day; until then the card shows the customer's number.
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

// pauseAfter returns how long no profile is asked for after a failure. It returns 0 if the failure is about this
// person only: her profile is private, she has none, or the app may not read it.
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
