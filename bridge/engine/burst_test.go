package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// countSaidPosts counts the posts that show a customer's texts in a thread.
func (w *world) countSaidPosts(thread string) int {
	n := 0
	for _, m := range w.chat.Messages(support, thread) {
		if m.Kind == "said" {
			n++
		}
	}
	return n
}

// holdPosts keeps posts from being made until release is called, which first waits until all that came meanwhile is applied.
func (w *world) holdPosts() (release func()) {
	w.t.Helper()
	w.chat.AddFault(bridgetest.Fault{Call: "post", Kind: bridgetest.FaultRefuse, Times: -1})
	return func() {
		w.t.Helper()
		w.waitQueued(0)
		w.chat.ClearFaults()
	}
}

// A customer writes faster than the channel may be posted to: what waits is shown as
// one post with times, in order, each text once.
func TestBurst(t *testing.T) {
	t.Parallel()
	for _, fault := range []bridgetest.FaultKind{"", "drop_after", "drop_before"} {
		t.Run("fault "+string(fault), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{rate: 2, lossy: true})
			w.waitRunsAllowed()
			w.customerWrites("kim", "Hello")
			thread := w.waitThread("Hello")
			release := w.holdPosts()
			want := []string{"Hello"}
			const more, mostPosts = 12, 6
			for i := range more {
				text := fmt.Sprintf("more %d;", i)
				w.customerWrites("kim", text)
				want = append(want, text)
			}
			release()
			if fault != "" {
				w.chat.AddFault(chatFault("post", fault, 2))
			}
			w.waitShown("more 11;")
			w.waitDrained()
			if got := w.customerTexts(thread); !slices.Equal(got, want) {
				t.Errorf("the thread shows %q, want %q", got, want)
			}
			if n := w.countSaidPosts(thread); n > mostPosts {
				t.Errorf("%d posts for %d messages, want at most %d", n, 1+more, mostPosts)
			}
		})
	}
}

// While a process runs that would send again what went with another delivery, each
// leaves alone.
func TestNoBurstBesideAnEarlierVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{rate: 5})
	w.waitRunsAllowed() // a look that began before the insert would allow them again
	w.exec(`INSERT INTO leases (name, holder, until) VALUES ('process:OLD', 'process:OLD', clock_timestamp() + interval '1 hour')`)
	w.eventually("runs are off", func() bool { return !w.engines[0].Relay().RunsAllowed() })
	for i := range 4 {
		w.customerWrites("kim", fmt.Sprintf("text %d;", i))
	}
	thread := w.waitThread("text 3;")
	w.waitDrained()
	if n := w.countSaidPosts(thread); n != 4 {
		t.Errorf("%d posts for 4 messages, want 4", n)
	}
}

// waitRunsAllowed waits until the engine knows that no earlier version runs beside it.
func (w *world) waitRunsAllowed() {
	w.t.Helper()
	w.eventually("runs are allowed", func() bool { return w.engines[0].Relay().RunsAllowed() })
}

// sentTexts returns what the customer got, in order.
func (w *world) sentTexts() []string {
	list := []string{}
	for _, m := range w.provider.Sent() {
		list = append(list, m.Text)
	}
	return list
}

// lineHold is a hold in which several lines can be typed; lines wait 60 s for each other in all.
const lineHold = 30 * time.Second

// Lines typed within a hold leave as one message; its last line has the mark of all
// and each its own fate.
func TestLinesLeaveAsOneMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: lineHold})
	w.waitRunsAllowed()
	thread := w.openThread()
	lines := []string{w.replyInHold(thread, "Hi Kim,"), w.replyInHold(thread, "I looked."), w.replyInHold(thread, "All is well.")}
	w.advance(2 * lineHold)
	w.provider.WaitTexts(t, "Hi Kim,\n\nI looked.\n\nAll is well.")
	w.waitMarked(lines[2], "sent")
	external := w.provider.Sent()[0].ID
	w.postEvents(chat, channelstest.Event{Type: "status", ID: external + ".r", State: "read", External: []string{external}})
	w.waitMarked(lines[2], "read")
	w.waitDrained()
	for _, line := range lines {
		w.waitFate(line, "out")
	}
	wantList(t, "marks of the first line", w.chat.Get(support, lines[0]).Marks, nil)
	wantList(t, "marks of the second line", w.chat.Get(support, lines[1]).Marks, nil)
	wantList(t, "marks of the last line", w.chat.Get(support, lines[2]).Marks, []string{"read"})
	wantEqual(t, "messages to the customer", len(w.sentTexts()), 1)
}

// A line that is taken back, or held for longer, in the moment in which its message is about to leave doesn't leave with it, though
// the statement that claims the message sees its lines as they were when it began. No line is lost.
func TestLineThatChangesWhileItIsTakenUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change string   // of the second line's delivery
		want   []string // messages
	}{
		"taken back":      {change: `state = 'cancelled'`, want: []string{"One\n\nThree"}},
		"held for longer": {change: `not_before = not_before + interval '1 h'`, want: []string{"One", "Two\n\nThree"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{hold: lineHold})
			w.waitRunsAllowed()
			thread := w.openThread()
			for _, text := range []string{"One", "Two", "Three"} {
				w.replyInHold(thread, text)
			}
			slow := must(w.pool.Begin(t.Context()))(t) // what claims the message has to wait for its first line
			must(slow.Exec(t.Context(), `SELECT FROM deliveries WHERE kind = 'reply' AND message_id = (SELECT id FROM messages WHERE text = 'One') FOR UPDATE`))(t)
			w.advance(2 * lineHold)
			w.waitBlocked(1)
			w.exec(`UPDATE deliveries SET ` + c.change + ` WHERE kind = 'reply' AND message_id = (SELECT id FROM messages WHERE text = 'Two')`)
			check(t, slow.Commit(t.Context()))
			w.provider.WaitTexts(t, c.want[0])
			left := 0
			if len(c.want) > 1 {
				left = 2 // the second line waits, and the third one for it
			}
			w.waitDrainedBut(left)
			w.advance(2 * time.Hour)
			w.provider.WaitTexts(t, c.want...)
			w.waitDrained()
			wantList(t, "what the customer got", w.sentTexts(), c.want)
		})
	}
}

// A bounce of a message that was several lines gives each line back.
func TestLinesBounceTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: lineHold})
	w.waitRunsAllowed()
	thread := w.openThread()
	one, two := w.replyInHold(thread, "One"), w.replyInHold(thread, "Two")
	w.advance(2 * lineHold)
	w.provider.WaitTexts(t, "One\n\nTwo")
	w.waitMarked(two, "sent")
	external := w.provider.Sent()[0].ID
	w.postEvents(chat, channelstest.Event{Type: "status", ID: external + ".f", State: "failed", External: []string{external}})
	w.waitFate(one, "failed")
	w.waitFate(two, "failed")
}

// A line that is taken back, or edited, in the hold is missing in the message of all, or stands there as it was edited.
func TestLinesChange(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(w *world, one, two string)
		want   []string
	}{
		"the first is deleted": {
			change: func(w *world, one, _ string) {
				w.chat.Delete(support, one)
				w.waitFate(one, "undone")
			},
			want: []string{"Two\n\nThree"},
		},
		"the second is deleted": {
			change: func(w *world, _, two string) {
				w.chat.Delete(support, two)
				w.waitFate(two, "undone")
			},
			want: []string{"One\n\nThree"},
		},
		"the second is edited": {
			change: func(w *world, _, two string) {
				w.chat.Edit(support, two, "Too")
				w.waitEdited("Too")
			},
			want: []string{"One\n\nToo\n\nThree"},
		},
		"the second is edited into a note": {
			change: func(w *world, _, two string) {
				w.chat.Edit(support, two, "note: Two")
				w.waitFate(two, "inside")
			},
			want: []string{"One\n\nThree"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{hold: lineHold})
			w.waitRunsAllowed()
			thread := w.openThread()
			one, two := w.replyInHold(thread, "One"), w.replyInHold(thread, "Two")
			w.replyInHold(thread, "Three")
			tt.change(w, one, two)
			w.advance(2 * lineHold)
			w.provider.WaitTexts(t, tt.want...)
			w.waitDrained()
			wantList(t, "what the customer got", w.sentTexts(), tt.want)
		})
	}
}

// Where an account switches it off, each line is a message of its own.
func TestLinesAreNotJoined(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: lineHold, settings: map[string]string{"join_lines": "off"}})
	w.waitRunsAllowed()
	thread := w.openThread()
	w.replyInHold(thread, "One")
	w.replyInHold(thread, "Two")
	w.advance(2 * lineHold)
	w.provider.WaitTexts(t, "One", "Two")
	w.waitDrained()
	wantList(t, "what the customer got", w.sentTexts(), []string{"One", "Two"})
}

// Lines that their author typed for different people are messages of their own, though one comes right after the other.
func TestLinesForOthersAreNotJoined(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: lineHold})
	w.waitRunsAllowed()
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "Printer", Text: "Hello"})
	thread := w.waitThread("Hello")
	w.replyInHold(thread, "One")
	w.customerSends(mail, channelstest.Event{From: "lee@x.test", Cc: []string{"kim@x.test"}, Text: "Me too", References: []string{first}})
	w.waitShown("Me too")
	w.replyInHold(thread, "Two")
	w.advance(2 * lineHold)
	w.provider.WaitTexts(t, "One", "Two")
	w.waitDrained()
	wantList(t, "what the customers got", w.sentTexts(), []string{"One", "Two"})
}

// The answer to a message of several lines is lost: it is found, or sent again whole, and
// counts for each line.
func TestLinesWithALostAnswer(t *testing.T) {
	t.Parallel()
	for _, kind := range []channelstest.FaultKind{channelstest.FaultDropAfter, channelstest.FaultDropBefore} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{hold: lineHold, lossy: true})
			w.waitRunsAllowed()
			thread := w.openThread()
			w.provider.AddFault(channelstest.Fault{Kind: kind})
			one, two := w.replyInHold(thread, "One"), w.replyInHold(thread, "Two")
			w.advance(2 * lineHold)
			w.waitDeliveryState(one, store.Accepted)
			w.waitDeliveryState(two, store.Accepted)
			w.waitDrained()
			if got := strings.Join(w.sentTexts(), "|"); got != "One\n\nTwo" {
				t.Errorf("the customer got %q, want %q", got, "One\n\nTwo")
			}
		})
	}
}

// A card that would show the same is not written anew: each further message of a customer costs one call.
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
	if n := w.chat.Calls("update") - before; n != 0 {
		t.Errorf("%d updates of an unchanged root, want none", n)
	}
	w.reply(thread, "Hello Kim")
	w.waitCard(thread, "#1 pending | Kim | One | Ann")
}

// Who resolves, snoozes or sets pending while something the customer said waits to be shown has not read it: it is
// not put away.
func TestResolveBesideSomethingUnread(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "One")
	thread := w.waitThread("One")
	w.waitDrained()
	w.chat.AddFault(bridgetest.Fault{Call: "post", Kind: bridgetest.FaultRefuse, Times: -1})
	w.customerWrites("kim", "Two")
	w.eventually("the second is queued", func() bool { return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'said'`) == 2 })
	for _, verb := range []string{"!resolve", "!pending", "!snooze 2h"} {
		w.chat.Say("ann", support, thread, verb)
	}
	w.eventually("they are refused", func() bool { return w.count(`SELECT count(*) FROM log_entries WHERE what = 'refused'`) == 3 })
	w.chat.ClearFaults()
	w.waitShown("Two")
	w.waitCard(thread, "#1 open")
	w.waitDrained()
	w.chat.Say("ann", support, thread, "!resolve")
	w.waitCard(thread, "#1 resolved")
}

// A company with many admins is told of an account's trouble: each of them.
func TestManyAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{stopped: true})
	const admins = 3000
	w.exec(`INSERT INTO agents (email, name, roles) SELECT 'a' || n || '@acme.test', 'A' || n, '{admin}' FROM generate_series(1, $1) AS n`, admins)
	w.exec(`INSERT INTO agent_users (account_id, user_id, agent_id) SELECT $1, 'u' || id, id FROM agents WHERE name LIKE 'A%' AND email LIKE 'a_%@acme.test' AND email NOT LIKE 'ann%'`, w.surface)
	w.exec(`UPDATE settings SET version = version + 1`)
	w.reloadEngines()
	w.start()
	w.engines[0].Report(w.accounts[mail], channels.Condition{Status: channels.Broken, Text: "The password is wrong."})
	w.eventually("all are told", func() bool {
		return w.count(`SELECT count(*) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id WHERE l.key LIKE 'ch:@u%'`) == admins
	})
}

// Nobody can tell whether a message of two lines arrived. The line that a person sends again counts
// for itself: what the provider tells of it says nothing of the other one, which can be sent as well.
func TestLinesSentAgainApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: lineHold, lossy: true})
	w.waitRunsAllowed()
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropBefore})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	one, two := w.replyInHold(thread, "One"), w.replyInHold(thread, "Two")
	w.advance(2 * lineHold)
	w.repeatUntil("nobody can tell", func() {
		w.exec(ageUnclear)
		w.exec(`UPDATE deliveries SET sent_at = sent_at - interval '1 hour' WHERE state = 'unknown'`)
		w.exec(lookNow)
	}, func() bool { return w.count(`SELECT count(*) FROM deliveries WHERE state = 'needs_decision'`) == 2 })
	w.waitFate(one, "unclear")
	w.waitFate(two, "unclear")
	sendAgain := func(text string) {
		t.Helper()
		w.chat.Press(t, "ann", w.waitLineAbout(thread, bridge.LineUnclear, text), bridge.VerbSendAgain)
	}
	sendAgain("One")
	w.waitFate(one, "out")
	external := w.provider.Wait(t, "the first line", func(list []channelstest.Sent) bool { return len(list) == 1 })[0].ID
	w.reportStatus(channelstest.Event{ID: external + ".d", State: "delivered", External: []string{external}})
	w.waitDeliveryState(one, store.Delivered)
	w.waitDeliveryState(two, store.NeedsDecision)
	w.waitFate(two, "unclear")
	sendAgain("Two")
	w.waitFate(two, "out")
	w.waitDrained()
	if got, want := w.sentTexts(), []string{"One", "Two"}; !slices.Equal(got, want) {
		t.Errorf("the customer got %q, want %q", got, want)
	}
}
