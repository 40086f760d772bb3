package teams

import (
	"cmp"
	"context"
	"errors"
	"time"

	"parley/bridge"
	"parley/channels"
)

// Sometimes Teams' response to a post is lost, and it is unknown whether the post was made. Before Parley makes it again,
// this file looks for it: first among the posts that this process has made, and then in the channel itself, with Graph,
// Microsoft's API for reading. File postcontent.go recognises the post among the messages there.

// clockTolerance is by how much Teams' clock may be behind ours.
const clockTolerance = 5 * time.Minute

// maxReconcilePages bounds one search, in pages of threadsPerPage threads. If there are more, it remains unknown whether
// the post was made.
const maxReconcilePages = 20

// reconcileTimeout bounds one search, including all its pages and waits.
const reconcileTimeout = 2 * time.Minute

// Reconcile reports whether a post was made, and where; see bridge.Surface.
//   - Landed: the post was made. Sent has the id of its message. A post that only one person sees always counts as made.
//   - Absent: the post wasn't made, or making it again does no harm. Sent.Blind means that we may not read there, so it
//     is unknown. Then the post is made again with a remark: showing it twice is better than never.
//   - CannotTell: there are too many messages to examine, or an error occurred.
func (s *poster) Reconcile(ctx context.Context, p bridge.Post) (channels.Outcome, bridge.Sent, error) {
	ctx, cancel := context.WithTimeout(ctx, reconcileTimeout)
	defer cancel()

	if isChangeOfMessage(p) {
		return channels.Absent, bridge.Sent{}, nil // changing a message twice has the same result
	}
	if p.Kind == bridge.PostEphemeral {
		return channels.Landed, bridge.Sent{}, nil // best effort, and must not be shown twice
	}
	if sent, ok := s.sent.Get(sentKey(p)); ok {
		return channels.Landed, sent, nil
	}
	if !isChannel(p.Place.Channel) {
		return channels.Absent, bridge.Sent{Blind: true}, nil // apps can't read personal chats
	}

	content, err := s.contentOf(ctx, p)
	if err != nil {
		return channels.CannotTell, bridge.Sent{}, err
	}

	m, outcome, err := s.findPosted(ctx, p, content.isIn)
	if errors.Is(err, ErrNotGranted) {
		return channels.Absent, bridge.Sent{Blind: true}, nil
	}
	if errors.Is(err, ErrNotFound) && p.Place.Thread != "" { // the thread is gone: the next Send reports that
		return channels.Absent, bridge.Sent{}, nil
	}
	if err != nil || outcome != channels.Landed {
		return outcome, bridge.Sent{}, err
	}

	sent := bridge.Sent{Message: m.ID, Thread: cmp.Or(m.ReplyToID, m.ID), More: content.more}
	s.sent.Put(sentKey(p), sent)
	service, err := s.Notes.ServiceOf(ctx, p.Place.Channel)
	if err == nil { // otherwise nobody could be told
		s.tellAbsent(ctx, service, p, content.absent, sent)
	}
	return outcome, sent, nil
}

// findDouble looks for a duplicate of a thread's first message. There may be one if the post was repeated while it was
// unknown whether it had succeeded. In the result, Message is "" if there is none, and Blind means that we may not read
// the channel.
func (s *poster) findDouble(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	p.Kind = bridge.PostRoot
	content, err := s.contentOf(ctx, p)
	if err != nil {
		return bridge.Sent{}, s.access.classifyBeforeSend(err, p)
	}

	m, outcome, err := s.findPosted(ctx, p, content.isIn)
	if errors.Is(err, ErrNotGranted) {
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

// findPosted searches for a post: in its thread or, if it begins a thread, among the first messages of the channel's
// threads. isSought recognises its content. The outcome CannotTell without an error means that there are too many
// messages to examine.
func (s *poster) findPosted(
	ctx context.Context, p bridge.Post, isSought func(*Message) bool,
) (m Message, outcome channels.Outcome, err error) {
	err = readInPages(func(size int) error {
		var err error
		m, outcome, err = s.searchPages(ctx, p, isSought, size)
		return err
	})
	return m, outcome, err
}

// searchPages is findPosted with pages of size threads.
func (s *poster) searchPages(
	ctx context.Context, p bridge.Post, isSought func(*Message) bool, size int,
) (Message, channels.Outcome, error) {
	oldest := time.Time{}
	if !p.FirstAttemptAt.IsZero() {
		oldest = p.FirstAttemptAt.Add(-clockTolerance)
	}

	next := ""
	for range maxReconcilePages * threadsPerPage / size {
		page, err := s.readPage(ctx, p.Place, size, next)
		if err != nil {
			return Message{}, channels.CannotTell, err
		}

		for i := range page.Value {
			m := &page.Value[i]
			if m.CreatedAt.Before(oldest) || !s.mayBePost(p, m) || !isSought(m) {
				continue
			}

			isRecorded, err := s.Desk.IsOwnPost(ctx, bridge.Place{Channel: p.Place.Channel, Message: m.ID})
			if err != nil {
				return Message{}, channels.CannotTell, err
			}
			if !isRecorded { // a recorded message belongs to another post
				return *m, channels.Landed, nil
			}
		}

		next = page.Next
		// Graph doesn't document the order of replies, so all their pages are read.
		mayContinue := p.Place.Thread != "" || newerMayFollow(page.Value, oldest)
		if next == "" || !mayContinue {
			return Message{}, channels.Absent, nil
		}
	}

	return Message{}, channels.CannotTell, nil
}

// readPage reads a page of a thread's replies or, if the place has no thread, of the channel's threads. size is the
// number of threads. next is Page.Next of the previous page; "" for the first page.
func (s *poster) readPage(ctx context.Context, at bridge.Place, size int, next string) (Page[Message], error) {
	if at.Thread != "" {
		return s.ReadReplies(ctx, at.Channel, at.Thread, next)
	}
	return s.ReadMessages(ctx, at.Channel, size, next)
}

// mayBePost reports whether a message was written by us and isn't deleted. It returns false for the message at the
// post's own place, which is known already.
func (s *poster) mayBePost(p bridge.Post, m *Message) bool {
	if m.ID == p.Place.Message || !m.DeletedAt.IsZero() {
		return false
	}
	return s.IsByUs(m)
}
