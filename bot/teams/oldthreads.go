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

// openThreadLister lists the roots of open conversations that began before a time: at most 500, those in which something
// happened most recently.
type openThreadLister interface {
	OpenThreads(ctx context.Context, before time.Time) ([]bridge.Place, error)
}

// Graph answers 5 requests for channels' messages in a second, and fewer if they are about one channel. So the reading of
// many old threads pauses between them: it leaves some requests to replies, whose messages are read again before they
// are sent.
// Source: learn.microsoft.com/graph/throttling-limits, "Microsoft Teams service limits", as quoted by others, read 2026-11.
const (
	oldThreadsBeforePause = 20
	oldThreadPause        = time.Second
)

// catchUpOldThreads reads the open threads whose roots are older than what is read of a channel. It reads each of them, since Graph
// has no order that would show in which somebody wrote. After Graph refused to show one it goes on with the others.
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

// isRefused reports whether Graph answered that it doesn't show something, and would answer so again.
func isRefused(err error) bool {
	var e *graph.Error
	_, again := graph.Wait(err)
	return errors.As(err, &e) && !again
}

// catchUpOldThread compares the replies of a thread with what is stored.
func (h *history) catchUpOldThread(ctx context.Context, root bridge.Place) error {
	inOurThread, err := h.threads.isOurThread(ctx, bridge.Place{Channel: root.Channel, Thread: root.Message, Message: root.Message})
	if err != nil {
		return err
	}
	thread := graph.Message{ID: root.Message}
	if err := h.readReplies(ctx, root.Channel, &thread, ""); err != nil {
		return err
	}
	_, err = h.storeMissing(ctx, root.Channel, thread.Replies, inOurThread)
	return err
}
