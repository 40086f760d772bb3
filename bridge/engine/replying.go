package engine

import (
	"context"
	"time"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/own"
	"parley/bridge/engine/reply"
	"parley/store"
	"parley/store/replying"
)

const (
	replyingFor     = 5 * time.Minute // how long a card names whoever opened a form: Teams doesn't tell that a dialog was closed
	replyingTimeout = time.Second     // for noting it: the form waits for that
)

// MayReply checks a reply with files before it is submitted. The files must have their names, types and sizes.
// Errors: *Problem, for people; as Facts.
func (d *Desk) MayReply(
	ctx context.Context, conversation store.ConversationID, user store.SurfaceUser, text string, files []bridge.SurfaceFile,
) error {
	if problem := d.e.reading.Verbs.Authorize(d.agentOf(user), bridge.VerbReply); problem != nil {
		return problem
	}

	f, err := d.Facts(ctx, conversation, user)
	if err != nil {
		return err
	}

	dir := d.e.directory.Load()
	account := dir.AccountNamed(f.Account.Name)
	if account == nil {
		return bridge.ErrNoConversation
	}
	name, _ := d.e.reading.KindName(account.Kind)
	limits := dir.SettingsOf(account, d.e.reading.Caps(account.ID).Threads).FileLimits
	if problem := reply.OverLimits(d.e.Channel(account.ID), name, limits, text, book.SurfaceFiles(files)); problem != nil {
		return problem
	}
	return nil
}

// ReplyOpened notes that user has the form of a reply open. at is when the form was made, by Parley's clock. The
// conversation's card names user until the answer, or until the form is closed, but only for a few minutes. A surface calls
// this before it shows the form.
//
// It writes a row, and a timer that will update the card. Nothing is journalled before the timer fires, so that a form that is
// closed before that changes nothing.
func (d *Desk) ReplyOpened(ctx context.Context, conversation store.ConversationID, user store.SurfaceUser, at time.Time) error {
	agent := d.agentOf(user)
	if agent == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, replyingTimeout)
	defer cancel()
	return replying.Open(ctx, d.e.pool, replyForm(conversation, agent, at), own.Replying, replyingFor, d.e.opt.CardWait)
}

// ReplyClosed notes that user has closed the form that was made at a time, without handing it in.
func (d *Desk) ReplyClosed(ctx context.Context, conversation store.ConversationID, user store.SurfaceUser, at time.Time) error {
	agent := d.agentOf(user)
	if agent == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, replyingTimeout)
	defer cancel()
	return replying.Close(ctx, d.e.pool, replyForm(conversation, agent, at), own.Replying, d.e.opt.CardWait)
}

// replyForm names an opened form. Its time is cut to full seconds, because forms carry no finer one.
func replyForm(conversation store.ConversationID, agent *store.Agent, at time.Time) replying.Form {
	return replying.Form{ConversationID: conversation, AgentID: agent.ID, OpenedAt: at.Truncate(time.Second)}
}
