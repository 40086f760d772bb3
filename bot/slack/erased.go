package slack

import (
	"context"

	"parley/bot/view"
	"parley/bridge"
)

// When a customer's data must be erased, this file deletes what Parley posted about them in Slack. A conversation is a
// thread there; its root is the first message. The engine requests the deletion of one post after the other. A bot can
// delete only its own messages. So the root is not deleted but replaced by "Erased": the agents need it to find the
// thread and delete their own messages.

// erasePage is how many messages of a thread are read in one call of Send.
const erasePage = 100

// erase deletes one of our posts. If the post has files, it deletes them first, since they outlive their message. A root
// is handled by eraseRoot.
// Source: docs.slack.dev/reference/methods/chat.delete and files.delete, read 2026-11.
func (s *poster) erase(ctx context.Context, self *Self, p bridge.Post) (bridge.Sent, error) {
	at := p.Place
	if at.Channel == "" {
		var err error
		if at.Channel, err = s.openDirectChannel(ctx, p.To); err != nil {
			return bridge.Sent{}, err
		}
	}

	if p.Was == bridge.PostRoot {
		return s.eraseRoot(ctx, self, p, at)
	}

	if p.Was == bridge.PostFiles {
		if err := s.eraseFiles(ctx, at); err != nil {
			return bridge.Sent{}, err
		}
	}

	_, _, err := s.api.DeleteMessageContext(ctx, at.Channel, at.Message)
	return bridge.Sent{}, Classify(err)
}

// eraseRoot replaces the root of a thread by "Erased". Before that it deletes the unrecorded messages of the thread (see
// eraseUnrecorded), one in each call. While Sent.More is true, the engine must call again with Sent.Progress.
func (s *poster) eraseRoot(ctx context.Context, self *Self, p bridge.Post, at bridge.Place) (bridge.Sent, error) {
	more, cursor, err := s.eraseUnrecorded(ctx, self, p)
	if more || err != nil {
		return bridge.Sent{More: more, Progress: cursor}, err
	}
	card, _ := view.Post(p, commandForms())
	erased := self.Home.FirstMessage(card, blockSeed(p.Token))
	_, _, _, err = s.api.UpdateMessageContext(ctx, at.Channel, at.Message, literalOptions(erased)...)
	if CodeOf(err) == CodeNotUpdatable {
		return bridge.Sent{}, s.explainNotUpdatable(ctx, at, err)
	}
	return bridge.Sent{}, Classify(err)
}

// explainNotUpdatable returns the error for a root that Slack doesn't let us change. It wraps bridge.ErrMessageGone if the
// root was deleted, but not if it is still there: an earlier bot of ours posted it, before an admin replaced the app.
func (s *poster) explainNotUpdatable(ctx context.Context, root bridge.Place, refused error) error {
	page, err := s.readPage(ctx, messageQuery(root, root.Message))
	if err != nil && !IsGone(err) {
		return ClassifyBeforeSend(err)
	}
	for _, m := range page.Messages {
		if m.TS == root.Message && m.Subtype != Tombstone {
			return Unchangeable(CodeNotUpdatable, refused)
		}
	}
	return Classify(refused)
}

// eraseUnrecorded searches one page of a thread for a message of ours and deletes it. Parley keeps no records of posts
// in conversations that ended long ago. more means that the caller must call again, with cursor in p.Progress.
func (s *poster) eraseUnrecorded(ctx context.Context, self *Self, p bridge.Post) (more bool, cursor string, err error) {
	page, err := s.readPage(ctx, pageQuery{channel: p.Place.Channel, thread: p.Place.Message, limit: erasePage, cursor: p.Progress})
	if IsGone(err) {
		return false, "", nil
	}
	if err != nil {
		return false, p.Progress, ClassifyBeforeSend(err)
	}

	for _, m := range page.Messages {
		if m.TS == p.Place.Message || !self.IsOwnMessage(&m.Message) {
			continue
		}
		if err := s.deleteUploads(ctx, m.Files); err != nil {
			return false, p.Progress, err
		}
		if err := s.deleteMessage(ctx, p.Place.Channel, m.TS); err != nil {
			return false, p.Progress, Classify(err)
		}
		return true, p.Progress, nil
	}

	return page.Meta.Next != "", page.Meta.Next, nil
}

func (s *poster) eraseFiles(ctx context.Context, at bridge.Place) error {
	page, err := s.readPage(ctx, messageQuery(at, at.Thread))
	if IsGone(err) {
		return nil
	}
	if err != nil {
		return ClassifyBeforeSend(err)
	}
	for _, m := range page.Messages {
		if m.TS == at.Message {
			return s.deleteUploads(ctx, m.Files)
		}
	}
	return nil
}
