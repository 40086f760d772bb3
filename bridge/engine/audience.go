package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"parley/bridge"
	"parley/bridge/engine/directory"
	"parley/store"
)

const (
	audienceEvery = time.Minute      // how often each channel's audience is read
	audienceAgain = 10 * time.Second // how soon it is read again, if it let somebody in who wasn't there or couldn't be read
	audienceWait  = 3 * time.Second  // how long a surface may take to answer
)

// audiences remember who can read the channels that accounts have of their own.
type audiences struct {
	age time.Duration // how long what was read counts

	mu    sync.Mutex
	known map[userKey]heldAudience // by surface and channel
}

type heldAudience struct {
	bridge.Audience
	readAt  time.Time // zero = never
	askedAt time.Time
}

// allows tells whether a user of the surface can read a channel; a user "" is a member of none. The
// answer is no for everybody if the channel's audience was never read, or longer than age ago.
func (l *audiences) allows(surface int64, channel, user string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.known[userKey{surface, channel}]
	if a.readAt.IsZero() || time.Since(a.readAt) > l.age {
		return false
	}
	return a.Everyone || user != "" && slices.Contains(a.Users, user)
}

// begin says that a channel's audience is to be asked for now, and notes the time; false where it
// was asked for less than after ago.
func (l *audiences) begin(surface int64, channel string, after time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := userKey{surface, channel}
	a := l.known[k]
	if time.Since(a.askedAt) < after {
		return false
	}
	a.askedAt = time.Now() //nolint:forbidigo // only how long ago
	l.known[k] = a
	return true
}

func (l *audiences) keep(surface int64, channel string, a bridge.Audience) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now() //nolint:forbidigo // only how long ago
	l.known[userKey{surface, channel}] = heldAudience{Audience: a, readAt: now, askedAt: now}
}

// ownChannel gives the channel in which an account's threads open instead of its team's.
func ownChannel(a *store.Account) (surface int64, channel string, ok bool) {
	if a.Side != "channel" || a.SurfaceID == nil || a.SurfaceChannel == "" {
		return 0, "", false
	}
	return *a.SurfaceID, a.SurfaceChannel, true
}

// closedTo says that an agent may not read an account's conversations as such: its threads open
// in a channel of its own, and the agent is neither in that nor in the account's team.
func (e *Engine) closedTo(dir *directory.Directory, agent *store.Agent, a *store.Account) bool {
	surface, channel, ok := ownChannel(a)
	if !ok || a.TeamID != nil && slices.Contains(dir.TeamsOf(agent.ID), *a.TeamID) {
		return false
	}
	return !e.audiences.allows(surface, channel, dir.UserOf(surface, agent.ID))
}

// reader says what an agent may read, as far as it is known now. Nothing is asked for, so that it
// can be used in a transaction.
func (e *Engine) reader(agent *store.Agent) store.Reader {
	dir := e.directory.Load()
	r := store.Reader{Agent: agent.ID, Teams: dir.TeamsOf(agent.ID)}
	for i := range dir.Accounts {
		if e.closedTo(dir, agent, &dir.Accounts[i]) {
			r.Closed = append(r.Closed, dir.Accounts[i].ID)
		}
	}
	return r
}

// askAudiences reads again who is in the channels that are closed to an agent: the agent may have
// joined one since. A channel that can't be read stays closed.
func (e *Engine) askAudiences(ctx context.Context, agent *store.Agent) {
	dir := e.directory.Load()
	for i := range dir.Accounts {
		if a := &dir.Accounts[i]; e.closedTo(dir, agent, a) {
			e.askAudience(ctx, a, audienceAgain)
		}
	}
}

// askAudience reads who can read an account's own channel, unless that was asked less than after ago.
func (e *Engine) askAudience(ctx context.Context, a *store.Account, after time.Duration) {
	surface, channel, ok := ownChannel(a)
	if !ok || !e.audiences.begin(surface, channel, after) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, audienceWait)
	defer cancel()
	audience, err := bridge.Audience{}, fmt.Errorf("engine: surface %d is not connected", surface)
	if s := e.Surface(surface); s != nil {
		audience, err = s.Audience(ctx, channel)
	}
	if err != nil {
		if ctx.Err() == nil {
			e.log.Warn("members of a channel not read: its conversations stay closed to who isn't in the team", "account_id", a.ID, "error", err)
		}
		return
	}
	e.audiences.keep(surface, channel, audience)
}

// runAudiences keeps in mind who can read the accounts' own channels, until ctx ends.
func (e *Engine) runAudiences(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		dir := e.directory.Load()
		for i := range dir.Accounts {
			e.askAudience(ctx, &dir.Accounts[i], audienceEvery)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
