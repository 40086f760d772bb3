package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/store/storetest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work. These tests are about what
// happens while a text is written.

// A text that is written while the process stops is kept: nobody pays for it, or waits for it, twice.
func TestTextIsWrittenWhileTheProcessStops(t *testing.T) {
	t.Parallel()
	s := newScribeOf("- All is well.")
	began := make(chan struct{})
	write := s.write
	s.write = func(ctx context.Context, r analysis.Request) (analysis.Text, error) {
		close(began)
		<-ctx.Done()
		return write(ctx, r)
	}
	w := newWorld(t, options{analyzer: s})
	thread := w.openThread()
	w.reply(thread, "!ai")
	storetest.Receive(t, began, "the text is asked for")
	w.stops[0]()
	wantEqual(t, "requests that wait when the process has ended", w.count(`SELECT count(*) FROM text_requests WHERE done_at IS NULL`), 0)
	w.startReplica()
	w.waitLine(thread, bridge.LineWritten)
}

// Colleagues who asked for the same while it waited, or while it was written, are told as well that there is no text.
func TestAllWhoAskedAreTold(t *testing.T) {
	t.Parallel()
	release, began := make(chan struct{}), make(chan struct{}, 2)
	s := newScribeOf("")
	s.write = func(context.Context, analysis.Request) (analysis.Text, error) {
		began <- struct{}{}
		<-release
		return analysis.Text{}, analysis.ErrNoTokens
	}
	w := newWorld(t, options{analyzer: s})
	thread := w.openThread()
	w.reply(thread, "!ai translate:de Your parcel left.")
	storetest.Receive(t, began, "the text is asked for")
	w.chat.Say("ben", support, thread, "!ai translate:de Your parcel left.")
	w.waitWhisper("ben", "[done] ai")
	w.reply(thread, "!ai translate:de Your parcel left.") // a double click

	w.eventually("the log has all three", func() bool {
		return w.count(`SELECT count(*) FROM log_entries WHERE what = 'asked for a text'`) == 3
	})
	close(release)
	w.waitWhisper("ann", "tokens are used up")
	w.waitWhisper("ben", "tokens are used up")
	w.waitWritten()
	told := 0
	for _, m := range slices.Concat(w.chat.Whispers("ann"), w.chat.Whispers("ben")) {
		if strings.Contains(m.Text, "tokens are used up") {
			told++
		}
	}
	wantEqual(t, "how often it is told", told, 2)
}
