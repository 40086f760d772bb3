package slack

import (
	"context"

	"parley/bot/slack/fact"
	"parley/bot/slack/refusal"
	"parley/bot/view"
	"parley/bridge"
)

// erasePage is how many messages of a thread are read in one call of Send.
const erasePage = 100

// erase deletes one of our posts, with its files, because a customer's data is to be erased. The root of a thread is
// not deleted but changed to say "Erased": people must find the thread to delete what colleagues wrote in it.
// Source: docs.slack.dev/reference/methods/chat.delete and files.delete, read 2026-11: a bot can delete only its own
// messages and files; a message's files stay when the message is deleted.
func (s *poster) erase(ctx context.Context, self *fact.Self, p bridge.Post) (bridge.Sent, error) {
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
	return bridge.Sent{}, refusal.Classify(err)
}

// eraseRoot deletes one unrecorded message of a thread (see eraseUnrecorded). When none are left, it makes the root
// say "Erased". Sent.More means that the engine has to call again, with Sent.Progress.
func (s *poster) eraseRoot(ctx context.Context, self *fact.Self, p bridge.Post, at bridge.Place) (bridge.Sent, error) {
	more, cursor, err := s.eraseUnrecorded(ctx, self, p)
	if more || err != nil {
		return bridge.Sent{More: more, Progress: cursor}, err
	}
	card, _ := view.Post(p, commandForms())
	erased := self.Home.FirstMessage(card, blockSeed(p.Token))
	_, _, _, err = s.api.UpdateMessageContext(ctx, at.Channel, at.Message, literalOptions(erased)...)
	return bridge.Sent{}, refusal.Classify(err)
}

// eraseUnrecorded deletes one of our messages below a root. Parley keeps no records of posts in conversations that
// ended long ago, so it looks for them in Slack, page by page. more means: call again, with cursor in p.Progress.
func (s *poster) eraseUnrecorded(ctx context.Context, self *fact.Self, p bridge.Post) (more bool, cursor string, err error) {
	page, err := s.readPage(ctx, pageQuery{channel: p.Place.Channel, thread: p.Place.Message, limit: erasePage, cursor: p.Progress})
	if refusal.IsGone(err) {
		return false, "", nil
	}
	if err != nil {
		return false, p.Progress, refusal.ClassifyBeforeSend(err)
	}

	for _, m := range page.Messages {
		if m.TS == p.Place.Message || !self.IsOwnMessage(&m.Message) {
			continue
		}
		if err := s.uploads.deleteAll(ctx, m.Files); err != nil {
			return false, p.Progress, err
		}
		if err := s.deleteMessage(ctx, p.Place.Channel, m.TS); err != nil {
			return false, p.Progress, refusal.Classify(err)
		}
		return true, p.Progress, nil
	}

	return page.Meta.Next != "", page.Meta.Next, nil
}

// eraseFiles deletes the files of one of our messages from the workspace.
func (s *poster) eraseFiles(ctx context.Context, at bridge.Place) error {
	page, err := s.readPage(ctx, messageQuery(at, at.Thread))
	if refusal.IsGone(err) {
		return nil
	}
	if err != nil {
		return refusal.ClassifyBeforeSend(err)
	}
	for _, m := range page.Messages {
		if m.TS == at.Message {
			return s.uploads.deleteAll(ctx, m.Files)
		}
	}
	return nil
}
