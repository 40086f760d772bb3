package engine_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// lockedTwice refuses our credentials the first two times that a file is fetched.
type lockedTwice struct {
	channels.Channel
	asked atomic.Int64
}

func (l *lockedTwice) Fetch(context.Context, string) (channels.Fetched, error) {
	if l.asked.Add(1) <= 2 {
		return channels.Fetched{}, &channels.SendError{Class: channels.AuthBroken, Text: "The token was refused."}
	}
	return channels.Fetched{Body: io.NopCloser(strings.NewReader("a photo"))}, nil
}

// An agent who was told that an account's files can't be fetched is told when they can, even after days.
func TestFetchingWorksAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{stopped: true})
	l := &lockedTwice{Channel: w.live[chat].Load()}
	w.engines[0].SetChannel(w.accounts[chat], l)
	w.start()
	w.customerSends(chat, channelstest.Event{From: "kim", Text: "Look", Refs: []channelstest.Ref{{Name: "photo.jpg", Ref: "photo"}}})

	waitTold := func(times int) {
		t.Helper()
		w.chat.Wait(t, fmt.Sprintf("ann is told, %d times in all", times), func() bool { return len(w.chat.Messages("@ann", "")) == times })
	}
	waitTold(1)

	_ = must(w.pool.Exec(t.Context(), `UPDATE fetches SET first_at = first_at - interval '2 days'`))(t)
	for asked := range int64(2) {
		w.advance(time.Minute)
		w.eventually("it is asked for again", func() bool { return l.asked.Load() == asked+2 })
	}
	waitTold(2)
}
