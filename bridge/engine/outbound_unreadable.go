package engine

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

// A file that an agent attached is read from the agents' chat while the reply is being sent. If it can't be read,
// the provider's channel only sees a failed request, which would be retried for days. This file records which
// failures come from the file, so that such a reply fails permanently after some minutes, and its author can
// upload the file again.

const (
	// maxUnreadable is how long after its first attempt a reply with an unreadable file is retried, at least once. All later
	// replies of the conversation wait for it.
	maxUnreadable = 5 * time.Minute

	// The pause between these attempts is half of the time since the first one, within these limits.
	minUnreadablePause = time.Second
	maxUnreadablePause = 30 * time.Second
)

// unreadableFile records why a file of a reply couldn't be read during an attempt. It is safe for concurrent use,
// because channels may read in goroutines of their own.
type unreadableFile struct {
	mu    sync.Mutex
	cause *channels.SendError
}

// note records the first failure. A *channels.SendError keeps its text.
func (u *unreadableFile) note(name string, err error) {
	cause, ok := errors.AsType[*channels.SendError](err)
	if !ok {
		cause = &channels.SendError{Text: name + " can't be read.", Cause: err}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.cause = cmp.Or(u.cause, cause)
}

// watch returns a file that records why it can't be read, unless the attempt was cancelled.
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
	ended      func() error // not nil after the attempt has ended
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

// boundUnreadable returns err, the error of an attempt at a reply, unless the attempt would be repeated because
// of an unreadable file. Then it returns an error with which the reply is retried soon or, after maxUnreadable,
// fails permanently.
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
	isFirst := !wasUnreadable // earlier attempts, if any, failed for other reasons
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
