package messenger

import (
	"context"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/channels"
)

// TestFilesInMemory: only so many files are in memory at a time; one that finds no place in
// time is tried again, and nothing of its message has left.
func TestFilesInMemory(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var inside sync.WaitGroup
	inside.Add(maxInMemory)
	release := make(chan struct{})
	file := func(open func()) channels.File {
		return channels.File{Name: "a.pdf", ContentType: "application/pdf", SizeBytes: 1, Open: func(context.Context) (io.ReadCloser, error) {
			open()
			return io.NopCloser(strings.NewReader("x")), nil
		}}
	}
	var sent sync.WaitGroup
	for id := range int64(maxInMemory) {
		o := r.outbound(id+1, "")
		o.Files = []channels.File{file(func() { inside.Done(); <-release })}
		sent.Go(func() {
			if _, err := r.sendAll(t.Context(), o); err != nil {
				t.Error(err)
			}
		})
	}
	inside.Wait()
	var opened atomic.Bool
	o := r.outbound(100, "")
	o.Files = []channels.File{file(func() { opened.Store(true) })}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := r.Send(ctx, o)
	wantClass(t, "one file too many", err, channels.Retry)
	wantEqual(t, "the file that finds no place was opened", opened.Load(), false)
	close(release)
	sent.Wait()
	if _, err := r.sendAll(t.Context(), o); err != nil {
		t.Errorf("the same file when there is room: %v", err)
	}
	wantEqual(t, "messages that the customer got", len(r.customer.Inbox()), maxInMemory+1)
}
