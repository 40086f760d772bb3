package slack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/channels/pause"
)

// namesFresh is how long a list of channels is believed.
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

// Resolve implements bridge.Surface. The app joins a public channel that it is not in;
// into a private one somebody has to invite it.
func (s *Surface) Resolve(ctx context.Context, channel string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if !strings.HasPrefix(channel, "#") {
		return s.resolveID(ctx, channel)
	}
	s.names.mu.Lock()
	defer s.names.mu.Unlock()
	if s.names.ids == nil || s.now().Sub(s.names.at) > namesFresh {
		if err := s.listChannels(ctx); err != nil {
			return "", err
		}
	}
	id := s.names.ids[strings.ToLower(strings.TrimPrefix(channel, "#"))]
	if id != "" && s.names.join[id] {
		if err := s.joinChannel(ctx, id); err != nil {
			return "", err
		}
		delete(s.names.join, id)
	}
	return id, nil
}

func (s *Surface) resolveID(ctx context.Context, id string) (string, error) {
	var ch *slackapi.Channel
	err := s.patient(ctx, func(ctx context.Context) error {
		var err error
		ch, err = s.api.GetConversationInfoContext(ctx, &slackapi.GetConversationInfoInput{ChannelID: id})
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
		if err := s.joinChannel(ctx, ch.ID); err != nil {
			return "", err
		}
	}
	return ch.ID, nil
}

func (s *Surface) joinChannel(ctx context.Context, id string) error {
	if s.opt.OnlyLook {
		return nil
	}
	err := s.patient(ctx, func(ctx context.Context) error {
		_, _, _, err := s.api.JoinConversationContext(ctx, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("slack: conversations.join: %w", err)
	}
	return nil
}

// listChannels fills the cache; its lock is held.
func (s *Surface) listChannels(ctx context.Context) error {
	ids, join := map[string]string{}, map[string]bool{}
	query := &slackapi.GetConversationsParameters{Types: []string{"public_channel", "private_channel"}, ExcludeArchived: true, Limit: 900}
	for {
		var page []slackapi.Channel
		err := s.patient(ctx, func(ctx context.Context) error {
			var err error
			page, query.Cursor, err = s.api.GetConversationsContext(ctx, query)
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
	s.names.ids, s.names.join, s.names.at = ids, join, s.now()
	return nil
}

// Lookup implements bridge.Surface. Deactivated users, guests, bots and people of other
// organisations are nobody here, so that they can never become agents by their address.
func (s *Surface) Lookup(ctx context.Context, email string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	me, err := s.identify(ctx)
	if err != nil {
		return "", err
	}
	var u *slackapi.User
	err = s.patient(ctx, func(ctx context.Context) error {
		var err error
		u, err = s.api.GetUserByEmailContext(ctx, email)
		return err
	})
	switch {
	case codeOf(err) == "users_not_found" || codeOf(err) == "user_not_found":
		return "", nil
	case err != nil:
		return "", fmt.Errorf("slack: users.lookupByEmail: %w", err)
	}
	foreign := u.TeamID != "" && u.TeamID != me.Team
	if u.Deleted || u.IsBot || u.IsRestricted || u.IsUltraRestricted || u.IsStranger || foreign {
		return "", nil
	}
	return u.ID, nil
}

// patient makes a read, waiting as long as Slack asks, if that is before ctx ends. Each try has its
// own timeout.
func (s *Surface) patient(ctx context.Context, call func(context.Context) error) error {
	for tries := 1; ; tries++ {
		err := func() error {
			ctx, cancel := context.WithTimeout(ctx, requestTimeout)
			defer cancel()
			return call(ctx)
		}()
		if err == nil {
			return nil
		}
		wait, limited := throttle(err)
		if !limited {
			if !passing(err) || tries >= 4 {
				return err
			}
			wait = time.Duration(tries) * 500 * time.Millisecond
		}
		if ends, ok := ctx.Deadline(); ok && time.Until(ends) < wait || !pause.For(ctx, wait) {
			return errors.Join(err, ctx.Err())
		}
	}
}

// peopleFresh is how long the names of people are believed.
const peopleFresh = time.Minute

// peopleCache keeps the names of agents by user id.
type peopleCache struct {
	mu    sync.Mutex
	names map[string]string
	at    time.Time
}

// naming gives me with the names of those agents that body mentions, so that decoding can
// write them without asking anybody. A name that can't be had is no reason to wait: its id is
// written then.
func (s *Surface) naming(ctx context.Context, me *self, body []byte) *self {
	if !bytes.Contains(body, []byte("<@")) && !bytes.Contains(body, []byte(`\u003c@`)) {
		return me
	}
	out := *me
	out.Names = map[string]string{}
	for id, name := range s.agentNames(ctx) {
		if bytes.Contains(body, []byte("@"+id)) {
			out.Names[id] = name
		}
	}
	return &out
}

func (s *Surface) agentNames(ctx context.Context) map[string]string {
	s.people.mu.Lock()
	defer s.people.mu.Unlock()
	if s.people.names != nil && s.now().Sub(s.people.at) < peopleFresh {
		return s.people.names
	}
	list, err := s.desk.People(ctx)
	if err != nil {
		s.log.Warn("slack names of agents not known", "error", err)
		return s.people.names
	}
	names := map[string]string{}
	for _, a := range list {
		if a.User != "" {
			names[a.User] = a.Name
		}
	}
	s.people.names, s.people.at = names, s.now()
	return names
}
