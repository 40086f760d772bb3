package engine

import (
	"context"
	"time"

	"parley/bridge"
	"parley/store"
)

// This file keeps two agents from answering the same customer at once. When Ann opens the reply form of a conversation, its card (the
// first message of its thread in the agents' chat) says that Ann is replying.

const (
	replyingFor     = 5 * time.Minute // how long the card says so at most, because Teams doesn't report closed dialogs
	replyingTimeout = time.Second     // limit for recording it, because the form waits for it
)

// MayReply checks a reply before it is submitted: the user's permission, and the limits of the channel for its text and files. Only
// the names, types and sizes of the files are used. It returns a *bridge.Problem, worded for people, or bridge.ErrNoConversation.
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
	if problem := OverLimits(d.e.Channel(account.ID), name, limits, text, SurfaceFiles(files)); problem != nil {
		return problem
	}
	return nil
}

// ReplyOpened records that user has opened a reply form. at is when the form was made, by Parley's clock; it identifies the form. The
// card shows it until the reply is sent or the form is closed, but at most for replyingFor. A surface (the client of an agents' chat)
// calls this before it shows the form.
//
// It writes a row, and a timer that updates the card a moment later. So a form that is closed at once causes no update.
func (d *Desk) ReplyOpened(ctx context.Context, conversation store.ConversationID, user store.SurfaceUser, at time.Time) error {
	agent := d.agentOf(user)
	if agent == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, replyingTimeout)
	defer cancel()
	return store.OpenReplyForm(ctx, d.e.pool, replyForm(conversation, agent, at), OwnReplying, replyingFor, d.e.opt.CardWait)
}

// ReplyClosed records that user has closed the form that was made at the given time, without submitting it.
func (d *Desk) ReplyClosed(ctx context.Context, conversation store.ConversationID, user store.SurfaceUser, at time.Time) error {
	agent := d.agentOf(user)
	if agent == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, replyingTimeout)
	defer cancel()
	return store.CloseReplyForm(ctx, d.e.pool, replyForm(conversation, agent, at), OwnReplying, d.e.opt.CardWait)
}

// replyForm returns the key of an opened form. It truncates the time to seconds, which is the precision that forms keep.
func replyForm(conversation store.ConversationID, agent *store.Agent, at time.Time) store.ReplyForm {
	return store.ReplyForm{ConversationID: conversation, AgentID: agent.ID, OpenedAt: at.Truncate(time.Second)}
}
