package engine

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

// A post fails if something that it needs in the chat is gone: the message that it changes, its thread or its
// channel. This file decides what happens to such a post. A customer's message is never lost: Parley opens a new
// thread for it, or posts it where the conversation goes on. For example, somebody deletes the root (the first
// message) of a thread in Slack. The next post in the thread fails with ErrThreadLost. Then Parley posts the root
// again, and retries the post below it.

const (
	closedChannelRetry = time.Minute // pause before a post is retried whose channel is closed
	rootRetry          = time.Second // pause before a post is retried whose root, or whose earlier line, is not posted yet
)

// postFailed decides what happens after an attempt at a post failed with err: the post ends without an error if
// nobody misses it, is retried once what it needs is there, or fails. The order of the cases matters: a change of
// a note, for example, is posted again even in a thread that was left.
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
		return unfinished, err // the failure becomes an event, by which the note is posted again
	case isMessageGone && p.Kind != bridge.PostCard: // there is no message to change or to mark
		return relay.Sent{}, nil
	case isThreadLost && p.Kind == bridge.PostEphemeral: // an answer that only one person would have seen there
		return relay.Sent{}, nil
	case isPlaceGone(err) && a.isUnseen(p, t):
		return relay.Sent{}, nil
	case isMessageGone, isThreadLost:
		return unfinished, a.reportLost(ctx, t, p)
	case isRefused && a.isGivenUp():
		return unfinished, a.giveUpIfMoved(err)
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

// reportClosed notifies the admins that a channel can't be posted to, unless isOfOtherChannel. It returns the
// error with which the post is retried.
func (a *postAttempt) reportClosed(p bridge.Post, err error) error {
	closed := channels.SendError{Text: "The channel " + p.Place.Channel + " can't be posted to."}
	if said, ok := errors.AsType[*channels.SendError](err); ok { // the chat's own explanation is better
		closed.Text, closed.Hint = said.Text, said.Hint
	}

	if !a.isOfOtherChannel(p) {
		broken := &channels.Condition{Status: channels.Broken, Text: closed.Text, Hint: closed.Hint}
		a.engine.Trouble(a.claim.AccountID, p.Place.Channel, broken)
	}
	closed.Class, closed.Wait, closed.Cause = channels.Retry, closedChannelRetry, err
	return &closed
}

// opensElsewhere reports whether a post belongs in the conversation's thread, and a new thread would now open in
// another channel of the same chat, because the team got another channel or the conversation was handed over. It
// is false for cards and marks of a conversation that is over: no thread is opened for these.
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

// isDispensable reports whether a post only shows how a conversation ended, in a channel where no threads open
// any more. Nobody would repair the channel for it. If the conversation is reopened, its thread opens elsewhere.
func (a *postAttempt) isDispensable(p bridge.Post) bool {
	conv := a.conversations[a.claim.ConversationID]
	isOver := conv != nil && !bridge.Status(conv.Status).Open()
	showsState := p.Kind == bridge.PostCard || p.Kind == bridge.PostMark
	return isOver && showsState && !a.engine.Directory().OpensThreads(a.claim.AccountID, p.Place.Channel)
}

// isOfOtherChannel reports whether no threads open in a post's channel, and the post was built before the
// directory said so, or is for one person, who may have asked in any channel. Admins aren't notified of such a
// failure, because nothing would ever tell them that the channel works again. If it matters, the next attempt,
// with the new directory, notifies them.
func (a *postAttempt) isOfOtherChannel(p bridge.Post) bool {
	now := a.engine.Directory()
	mayNameAnyChannel := now != a.dir || p.Kind == bridge.PostEphemeral
	return mayNameAnyChannel && !now.OpensThreads(a.claim.AccountID, p.Place.Channel)
}

// isPlaceGone reports whether a post failed because its message, thread or channel is gone.
func isPlaceGone(err error) bool {
	return errors.Is(err, bridge.ErrMessageGone) || errors.Is(err, bridge.ErrThreadLost) || errors.Is(err, bridge.ErrChannelClosed)
}

// isNoteChange reports whether a post changes the note of an analysis. Such a post is not given up, because the
// note may be news to the agents.
func (a *postAttempt) isNoteChange() bool {
	changesLine := a.body.Changes != 0 && a.body.Line != nil
	return changesLine && a.body.Line.Kind() == bridge.LineAnalysis
}

// reportLost records an event by which the root of a thread is posted again, and returns the error with which the
// post waits for that. In a chat that the conversation has left, no root is posted again (threads.ThreadLost):
// the post fails permanently, and a customer's message is posted where the conversation goes on.
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
