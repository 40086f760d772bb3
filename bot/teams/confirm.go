package teams

import (
	"context"
	"errors"
	"strings"

	"parley/bot/teams/connector"
	"parley/bot/teams/graph"
	"parley/bridge"
)

// Confirm implements bridge.Surface. Where Graph may not be asked, or can't be because nobody
// knows the thread any more or shows it, what was said counts.
// Words are compared as well, so that an edit which is stored but not yet applied counts.
func (s *Surface) Confirm(ctx context.Context, at bridge.Place, text string) (bridge.Confirmation, error) {
	if at.Thread == "" {
		return bridge.Unchanged, nil
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	m, err := patient(ctx, s, at.Channel, func(ctx context.Context, group string) (graph.Message, error) {
		return s.graph.Message(ctx, group, at.Channel, root(at), at.Message)
	})
	switch {
	case errors.Is(err, graph.ErrNotGranted):
		return bridge.Unchanged, nil
	case errors.Is(err, graph.ErrNotFound):
		there, err := s.threadThere(ctx, at)
		if err != nil || !there {
			return bridge.Unchanged, err
		}
		m = graph.Message{ID: at.Message, ReplyToID: at.Thread, DeletedAt: s.now()}
	case err != nil:
		return bridge.Unchanged, err
	}
	own, err := s.ours(ctx, at)
	if err != nil {
		return bridge.Unchanged, err
	}
	key := orderKey(at.Channel, root(at))
	if !m.DeletedAt.IsZero() {
		p, _, err := s.caught(ctx, connector.TypeMessageDelete, at.Channel, &m, own)
		if err != nil {
			return bridge.Unchanged, err
		}
		return bridge.Gone, s.desk.Accept(ctx, p.fact(deleteID(at.Channel, at.Message), key))
	}
	if m.EditedAt.IsZero() {
		return bridge.Unchanged, nil
	}
	p, a, err := s.caught(ctx, connector.TypeMessageUpdate, at.Channel, &m, own)
	if err != nil {
		return bridge.Unchanged, err
	}
	known, err := s.knows(ctx, p, at, &a)
	if err != nil {
		return bridge.Unchanged, err
	}
	if !known {
		return bridge.Changed, s.desk.Accept(ctx, p.fact(p.editID(at, &a), key))
	}
	now := p.said(at, &a)
	if now.Verb != bridge.VerbSay && now.Verb != bridge.VerbReply || strings.TrimSpace(now.Text) != strings.TrimSpace(text) {
		return bridge.Changed, nil
	}
	return bridge.Unchanged, nil
}

// threadThere tells whether a thread can be read: only then a message that isn't found in it
// is gone.
func (s *Surface) threadThere(ctx context.Context, at bridge.Place) (bool, error) {
	_, err := patient(ctx, s, at.Channel, func(ctx context.Context, group string) (graph.Message, error) {
		return s.graph.Message(ctx, group, at.Channel, at.Thread, at.Thread)
	})
	if errors.Is(err, graph.ErrNotFound) || errors.Is(err, graph.ErrNotGranted) {
		return false, nil
	}
	return err == nil, err
}
