package teams

import (
	"context"
	"errors"
	"strconv"
	"time"

	"parley/bot/teams/fact"
	"parley/bot/teams/graph"
	"parley/bot/teams/organisation"
	"parley/bridge"
	"parley/channels"
)

// Confirm reads a person's message again before its text leaves, and stores a deletion or an edit that
// no activity told. Where Graph may not be asked, or can't show the thread, the text counts as it was
// typed. text is compared, too: it differs while an edit is stored but not yet applied.
func (h *history) Confirm(ctx context.Context, at bridge.Place, text string) (bridge.Confirmation, error) {
	if at.Thread == "" {
		return bridge.Unchanged, nil
	}
	ctx, cancel := context.WithTimeout(ctx, organisation.RequestTimeout)
	defer cancel()
	m, err := organisation.Patient(ctx, h.Organisation, at.Channel, func(ctx context.Context, group string) (graph.Message, error) {
		return h.Graph.Message(ctx, group, at.Channel, fact.Root(at), at.Message)
	})
	switch {
	case errors.Is(err, graph.ErrNotGranted):
		return bridge.Unchanged, nil
	case errors.Is(err, graph.ErrNotFound):
		there, err := h.threadThere(ctx, at)
		if err != nil || !there {
			return bridge.Unchanged, err
		}
		if h.justWritten(at.Message) {
			return bridge.Unchanged, notYet()
		}
		m = graph.Message{ID: at.Message, ReplyToID: at.Thread, DeletedAt: h.Now()}
	case err != nil:
		return bridge.Unchanged, unread(err)
	}
	own, err := h.threads.ours(ctx, at)
	if err != nil {
		return bridge.Unchanged, err
	}
	if !m.DeletedAt.IsZero() {
		facts, unclear, err := h.lives.turn(ctx, at, &m, own)
		switch {
		case err != nil:
			return bridge.Unchanged, err
		case unclear:
			return bridge.Unchanged, notYet()
		case len(facts) == 0:
			return bridge.Gone, nil
		}
		return bridge.Gone, h.sweeper.Accept(ctx, facts)
	}
	edit, err := h.missedEdit(ctx, at, &m, own)
	if err != nil {
		return bridge.Unchanged, err
	}
	if len(edit) > 0 {
		return bridge.Changed, h.sweeper.Accept(ctx, edit)
	}
	return h.compare(ctx, at, &m, text)
}

// compare tells whether an edited message, all of whose edits are stored, still says text. If it
// doesn't, an edit isn't applied yet.
func (h *history) compare(ctx context.Context, at bridge.Place, m *graph.Message, text string) (bridge.Confirmation, error) {
	if m.EditedAt.IsZero() {
		return bridge.Unchanged, nil
	}
	p, a, err := h.Caught(ctx, fact.EventEdited, at.Channel, m, false)
	if err != nil {
		return bridge.Unchanged, err
	}
	if now := p.Said(at, &a); now.Verb != bridge.VerbSay && now.Verb != bridge.VerbReply || !bridge.SameText(now.Text, text) {
		return bridge.Changed, nil
	}
	return bridge.Unchanged, nil
}

// unseenFor is how long after a message was written Graph may not know it yet. It is shorter than the
// engine waits for a change to be applied.
const unseenFor = 30 * time.Second

func (h *history) justWritten(message string) bool {
	said, err := strconv.ParseInt(message, 10, 64)
	return err == nil && h.Now().Sub(time.UnixMilli(said)) < unseenFor
}

// notYet makes the engine ask again, because what Graph shows may be older than what is stored.
func notYet() error {
	return &channels.SendError{Class: channels.Retry, Wait: 2 * time.Second, Text: "Teams doesn't show the message as it is yet."}
}

// unread is the error of a read that failed, with the time for which Graph asks to be left alone.
func unread(err error) error {
	if wait, again := graph.Wait(err); again && wait > 0 {
		return &channels.SendError{Class: channels.Throttled, Wait: wait, Text: "Teams asks us to slow down.", Cause: err}
	}
	return err
}

// threadThere tells whether a thread can be read. Only then a message that isn't found in it
// counts as deleted.
func (h *history) threadThere(ctx context.Context, at bridge.Place) (bool, error) {
	_, err := organisation.Patient(ctx, h.Organisation, at.Channel, func(ctx context.Context, group string) (graph.Message, error) {
		return h.Graph.Message(ctx, group, at.Channel, at.Thread, at.Thread)
	})
	if errors.Is(err, graph.ErrNotFound) || errors.Is(err, graph.ErrNotGranted) {
		return false, nil
	}
	return err == nil, err
}
