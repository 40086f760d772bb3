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

// notOpenedText is told to whom pressed a button whose window Slack did not show.
const notOpenedText = "Slack didn’t show the window: it waits three seconds for it, and Parley took longer. Please try again."

// notOpened tells that a form could not be shown, also to whom pressed: Slack's client says nothing.
func (s *Surface) notOpened(ctx context.Context, in *interaction, m slackapi.ModalViewRequest, err error) {
	s.log.Warn("slack form not opened", "error", err)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second) // what took long may have used up its time
	defer cancel()
	if m.NotifyOnClose {
		s.replyClosed(ctx, m.PrivateMetadata, in.User.ID)
	}
	at := in.place()
	if at.Thread == "" && !in.Container.Private {
		at.Thread = at.Message // a button on the card, which begins the thread
	}
	r := rendered{text: notOpenedText}
	if at.Channel == "" { // an entry of the menu beside the message box
		_, err = s.direct(ctx, in.User.ID, r, false)
	} else {
		opts := inert(r)
		if at.Thread != "" {
			opts = append(opts, slackapi.MsgOptionTS(at.Thread))
		}
		_, err = s.api.PostEphemeralContext(ctx, at.Channel, in.User.ID, opts...)
	}
	if err != nil {
		s.log.Info("slack form not told as not opened", "error", err)
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
