package teams

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/teams/card"
	"parley/bot/teams/graph"
	"parley/bot/teams/organisation"
	"parley/bridge"
	"parley/channels"
)

// Sometimes Teams' answer to a post is lost, and nobody knows whether the post was made. Before it is made again,
// this file looks for it: among the posts that this process has made, and then in the channel itself, with Graph. A
// post is recognised by the id in its card, or by its text.

// clockTolerance is how much earlier than its first attempt Teams may date a post: its clock is not ours.
const clockTolerance = 5 * time.Minute

// maxReconcilePages bounds one search, in pages of threadsPerPage threads. If there are more, nobody can tell whether
// the post was made.
const maxReconcilePages = 20

// reconcileTimeout bounds one search with all its pages and waits.
const reconcileTimeout = 2 * time.Minute

// Reconcile reports whether a post was made, and where; see bridge.Surface.
//   - Landed: the post was made. Sent names its message. A post for one person alone always counts as made.
//   - Absent: it wasn't made, or making it again does no harm. Sent.Blind means that we may not read there, so nobody
//     can tell. Then the post is made again with a remark: it is better shown twice than never.
//   - CannotTell: there are too many messages to look at, or an error came.
func (s *poster) Reconcile(ctx context.Context, p bridge.Post) (channels.Outcome, bridge.Sent, error) {
	ctx, cancel := context.WithTimeout(ctx, reconcileTimeout)
	defer cancel()

	if isChangeOfMessage(p) {
		return channels.Absent, bridge.Sent{}, nil // changing a message twice has the same result
	}
	if p.Kind == bridge.PostEphemeral {
		return channels.Landed, bridge.Sent{}, nil // it is best effort, and must not be shown twice
	}
	if sent, ok := s.sent.Get(sentKey(p)); ok {
		return channels.Landed, sent, nil
	}
	if !isChannel(p.Place.Channel) {
		return channels.Absent, bridge.Sent{Blind: true}, nil // no app may read a chat with one person
	}

	matches, more, err := s.matcherOf(ctx, p)
	if err != nil {
		return channels.CannotTell, bridge.Sent{}, err
	}

	m, outcome, err := s.findPostedInPages(ctx, p, matches)
	if errors.Is(err, graph.ErrNotGranted) {
		return channels.Absent, bridge.Sent{Blind: true}, nil
	}
	if errors.Is(err, graph.ErrNotFound) && p.Place.Thread != "" { // the thread is gone: the next Send reports that
		return channels.Absent, bridge.Sent{}, nil
	}
	if err != nil || outcome != channels.Landed {
		return outcome, bridge.Sent{}, err
	}

	sent := bridge.Sent{Message: m.ID, Thread: cmp.Or(m.ReplyToID, m.ID), More: more}
	s.sent.Put(sentKey(p), sent)
	return outcome, sent, nil
}

// findDouble looks for a second first message of a thread. There may be one if the post of the first was repeated
// while nobody knew whether it had succeeded. In the result, Message is "" if there is none, and Blind means that we
// may not look.
func (s *poster) findDouble(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	p.Kind = bridge.PostRoot
	matches, _, err := s.matcherOf(ctx, p)
	if err != nil {
		return bridge.Sent{}, s.access.classifyBeforeSend(err, p)
	}

	m, outcome, err := s.findPostedInPages(ctx, p, matches)
	if errors.Is(err, graph.ErrNotGranted) {
		return bridge.Sent{Blind: true}, nil
	}
	if err != nil {
		return bridge.Sent{}, s.access.classifyBeforeSend(err, p)
	}
	if outcome == channels.CannotTell {
		return bridge.Sent{Blind: true}, nil
	}

	return bridge.Sent{Message: m.ID, Thread: m.ID}, nil
}

func (s *poster) findPostedInPages(ctx context.Context, p bridge.Post, matches func(*graph.Message) bool) (m graph.Message, outcome channels.Outcome, err error) {
	err = readInPages(func(size int) error {
		var err error
		m, outcome, err = s.findPosted(ctx, p, matches, size)
		return err
	})
	return m, outcome, err
}

// matcherOf returns a function that recognises the message of a post among those that Graph shows. more means that
// the post has a further part.
func (s *poster) matcherOf(ctx context.Context, p bridge.Post) (matches func(*graph.Message) bool, more bool, err error) {
	p = withoutCustomerName(p)
	if p.Kind == bridge.PostFiles {
		return s.fileMatcherOf(ctx, p)
	}
	c, err := s.composePost(ctx, p)
	if err != nil {
		return nil, false, err
	}
	if c.page != nil {
		return hasElementID(c.page.ID), c.more, nil
	}
	return hasText(*c.text), c.more, nil
}

// hasElementID recognises a card by the id of its first element. The whole card can't be compared: Graph returns its
// JSON with the members in another order.
// Source: learn.microsoft.com/graph/teams-messaging-overview, "card attachment", read 2026-11.
func hasElementID(id string) func(*graph.Message) bool {
	quoted := strconv.Quote(id)
	return func(m *graph.Message) bool {
		return slices.ContainsFunc(m.Attachments, func(a graph.Attachment) bool {
			return a.ContentType == card.ContentType && strings.Contains(a.Content, quoted)
		})
	}
}

// hasText recognises a text message by what people read in it, since Graph returns nothing else of what a bot sends
// with a text.
func hasText(c card.Message) func(*graph.Message) bool {
	parts := strings.Split(readableText(c.Text), anyName)
	return func(m *graph.Message) bool { return hasPartsInOrder(readableText(m.Body.Content), parts) }
}

// hasPartsInOrder reports whether a text consists of these parts in this order, with any names between them.
func hasPartsInOrder(text string, parts []string) bool {
	last := len(parts) - 1
	if last == 0 {
		return text == parts[0]
	}
	text, ok := strings.CutPrefix(text, parts[0])
	for _, part := range parts[1:last] {
		if ok {
			_, text, ok = strings.Cut(text, part)
		}
	}
	return ok && strings.HasSuffix(text, parts[last])
}

// readableText returns the words of HTML as people read them, with single spaces and without our remark.
func readableText(html string) string {
	text := strings.ReplaceAll(card.ReadText(card.Typed{HTML: html}).Plain, mayBeTwice, "")
	return strings.Join(strings.Fields(text), " ")
}

// anyName stands for the customer's name, which may have changed since a post was made. No text has this character.
const anyName = "\ue000"

// withoutCustomerName returns the post with anyName in place of the customer's name.
func withoutCustomerName(p bridge.Post) bridge.Post {
	who := bridge.PartyRef{Name: anyName, Address: anyName}
	p.Facts.Recipients.To = slices.Clone(p.Facts.Recipients.To)
	for i := range p.Facts.Recipients.To {
		if p.Facts.Recipients.To[i] == p.Facts.Contact {
			p.Facts.Recipients.To[i] = who
		}
	}

	p.Facts.Contact = who
	if p.Said != nil {
		message := *p.Said
		message.From, message.Then = who, slices.Clone(message.Then)
		for i := range message.Then {
			message.Then[i].From = who
		}

		p.Said = &message
	}

	if p.Line != nil {
		line := *p.Line
		line.Customer, line.Other.Contact = who, who
		p.Line = &line
	}

	return p
}

// findPosted searches for a post: in its thread or, for the first message of a thread, among those of the channel's
// threads. It skips messages that are recorded, since these belong to other posts. size is the number of threads in a
// page. The outcome CannotTell without an error means that there are too many messages to look at.
func (s *poster) findPosted(ctx context.Context, p bridge.Post, matches func(*graph.Message) bool, size int) (graph.Message, channels.Outcome, error) {
	oldest := time.Time{}
	if !p.FirstAttemptAt.IsZero() {
		oldest = p.FirstAttemptAt.Add(-clockTolerance)
	}

	next := ""
	for range maxReconcilePages * threadsPerPage / size {
		page, err := organisation.ReadPatiently(ctx, s.Organisation, p.Place.Channel, func(ctx context.Context, group string) (graph.Page[graph.Message], error) {
			if p.Place.Thread != "" {
				return s.Graph.Replies(ctx, threadOf(group, p.Place), next)
			}
			return s.Graph.Messages(ctx, group, p.Place.Channel, size, next)
		})
		if err != nil {
			return graph.Message{}, channels.CannotTell, err
		}

		for i := range page.Value {
			m := &page.Value[i]
			if m.CreatedAt.Before(oldest) || !s.mayBePost(p, m) {
				continue
			}
			if !matches(m) {
				continue
			}

			recorded, err := s.posts.Posted(ctx, bridge.Place{Channel: p.Place.Channel, Message: m.ID})
			if err != nil {
				return graph.Message{}, channels.CannotTell, err
			}
			if !recorded {
				return *m, channels.Landed, nil
			}
		}

		next = page.Next
		// Graph doesn't document the order of replies, so all their pages are read.
		mayContinue := p.Place.Thread != "" || newerMayFollow(page.Value, oldest)
		if next == "" || !mayContinue {
			return graph.Message{}, channels.Absent, nil
		}
	}

	return graph.Message{}, channels.CannotTell, nil
}

// mayBePost reports whether a message was written by us and isn't deleted. It is false for the message at the post's
// own place, which is known already.
func (s *poster) mayBePost(p bridge.Post, m *graph.Message) bool {
	if m.ID == p.Place.Message || !m.DeletedAt.IsZero() {
		return false
	}
	return s.IsByUs(m)
}
