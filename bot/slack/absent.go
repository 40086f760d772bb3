package slack

import (
	"context"
	"slices"
	"time"

	"parley/bot/view"
	"parley/bridge"
)

// A line is a remark that Parley itself posts in a conversation's thread, such as "Ann assigned this to Ben". Slack
// notifies Ben of the mention only if he is a member of the thread's channel. If he isn't, this file sends him the
// line as a direct message, with a link to the thread.

// absentTimeout limits the time for all direct messages about one line.
const absentTimeout = 10 * time.Second

// notifyAbsent sends a direct message to each agent whom a newly posted line mentions and who isn't a member of its
// channel. Only some kinds of lines are sent this way (bridge.Line.ReachesAbsent). notifyAbsent doesn't block:
// it sends the messages in the background, and only logs failures.
func (s *poster) notifyAbsent(ctx context.Context, self *Self, p bridge.Post, sent bridge.Sent) {
	isLineInThread := p.Line != nil && p.Part == 0 && p.Place.Thread != ""
	if !isLineInThread || !p.Line.ReachesAbsent() {
		return
	}

	mentioned := slices.DeleteFunc(slices.Clone(p.Line.Mentions), func(a bridge.AgentRef) bool { return a.User == "" })
	// A line that isn't a notice mentions the author of the message that it answers. If that is in the channel, so is the author.
	_, isNotice := p.Line.Notice()
	mentionsOnlyAuthor := !isNotice && len(mentioned) == 1 && p.Line.SourceRef.Channel == p.Place.Channel
	if len(mentioned) == 0 || mentionsOnlyAuthor {
		return
	}

	started := s.work.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), absentTimeout)
		defer cancel()
		s.notifyNonMembers(ctx, self, p, sent, mentioned)
	})
	if !started {
		s.log.Warn("line not told outside of its channel: too many at once")
	}
}

// notifyNonMembers sends a line as a direct message to those of the agents who aren't members of its channel.
func (s *poster) notifyNonMembers(ctx context.Context, self *Self, p bridge.Post, sent bridge.Sent, to []bridge.AgentRef) {
	members, err := s.directory.recentMembers(ctx, p.Place.Channel)
	if err != nil {
		s.log.Warn("members of a channel not read", "error", err)
		return
	}

	for _, agent := range to {
		if slices.Contains(members, agent.User) {
			continue
		}

		message := self.Home.FirstMessage(view.DirectLine(*p.Line, p.Facts.ID), blockSeed(p.Token, string(agent.User)))
		line := bridge.Place{Channel: p.Place.Channel, Thread: sent.Thread, Message: sent.Message}
		message.Text += "\n" + self.Home.Link(line)
		message.Blocks = nil // Slack shows the text, which has the link, only in a message without blocks
		if _, err := s.sendDirectMessage(ctx, agent.User, renderedPart{Message: message}); err != nil {
			s.log.Warn("line not told to somebody who isn't in the channel", "error", err)
		}
	}
}
