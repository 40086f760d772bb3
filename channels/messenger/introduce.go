package messenger

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/graph"
)

// A webhook has only a number for a customer. Her name stands in her profile at Facebook, which is read after her first message was
// stored. Where it can't be read, the list of conversations (run.go) may have the name.

const (
	profileTimeout = 3 * time.Second // for the profiles that one webhook's request reads
	profilePause   = time.Hour       // until any profile is read after Facebook refused the Page, or asked for a pause
	profileRetry   = time.Minute     // until any profile is read after Facebook didn't answer
)

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
