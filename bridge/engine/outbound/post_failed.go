package outbound

import (
	"cmp"
	"context"
	"errors"
	"time"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// What a post needs in a chat may be gone: the message that it changes, the thread that it belongs to, its channel. This file decides
// what becomes of such a post. What a customer said is never given up: a new thread opens, or it is posted where the
// conversation goes on.

const (
	closedChannelRetry = time.Minute // until a post is tried again whose channel is closed
	rootRetry          = time.Second // until a post is tried again whose root, or whose earlier line, is not there yet
)

// postFailed returns what becomes of a post after an attempt that failed with err: it ends without an error if nobody misses it, it is
// tried again once what it needs is there, or it fails. The order of the cases matters: a change of a note, for example, is
// posted again even in a thread that was left.
func (a *postAttempt) postFailed(
	ctx context.Context, p bridge.Post, t *store.Thread, sent bridge.Sent, err error,
) (relay.Sent, error) {
	unfinished := relay.Sent{Progress: sent.Progress}
	isMessageGone := errors.Is(err, bridge.ErrMessageGone)
	isChannelClosed := errors.Is(err, bridge.ErrChannelClosed)
	isThreadLost := errors.Is(err, bridge.ErrThreadLost) || isChannelClosed && a.opensElsewhere(p, t)
	isRefused := isChannelClosed || channels.ClassOf(err) == channels.AuthBroken

	switch {
	case isMessageGone && a.isNoteChange():
		return unfinished, err // it is journalled, so that the note is posted again
	case isMessageGone && p.Kind != bridge.PostCard: // the message that it was to change or to mark
		return relay.Sent{}, nil
	case isThreadLost && p.Kind == bridge.PostEphemeral: // an answer to one person who had asked there
		return relay.Sent{}, nil
	case isPlaceGone(err) && a.isOutOfSight(p, t):
		return relay.Sent{}, nil
	case isMessageGone, isThreadLost:
		return unfinished, a.reportLost(ctx, t, p)
	case isRefused && a.isForOtherChat():
		return unfinished, a.leaveUnposted(err)
	case isChannelClosed && a.isDispensable(p):
		return relay.Sent{}, nil
	case isChannelClosed:
		return unfinished, a.reportClosed(p, err)
	case p.Kind == bridge.PostRoot:
		return unfinished, a.sender.reportRefused(ctx, a.claim, err)
	default:
		return unfinished, err
	}
}

// reportClosed tells the admins that a channel can't be posted to, unless isOfOtherChannel says that nothing would ever tell them that
// it works again. It returns the error by which the post is tried again.
func (a *postAttempt) reportClosed(p bridge.Post, err error) error {
	closed := channels.SendError{Text: "The channel " + p.Place.Channel + " can't be posted to."}
	if said, ok := errors.AsType[*channels.SendError](err); ok { // the chat's own words are better
		closed.Text, closed.Hint = said.Text, said.Hint
	}

	if !a.isOfOtherChannel(p) {
		broken := &channels.Condition{Status: channels.Broken, Text: closed.Text, Hint: closed.Hint}
		a.engine.Trouble(a.claim.AccountID, p.Place.Channel, broken)
	}
	closed.Class, closed.Wait, closed.Cause = channels.Retry, closedChannelRetry, err
	return &closed
}

// opensElsewhere reports whether a post belongs into the conversation's thread, and a thread of it would open in another channel
// of the chat now, because the team got another channel or the conversation was handed over. It is false for cards and marks of
// a conversation that is over: no thread is opened for these.
func (a *postAttempt) opensElsewhere(p bridge.Post, t *store.Thread) bool {
	if t == nil || t.Root == "" || cmp.Or(p.Place.Thread, p.Place.Message) != t.Root {
		return false
	}

	conv := a.conversations[a.claim.ConversationID]
	isOpen := conv != nil && bridge.Status(conv.Status).Open()
	isMissed := p.Kind == bridge.PostSaid || p.Kind == bridge.PostFiles || p.Kind == bridge.PostLine
	isOfOpen := isOpen && (p.Kind == bridge.PostCard || p.Kind == bridge.PostMark)
	homeSurface, channel := a.home()
	return homeSurface == a.claim.AccountID && channel != p.Place.Channel && (isMissed || isOfOpen)
}

// isDispensable reports whether a post only shows how a conversation ended, in a channel in which no threads open any more.
// Nobody would mend the channel for it. If the conversation goes on, its thread opens elsewhere.
func (a *postAttempt) isDispensable(p bridge.Post) bool {
	conv := a.conversations[a.claim.ConversationID]
	isOver := conv != nil && !bridge.Status(conv.Status).Open()
	showsState := p.Kind == bridge.PostCard || p.Kind == bridge.PostMark
	return isOver && showsState && !a.engine.Directory().OpensThreads(a.claim.AccountID, p.Place.Channel)
}

// isOfOtherChannel reports whether no threads open in a post's channel, and the post was made before the directory said so, or is
// for one person, who may have asked in any channel. Admins aren't told that such a post failed, because nothing would ever tell
// them that the channel works again. If it matters, the next attempt, made by the new directory, tells them.
func (a *postAttempt) isOfOtherChannel(p bridge.Post) bool {
	now := a.engine.Directory()
	isUntold := now != a.dir || p.Kind == bridge.PostEphemeral
	return isUntold && !now.OpensThreads(a.claim.AccountID, p.Place.Channel)
}

// isPlaceGone reports whether a post failed because what it needs in the chat is no longer there: its message, its thread or
// its channel.
func isPlaceGone(err error) bool {
	return errors.Is(err, bridge.ErrMessageGone) || errors.Is(err, bridge.ErrThreadLost) || errors.Is(err, bridge.ErrChannelClosed)
}

// isNoteChange reports whether a post changes the note of an analysis. Such a post is not given up: it may be news.
func (a *postAttempt) isNoteChange() bool {
	changesLine := a.body.Changes != 0 && a.body.Line != nil
	return changesLine && a.body.Line.Kind() == bridge.LineAnalysis
}

// reportLost journals that a thread's root is gone, so that it is posted again, and returns the error by which the post waits. In a
// chat that the conversation has left, no root is posted again (threads.ThreadLost): the post fails for good there, and a
// customer's words are posted where the conversation goes on.
func (a *postAttempt) reportLost(ctx context.Context, t *store.Thread, p bridge.Post) error {
	root := cmp.Or(p.Place.Thread, p.Place.Message)
	if t == nil || root == "" {
		return &channels.SendError{Class: channels.BadContent, Text: "The message it answers is gone."}
	}
	if a.otherHome() != 0 {
		return &channels.SendError{Class: channels.BadContent, Text: "The thread is gone.", Hint: GoesOnElsewhere}
	}
	err := a.engine.ThreadLost(ctx, a.claim, root)
	return &channels.SendError{
		Class: channels.Retry,
		Wait:  rootRetry,
		Text:  "The thread is gone; its first message is posted again.",
		Cause: err,
	}
}
