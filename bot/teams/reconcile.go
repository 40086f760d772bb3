package teams

import (
	"cmp"
	"context"
	"errors"
	"time"

	"parley/bot/teams/graph"
	"parley/bot/teams/organisation"
	"parley/bridge"
	"parley/channels"
)

// Sometimes Teams' answer to a post is lost, and nobody knows whether the post was made. Before it is made again,
// this file looks for it: among the posts that this process has made, and then in the channel itself, with Graph. How
// a message is recognised as the post is in postcontent.go.

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

	content, err := s.contentOf(ctx, p)
	if err != nil {
		return channels.CannotTell, bridge.Sent{}, err
	}

	m, outcome, err := s.findPosted(ctx, p, content.isIn)
	if errors.Is(err, graph.ErrNotGranted) {
		return channels.Absent, bridge.Sent{Blind: true}, nil
	}
	if errors.Is(err, graph.ErrNotFound) && p.Place.Thread != "" { // the thread is gone: the next Send reports that
		return channels.Absent, bridge.Sent{}, nil
	}
	if err != nil || outcome != channels.Landed {
		return outcome, bridge.Sent{}, err
	}

	sent := bridge.Sent{Message: m.ID, Thread: cmp.Or(m.ReplyToID, m.ID), More: content.more}
	s.sent.Put(sentKey(p), sent)
	return outcome, sent, nil
}

// findDouble looks for a second first message of a thread. There may be one if the post of the first was repeated
// while nobody knew whether it had succeeded. In the result, Message is "" if there is none, and Blind means that we
// may not look.
func (s *poster) findDouble(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	p.Kind = bridge.PostRoot
	content, err := s.contentOf(ctx, p)
	if err != nil {
		return bridge.Sent{}, s.access.classifyBeforeSend(err, p)
	}

	m, outcome, err := s.findPosted(ctx, p, content.isIn)
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

// findPosted searches for a post: in its thread or, for the first message of a thread, among those of the channel's
// threads. isSought recognises its content. The outcome CannotTell without an error means that there are too many
// messages to look at.
func (s *poster) findPosted(
	ctx context.Context, p bridge.Post, isSought func(*graph.Message) bool,
) (m graph.Message, outcome channels.Outcome, err error) {
	err = readInPages(func(size int) error {
		var err error
		m, outcome, err = s.searchPages(ctx, p, isSought, size)
		return err
	})
	return m, outcome, err
}

// searchPages is findPosted with pages of so many threads.
func (s *poster) searchPages(
	ctx context.Context, p bridge.Post, isSought func(*graph.Message) bool, size int,
) (graph.Message, channels.Outcome, error) {
	oldest := time.Time{}
	if !p.FirstAttemptAt.IsZero() {
		oldest = p.FirstAttemptAt.Add(-clockTolerance)
	}

	next := ""
	for range maxReconcilePages * threadsPerPage / size {
		page, err := s.readPage(ctx, p.Place, size, next)
		if err != nil {
			return graph.Message{}, channels.CannotTell, err
		}

		for i := range page.Value {
			m := &page.Value[i]
			if m.CreatedAt.Before(oldest) || !s.mayBePost(p, m) || !isSought(m) {
				continue
			}

			isOfOtherPost, err := s.posts.IsOwnPost(ctx, bridge.Place{Channel: p.Place.Channel, Message: m.ID})
			if err != nil {
				return graph.Message{}, channels.CannotTell, err
			}
			if !isOfOtherPost {
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

// readPage reads a page of a thread's replies or, if the place has no thread, of the channel's threads. size is the
// number of threads. next is where the page begins; "" for the first.
func (s *poster) readPage(ctx context.Context, at bridge.Place, size int, next string) (graph.Page[graph.Message], error) {
	read := func(ctx context.Context, group string) (graph.Page[graph.Message], error) {
		if at.Thread != "" {
			return s.Graph.Replies(ctx, threadOf(group, at), next)
		}
		return s.Graph.Messages(ctx, group, at.Channel, size, next)
	}
	return organisation.ReadPatiently(ctx, s.Organisation, at.Channel, read)
}

// mayBePost reports whether a message was written by us and isn't deleted. It is false for the message at the post's
// own place, which is known already.
func (s *poster) mayBePost(p bridge.Post, m *graph.Message) bool {
	if m.ID == p.Place.Message || !m.DeletedAt.IsZero() {
		return false
	}
	return s.IsByUs(m)
}
