package teams

import (
	"context"
	"errors"

	"parley/bot/teams/connector"
	"parley/bot/teams/graph"
	"parley/bridge"
	"parley/channels"
)

// erase takes a post of ours away. The first message of a thread says "Erased" instead, since what colleagues
// wrote in the thread has to be found.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/update-and-delete-bot-messages, read 2026-11.
func (s *poster) erase(ctx context.Context, service string, p bridge.Post) (bridge.Sent, error) {
	at := connector.Conversation{Service: service, ID: connector.ThreadID(p.Place.Channel, p.Place.Thread)}
	if p.Place.Channel == "" {
		chat, err := s.Bot.Personal(ctx, service, s.Tenant, p.To)
		if err != nil {
			return bridge.Sent{}, s.access.certain(err, p)
		}
		at.ID = chat
	}
	if p.Was != bridge.PostRoot {
		return bridge.Sent{}, s.Bot.Delete(ctx, at, p.Place.Message)
	}
	more, blind, err := s.eraseUnrecorded(ctx, at, p)
	if more || err != nil {
		return bridge.Sent{More: more}, err
	}
	c, err := s.compose(ctx, p)
	if err != nil {
		return bridge.Sent{}, err
	}
	a, err := s.activity(ctx, c.content, p.Place.Channel)
	if err != nil {
		return bridge.Sent{}, s.access.certain(err, p)
	}
	sent, err := s.update(ctx, service, p, a)
	sent.Blind = blind
	return sent, err
}

// eraseUnrecorded takes away one more of our messages below a root: the records of posts in conversations that ended
// long ago are gone. more = look again; blind = Teams doesn't let us read the thread, so that some may be left.
func (s *poster) eraseUnrecorded(ctx context.Context, at connector.Conversation, p bridge.Post) (more, blind bool, err error) {
	var m graph.Message
	var outcome channels.Outcome
	err = inPages(func(size int) (err error) {
		m, outcome, err = s.find(ctx, bridge.Post{Place: bridge.Place{Channel: p.Place.Channel, Thread: p.Place.Message}}, func(*graph.Message) bool { return true }, size)
		return err
	})
	switch {
	case errors.Is(err, graph.ErrNotFound):
		return false, false, nil
	case errors.Is(err, graph.ErrNotGranted), err == nil && outcome == channels.CannotTell:
		return false, true, nil
	case err != nil:
		return false, false, s.access.certain(err, p)
	case outcome == channels.Absent, m.ID == p.Place.Message:
		return false, false, nil
	}
	return true, false, s.Bot.Delete(ctx, at, m.ID)
}
