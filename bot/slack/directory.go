package slack

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/forms"
	"parley/bridge"
)

// How long names are cached.
const (
	channelsMaxAge = 5 * time.Minute // of channels, which are read from Slack
	peopleMaxAge   = time.Minute     // of agents, which are read from the database
)

// Limits of calls.
const (
	resolveTimeout = 2 * time.Minute
	lookupTimeout  = time.Minute
	channelPage    = 900
)

// channelCache caches the ids of channels by name.
type channelCache struct {
	isStale atomic.Bool // set by reset: the next Resolve reads the channels again

	mu       sync.Mutex        // guards the fields below; Resolve holds it while it waits for Slack
	ids      map[string]string // by name in lower case; nil until they are read
	joinable map[string]bool   // by id: public channels of which the app isn't a member
	readAt   time.Time
}

// reset makes the next Resolve read the channels again. It doesn't lock mu, because its callers handle events and must
// not wait for Slack.
func (c *channelCache) reset() { c.isStale.Store(true) }

// directory looks up channels and people in Slack: which channel is "#support", whose address is ann@acme.test, who can
// read a channel, and what a mentioned person is called. It caches most answers, and is safe for concurrent use.
type directory struct {
	*workspace

	readOnly     bool // Resolve doesn't join channels
	channels     channelCache
	channelNames forms.Map[channelName] // names of mentioned channels by id
	askTimeout   time.Duration          // the constant askTimeout, except in tests
	people       peopleCache
	colleagues   colleagueCache
	members      memberCache
}

// Resolve returns the id of a channel that is given as "#name" or by its id, or "" if the channel isn't found. A private
// channel is found only if the app was invited to it. If the channel is public, the app joins it unless it is a member
// already.
func (d *directory) Resolve(ctx context.Context, channel string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()

	if !strings.HasPrefix(channel, "#") {
		return d.resolveID(ctx, channel)
	}

	d.channels.mu.Lock()
	defer d.channels.mu.Unlock()
	if err := d.refreshChannels(ctx); err != nil {
		return "", err
	}

	id := d.channels.ids[strings.ToLower(strings.TrimPrefix(channel, "#"))]
	if id != "" && d.channels.joinable[id] {
		if err := d.joinChannel(ctx, id); err != nil {
			return "", err
		}
		delete(d.channels.joinable, id)
	}

	return id, nil
}

// refreshChannels reads the channels again if the cache is old. The caller must hold d.channels.mu.
func (d *directory) refreshChannels(ctx context.Context) error {
	isOld := d.channels.ids == nil || d.now().Sub(d.channels.readAt) > channelsMaxAge
	if !d.channels.isStale.Swap(false) && !isOld {
		return nil
	}
	if err := d.listChannels(ctx); err != nil {
		d.channels.reset()
		return err
	}
	return nil
}

// ChannelNames returns the names of the channels that Parley can see: "#support".
func (d *directory) ChannelNames(ctx context.Context) (names []string, err error) {
	d.channels.mu.Lock()
	defer d.channels.mu.Unlock()
	err = d.refreshChannels(ctx)
	for name := range d.channels.ids {
		names = append(names, "#"+name)
	}
	slices.Sort(names)
	return names, err
}

// resolveID implements Resolve for a channel that is given by its id.
func (d *directory) resolveID(ctx context.Context, id string) (string, error) {
	ch, err := d.readChannel(ctx, id)
	if CodeOf(err) == "channel_not_found" {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("slack: conversations.info: %w", err)
	}
	if ch == nil || ch.ID == "" {
		return "", ErrEmptyAnswer
	}

	if isJoinable(ch) && !ch.IsArchived {
		if err := d.joinChannel(ctx, ch.ID); err != nil {
			return "", err
		}
	}

	return ch.ID, nil
}

// readChannel reads a channel from Slack, with retries.
func (d *directory) readChannel(ctx context.Context, id string) (*slackapi.Channel, error) {
	return retryRead(ctx, func(ctx context.Context) (*slackapi.Channel, error) {
		return d.api.GetConversationInfoContext(ctx, &slackapi.GetConversationInfoInput{ChannelID: id})
	})
}

// isJoinable reports whether the app isn't a member of a channel and can join it without an invitation.
func isJoinable(ch *slackapi.Channel) bool { return !ch.IsMember && !ch.IsPrivate }

// joinChannel makes the app a member of a public channel. It does nothing if the directory is read-only.
func (d *directory) joinChannel(ctx context.Context, id string) error {
	if d.readOnly {
		return nil
	}
	_, err := retryRead(ctx, func(ctx context.Context) (*slackapi.Channel, error) {
		ch, _, _, err := d.api.JoinConversationContext(ctx, id)
		return ch, err
	})
	if err != nil {
		return fmt.Errorf("slack: conversations.join: %w", err)
	}
	return nil
}

// listChannels reads all channels into the cache. The caller must hold d.channels.mu.
func (d *directory) listChannels(ctx context.Context) error {
	ids := map[string]string{}
	joinable := map[string]bool{}
	query := &slackapi.GetConversationsParameters{
		Types: []string{"public_channel", "private_channel"}, ExcludeArchived: true, Limit: channelPage,
	}
	for {
		page, err := retryRead(ctx, func(ctx context.Context) (page []slackapi.Channel, err error) {
			page, query.Cursor, err = d.api.GetConversationsContext(ctx, query)
			return page, err
		})
		if err != nil {
			return fmt.Errorf("slack: conversations.list: %w", err)
		}

		for i := range page {
			ch := &page[i]
			ids[strings.ToLower(ch.Name)] = ch.ID
			if isJoinable(ch) {
				joinable[ch.ID] = true
			}
		}

		if query.Cursor == "" {
			break
		}
	}

	d.channels.ids = ids
	d.channels.joinable = joinable
	d.channels.readAt = d.now()
	return nil
}

// Lookup returns the user id of the person with an e-mail address, or "" if there is none. The person may become an
// agent, so Lookup never returns a deactivated user, a guest, a bot or a person of another organisation.
func (d *directory) Lookup(ctx context.Context, email string) (bridge.SurfaceUser, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	self, err := d.identify(ctx)
	if err != nil {
		return "", err
	}

	u, err := retryRead(ctx, func(ctx context.Context) (*slackapi.User, error) { return d.api.GetUserByEmailContext(ctx, email) })
	if hasCode(err, "users_not_found", "user_not_found") {
		return "", nil
	}

	if err != nil {
		return "", fmt.Errorf("slack: users.lookupByEmail: %w", err)
	}
	if isOutsider(u, self) || isGuest(u) {
		return "", nil
	}

	return bridge.SurfaceUser(u.ID), nil
}

// peopleCache caches the names of agents.
type peopleCache struct {
	mu     sync.Mutex
	names  map[string]string // by user id; nil until they are read
	readAt time.Time
}

// withNames returns a copy of self, which describes our app in the workspace, with everything that Slack left out of an
// event: the names of the people and channels that body mentions, and whether its author is a colleague or a stranger
// (colleague.go). The copy is stored with the event, so that decoding the event later needs no lookups. Names that can't
// be looked up now are left out.
func (d *directory) withNames(ctx context.Context, self *Self, body []byte) *Self {
	askCtx, cancel := d.boundAsking(ctx)
	defer cancel()
	return d.withNamesOf(ctx, askCtx, self, body)
}

// withNamesOf is like withNames, but askCtx limits the time for all lookups in Slack. Several events can share it.
func (d *directory) withNamesOf(ctx, askCtx context.Context, self *Self, body []byte) *Self {
	named := d.withSlackNames(askCtx, d.withAgentNames(ctx, self, body), body)
	return d.withStranger(ctx, askCtx, d.withColleague(ctx, askCtx, named, body), body)
}

// withSlackNames returns a copy of self with those names for body that must be looked up in Slack: the names of channels,
// and of people who aren't agents.
func (d *directory) withSlackNames(askCtx context.Context, self *Self, body []byte) *Self {
	return d.withChannelNames(askCtx, d.withPersonNames(askCtx, self, body), body)
}

// mayMention reports whether a JSON body may contain a mention of a person, such as "<@U1>".
func mayMention(body []byte) bool {
	for _, begin := range []string{"<@", `\u003c@`, `\u003C@`} {
		if bytes.Contains(body, []byte(begin)) {
			return true
		}
	}
	return false
}

// withAgentNames returns a copy of self with the names of the agents whom body mentions.
func (d *directory) withAgentNames(ctx context.Context, self *Self, body []byte) *Self {
	if !mayMention(body) {
		return self
	}
	named := *self
	named.Names = map[string]string{}
	for id, name := range d.agentNames(ctx) {
		if bytes.Contains(body, []byte("@"+id)) {
			named.Names[id] = name
		}
	}
	return &named
}

// agentNames returns the names of all agents by user id. If reading them fails, it returns those that were read last,
// or nil. The caller must not change the map.
func (d *directory) agentNames(ctx context.Context) map[string]string {
	d.people.mu.Lock()
	defer d.people.mu.Unlock()

	if d.people.names != nil && d.now().Sub(d.people.readAt) < peopleMaxAge {
		return d.people.names
	}

	list, err := d.desk.People(ctx)
	if err != nil {
		d.log.Warn("slack names of agents not known", "error", err)
		return d.people.names
	}

	names := map[string]string{}
	for _, a := range list {
		if a.User != "" {
			names[string(a.User)] = a.Name
		}
	}

	d.people.names = names
	d.people.readAt = d.now()
	return names
}

// Audience returns who can read a channel: its members or, if it is public, everybody in the workspace.
func (d *directory) Audience(ctx context.Context, channel string) (bridge.Audience, error) {
	info, err := d.api.GetConversationInfoContext(ctx, &slackapi.GetConversationInfoInput{ChannelID: channel})
	if err != nil {
		return bridge.Audience{}, fmt.Errorf("slack: channel %s: %w", channel, err)
	}
	if !info.IsPrivate {
		return bridge.Audience{Everyone: true}, nil
	}
	members, err := d.readMembers(ctx, channel)
	if err != nil {
		return bridge.Audience{}, fmt.Errorf("slack: members of %s: %w", channel, err)
	}
	self, err := d.identify(ctx)
	if err != nil {
		return bridge.Audience{}, err
	}
	isOurs := func(user bridge.SurfaceUser) bool { return string(user) == self.User } // our bot reads it for everybody
	return bridge.Audience{Users: slices.DeleteFunc(members, isOurs)}, nil
}
