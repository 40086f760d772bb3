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

// openThreads gives the roots of at most 500 open conversations that began before a time, of those in which
// something happened last.
type openThreads interface {
	OpenThreads(ctx context.Context, before time.Time) ([]bridge.Place, error)
}

// Graph answers 5 questions for channels' messages in a second, and fewer where they are about one channel. Where many
// old threads are read, some are left to replies that wait to be read again before they leave.
// Source: learn.microsoft.com/graph/throttling-limits, "Microsoft Teams service limits", as quoted by others, read 2026-11.
const (
	oldThreadsAtOnce = 20
	oldThreadsRest   = time.Second
)

// catchUpOldThreads reads open threads whose roots are older than what is read of a channel: Graph has no order by which
// it could be told that somebody wrote in one of them. It goes on with the others after Graph refused to show one.
// Errors: the desk's, the first of Graph's, ctx's.
func (h *history) catchUpOldThreads(ctx context.Context) error {
	oldest := h.Now().Add(-h.span)
	list, err := h.open.OpenThreads(ctx, oldest)
	if err != nil {
		return err
	}
	var first error
	read := 0
	for _, root := range list {
		began, err := strconv.ParseInt(root.Message, 10, 64)
		if err != nil || !time.UnixMilli(began).Before(oldest) { // none of Teams', or posted anew
			continue
		}
		if read++; read > oldThreadsAtOnce && !h.rest(ctx, oldThreadsRest) {
			return ctx.Err()
		}
		err = h.readable(root.Channel, h.catchUpOldThread(ctx, root))
		if err != nil && !refused(err) { // Graph isn't reached: the others would fail, too
			return err
		}
		first = cmp.Or(first, err)
	}
	return first
}

// refused says whether Graph answered that it doesn't show something, and would again.
func refused(err error) bool {
	var e *graph.Error
	_, again := graph.Wait(err)
	return errors.As(err, &e) && !again
}

// catchUpOldThread compares the replies of a thread with what is stored.
func (h *history) catchUpOldThread(ctx context.Context, root bridge.Place) error {
	own, err := h.threads.ours(ctx, bridge.Place{Channel: root.Channel, Thread: root.Message, Message: root.Message})
	if err != nil {
		return err
	}
	thread := graph.Message{ID: root.Message}
	if err := h.readReplies(ctx, root.Channel, &thread, ""); err != nil {
		return err
	}
	_, err = h.storeMissing(ctx, root.Channel, thread.Replies, own)
	return err
}
