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

// lookBack is how much earlier than its first attempt a post of ours may be stamped, since Teams' clock
// is not the database's.
const lookBack = 5 * time.Minute

// reconcilePages bounds one search, in pages of pageOfThreads. In a thread with more new replies nobody
// can tell whether a post was made.
const reconcilePages = 20

// Reconcile finds out whether a post was made; see bridge.Surface. It knows the posts to which Teams
// answered this process, and searches for others with Graph. Where we may not read, the post counts as
// not made: it is made again with a remark, since it is better shown twice than never.
func (s *poster) Reconcile(ctx context.Context, p bridge.Post) (channels.Outcome, bridge.Sent, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	switch {
	case changes(p):
		return channels.Absent, bridge.Sent{}, nil // doing it again changes nothing
	case p.Kind == bridge.PostEphemeral:
		return channels.Landed, bridge.Sent{}, nil // best effort: never doubled
	}
	if sent, ok := s.sent.Get(sentName(p)); ok {
		return channels.Landed, sent, nil
	}
	if !isChannel(p.Place.Channel) {
		return channels.Absent, bridge.Sent{Blind: true}, nil // no app may read a chat with one person
	}
	wanted, more, err := s.wanted(ctx, p)
	if err != nil {
		return channels.CannotTell, bridge.Sent{}, err
	}
	m, outcome, err := s.findInPages(ctx, p, wanted)
	switch {
	case errors.Is(err, graph.ErrNotGranted):
		return channels.Absent, bridge.Sent{Blind: true}, nil
	case errors.Is(err, graph.ErrNotFound) && p.Place.Thread != "":
		return channels.Absent, bridge.Sent{}, nil // Send says that the thread is gone
	case err != nil || outcome != channels.Landed:
		return outcome, bridge.Sent{}, err
	}
	sent := bridge.Sent{Message: m.ID, Thread: cmp.Or(m.ReplyToID, m.ID), More: more}
	s.sent.Put(sentName(p), sent)
	return outcome, sent, nil
}

// seek looks for another root of a thread.
func (s *poster) seek(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	p.Kind = bridge.PostRoot
	wanted, _, err := s.wanted(ctx, p)
	if err != nil {
		return bridge.Sent{}, s.access.certain(err, p)
	}
	m, outcome, err := s.findInPages(ctx, p, wanted)
	switch {
	case errors.Is(err, graph.ErrNotGranted) || err == nil && outcome == channels.CannotTell:
		return bridge.Sent{Blind: true}, nil
	case err != nil:
		return bridge.Sent{}, s.access.certain(err, p)
	}
	return bridge.Sent{Message: m.ID, Thread: m.ID}, nil
}

// findInPages searches as find does, in pages of a size that Teams can give.
func (s *poster) findInPages(ctx context.Context, p bridge.Post, wanted func(*graph.Message) bool) (m graph.Message, outcome channels.Outcome, err error) {
	err = inPages(func(size int) (err error) {
		m, outcome, err = s.find(ctx, p, wanted, size)
		return err
	})
	return m, outcome, err
}

// wanted gives the test that tells a post from our other messages, and whether a further part follows it.
func (s *poster) wanted(ctx context.Context, p bridge.Post) (is func(*graph.Message) bool, more bool, err error) {
	p = unnamed(p)
	if p.Kind == bridge.PostFiles {
		return s.wantedFiles(ctx, p)
	}
	c, err := s.compose(ctx, p)
	if err != nil {
		return nil, false, err
	}
	if c.page != nil {
		return marked(c.page.ID), c.more, nil
	}
	return like(*c.text), c.more, nil
}

// marked tells a card by the id of its first element. The JSON of the card that Graph gives isn't that
// which was sent: its members are in another order.
// Source: learn.microsoft.com/graph/teams-messaging-overview, "card attachment", read 2026-11.
func marked(id string) func(*graph.Message) bool {
	quoted := strconv.Quote(id)
	return func(m *graph.Message) bool {
		return slices.ContainsFunc(m.Attachments, func(a graph.Attachment) bool {
			return a.ContentType == card.ContentType && strings.Contains(a.Content, quoted)
		})
	}
}

// like tells a text by what people read in it. Nothing else that a bot sends with a text comes back
// from Graph.
func like(c card.Message) func(*graph.Message) bool {
	parts := strings.Split(plain(c.Text), someone)
	return func(m *graph.Message) bool { return fits(plain(m.Body.Content), parts) }
}

// fits tells whether a text is made of parts, with anybody's name between them.
func fits(text string, parts []string) bool {
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

// plain is how HTML reads, whatever its spaces and mentions.
func plain(html string) string {
	text := strings.ReplaceAll(card.ReadText(card.Typed{HTML: html}).Plain, mayBeTwice, "")
	return strings.Join(strings.Fields(text), " ")
}

// someone stands in for a customer's name, which may have changed since a post was made.
const someone = "\ue000"

// unnamed gives the post with someone in place of the customer's name, so that it is found under any name.
func unnamed(p bridge.Post) bridge.Post {
	who := bridge.PartyRef{Name: someone, Address: someone}
	p.Facts.Recipients.To = slices.Clone(p.Facts.Recipients.To)
	for i := range p.Facts.Recipients.To {
		if p.Facts.Recipients.To[i] == p.Facts.Contact {
			p.Facts.Recipients.To[i] = who
		}
	}
	p.Facts.Contact = who
	if p.Said != nil {
		said := *p.Said
		said.From, said.Then = who, slices.Clone(said.Then)
		for i := range said.Then {
			said.Then[i].From = who
		}
		p.Said = &said
	}
	if p.Line != nil {
		line := *p.Line
		line.Customer, line.Other.Contact = who, who
		p.Line = &line
	}
	return p
}

// find searches for a post in its thread, or among the first messages of its channel's threads. A message
// that is recorded already belongs to another post.
func (s *poster) find(ctx context.Context, p bridge.Post, wanted func(*graph.Message) bool, size int) (graph.Message, channels.Outcome, error) {
	oldest := time.Time{}
	if !p.FirstAttemptAt.IsZero() {
		oldest = p.FirstAttemptAt.Add(-lookBack)
	}
	next := ""
	for range reconcilePages * pageOfThreads / size {
		page, err := organisation.Patient(ctx, s.Organisation, p.Place.Channel, func(ctx context.Context, group string) (graph.Page[graph.Message], error) {
			if p.Place.Thread != "" {
				return s.Graph.Replies(ctx, group, p.Place.Channel, p.Place.Thread, next)
			}
			return s.Graph.Messages(ctx, group, p.Place.Channel, size, next)
		})
		if err != nil {
			return graph.Message{}, channels.CannotTell, err
		}
		fresh := p.Place.Thread != "" // the order of replies is undocumented, so all pages are read
		for i := range page.Value {
			m := &page.Value[i]
			fresh = fresh || newestOf(m).After(oldest)
			if !s.ByUs(m) || !m.DeletedAt.IsZero() || m.ID == p.Place.Message || m.CreatedAt.Before(oldest) || !wanted(m) {
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
		if next = page.Next; next == "" || !fresh {
			return graph.Message{}, channels.Absent, nil
		}
	}
	return graph.Message{}, channels.CannotTell, nil
}
