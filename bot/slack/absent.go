package slack

import (
	"context"
	"slices"
	"time"

	"parley/bot/slack/fact"
	"parley/bot/view"
	"parley/bridge"
)

// absentTimeout bounds the direct messages about one line.
const absentTimeout = 10 * time.Second

// tellAbsent sends a direct message to an agent to whom a conversation was assigned and who isn't
// in its channel, because Slack doesn't notify them of a mention there. What fails here is only logged: the
// line in the thread is posted already.
func (s *poster) tellAbsent(ctx context.Context, me *fact.Self, p bridge.Post, sent bridge.Sent) {
	isAssignment := p.Line != nil && p.Line.Kind() == bridge.LineAssigned
	if !isAssignment || p.Place.Thread == "" {
		return
	}

	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), absentTimeout)
	defer cancel()
	members, err := s.directory.readMembers(ctx, p.Place.Channel)
	if err != nil {
		s.log.Warn("members of a channel not read", "error", err)
		return
	}

	for _, agent := range p.Line.Mentions {
		if agent.User == "" || slices.Contains(members, agent.User) {
			continue
		}

		card := view.Line(*p.Line, p.Facts)
		message := me.Home.FirstMessage(card, blockSeed(p.Token, agent.User))
		message.Text += "\n" + me.Home.Link(bridge.Place{Channel: p.Place.Channel, Thread: sent.Thread, Message: sent.Message})
		message.Blocks = nil // Slack shows the text, with the link, only where there are no blocks
		if _, err := s.sendDirectMessage(ctx, agent.User, renderedPart{Message: message}); err != nil {
			s.log.Warn("assignment not told", "error", err)
		}
	}
}
