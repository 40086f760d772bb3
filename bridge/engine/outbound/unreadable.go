package outbound

import (
	"cmp"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// A file that an agent attached is read from the chat while the reply is being sent. If it can't be read, the provider's channel only
// sees a failed request. This file notes which failures come from the file, so that such a reply soon fails for good.

const (
	// maxUnreadable is how long after its first attempt a reply is still tried, at least twice, if a file of it can't be read. All later
	// replies of the conversation wait meanwhile.
	maxUnreadable = 5 * time.Minute

	// Pauses between these attempts are half as long as the reply was tried, within these bounds.
	minUnreadablePause = time.Second
	maxUnreadablePause = 30 * time.Second
)

// unreadableFile notes why a file of a reply couldn't be read during an attempt. Channels may read in goroutines of their own.
type unreadableFile struct {
	mu    sync.Mutex
	cause *channels.SendError
}

// note keeps the first failure. A *channels.SendError keeps its words.
func (u *unreadableFile) note(name string, err error) {
	cause, ok := errors.AsType[*channels.SendError](err)
	if !ok {
		cause = &channels.SendError{Text: name + " can't be read.", Cause: err}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.cause = cmp.Or(u.cause, cause)
}

// watch returns a file that notes why it can't be read, unless the attempt was ended.
func (u *unreadableFile) watch(f channels.File) channels.File {
	open := f.Open
	f.Open = func(ctx context.Context) (io.ReadCloser, error) {
		body, err := open(ctx)
		if err != nil {
			if !errors.Is(ctx.Err(), context.Canceled) {
				u.note(f.Name, err)
			}
			return nil, err
		}
		return &watchedFile{ReadCloser: body, ended: ctx.Err, name: f.Name, unreadable: u}, nil
	}
	return f
}

// watchedFile is an open file of a reply.
type watchedFile struct {
	io.ReadCloser
	ended      func() error // not nil after the attempt was ended
	name       string
	unreadable *unreadableFile
	closed     atomic.Bool
}

func (w *watchedFile) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	isEnd := err == nil || errors.Is(err, io.EOF)
	if !isEnd && !w.closed.Load() && w.ended() == nil {
		w.unreadable.note(w.name, err)
	}
	return n, err
}

func (w *watchedFile) Close() error {
	w.closed.Store(true)
	return w.ReadCloser.Close()
}

// boundUnreadable returns err, the error with which an attempt at a reply ended, unless the reply would be tried again because a file
// can't be read. Then it returns an error by which the reply is tried again soon, or, after maxUnreadable, fails for good: its author
// can upload the file again.
func (a *replyAttempt) boundUnreadable(err error) error {
	a.unreadable.mu.Lock()
	cause := a.unreadable.cause
	a.unreadable.mu.Unlock()
	se, ok := errors.AsType[*channels.SendError](err)
	if cause == nil || !ok || se.Class != channels.Retry {
		return err
	}

	var p relay.Policy
	noteRestored(&p, a.claim) // the time before a restore doesn't count
	tried := store.Seconds(a.claim.FirstAgo) - p.RetryFor
	wasUnreadable := strings.Contains(a.claim.ErrorText, cause.Text) || strings.Contains(a.claim.ErrorText, "can't be read")
	isFirst := !wasUnreadable // the attempts before, if any, failed for other reasons
	if tried <= maxUnreadable || isFirst {
		soon := *se
		soon.Text = cause.Text
		soon.Wait = max(se.Wait, min(max(tried/2, minUnreadablePause), maxUnreadablePause))
		return &soon
	}

	return &channels.SendError{
		Class: channels.BadContent,
		Text:  cause.Text,
		Hint:  "Upload the file again, then send it.",
		Cause: err,
	}
}
