package slack

import (
	"context"
	"fmt"
	"slices"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/view"
	"parley/bridge"
)

const memberPage = 1000 // the most that conversations.members gives at once

// tellAbsent sends a direct message to whom a conversation was assigned and who isn't
// in its channel: Slack tells nobody of a mention there. Best effort; the line
// in the thread stands already.
func (s *Surface) tellAbsent(ctx context.Context, me *self, p bridge.Post, sent bridge.Sent) {
	if p.Line == nil || p.Line.Kind != bridge.LineAssigned || p.Place.Thread == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	members, err := s.members(ctx, p.Place.Channel)
	if err != nil {
		s.log.Warn("members of a channel not read", "error", err)
		return
	}
	for _, m := range p.Line.Mentions {
		if m.User == "" || slices.Contains(members, m.User) {
			continue
		}
		card := view.Line(*p.Line, p.Facts)
		r := me.render(card, digest(p.Token, m.User)[:8])[0]
		r.text += "\n" + me.permalink(bridge.Place{Channel: p.Place.Channel, Thread: sent.Thread, Message: sent.Message})
		r.blocks = nil // the link is in the text
		if _, err := s.direct(ctx, m.User, r, false); err != nil {
			s.log.Warn("assignment not told", "error", err)
		}
	}
}

// Audience implements bridge.Surface: a public channel can be read by all of the workspace.
func (s *Surface) Audience(ctx context.Context, channel string) (bridge.Audience, error) {
	info, err := s.api.GetConversationInfoContext(ctx, &slackapi.GetConversationInfoInput{ChannelID: channel})
	if err != nil {
		return bridge.Audience{}, fmt.Errorf("slack: channel %s: %w", channel, err)
	}
	if !info.IsPrivate {
		return bridge.Audience{Everyone: true}, nil
	}
	members, err := s.members(ctx, channel)
	if err != nil {
		return bridge.Audience{}, fmt.Errorf("slack: members of %s: %w", channel, err)
	}
	return bridge.Audience{Users: members}, nil
}

func (s *Surface) members(ctx context.Context, channel string) ([]string, error) {
	var all []string
	in := &slackapi.GetUsersInConversationParameters{ChannelID: channel, Limit: memberPage}
	for {
		page, next, err := s.api.GetUsersInConversationContext(ctx, in)
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
