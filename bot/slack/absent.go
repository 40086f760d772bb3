package slack

import (
	"context"
	"slices"
	"time"

	"parley/bot/slack/fact"
	"parley/bot/view"
	"parley/bridge"
)

// tellAbsent sends a direct message to an agent to whom a conversation was assigned and who isn't
// in its channel, because Slack doesn't notify them of a mention there. Best effort: the
// line in the thread is posted already.
func (s *poster) tellAbsent(ctx context.Context, me *fact.Self, p bridge.Post, sent bridge.Sent) {
	if p.Line == nil || p.Line.Kind() != bridge.LineAssigned || p.Place.Thread == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	members, err := s.directory.members(ctx, p.Place.Channel)
	if err != nil {
		s.log.Warn("members of a channel not read", "error", err)
		return
	}
	for _, m := range p.Line.Mentions {
		if m.User == "" || slices.Contains(members, m.User) {
			continue
		}
		card := view.Line(*p.Line, p.Facts)
		r := me.Home.Messages(card, fact.Digest(p.Token, m.User)[:8])[0]
		r.Text += "\n" + me.Home.Link(bridge.Place{Channel: p.Place.Channel, Thread: sent.Thread, Message: sent.Message})
		r.Blocks = nil // the link is in the text
		if _, err := s.direct(ctx, m.User, r, false); err != nil {
			s.log.Warn("assignment not told", "error", err)
		}
	}
}
