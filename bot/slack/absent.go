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

// tellAbsent sends a direct message to agents whom a line mentions and who aren't in its channel, because Slack doesn't notify them of a
// mention there, if the line is one that reaches them all the same. What fails here is only logged: the line in the thread is
// posted already.
func (s *poster) tellAbsent(ctx context.Context, me *fact.Self, p bridge.Post, sent bridge.Sent) {
	isNew := p.Line != nil && p.Part == 0 && p.Place.Thread != ""
	if !isNew || !p.Line.ReachesAbsent() {
		return
	}

	mentioned := slices.DeleteFunc(slices.Clone(p.Line.Mentions), func(a bridge.AgentRef) bool { return a.User == "" })
	if len(mentioned) == 0 {
		return
	}

	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), absentTimeout)
	defer cancel()
	members, err := s.directory.readMembers(ctx, p.Place.Channel)
	if err != nil {
		s.log.Warn("members of a channel not read", "error", err)
		return
	}

	for _, agent := range mentioned {
		if slices.Contains(members, agent.User) {
			continue
		}

		message := me.Home.FirstMessage(view.DirectLine(*p.Line, p.Facts.ID), blockSeed(p.Token, agent.User))
		message.Text += "\n" + me.Home.Link(bridge.Place{Channel: p.Place.Channel, Thread: sent.Thread, Message: sent.Message})
		message.Blocks = nil // Slack shows the text, with the link, only where there are no blocks
		if _, err := s.sendDirectMessage(ctx, agent.User, renderedPart{Message: message}); err != nil {
			s.log.Warn("line not told to somebody who isn't in the channel", "error", err)
		}
	}
}
