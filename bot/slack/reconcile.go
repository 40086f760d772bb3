package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parley/bot/slack/fact"
	"parley/bot/slack/refusal"
	"parley/bridge"
	"parley/channels"
)

// clockTolerance is how much earlier than its first attempt a post of ours may be stamped, since Slack's
// clock is not the database's.
const clockTolerance = 5 * time.Minute

// maxSearchPages bounds one search. In a thread with more new replies nobody can tell whether a post was made.
const maxSearchPages = 20

// reconcileTimeout bounds one look for a post, with the waits for which Slack asks.
const reconcileTimeout = 2 * time.Minute

// delivery names a part of a post.
type delivery struct {
	token string
	part  int
}

// deliveryOf reads from a message's metadata which part of which post it is. ok is false if it isn't a post of ours.
func deliveryOf(m *fact.Message) (d delivery, ok bool) {
	var meta struct {
		Type    string `json:"event_type"`
		Payload struct {
			Token string `json:"token"`
			Part  int    `json:"part"`
		} `json:"event_payload"`
	}
	if json.Unmarshal(m.Metadata, &meta) != nil {
		return delivery{}, false
	}
	if meta.Type != metadataType || meta.Payload.Token == "" {
		return delivery{}, false
	}

	return delivery{token: meta.Payload.Token, part: meta.Payload.Part}, true
}

// Reconcile looks whether a post was made; see bridge.Surface.
func (s *poster) Reconcile(ctx context.Context, p bridge.Post) (channels.Outcome, bridge.Sent, error) {
	ctx, cancel := context.WithTimeout(ctx, reconcileTimeout)
	defer cancel()

	switch p.Kind {
	case bridge.PostCard, bridge.PostMark, bridge.PostErased, bridge.PostDouble:
		return channels.Absent, bridge.Sent{}, nil // doing it again changes nothing
	case bridge.PostEphemeral:
		return channels.Landed, bridge.Sent{}, nil // nobody can look, and it must not be shown twice
	case bridge.PostFiles:
		if p.Part == uploadPart {
			return s.reconcileUpload(ctx, p)
		}
		return s.reconcileShown(ctx, p)
	case bridge.PostRoot, bridge.PostSaid, bridge.PostLine:
	}

	return s.reconcileWords(ctx, p)
}

// reconcileWords looks for a post of words: in its thread, and at top level if it has no thread or the thread is gone.
func (s *poster) reconcileWords(ctx context.Context, p bridge.Post) (channels.Outcome, bridge.Sent, error) {
	me, err := s.identify(ctx)
	if err != nil {
		return channels.CannotTell, bridge.Sent{}, err
	}

	part, err := renderPart(me, p)
	if err != nil {
		return channels.CannotTell, bridge.Sent{}, err
	}
	if p.Place.Thread == "" {
		return s.reconcileTopLevel(ctx, me, p, part.more)
	}

	m, outcome, err := s.findPosted(ctx, me, p, p.Place.Thread)
	if refusal.IsGone(err) {
		return s.reconcileTopLevel(ctx, me, p, part.more)
	}
	if err != nil || outcome != channels.Landed {
		return outcome, bridge.Sent{}, err
	}

	return outcome, bridge.Sent{Message: m.TS, Thread: p.Place.Thread, More: part.more}, nil
}

// reconcileTopLevel looks for a post at a channel's top level. A reply that is found there has lost its root: it is
// deleted, and the next Send reports that the thread is lost. more is true if further parts of the post follow.
func (s *poster) reconcileTopLevel(ctx context.Context, me *fact.Self, p bridge.Post, more bool) (channels.Outcome, bridge.Sent, error) {
	m, outcome, err := s.findPosted(ctx, me, p, "")
	if err != nil || outcome != channels.Landed {
		return outcome, bridge.Sent{}, err
	}
	if p.Place.Thread == "" {
		return outcome, bridge.Sent{Message: m.TS, Thread: m.TS, More: more}, nil
	}
	if err := s.deleteMessage(ctx, p.Place.Channel, m.TS); err != nil {
		return channels.CannotTell, bridge.Sent{}, fmt.Errorf("slack: delete misplaced reply: %w", err)
	}
	return channels.Absent, bridge.Sent{}, nil
}

// findOtherRoot looks for another root of a thread, beside the one at p's place. Sent has no message if there is none.
func (s *poster) findOtherRoot(ctx context.Context, me *fact.Self, p bridge.Post) (bridge.Sent, error) {
	m, outcome, err := s.findPosted(ctx, me, p, "")
	if err != nil {
		return bridge.Sent{}, refusal.ClassifyBeforeSend(err)
	}
	if outcome == channels.CannotTell {
		return bridge.Sent{Blind: true}, nil // too much was written since then to look through
	}
	return bridge.Sent{Message: m.TS, Thread: m.TS}, nil
}

// findPosted looks for the message that has p's token and part: in a thread, or at top level if thread is "". It passes
// over the message at p's own place.
func (s *poster) findPosted(ctx context.Context, me *fact.Self, p bridge.Post, thread string) (fact.Message, channels.Outcome, error) {
	return s.findMessage(ctx, me, p, thread, func(m *fact.Message) bool { return isPartOf(m, p) })
}

// isPartOf reports whether a message says that it is the part of a post that is to be made now.
func isPartOf(m *fact.Message, p bridge.Post) bool {
	found, ok := deliveryOf(m)
	return ok && found == delivery{token: p.Token, part: p.Part}
}

// findMessage looks for a message of ours that was posted since p's first attempt: in a thread, or at top level if thread is "".
// It passes over the message at p's own place.
func (s *poster) findMessage(
	ctx context.Context, me *fact.Self, p bridge.Post, thread string, isSought func(*fact.Message) bool,
) (fact.Message, channels.Outcome, error) {
	q := pageQuery{channel: p.Place.Channel, thread: thread, metadata: true}
	if !p.FirstAttemptAt.IsZero() {
		q.oldest = formatStamp(p.FirstAttemptAt.Add(-clockTolerance))
	}

	for range maxSearchPages {
		page, err := s.readPage(ctx, q)
		if err != nil {
			return fact.Message{}, channels.CannotTell, err
		}

		for _, m := range page.Messages {
			// Any app can copy our metadata, so a message counts only if we wrote it.
			isOther := m.TS != p.Place.Message && me.Wrote(&m.Message)
			if isOther && isSought(&m.Message) {
				return m.Message, channels.Landed, nil
			}
		}

		q.cursor = page.Meta.Next
		if q.cursor == "" {
			return fact.Message{}, channels.Absent, nil
		}
	}

	return fact.Message{}, channels.CannotTell, nil
}
