package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parley/bot/slack/fact"
	"parley/bridge"
	"parley/channels"
)

// lookBack is how much earlier than its first attempt a post of ours may be stamped, since Slack's
// clock is not the database's.
const lookBack = 5 * time.Minute

// reconcilePages bounds one search. In a thread with more new replies nobody can tell whether a post was made.
const reconcilePages = 20

// deliveryOf reads from a message's metadata which part of which post it is; ok is false if it is none of ours.
func deliveryOf(m *fact.Message) (token string, part int, ok bool) {
	var meta struct {
		Type    string `json:"event_type"`
		Payload struct {
			Token string `json:"token"`
			Part  int    `json:"part"`
		} `json:"event_payload"`
	}
	if json.Unmarshal(m.Metadata, &meta) != nil || meta.Type != metadataType || meta.Payload.Token == "" {
		return "", 0, false
	}
	return meta.Payload.Token, meta.Payload.Part, true
}

// Reconcile looks whether a post was made; see bridge.Surface.
func (s *poster) Reconcile(ctx context.Context, p bridge.Post) (channels.Outcome, bridge.Sent, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	switch p.Kind {
	case bridge.PostCard, bridge.PostMark, bridge.PostErased, bridge.PostDouble:
		return channels.Absent, bridge.Sent{}, nil // doing it again changes nothing
	case bridge.PostEphemeral:
		return channels.Landed, bridge.Sent{}, nil // best effort: never doubled
	case bridge.PostFiles:
		return s.reconcileFiles(ctx, p)
	case bridge.PostRoot, bridge.PostSaid, bridge.PostLine:
	}
	me, err := s.identify(ctx)
	if err != nil {
		return channels.CannotTell, bridge.Sent{}, err
	}
	_, _, more, err := content(me, p)
	if err != nil {
		return channels.CannotTell, bridge.Sent{}, err
	}
	if p.Place.Thread != "" {
		m, outcome, err := s.find(ctx, me, p, p.Place.Thread)
		switch {
		case err == nil && outcome == channels.Landed:
			return outcome, bridge.Sent{Message: m.TS, Thread: p.Place.Thread, More: more}, nil
		case err == nil && outcome == channels.CannotTell:
			return outcome, bridge.Sent{}, nil
		case err != nil && codeOf(err) != "thread_not_found" && codeOf(err) != "message_not_found":
			return channels.CannotTell, bridge.Sent{}, err
		}
		if err == nil {
			return channels.Absent, bridge.Sent{}, nil
		}
	}
	return s.reconcileTop(ctx, me, p, more)
}

// reconcileTop looks for a post at a channel's top level. A reply found there has lost its root. It is
// deleted, and Send will report that the thread is lost.
func (s *poster) reconcileTop(ctx context.Context, me *fact.Self, p bridge.Post, more bool) (channels.Outcome, bridge.Sent, error) {
	m, outcome, err := s.find(ctx, me, p, "")
	if err != nil || outcome != channels.Landed {
		return outcome, bridge.Sent{}, err
	}
	if p.Place.Thread == "" {
		return outcome, bridge.Sent{Message: m.TS, Thread: m.TS, More: more}, nil
	}
	if _, _, err := s.api.DeleteMessageContext(ctx, p.Place.Channel, m.TS); err != nil && codeOf(err) != "message_not_found" {
		return channels.CannotTell, bridge.Sent{}, fmt.Errorf("slack: delete stray: %w", err)
	}
	return channels.Absent, bridge.Sent{}, nil
}

// seek looks for another root of a thread.
func (s *poster) seek(ctx context.Context, me *fact.Self, p bridge.Post) (bridge.Sent, error) {
	m, outcome, err := s.find(ctx, me, p, "")
	switch {
	case err != nil:
		return bridge.Sent{}, certain(err)
	case outcome == channels.CannotTell:
		return bridge.Sent{Blind: true}, nil // too much was said since
	}
	return bridge.Sent{Message: m.TS, Thread: m.TS}, nil
}

// find looks for p's token in a thread, or at top level for "", except in the message that p is about.
func (s *poster) find(ctx context.Context, me *fact.Self, p bridge.Post, thread string) (fact.Message, channels.Outcome, error) {
	q := pageQuery{channel: p.Place.Channel, thread: thread, metadata: true}
	if !p.FirstAttemptAt.IsZero() {
		q.oldest = stamp(p.FirstAttemptAt.Add(-lookBack))
	}
	for range reconcilePages {
		page, err := s.page(ctx, q)
		if err != nil {
			return fact.Message{}, channels.CannotTell, err
		}
		for _, m := range page.Messages {
			token, part, ok := deliveryOf(&m.Message)
			if ok && token == p.Token && part == p.Part && m.TS != p.Place.Message && me.Wrote(&m.Message) {
				return m.Message, channels.Landed, nil
			}
		}
		if q.cursor = page.next(); q.cursor == "" {
			return fact.Message{}, channels.Absent, nil
		}
	}
	return fact.Message{}, channels.CannotTell, nil
}
