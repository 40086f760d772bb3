package meta

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"parley/channels"
)

// A webhook identifies a customer only by a number. Her name is in her Facebook profile. This file reads the
// profile after her first message was stored, and stores the name. If Facebook refuses, the list of
// conversations (run.go) may have the name.

const (
	profileTimeout = 3 * time.Second // for all profiles that one webhook request reads
	profilePause   = time.Hour       // before the next profile is read if Facebook refused the Page or throttled it
	profileRetry   = time.Minute     // before the next profile is read if Facebook didn't answer
)

// introduceLater returns a function that reads the profiles of customers who wrote for the first time, or nil if
// there are none or enough readers are active. The webhook's handler (webhook.Later) calls it after their
// messages were stored, so that no message waits for a name.
func (c *Page) introduceLater() func(context.Context) {
	if !c.profiles.tryBegin() {
		return nil
	}
	return func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, profileTimeout)
		defer cancel()
		for customer, ok := c.profiles.nextCustomer(); ok; customer, ok = c.profiles.nextCustomer() {
			if !c.storeName(ctx, customer) {
				c.requestPoll()
			}
		}
	}
}

// storeName reads a customer's profile, stores her name and reports whether that succeeded. If Facebook
// refuses only her profile, it isn't asked again within a day.
func (c *Page) storeName(ctx context.Context, customer string) bool {
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
		if wait := c.pauseAfter(err); wait > 0 {
			c.profiles.pauseUntil(customer, c.env.Now().Add(wait))
		}
		c.env.Log.Info("profile not read", "error", err)
		return false
	}

	name := cmp.Or(profile.Name, strings.TrimSpace(profile.First+" "+profile.Last))
	if name == "" {
		return false
	}
	if err := c.env.Accept(ctx, newNameFact(c.id, customer, name)); err != nil {
		c.env.Log.Info("name not stored", "error", err)
		return false
	}

	return true
}

// pauseAfter returns how long to read no profiles after a failure. It returns 0 if the failure concerns this
// customer only: her profile is private, she has none, or the app may not read it.
func (c *Page) pauseAfter(err error) time.Duration {
	if refused, ok := errors.AsType[*graphError](err); ok && refused.NoAccess() {
		return 0
	}
	switch e := c.classifyError(err); e.Class {
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

// requestPoll asks Run to read the list of conversations soon, because that has names, too.
func (c *Page) requestPoll() {
	select {
	case c.newcomer <- struct{}{}:
	default: // already requested
	}
}
