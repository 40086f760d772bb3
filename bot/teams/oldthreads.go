package teams

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"parley/bot/teams/graph"
	"parley/bridge"
)

// A catch-up (see history) finds missed messages by reading channels, but only as far back as 90 days, say.
// Conversations may be open for longer. After a gap, this file reads the threads of those one by one.

// openThreadLister lists the first messages of threads whose conversations are open and began before a time. It lists
// at most 500, those in which something happened most recently.
type openThreadLister interface {
	OpenThreads(ctx context.Context, before time.Time) ([]bridge.Place, error)
}

// Graph answers 5 requests for channels' messages in a second, and fewer if they are about one channel. So the
// reading of many old threads pauses between them. That leaves requests to replies, whose messages are read again
// before they are sent.
// Source: learn.microsoft.com/graph/throttling-limits, "Microsoft Teams service limits", as quoted by others, read
// 2026-11.
const (
	oldThreadsBeforePause = 20
	oldThreadPause        = time.Second
)

// catchUpOldThreads reads all open threads that are too old to be found in their channel. Graph doesn't show in which
// of them somebody has written, so it reads each. If Graph refuses one, it goes on with the others.
// Errors: the desk's, the first of Graph's, ctx's.
func (h *history) catchUpOldThreads(ctx context.Context) error {
	oldest := h.Now().Add(-h.maxAge)
	list, err := h.openThreads.OpenThreads(ctx, oldest)
	if err != nil {
		return err
	}

	var firstRefusal error
	read := 0
	for _, root := range list {
		began, err := strconv.ParseInt(root.Message, 10, 64)
		if err != nil || !time.UnixMilli(began).Before(oldest) { // the id is not one of Teams', or the root was posted anew since
			continue
		}

		read++
		if read > oldThreadsBeforePause && !h.pauseFor(ctx, oldThreadPause) {
			return ctx.Err()
		}

		err = h.ignoreUnreadable(root.Channel, h.catchUpOldThread(ctx, root))
		if err != nil && !isRefused(err) { // Graph can't be reached: the others would fail, too
			return err
		}

		firstRefusal = cmp.Or(firstRefusal, err)
	}

	return firstRefusal
}

// isRefused reports whether Graph answered that it doesn't show something, and another try would be of no use.
func isRefused(err error) bool {
	var e *graph.Error
	_, again := graph.Wait(err)
	return errors.As(err, &e) && !again
}

// catchUpOldThread compares the replies of a thread with what is stored. root is the place of its first message.
func (h *history) catchUpOldThread(ctx context.Context, root bridge.Place) error {
	inOurThread, err := h.threads.isOurThread(ctx, bridge.Place{Channel: root.Channel, Thread: root.Message, Message: root.Message})
	if err != nil {
		return err
	}
	thread := graph.Message{ID: root.Message}
	if err := h.readReplies(ctx, root.Channel, &thread, ""); err != nil {
		return err
	}
	_, err = h.storeMissing(ctx, repliesOf(root.Channel, &thread, inOurThread))
	return err
}
