package reading

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

// An account may have a channel of Slack or Teams of its own. Whoever isn't in that channel, nor in the account's team, may not
// read the account's conversations. This file remembers who is in such channels, which it asks the chat, and tells what an agent
// may read.

const (
	audienceInterval = time.Minute      // how often each channel's audience is read
	audienceRecheck  = 10 * time.Second // how soon it is read again for an agent who is not known to be in it
	audienceTimeout  = 3 * time.Second  // how long surfaces may take to answer: pages and forms wait for it
)

// audiences remembers who can read the channels that accounts have of their own.
type audiences struct {
	age time.Duration // how long a reading counts

	mu    sync.Mutex
	known map[channelKey]heldAudience
}

// channelKey names a channel of a surface.
type channelKey struct {
	surface store.AccountID
	channel string
}

// heldAudience is who can read a channel, as it was read last.
type heldAudience struct {
	bridge.Audience
	readAt  time.Time // zero if it never was read
	askedAt time.Time // when the surface was asked last, with or without an answer
}

// allows reports whether a user of the surface can read a channel. It returns false for the user "", and for everybody if the
// channel's audience was never read, or was read longer than age ago.
func (l *audiences) allows(surface store.AccountID, channel string, user bridge.SurfaceUser) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.known[channelKey{surface, channel}]
	if a.readAt.IsZero() || time.Since(a.readAt) > l.age {
		return false
	}
	if a.Everyone {
		return true
	}
	return user != "" && slices.Contains(a.Users, user)
}

// beginIfDue reports whether a channel's audience is to be read now, and notes the time. It returns false if the surface
// was asked less than after ago; if it didn't answer then, less than audienceInterval ago.
func (l *audiences) beginIfDue(surface store.AccountID, channel string, after time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := channelKey{surface, channel}
	a := l.known[k]
	if a.askedAt.After(a.readAt) {
		after = max(after, audienceInterval)
	}
	if time.Since(a.askedAt) < after {
		return false
	}
	a.askedAt = time.Now() //nolint:forbidigo // only how long ago
	l.known[k] = a
	return true
}

func (l *audiences) keep(surface store.AccountID, channel string, a bridge.Audience) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now() //nolint:forbidigo // only how long ago
	l.known[channelKey{surface, channel}] = heldAudience{Audience: a, readAt: now, askedAt: now}
}

// ownChannel returns the channel in which an account's threads open, if that isn't its team's. ok is false if it has none.
func ownChannel(a *store.Account) (surface store.AccountID, channel string, ok bool) {
	hasChannel := a.SurfaceID != nil && a.SurfaceChannel != ""
	if a.Side != store.SideChannel || !hasChannel {
		return 0, "", false
	}
	return *a.SurfaceID, a.SurfaceChannel, true
}

// isClosedTo reports whether an agent may not read an account's conversations in general: its threads open in a channel
// of its own, and the agent is neither in that channel nor in the account's team.
func (rd *Reader) isClosedTo(dir *directory.Directory, agent *store.Agent, a *store.Account) bool {
	surface, channel, ok := ownChannel(a)
	if !ok {
		return false
	}
	if a.TeamID != nil && slices.Contains(dir.TeamsOf(agent.ID), *a.TeamID) {
		return false
	}
	return !rd.audiences.allows(surface, channel, dir.UserOf(surface, agent.ID))
}

// As returns what an agent may read, by what is remembered. It asks no surface, so that it can be called in a transaction.
func (rd *Reader) As(agent *store.Agent) store.Reader {
	dir := rd.Directory()
	r := store.Reader{Agent: agent.ID, Teams: dir.TeamsOf(agent.ID)}
	for i := range dir.Accounts {
		if rd.isClosedTo(dir, agent, &dir.Accounts[i]) {
			r.Closed = append(r.Closed, dir.Accounts[i].ID)
		}
	}
	return r
}

// AskAudiences reads again who is in the channels that are closed to an agent, because the agent may have joined one since. It asks
// for all of them at once, and blocks for at most audienceTimeout. It doesn't end with ctx, because the answers are remembered for
// whoever asks next. A channel that can't be read stays closed.
func (rd *Reader) AskAudiences(ctx context.Context, agent *store.Agent) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), audienceTimeout)
	defer cancel()
	dir := rd.Directory()
	var asked sync.WaitGroup
	for i := range dir.Accounts {
		if a := &dir.Accounts[i]; rd.isClosedTo(dir, agent, a) {
			asked.Go(func() { rd.askAudience(ctx, a, audienceRecheck) })
		}
	}
	asked.Wait()
}

// askAudience reads who can read an account's own channel, if that is due; see beginIfDue.
func (rd *Reader) askAudience(ctx context.Context, a *store.Account, after time.Duration) {
	surface, channel, ok := ownChannel(a)
	if !ok || !rd.audiences.beginIfDue(surface, channel, after) {
		return
	}

	ctx, cancel := context.WithTimeout(ctx, audienceTimeout)
	defer cancel()
	audience, err := bridge.Audience{}, fmt.Errorf("reading: surface %d is not connected", surface)
	if s := rd.Surface(surface); s != nil {
		audience, err = s.Audience(ctx, channel)
	}

	if err != nil {
		if ctx.Err() == nil {
			rd.log.Warn("members of a channel not read: its conversations stay closed to who isn't in the team", "account_id", a.ID, "error", err)
		}
		return
	}

	rd.audiences.keep(surface, channel, audience)
}

// RunAudiences reads regularly who can read the accounts' own channels, until ctx ends.
func (rd *Reader) RunAudiences(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		dir := rd.Directory()
		for i := range dir.Accounts {
			rd.askAudience(ctx, &dir.Accounts[i], audienceInterval)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// NotReadable says, to an agent, that a conversation may not be read.
func NotReadable(id store.ConversationID) *bridge.Problem {
	return &bridge.Problem{
		Code: "not_allowed",
		Text: fmt.Sprintf("Conversation #%d is not open to you.", id),
		Hint: "Only who is in its channel or its team may read it. If you joined just now, try again in a minute.",
	}
}
