package engine

import (
	"context"
	"time"

	"parley/bridge"
	"parley/bridge/engine/directory"
	"parley/store"
)

const (
	// replyingFor is how long a card names somebody who opened the form of a reply. Teams tells nobody
	// that a dialog was closed.
	replyingFor     = 5 * time.Minute
	replyingTimeout = time.Second // for noting it: the form waits for that
)

// ReplyOpened tells that user has the form of a reply open, which was made at a time of Parley's clock. The
// conversation's card names user until the answer, or until the form is closed, but only for a few
// minutes. A surface calls this before it shows the form.
// It writes a row, and a timer that will update the card. So nothing is journalled before the timer
// fires, and a form that is closed before that changes nothing.
func (d *Desk) ReplyOpened(ctx context.Context, conversation int64, user string, at time.Time) error {
	agent := d.agent(user)
	if agent == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, replyingTimeout)
	defer cancel()
	return store.OpenReply(ctx, d.e.pool, replyForm(conversation, agent, at), ownReplying, replyingFor, cardWait)
}

// ReplyClosed tells that user closed the form that was made at a time without handing it in.
func (d *Desk) ReplyClosed(ctx context.Context, conversation int64, user string, at time.Time) error {
	agent := d.agent(user)
	if agent == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, replyingTimeout)
	defer cancel()
	return store.CloseReply(ctx, d.e.pool, replyForm(conversation, agent, at), ownReplying, cardWait)
}

// replyForm names a form by full seconds: forms carry no finer time.
func replyForm(conversation int64, agent *store.Agent, at time.Time) store.ReplyForm {
	return store.ReplyForm{ConversationID: conversation, AgentID: agent.ID, OpenedAt: at.Truncate(time.Second)}
}

// formHandedIn notes that the form of a reply or a template was submitted, and so is closed, whatever
// becomes of the reply.
func (w *work) formHandedIn(r request) {
	if r.Origin != bridge.OriginForm || r.Verb != bridge.VerbReply && r.Verb != bridge.VerbTemplate {
		return
	}
	w.replies.end(r.conv, w.dir.AgentOf(r.surface, r.Actor.ID))
}

// replyingIn names those who have a form of a conversation open.
func replyingIn(d *directory.Directory, surface int64, c *store.Conversation) []bridge.Replying {
	var list []bridge.Replying
	for _, r := range c.Replying {
		list = append(list, bridge.Replying{By: d.Ref(surface, r.AgentID), Since: r.OpenedAt})
	}
	return list
}
