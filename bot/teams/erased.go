package teams

import (
	"context"
	"errors"

	"parley/bot/teams/connector"
	"parley/bot/teams/graph"
	"parley/bridge"
	"parley/channels"
)

// eraseMessage removes a post of ours, because the customer's data are to be erased. It deletes the message. The
// first message of a thread is replaced by "Erased" instead, so that what colleagues wrote in the thread can still be
// found. Before that it deletes one of our messages below it that isn't recorded. If Sent.More is set, there may be
// others, and the caller must call again.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/update-and-delete-bot-messages, read 2026-11.
func (s *poster) eraseMessage(ctx context.Context, service string, p bridge.Post) (bridge.Sent, error) {
	at := connector.Conversation{Service: service, ID: connector.ThreadID(p.Place.Channel, p.Place.Thread)}
	if p.Place.Channel == "" {
		chat, err := s.openChat(ctx, service, p.To)
		if err != nil {
			return bridge.Sent{}, s.access.classifyBeforeSend(err, p)
		}
		at.ID = chat
	}

	if p.Was != bridge.PostRoot {
		return bridge.Sent{}, s.Bot.Delete(ctx, at, p.Place.Message)
	}

	rest, err := s.eraseUnrecorded(ctx, at, p)
	if rest.More || err != nil {
		return rest, err
	}

	c, err := s.composePost(ctx, p)
	if err != nil {
		return bridge.Sent{}, err
	}

	a, err := s.activityOf(ctx, c.content, p.Place.Channel)
	if err != nil {
		return bridge.Sent{}, s.access.classifyBeforeSend(err, p)
	}

	sent, err := s.updateMessage(ctx, service, p, a)
	sent.Blind = rest.Blind
	return sent, err
}

// eraseUnrecorded deletes one of our messages in a thread that isn't recorded. There are some because the records of
// conversations that ended long ago are removed. More means that it deleted one, and there may be others. Blind means
// that we may not read the thread, so that some may be left.
func (s *poster) eraseUnrecorded(ctx context.Context, at connector.Conversation, p bridge.Post) (rest bridge.Sent, err error) {
	thread := bridge.Post{Place: bridge.Place{Channel: p.Place.Channel, Thread: p.Place.Message}}
	m, outcome, err := s.findPosted(ctx, thread, func(*graph.Message) bool { return true })
	switch {
	case errors.Is(err, graph.ErrNotFound):
		return bridge.Sent{}, nil
	case errors.Is(err, graph.ErrNotGranted), err == nil && outcome == channels.CannotTell:
		return bridge.Sent{Blind: true}, nil
	case err != nil:
		return bridge.Sent{}, s.access.classifyBeforeSend(err, p)
	case outcome == channels.Absent, m.ID == p.Place.Message:
		return bridge.Sent{}, nil
	}
	return bridge.Sent{More: true}, s.Bot.Delete(ctx, at, m.ID)
}
