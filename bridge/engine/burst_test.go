package engine_test

import (
	"fmt"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// countSaidPosts counts the posts that show a customer's texts in a thread.
func (w *world) countSaidPosts(thread string) int {
	n := 0
	for _, m := range w.chat.Messages(support, thread) {
		if m.Kind == string(bridge.PostSaid) {
			n++
		}
	}
	return n
}

// holdPosts lets the chat refuse all posts until release is called. Release first waits until everything that came
// meanwhile is applied.
func (w *world) holdPosts() (release func()) {
	w.t.Helper()
	refusal := w.chat.AddFault(chatFault("post", bridgetest.FaultRefuse, -1))
	return func() {
		w.t.Helper()
		w.waitQueued(0)
		w.chat.RemoveFault(refusal)
	}
}

// failHeldPosts lets the first two posts fail that the chat gets once holdPosts has released them. If fault is "", none fails.
// The returned check fails the test if no post has failed.
func (w *world) failHeldPosts(fault bridgetest.FaultKind) (check func()) {
	w.t.Helper()
	if fault == "" {
		return func() {}
	}
	id := w.chat.AddFault(chatFault("post", fault, 2))
	return func() {
		w.t.Helper()
		if w.chat.StruckBy(id) == 0 {
			w.t.Errorf("the fault %q has struck no post", fault)
		}
	}
}

// A customer writes faster than Parley may post. The waiting texts are shown as one post with times, in order and each
// once, even if answers of the chat are lost.
// Requirement R-267: Bursts in one post.
func TestBurst(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault bridgetest.FaultKind // of two posts; "" means none
	}{
		{name: "no fault"},
		{name: "the chat takes a post and its answer is lost", fault: bridgetest.FaultDropAfter},
		{name: "the chat doesn't get a post", fault: bridgetest.FaultDropBefore},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const more, mostPosts = 12, 6
			w := newWorld(t, options{rate: 2, lossy: true})
			w.customerWrites("kim", "Hello")
			thread := w.waitThread("Hello")
			want := []string{"Hello"}

			release := w.holdPosts()
			for i := range more {
				text := fmt.Sprintf("more %d;", i)
				w.customerWrites("kim", text)
				want = append(want, text)
			}
			checkFault := w.failHeldPosts(tt.fault)
			release()

			w.waitShown(want[len(want)-1])
			w.waitDrained()
			checkFault()
			wantList(t, "what the thread shows", w.customerTexts(thread), want)
			if n := w.countSaidPosts(thread); n > mostPosts {
				t.Errorf("%d posts for %d messages, want at most %d", n, len(want), mostPosts)
			}
		})
	}
}

// sentTexts returns what the customer got, in order.
func (w *world) sentTexts() []string {
	list := []string{}
	for _, m := range w.provider.Sent() {
		list = append(list, m.Text)
	}
	return list
}

// If a card wouldn't change, it isn't updated: each further message of a customer costs one call. If it changes, it is
// updated.
func TestCardsOnlyWhenTheyChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "One")
	thread := w.waitThread("One")
	w.waitDrained()
	before := w.chat.Calls("update")
	w.customerWrites("kim", "Two")
	w.customerWrites("kim", "Three")
	w.waitShown("Three")
	w.waitDrained()
	wantEqual(t, "updates of a card that shows the same", w.chat.Calls("update")-before, 0)

	w.reply(thread, "Hello Kim")
	w.waitCard(thread, "#1 pending | Kim | One | Ann")
}

// An agent can't resolve, snooze or set a conversation pending while something that the customer said isn't shown yet,
// since the agent can't have read it.
func TestResolveBesideSomethingUnread(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]func(w *world, one string){
		"a message": func(w *world, _ string) { w.customerWrites("kim", "Two") },
		"an edit":   func(w *world, one string) { w.postChatEvent(edit(one, "Two")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			one := w.customerWrites("kim", "One")
			thread := w.waitThread("One")
			w.waitDrained()

			release := w.holdPosts()
			says(w, one)
			w.eventually("it is queued", func() bool {
				return w.count(`SELECT count(*) FROM deliveries WHERE kind IN ('said', 'line')`) == 2
			})
			for _, verb := range []string{"!resolve", "!pending", "!snooze 2h"} {
				w.reply(thread, verb)
			}
			w.eventually("all three are refused", func() bool { return w.count(`SELECT count(*) FROM log_entries WHERE what = 'refused'`) == 3 })

			release()
			w.waitShown("Two")
			w.waitCard(thread, "#1 open")
			w.waitDrained()
			w.reply(thread, "!resolve")
			w.waitCard(thread, "#1 resolved")
		})
	}
}
