package teams

import (
	"cmp"
	"context"
	"errors"
	"time"

	"parley/bridge"
)

// Teams sends each event to Parley, but some get lost. A catch-up finds the missed messages by reading channels with
// Graph, Microsoft's API for reading. It reads only threads of the last 90 days (by default), but a conversation may be
// open for longer. After a gap (a time in which events may have been missed), this file reads the threads of such
// conversations one by one.

// Graph allows 5 requests per second for messages of channels, and fewer for a single channel. So there are pauses
// while many old threads are read. They leave requests for replies to customers, whose messages are read again before
// they are sent.
// Source: learn.microsoft.com/graph/throttling-limits, "Microsoft Teams service limits", as quoted by others, read
// 2026-11.
const (
	oldThreadsBeforePause = 20
	oldThreadPause        = time.Second
)

// catchUpOldThreads reads all open threads that are too old to be found in their channel. Graph doesn't show in which
// of them somebody has written, so it reads each. If Graph refuses one, it continues with the others.
// Errors: those of the store, the first of Graph's, ctx's.
func (h *history) catchUpOldThreads(ctx context.Context) error {
	oldest := h.Now().Add(-h.maxAge)
	list, err := h.Desk.OpenThreads(ctx, oldest)
	if err != nil {
		return err
	}

	var firstRefusal error
	read := 0
	for _, root := range list {
		began := timeWritten(root.Message)
		if began.IsZero() || !began.Before(oldest) { // not an id of Teams, or the first message was posted again later
			continue
		}

		read++
		if read > oldThreadsBeforePause && !h.pauseFor(ctx, oldThreadPause) {
			return ctx.Err()
		}

		err := h.ignoreUnreadable(root.Channel, h.catchUpOldThread(ctx, root))
		if err != nil && !isRefused(err) { // Graph can't be reached: other threads would fail, too
			return err
		}

		firstRefusal = cmp.Or(firstRefusal, err)
	}

	return firstRefusal
}

// isRefused reports whether an error is a refusal of Graph for which retrying is useless.
func isRefused(err error) bool {
	var e *GraphError
	_, again := Wait(err)
	return errors.As(err, &e) && !again
}

// catchUpOldThread compares the replies of a thread with what is stored. root is the place of its first message.
func (h *history) catchUpOldThread(ctx context.Context, root bridge.Place) error {
	inOurThread, err := h.Threads.IsOurs(ctx, bridge.Place{Channel: root.Channel, Thread: root.Message, Message: root.Message})
	if err != nil {
		return err
	}
	thread := Message{ID: root.Message}
	const firstPage = ""
	if err := h.readReplies(ctx, root.Channel, &thread, firstPage); err != nil {
		return err
	}
	_, err = h.storeMissing(ctx, repliesOf(root.Channel, &thread, inOurThread))
	return err
}
