package slack

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack/fact"
	"parley/bridge"
)

// namesFresh is how long a list of channels is used before it is read again.
const namesFresh = 5 * time.Minute

// nameCache keeps the ids of channels by name.
type nameCache struct {
	mu   sync.Mutex
	ids  map[string]string
	join map[string]bool // public channels that the app isn't in
	at   time.Time
}

func (c *nameCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ids = nil
}

// agents gives all agents.
type agents interface {
	People(ctx context.Context) ([]bridge.AgentRef, error)
}

// directory finds channels and people by their names, and the names of people by their ids.
type directory struct {
	*workspace

	agents   agents
	onlyLook bool // joins no channel
	channels nameCache
	people   peopleCache
}

// Resolve finds a channel by "#name" or id. The app joins a public channel that it is not in; to a
// private channel somebody has to invite it.
func (d *directory) Resolve(ctx context.Context, channel string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if !strings.HasPrefix(channel, "#") {
		return d.resolveID(ctx, channel)
	}
	d.channels.mu.Lock()
	defer d.channels.mu.Unlock()
	if d.channels.ids == nil || d.now().Sub(d.channels.at) > namesFresh {
		if err := d.listChannels(ctx); err != nil {
			return "", err
		}
	}
	id := d.channels.ids[strings.ToLower(strings.TrimPrefix(channel, "#"))]
	if id != "" && d.channels.join[id] {
		if err := d.joinChannel(ctx, id); err != nil {
			return "", err
		}
		delete(d.channels.join, id)
	}
	return id, nil
}

func (d *directory) resolveID(ctx context.Context, id string) (string, error) {
	var ch *slackapi.Channel
	err := d.patient(ctx, func(ctx context.Context) error {
		var err error
		ch, err = d.api.GetConversationInfoContext(ctx, &slackapi.GetConversationInfoInput{ChannelID: id})
		return err
	})
	switch {
	case codeOf(err) == "channel_not_found":
		return "", nil
	case err != nil:
		return "", fmt.Errorf("slack: conversations.info: %w", err)
	case ch == nil || ch.ID == "":
		return "", errBlank
	}
	if !ch.IsMember && !ch.IsPrivate && !ch.IsArchived {
		if err := d.joinChannel(ctx, ch.ID); err != nil {
			return "", err
		}
	}
	return ch.ID, nil
}

func (d *directory) joinChannel(ctx context.Context, id string) error {
	if d.onlyLook {
		return nil
	}
	err := d.patient(ctx, func(ctx context.Context) error {
		_, _, _, err := d.api.JoinConversationContext(ctx, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("slack: conversations.join: %w", err)
	}
	return nil
}

// listChannels fills the cache; its lock is held.
func (d *directory) listChannels(ctx context.Context) error {
	ids, join := map[string]string{}, map[string]bool{}
	query := &slackapi.GetConversationsParameters{Types: []string{"public_channel", "private_channel"}, ExcludeArchived: true, Limit: 900}
	for {
		var page []slackapi.Channel
		err := d.patient(ctx, func(ctx context.Context) error {
			var err error
			page, query.Cursor, err = d.api.GetConversationsContext(ctx, query)
			return err
		})
		if err != nil {
			return fmt.Errorf("slack: conversations.list: %w", err)
		}
		for _, ch := range page {
			ids[strings.ToLower(ch.Name)] = ch.ID
			if !ch.IsMember && !ch.IsPrivate {
				join[ch.ID] = true
			}
		}
		if query.Cursor == "" {
			break
		}
	}
	d.channels.ids, d.channels.join, d.channels.at = ids, join, d.now()
	return nil
}

// Lookup finds a person by their address; "" if there is none. It never finds deactivated users, guests,
// bots or people of other organisations, so that an address can't make them agents.
func (d *directory) Lookup(ctx context.Context, email string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	me, err := d.identify(ctx)
	if err != nil {
		return "", err
	}
	var u *slackapi.User
	err = d.patient(ctx, func(ctx context.Context) error {
		var err error
		u, err = d.api.GetUserByEmailContext(ctx, email)
		return err
	})
	switch {
	case codeOf(err) == "users_not_found" || codeOf(err) == "user_not_found":
		return "", nil
	case err != nil:
		return "", fmt.Errorf("slack: users.lookupByEmail: %w", err)
	}
	if outsider(u, me) || guest(u) {
		return "", nil
	}
	return u.ID, nil
}

// peopleFresh is how long the names of people are used before they are read again.
const peopleFresh = time.Minute

// peopleCache keeps the names of agents by user id.
type peopleCache struct {
	mu    sync.Mutex
	names map[string]string
	at    time.Time
}

// naming gives a copy of me that has the names of the agents whom body mentions, so that decoding
// needs no lookup. It doesn't wait for names that can't be read now: decoding writes the id instead.
func (d *directory) naming(ctx context.Context, me *fact.Self, body []byte) *fact.Self {
	if !bytes.Contains(body, []byte("<@")) && !bytes.Contains(body, []byte(`\u003c@`)) {
		return me
	}
	out := *me
	out.Names = map[string]string{}
	for id, name := range d.agentNames(ctx) {
		if bytes.Contains(body, []byte("@"+id)) {
			out.Names[id] = name
		}
	}
	return &out
}

func (d *directory) agentNames(ctx context.Context) map[string]string {
	d.people.mu.Lock()
	defer d.people.mu.Unlock()
	if d.people.names != nil && d.now().Sub(d.people.at) < peopleFresh {
		return d.people.names
	}
	list, err := d.agents.People(ctx)
	if err != nil {
		d.log.Warn("slack names of agents not known", "error", err)
		return d.people.names
	}
	names := map[string]string{}
	for _, a := range list {
		if a.User != "" {
			names[a.User] = a.Name
		}
	}
	d.people.names, d.people.at = names, d.now()
	return names
}

// Audience tells who can read a channel: a public channel can be read by all of the workspace.
func (d *directory) Audience(ctx context.Context, channel string) (bridge.Audience, error) {
	info, err := d.api.GetConversationInfoContext(ctx, &slackapi.GetConversationInfoInput{ChannelID: channel})
	if err != nil {
		return bridge.Audience{}, fmt.Errorf("slack: channel %s: %w", channel, err)
	}
	if !info.IsPrivate {
		return bridge.Audience{Everyone: true}, nil
	}
	members, err := d.members(ctx, channel)
	if err != nil {
		return bridge.Audience{}, fmt.Errorf("slack: members of %s: %w", channel, err)
	}
	return bridge.Audience{Users: members}, nil
}

func (d *directory) members(ctx context.Context, channel string) ([]string, error) {
	var all []string
	in := &slackapi.GetUsersInConversationParameters{ChannelID: channel, Limit: memberPage}
	for {
		var page []string
		var next string
		err := d.patient(ctx, func(ctx context.Context) error {
			var err error
			page, next, err = d.api.GetUsersInConversationContext(ctx, in)
			return err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if next == "" {
			return all, nil
		}
		in.Cursor = next
	}
}

const memberPage = 1000 // the most that conversations.members gives at once
