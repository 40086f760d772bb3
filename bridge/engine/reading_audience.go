package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"parley/bridge"
	"parley/store"
)

// This file decides who may read the conversations of an account that has its own channel in the agents' chat. For example, the mailbox
// "legal" has the private Slack channel #legal: only agents who are in that channel, or in the account's team, may read its
// conversations; store.Reader has the exceptions. The audience of a channel is the set of users who can read it. It is read from the
// chat (the surface) regularly, and cached, because permissions are checked in database transactions, which must not wait for it.
// Those of teams' channels are known, too: a conversation that only some people may read goes into a channel with just these.
//
// An account that has people of its own is open to those of them who handle it, whoever is in its channel or its team.

const (
	audienceInterval = time.Minute      // how often each audience is refreshed
	largeInterval    = 10 * time.Minute // how often that of a team's channel is which more than largeAudience read
	largeAudience    = 50
	audienceRecheck  = 10 * time.Second // how soon it is refreshed for an agent who isn't known to be in it
	audienceTimeout  = 3 * time.Second  // limit for a request to the chat, because pages and forms wait for it
)

// audiences caches the audiences of the accounts' own channels. It is safe for concurrent use.
type audiences struct {
	age time.Duration // how long a cached audience is valid

	mu    sync.Mutex
	known map[readingChannelKey]cachedAudience
}

// channelKey identifies a channel of a surface.
type readingChannelKey struct {
	surface store.AccountID
	channel string
}

type cachedAudience struct {
	bridge.Audience
	readAt  time.Time // when Audience was read; zero if never
	askedAt time.Time // when the surface was last asked, successfully or not
}

// allows reports whether a user of the surface can read a channel. It returns false for the user "". It returns false for everybody
// if the audience is unknown or older than age.
func (as *audiences) allows(surface store.AccountID, channel string, user bridge.SurfaceUser) bool {
	as.mu.Lock()
	defer as.mu.Unlock()
	a := as.known[readingChannelKey{surface, channel}]
	if a.readAt.IsZero() || time.Since(a.readAt) > as.age {
		return false
	}
	if a.Everyone {
		return true
	}
	return user != "" && slices.Contains(a.Users, user)
}

// usersOf returns who reads a channel, if that is known and not everybody.
func (as *audiences) usersOf(surface store.AccountID, channel string) (users []bridge.SurfaceUser, isPrivate bool) {
	as.mu.Lock()
	defer as.mu.Unlock()
	a := as.known[readingChannelKey{surface, channel}]
	return a.Users, !a.readAt.IsZero() && time.Since(a.readAt) <= as.age && !a.Everyone
}

// isLarge reports whether so many read a channel that it is asked for seldom.
func (as *audiences) isLarge(surface store.AccountID, channel string) bool {
	as.mu.Lock()
	defer as.mu.Unlock()
	a := as.known[readingChannelKey{surface, channel}]
	return a.Everyone || len(a.Users) > largeAudience
}

// beginIfDue reports whether a channel's audience should be read now, and if so records the time. It returns false if the surface was
// asked within the last minAge, or if it failed to answer within the last audienceInterval.
func (as *audiences) beginIfDue(surface store.AccountID, channel string, minAge time.Duration) bool {
	as.mu.Lock()
	defer as.mu.Unlock()
	k := readingChannelKey{surface, channel}
	a := as.known[k]
	hasFailed := a.askedAt.After(a.readAt)
	if hasFailed {
		minAge = max(minAge, audienceInterval)
	}
	if time.Since(a.askedAt) < minAge {
		return false
	}
	a.askedAt = time.Now() //nolint:forbidigo // only how long ago
	as.known[k] = a
	return true
}

func (as *audiences) keep(surface store.AccountID, channel string, a bridge.Audience) {
	as.mu.Lock()
	defer as.mu.Unlock()
	now := time.Now() //nolint:forbidigo // only how long ago
	as.known[readingChannelKey{surface, channel}] = cachedAudience{Audience: a, readAt: now, askedAt: now}
}

// ownChannel returns an account's own channel, in which its threads open. ok is false if it has none.
func ownChannel(a *store.Account) (surface store.AccountID, channel string, ok bool) {
	hasChannel := a.SurfaceID != nil && a.SurfaceChannel != ""
	if a.Side != store.SideChannel || !hasChannel {
		return 0, "", false
	}
	return *a.SurfaceID, a.SurfaceChannel, true
}

// PrivateChannel returns the visibility of a conversation that some agents, readers, are to read: a private channel that they, and
// nobody else but super-admins, read, preferably in a chat. With a team, it is the team's, and all who read it are added to the readers.
// The problem says what to set up.
func (rd *ReadingReader) PrivateChannel(
	dir *Directory, preferred store.AccountID, readers []store.AgentID, team *store.Team,
) (v store.Visibility, problem *bridge.Problem) {
	problem = &bridge.Problem{
		Code: "no_private_channel", Text: "There is no private channel with just these people.",
		Hint: "Its thread needs one: make a private channel with just them, invite Parley, and let an admin give it to a team. " +
			"If you did so just now, try again in a minute.",
	}
	nearest := 0
	channels := slices.Clone(dir.Channels)
	slices.SortStableFunc(channels, func(a, b store.TeamChannel) int {
		switch isThere := a.AccountID == preferred; {
		case isThere == (b.AccountID == preferred):
			return 0
		case isThere:
			return -1
		default:
			return 1
		}
	})
	for _, c := range channels {
		users, isPrivate := rd.audiences.usersOf(c.AccountID, c.Channel)
		if !isPrivate || team != nil && c.TeamID != team.ID {
			continue
		}
		to := slices.Clone(readers)
		var others, missing []string
		for _, user := range users {
			switch agent := dir.AgentOf(c.AccountID, user); {
			case agent == nil:
				others = append(others, "somebody who is no agent")
			case slices.Contains(to, agent.ID):
			case team != nil:
				to = append(to, agent.ID)
			case !dir.IsSuper(agent):
				others = append(others, agent.Name)
			}
		}
		for _, id := range readers {
			if a := dir.Agent(id); !slices.Contains(users, dir.UserOf(c.AccountID, id)) && !dir.IsSuper(a) {
				missing = append(missing, a.Name)
			}
		}
		if len(others)+len(missing) == 0 {
			return store.Visibility{VisibleTo: to, PrivateSurface: c.AccountID, PrivateChannel: c.Channel}, nil
		}
		if n := len(others) + len(missing); nearest == 0 || n < nearest {
			nearest = n
			var differs []string
			if len(others) > 0 {
				differs = append(differs, "also has "+strings.Join(others, ", "))
			}
			if len(missing) > 0 {
				differs = append(differs, "lacks "+strings.Join(missing, ", "))
			}
			problem.Text = "There is no private channel with just these people: that of " + dir.Team(c.TeamID).Name + " " +
				strings.Join(differs, ", and ") + "."
		}
	}
	return store.Visibility{}, problem
}

// isClosedTo reports whether an agent may not read an account's conversations in general: the agent isn't among the account's people,
// or, if it has none, the account has its own channel, and the agent is neither in that channel nor in the account's team.
func (rd *ReadingReader) isClosedTo(dir *Directory, agent *store.Agent, a *store.Account) bool {
	if len(a.People) > 0 {
		return !dir.May(agent, a, store.RightHandles)
	}
	surface, channel, ok := ownChannel(a)
	if !ok {
		return false
	}
	if a.TeamID != nil && slices.Contains(dir.TeamsOf(agent.ID), *a.TeamID) {
		return false
	}
	return !rd.audiences.allows(surface, channel, dir.UserOf(surface, agent.ID))
}

// As returns an agent's permissions to read, from the cache. It makes no requests, so that it can be called in a transaction.
func (rd *ReadingReader) As(agent *store.Agent) store.Reader {
	dir := rd.Directory()
	reader := store.Reader{Agent: agent.ID, Teams: dir.TeamsOf(agent.ID), All: dir.IsSuper(agent)}
	for i := range dir.Accounts {
		a := &dir.Accounts[i]
		switch isClosed := rd.isClosedTo(dir, agent, a); {
		case !isClosed && len(a.People) > 0:
			reader.Listed = append(reader.Listed, a.ID)
		case !isClosed:
		case len(a.People) > 0:
			reader.Barred = append(reader.Barred, a.ID)
		default:
			reader.Closed = append(reader.Closed, a.ID)
		}
	}
	return reader
}

// AskAudiences refreshes the audiences of the channels that are closed to an agent, who may have joined one of them since. It asks for
// all of them concurrently, and blocks for at most audienceTimeout. It is not cancelled with ctx, because the answers are cached for
// later callers. A channel that can't be read stays closed.
func (rd *ReadingReader) AskAudiences(ctx context.Context, agent *store.Agent) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), audienceTimeout)
	defer cancel()
	dir := rd.Directory()
	var asked sync.WaitGroup
	for i := range dir.Accounts {
		if a := &dir.Accounts[i]; len(a.People) == 0 && rd.isClosedTo(dir, agent, a) {
			asked.Go(func() { rd.askAudienceOf(ctx, a, audienceRecheck) })
		}
	}
	asked.Wait()
}

// AskTeamChannels refreshes the audiences of teams' channels, as AskAudiences does, for somebody who is about to say who may read a
// conversation.
func (rd *ReadingReader) AskTeamChannels(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), audienceTimeout)
	defer cancel()
	var asked sync.WaitGroup
	for _, c := range rd.Directory().Channels {
		if !rd.audiences.isLarge(c.AccountID, c.Channel) {
			asked.Go(func() { rd.askAudience(ctx, c.AccountID, c.Channel, audienceRecheck) })
		}
	}
	asked.Wait()
}

// askAudienceOf refreshes the audience of an account's own channel, if that is due.
func (rd *ReadingReader) askAudienceOf(ctx context.Context, a *store.Account, minAge time.Duration) {
	if surface, channel, ok := ownChannel(a); ok {
		rd.askAudience(ctx, surface, channel, minAge)
	}
}

// askAudience refreshes the audience of a channel, if that is due; see beginIfDue. It logs errors.
func (rd *ReadingReader) askAudience(ctx context.Context, surface store.AccountID, channel string, minAge time.Duration) {
	s := rd.Surface(surface) // nil while it isn't connected
	if s == nil || !rd.audiences.beginIfDue(surface, channel, minAge) {
		return
	}

	ctx, cancel := context.WithTimeout(ctx, audienceTimeout)
	defer cancel()
	audience, err := s.Audience(ctx, channel)
	if err != nil {
		if ctx.Err() == nil {
			rd.log.Warn("members of a channel not read: its conversations stay closed to who isn't in the team",
				"account_id", surface, "channel", channel, "error", err)
		}
		return
	}

	rd.audiences.keep(surface, channel, audience)
}

// RunAudiences refreshes the audiences regularly, until ctx ends.
func (rd *ReadingReader) RunAudiences(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		dir := rd.Directory()
		for i := range dir.Accounts {
			rd.askAudienceOf(ctx, &dir.Accounts[i], audienceInterval)
		}
		for _, c := range dir.Channels { // for PrivateChannel
			interval := audienceInterval
			if rd.audiences.isLarge(c.AccountID, c.Channel) {
				interval = largeInterval
			}
			rd.askAudience(ctx, c.AccountID, c.Channel, interval)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// NotReadable is the problem of an agent who asks for a conversation that the agent may not read.
func NotReadable(id store.ConversationID) *bridge.Problem {
	return &bridge.Problem{
		Code: "not_allowed",
		Text: fmt.Sprintf("Conversation #%d is not open to you.", id),
		Hint: "Only the people of its account, or of its channel or team, may read it. Ask an admin. " +
			"If you joined just now, try again in a minute.",
	}
}
