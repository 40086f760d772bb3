package teams

import (
	"context"
	"errors"

	"parley/bridge"
	"parley/channels"
)

// When a customer's data must be erased (GDPR), Parley also removes what it has posted about the customer in Teams.

// eraseMessage erases one post of ours. It deletes the message. The first message of a thread is replaced by "Erased"
// instead, so that what colleagues wrote in the thread can still be found.
//
// Before it replaces a thread's first message, eraseMessage deletes our messages below it that are no longer recorded,
// one at each call. If Sent.More is set, there may be others, and the caller must call again.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/update-and-delete-bot-messages, read 2026-11.
func (s *poster) eraseMessage(ctx context.Context, service string, p bridge.Post) (bridge.Sent, error) {
	at := Conversation{Service: service, ID: ThreadID(p.Place.Channel, p.Place.Thread)}
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

	unrecorded, err := s.eraseUnrecorded(ctx, at, p)
	if unrecorded.More || err != nil {
		return unrecorded, err
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
	sent.Blind = unrecorded.Blind
	return sent, err
}

// eraseUnrecorded deletes one of our messages in a thread that is no longer recorded, because Parley removes the
// records of conversations that ended long ago. More means that it deleted one and there may be others. Blind means
// that we may not read the thread, so there may be some that it can't find.
func (s *poster) eraseUnrecorded(ctx context.Context, at Conversation, p bridge.Post) (bridge.Sent, error) {
	thread := bridge.Post{Place: bridge.Place{Channel: p.Place.Channel, Thread: p.Place.Message}}
	anyMessage := func(*Message) bool { return true }
	m, outcome, err := s.findPosted(ctx, thread, anyMessage)
	switch {
	case errors.Is(err, ErrNotFound):
		return bridge.Sent{}, nil
	case errors.Is(err, ErrNotGranted), err == nil && outcome == channels.CannotTell:
		return bridge.Sent{Blind: true}, nil
	case err != nil:
		return bridge.Sent{}, s.access.classifyBeforeSend(err, p)
	case outcome == channels.Absent, m.ID == p.Place.Message:
		return bridge.Sent{}, nil
	}
	return bridge.Sent{More: true}, s.Bot.Delete(ctx, at, m.ID)
}
