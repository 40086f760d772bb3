package messenger

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"parley/channels"
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
	asked   map[string]time.Time // when a customer's profile was asked for last, or was to be
	waiting []string             // whose should be
	asking  int                  // how many requests do that now
	paused  time.Time            // until then nobody's is asked for
}

// wrote takes down that a customer has written, and that her profile should be asked for if that is due.
func (p *profiles) wrote(customer string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at, ok := p.asked[customer]; ok && now.Sub(at) < profileAgain {
		return
	}
	if len(p.asked) > maxKnown {
		clear(p.asked)
	}
	p.asked[customer] = now
	p.waiting = append(p.waiting, customer)
}

// allowed reports whether a customer's profile may be asked for now. If not, that is due again when she writes next.
func (p *profiles) allowed(customer string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Before(p.paused) {
		delete(p.asked, customer)
		return false
	}
	return true
}

// pause lets nobody's profile be asked for until a time. The customer whose profile could not be read is asked for
// again when she writes after that.
func (p *profiles) pause(customer string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paused = until
	delete(p.asked, customer)
}

// begin reports whether somebody's profile is to be asked for and few enough requests do that. Whoever got true calls next
// until it returns false.
func (p *profiles) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 || p.asking == maxProfiles {
		return false
	}
	p.asking++
	return true
}

// next returns whose profile is asked for next; false means nobody's is left.
func (p *profiles) next() (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		p.asking--
		return "", false
	}
	customer := p.waiting[0]
	p.waiting = p.waiting[1:]
	return customer, true
}

// later returns what is left to do after messages were stored: to ask for the profiles of those who wrote for the
// first time. A name never keeps a message waiting. nil means nothing is left, or others do it.
func (c *Channel) later() func(context.Context) {
	if !c.profiles.begin() {
		return nil
	}
	return func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, profileTimeout)
		defer cancel()
		for customer, ok := c.profiles.next(); ok; customer, ok = c.profiles.next() {
			if !c.introduce(ctx, customer) {
				c.lookSoon()
			}
		}
	}
}

// introduce stores a customer's name from her profile, and says whether it is known now. What Facebook refuses is
// asked again rarely; until then the card shows her number.
func (c *Channel) introduce(ctx context.Context, customer string) bool {
	if ctx.Err() != nil || !c.profiles.allowed(customer, c.env.Now()) {
		return false
	}
	var profile struct {
		Name  string `json:"name"`
		First string `json:"first_name"`
		Last  string `json:"last_name"`
	}
	err := c.graph.Call(ctx, http.MethodGet, customer, url.Values{"fields": {"name,first_name,last_name"}}, nil, &profile)
	if err != nil {
		if wait := profileWait(err); wait > 0 {
			c.profiles.pause(customer, c.env.Now().Add(wait))
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

// profileWait says how long nobody's profile is asked for after a failure; 0 means it is about this person only: her
// profile is private, she has none, or the app may not read it.
func profileWait(err error) time.Duration {
	switch e := classify(err); e.Class {
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

// lookSoon asks for a look at the conversations, which tell names as well.
func (c *Channel) lookSoon() {
	select {
	case c.newcomer <- struct{}{}:
	default: // a look is requested already
	}
}
