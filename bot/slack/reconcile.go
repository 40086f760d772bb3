package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parley/bridge"
	"parley/channels"
)

// If the response to a post is lost, for example after a timeout, the engine doesn't know whether Slack shows the post.
// Then it calls Reconcile, which searches Slack for it. The outcome is Landed (it is there), Absent (it isn't) or
// CannotTell. A post is recognised by the metadata of its message: {"token":"x7k2","part":0}.

// clockTolerance is how far Slack's clock may be behind ours. A message may seem to be that much older than its post.
const clockTolerance = 5 * time.Minute

// maxSearchPages is how many pages one search reads. If there are more, the outcome is CannotTell.
const maxSearchPages = 20

// reconcileTimeout limits the time of one Reconcile, including delays by Slack's rate limits.
const reconcileTimeout = 2 * time.Minute

// delivery identifies one message of a post. A long post has several parts, with the same token, in a message each.
type delivery struct {
	token string
	part  int // counts from 0
}

// deliveryOf reads the metadata of a message. ok is false if it isn't the metadata of a post. Other apps can copy metadata,
// so the caller must also check the author of the message.
func deliveryOf(m *Message) (d delivery, ok bool) {
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

// Reconcile implements bridge.Surface. It finds out whether a post was made.
func (s *poster) Reconcile(ctx context.Context, p bridge.Post) (channels.Outcome, bridge.Sent, error) {
	ctx, cancel := context.WithTimeout(ctx, reconcileTimeout)
	defer cancel()

	switch p.Kind {
	case bridge.PostCard, bridge.PostMark, bridge.PostErased, bridge.PostDouble:
		return channels.Absent, bridge.Sent{}, nil // these can safely be repeated
	case bridge.PostEphemeral:
		return channels.Landed, bridge.Sent{}, nil // can't be searched for, and must not be shown twice
	case bridge.PostFiles:
		return s.reconcileFiles(ctx, p)
	case bridge.PostRoot, bridge.PostSaid, bridge.PostLine:
	}

	return s.reconcileWords(ctx, p)
}

// reconcileWords searches for a post of text: in its thread, or at the channel's top level if it has no thread or the
// thread was deleted.
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
	if IsGone(err) {
		return s.reconcileTopLevel(ctx, self, p, part.more)
	}
	if err != nil || outcome != channels.Landed {
		return outcome, bridge.Sent{}, err
	}

	return outcome, bridge.Sent{Message: m.TS, Thread: p.Place.Thread, More: part.more}, nil
}

// reconcileTopLevel searches a channel's top level for a post. If the post is a reply, it was misplaced there because the
// first message of its thread was deleted. Then it is deleted, the outcome is Absent, and the next Send reports that the
// thread is lost. more means that further parts of the post follow.
func (s *poster) reconcileTopLevel(ctx context.Context, self *Self, p bridge.Post, more bool) (channels.Outcome, bridge.Sent, error) {
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

// findOtherRoot searches for a second root of the same conversation; a root is the first message of its thread. The root
// at p.Place is ignored. Sent is zero if there is no other, and Sent.Blind is true if there was too much to search.
func (s *poster) findOtherRoot(ctx context.Context, self *Self, p bridge.Post) (bridge.Sent, error) {
	m, outcome, err := s.findPosted(ctx, self, p, "")
	if err != nil {
		return bridge.Sent{}, ClassifyBeforeSend(err)
	}
	if outcome == channels.CannotTell {
		return bridge.Sent{Blind: true}, nil
	}
	return bridge.Sent{Message: m.TS, Thread: m.TS}, nil
}

// findPosted searches for the message of a post; see findMessage.
func (s *poster) findPosted(ctx context.Context, self *Self, p bridge.Post, thread string) (Message, channels.Outcome, error) {
	return s.findMessage(ctx, self, p, thread, func(m *Message) bool { return isPartOf(m, p) })
}

// isPartOf reports whether a message has the metadata of part p.Part of the post p.
func isPartOf(m *Message, p bridge.Post) bool {
	found, ok := deliveryOf(m)
	return ok && found == delivery{token: p.Token, part: p.Part}
}

// findMessage searches for a message of ours that matches, in a thread, or at top level if thread is "". It searches only
// messages since p's first attempt, and ignores the one at p.Place. The message is zero unless the outcome is Landed.
func (s *poster) findMessage(
	ctx context.Context, self *Self, p bridge.Post, thread string, matches func(*Message) bool,
) (Message, channels.Outcome, error) {
	q := pageQuery{channel: p.Place.Channel, thread: thread, metadata: true}
	if !p.FirstAttemptAt.IsZero() {
		q.oldest = formatStamp(p.FirstAttemptAt.Add(-clockTolerance))
	}

	for range maxSearchPages {
		page, err := s.readPage(ctx, q)
		if err != nil {
			return Message{}, channels.CannotTell, err
		}

		for _, m := range page.Messages {
			isCandidate := m.TS != p.Place.Message && self.IsOwnMessage(&m.Message) // other apps can copy our metadata
			if isCandidate && matches(&m.Message) {
				return m.Message, channels.Landed, nil
			}
		}

		q.cursor = page.Meta.Next
		if q.cursor == "" {
			return Message{}, channels.Absent, nil
		}
	}

	return Message{}, channels.CannotTell, nil
}
