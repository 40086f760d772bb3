package slack

import (
	"context"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/verb"
	"parley/bot/view"
)

// replyOpened tells that somebody is about to see the form of a reply, and has Slack tell when they
// close it.
func (s *Surface) replyOpened(ctx context.Context, m *slackapi.ModalViewRequest, f view.Form, user string) {
	m.NotifyOnClose = true
	if err := s.desk.ReplyOpened(ctx, f.Args.Conversation, user, f.At); err != nil {
		s.log.Info("slack form not noted as open", "error", err)
	}
}

// viewClosed tells that somebody closed the form of a reply without handing it in.
func (s *Surface) viewClosed(ctx context.Context, in *interaction) {
	if in.View != nil {
		s.replyClosed(ctx, in.View.Private, in.User.ID)
	}
}

// notOpened tells that a form could not be shown.
func (s *Surface) notOpened(ctx context.Context, in *interaction, m slackapi.ModalViewRequest, err error) {
	s.log.Warn("slack form not opened", "error", err)
	if m.NotifyOnClose {
		s.replyClosed(ctx, m.PrivateMetadata, in.User.ID)
	}
}

// replyClosed takes back what replyOpened told, by what the form remembers.
func (s *Surface) replyClosed(ctx context.Context, private, user string) {
	p := readPrivate(private)
	_, args, err := verb.Pressed(p.Verb, p.Args)
	if err != nil || args.Conversation == 0 {
		return
	}
	if err := s.desk.ReplyClosed(ctx, args.Conversation, user, time.Unix(p.At, 0)); err != nil {
		s.log.Info("slack form not noted as closed", "error", err)
	}
}
