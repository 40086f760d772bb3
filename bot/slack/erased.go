package slack

import (
	"context"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack/fact"
	"parley/bot/view"
	"parley/bridge"
)

// erase takes a post of ours away, with its files. The first message of a thread says "Erased" instead: a thread
// without it can't be found by those who have to delete what colleagues wrote.
// Source: docs.slack.dev/reference/methods/chat.delete and files.delete, read 2026-11: a bot deletes its own
// messages and files alone; a message's files stay when the message is deleted.
func (s *poster) erase(ctx context.Context, me *fact.Self, p bridge.Post) (bridge.Sent, error) {
	channel, ts := p.Place.Channel, p.Place.Message
	if channel == "" {
		ch, _, _, err := s.api.OpenConversationContext(ctx, &slackapi.OpenConversationParameters{Users: []string{p.To}})
		if err != nil {
			return bridge.Sent{}, certain(err)
		}
		channel = ch.ID
	}
	if p.Was == bridge.PostRoot {
		if more, at, err := s.eraseUnrecorded(ctx, me, p); more || err != nil {
			return bridge.Sent{More: more, Progress: at}, err
		}
		card, _ := view.Post(p, ways())
		_, _, _, err := s.api.UpdateMessageContext(ctx, channel, ts, inert(me.Home.Messages(card, fact.Digest(p.Token)[:8])[0])...)
		return bridge.Sent{}, classify(err)
	}
	if p.Was == bridge.PostFiles {
		if err := s.eraseFiles(ctx, bridge.Place{Channel: channel, Thread: p.Place.Thread, Message: ts}); err != nil {
			return bridge.Sent{}, err
		}
	}
	_, _, err := s.api.DeleteMessageContext(ctx, channel, ts)
	return bridge.Sent{}, classify(err)
}

// eraseUnrecorded takes away one more of our messages below a root: the records of posts in conversations that ended
// long ago are gone, and Slack alone knows them. more = look again, at the given cursor.
func (s *poster) eraseUnrecorded(ctx context.Context, me *fact.Self, p bridge.Post) (more bool, cursor string, err error) {
	page, err := s.page(ctx, pageQuery{channel: p.Place.Channel, thread: p.Place.Message, limit: eraseLook, cursor: p.Progress})
	switch codeOf(err) {
	case "thread_not_found", "message_not_found":
		return false, "", nil
	}
	if err != nil {
		return false, p.Progress, certain(err)
	}
	for _, m := range page.Messages {
		if m.TS == p.Place.Message || !me.Wrote(&m.Message) {
			continue
		}
		if err := s.deleteFiles(ctx, m.Files); err != nil {
			return false, p.Progress, err
		}
		if _, _, err := s.api.DeleteMessageContext(ctx, p.Place.Channel, m.TS); err != nil && codeOf(err) != "message_not_found" {
			return false, p.Progress, classify(err)
		}
		return true, p.Progress, nil
	}
	next := page.next()
	return next != "", next, nil
}

const eraseLook = 100 // messages of a thread that are looked at at once

// eraseFiles deletes the files of one of our messages from the workspace.
func (s *poster) eraseFiles(ctx context.Context, at bridge.Place) error {
	q := pageQuery{channel: at.Channel, thread: at.Thread, oldest: at.Message, latest: at.Message, limit: 2}
	page, err := s.page(ctx, q)
	switch codeOf(err) {
	case "thread_not_found", "message_not_found":
		return nil
	}
	if err != nil {
		return certain(err)
	}
	for _, m := range page.Messages {
		if m.TS == at.Message {
			return s.deleteFiles(ctx, m.Files)
		}
	}
	return nil
}

func (s *poster) deleteFiles(ctx context.Context, list []fact.File) error {
	for _, f := range list {
		err := s.api.DeleteFileContext(ctx, f.ID)
		switch codeOf(err) {
		case "file_not_found", "file_deleted":
			continue
		}
		if err != nil {
			return classify(err)
		}
	}
	return nil
}
