package slack

import (
	"context"
	"slices"
	"time"

	"parley/bot/slack/fact"
	"parley/bot/view"
	"parley/bridge"
)

// A line is a message of Parley's own in a conversation's thread, such as "Ann assigned this to Ben". If Ben isn't in
// the thread's channel, Slack doesn't notify him of the mention. So Parley also sends some lines as direct messages.

// absentTimeout bounds the direct messages about one line.
const absentTimeout = 10 * time.Second

// tellAbsent sends a direct message to agents whom a new line mentions and who aren't in its channel, if the
// line is of a kind that is for them too (bridge.Line.ReachesAbsent). It returns at once: the messages are sent in
// the background, and failures are only logged.
func (s *poster) tellAbsent(ctx context.Context, self *fact.Self, p bridge.Post, sent bridge.Sent) {
	isNew := p.Line != nil && p.Part == 0 && p.Place.Thread != ""
	if !isNew || !p.Line.ReachesAbsent() {
		return
	}

	mentioned := slices.DeleteFunc(slices.Clone(p.Line.Mentions), func(a bridge.AgentRef) bool { return a.User == "" })
	if len(mentioned) == 0 || mentionsOnlyAuthor(p, mentioned) {
		return
	}

	started := s.work.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), absentTimeout)
		defer cancel()
		tellThoseOutside(ctx, s, self, p, sent, mentioned)
	})
	if !started {
		s.log.Warn("line not told outside of its channel: too many at once")
	}
}

// mentionsOnlyAuthor reports whether a line mentions only the author of a message that was typed in the line's
// channel. They are in that channel, so Slack needn't be asked.
func mentionsOnlyAuthor(p bridge.Post, mentioned []bridge.AgentRef) bool {
	_, isNotice := p.Line.Notice() // lines that are none mention authors
	return !isNotice && len(mentioned) == 1 && p.Line.SourceRef.Channel == p.Place.Channel
}

// tellThoseOutside sends a direct message about a line to those of the mentioned agents who aren't in its channel.
func tellThoseOutside(ctx context.Context, s *poster, self *fact.Self, p bridge.Post, sent bridge.Sent, mentioned []bridge.AgentRef) {
	members, err := s.directory.recentMembers(ctx, p.Place.Channel)
	if err != nil {
		s.log.Warn("members of a channel not read", "error", err)
		return
	}

	for _, agent := range mentioned {
		if slices.Contains(members, agent.User) {
			continue
		}

		message := self.Home.FirstMessage(view.DirectLine(*p.Line, p.Facts.ID), blockSeed(p.Token, string(agent.User)))
		message.Text += "\n" + self.Home.Link(bridge.Place{Channel: p.Place.Channel, Thread: sent.Thread, Message: sent.Message})
		message.Blocks = nil // Slack shows the text, with the link, only where there are no blocks
		if _, err := s.sendDirectMessage(ctx, agent.User, renderedPart{Message: message}); err != nil {
			s.log.Warn("line not told to somebody who isn't in the channel", "error", err)
		}
	}
}
