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

// Slack may make a post and its answer may get lost on the way. The engine then doesn't know whether to post again,
// and calls Reconcile, which looks for the post in Slack. The outcome is Landed (the post is there), Absent (it is
// not) or CannotTell. A post is recognized by its message's metadata: the post's token and the number of the part.

// clockTolerance is how far Slack's clock may be behind ours: a stamp may be before the post's first attempt.
const clockTolerance = 5 * time.Minute

// maxSearchPages bounds the pages of one search. If there are more, the outcome is CannotTell.
const maxSearchPages = 20

// reconcileTimeout bounds one Reconcile, including the waits that Slack's rate limits ask for.
const reconcileTimeout = 2 * time.Minute

// delivery identifies one message of a post: a long post consists of several parts, which have the same token.
type delivery struct {
	token string
	part  int // counts from 0
}

// deliveryOf reads from a message's metadata which part of which post it is. ok is false if the metadata isn't that
// of a post. Other apps can copy it, so the caller also checks who wrote the message.
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
		return s.reconcileFiles(ctx, p)
	case bridge.PostRoot, bridge.PostSaid, bridge.PostLine:
	}

	return s.reconcileWords(ctx, p)
}

// reconcileWords looks for a post of words: in its thread, or at top level if it has none or that is gone.
func (s *poster) reconcileWords(ctx context.Context, p bridge.Post) (channels.Outcome, bridge.Sent, error) {
	self, err := s.identify(ctx)
	if err != nil {
		return channels.CannotTell, bridge.Sent{}, err
	}

	part, err := renderPart(self, p)
	if err != nil {
		return channels.CannotTell, bridge.Sent{}, err
	}
	if p.Place.Thread == "" {
		return s.reconcileTopLevel(ctx, self, p, part.more)
	}

	m, outcome, err := s.findPosted(ctx, self, p, p.Place.Thread)
	if refusal.IsGone(err) {
		return s.reconcileTopLevel(ctx, self, p, part.more)
	}
	if err != nil || outcome != channels.Landed {
		return outcome, bridge.Sent{}, err
	}

	return outcome, bridge.Sent{Message: m.TS, Thread: p.Place.Thread, More: part.more}, nil
}

// reconcileTopLevel looks for a post at a channel's top level. If the post was to be a reply, it landed there because
// the root of its thread was deleted. It is then deleted, the outcome is Absent, and the next Send reports that the
// thread is lost. more is true if further parts of the post follow.
func (s *poster) reconcileTopLevel(ctx context.Context, self *fact.Self, p bridge.Post, more bool) (channels.Outcome, bridge.Sent, error) {
	m, outcome, err := s.findPosted(ctx, self, p, "")
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

// findOtherRoot looks for a second root of the same conversation, beside the one at p's place. Sent is zero if there
// is none, and Sent.Blind is true if too much was posted to look through all of it.
func (s *poster) findOtherRoot(ctx context.Context, self *fact.Self, p bridge.Post) (bridge.Sent, error) {
	m, outcome, err := s.findPosted(ctx, self, p, "")
	if err != nil {
		return bridge.Sent{}, refusal.ClassifyBeforeSend(err)
	}
	if outcome == channels.CannotTell {
		return bridge.Sent{Blind: true}, nil // too much was written since then to look through
	}
	return bridge.Sent{Message: m.TS, Thread: m.TS}, nil
}

// findPosted is findMessage for the message with p's token and part.
func (s *poster) findPosted(ctx context.Context, self *fact.Self, p bridge.Post, thread string) (fact.Message, channels.Outcome, error) {
	return s.findMessage(ctx, self, p, thread, func(m *fact.Message) bool { return isPartOf(m, p) })
}

// isPartOf reports whether a message's metadata names the post p and its part p.Part.
func isPartOf(m *fact.Message, p bridge.Post) bool {
	found, ok := deliveryOf(m)
	return ok && found == delivery{token: p.Token, part: p.Part}
}

// findMessage looks for a message of ours for which isSought is true, posted since p's first attempt: in a thread, or
// at top level if thread is "". It ignores the message at p's own place. It returns one only with Landed.
func (s *poster) findMessage(
	ctx context.Context, self *fact.Self, p bridge.Post, thread string, isSought func(*fact.Message) bool,
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
			isOther := m.TS != p.Place.Message && self.IsOwnMessage(&m.Message)
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
