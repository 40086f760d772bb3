package engine_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/bridge/engine"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// stubborn is a chat that refuses roots (the first post of a thread) for changing reasons, while refuses is set.
type stubborn struct {
	bridge.Surface
	refuses atomic.Bool
	refused atomic.Int64
}

func (s *stubborn) Send(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	if p.Kind == bridge.PostRoot && s.refuses.Load() {
		reasons := []channels.Class{channels.BadContent, channels.Retry, channels.BadRecipient}
		class := reasons[s.refused.Add(1)%int64(len(reasons))]
		return bridge.Sent{}, &channels.SendError{Class: class, Text: "The chat refuses this post (team_quota_exceeded)."}
	}
	return s.Surface.Send(ctx, p)
}

// Parley keeps trying to post a conversation's root, whatever the reason of the refusal and however long it lasts.
// Without the root nobody would see the conversation.
func TestRefusedRootIsTriedAgain(t *testing.T) {
	t.Parallel()
	var s *stubborn
	w := newWorld(t, options{relay: relay.Options{MaxWait: 50 * time.Millisecond}, surface: func(chat bridge.Surface) bridge.Surface {
		s = &stubborn{Surface: chat}
		s.refuses.Store(true)
		return s
	}})
	w.customerWrites("kim", "Hello")
	w.eventually("it is refused", func() bool { return s.refused.Load() > 0 })

	w.exec(`UPDATE deliveries SET first_at = first_at - interval '8 days' WHERE kind = 'root'`)
	before := s.refused.Load()
	w.eventually("it is refused again, or given up", func() bool {
		return s.refused.Load() > before+4 || w.count(`SELECT count(*) FROM deliveries WHERE kind = 'root' AND state = 'failed'`) == 1
	})

	s.refuses.Store(false)
	w.waitThread("Hello")
	if n := w.count(`SELECT count(*) FROM events WHERE external_id LIKE 'refused:%'`); n != 1 {
		t.Errorf("%d facts tell that the root is refused, want 1", n)
	}
}

// If the chat refuses a customer's words for good, a line in the thread says so, and how to find the words.
func TestRefusedWordsAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{surface: func(chat bridge.Surface) bridge.Surface { return wordless{chat} }})
	w.customerWrites("kim", "Hello")
	told := w.waitShown("[quarantine]").Plain()
	wantWords(t, "the line", told, "The chat takes no such words.", "parley explain '#1'")
	wantNoWords(t, "the line", told, "Hello")
}

// wordless is a chat that refuses what customers say.
type wordless struct{ bridge.Surface }

func (s wordless) Send(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	if p.Kind == bridge.PostSaid {
		return bridge.Sent{}, &channels.SendError{Class: channels.BadContent, Text: "The chat takes no such words."}
	}
	return s.Surface.Send(ctx, p)
}

// If a root was deleted and posted again, a text that is typed in the old thread stays inside, with a button that sends
// it (invariant 4).
func TestLeftThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.chat.Mute(true)
	w.chat.Delete(support, thread)
	w.chat.Mute(false)
	w.customerWrites("kim", "Still there?")
	second := w.waitThread("Still there?")
	w.waitDrained()

	reply := w.reply(thread, "Yes")
	w.waitFate(reply, "inside")
	line := w.waitLine(second, bridge.LineInside)
	w.waitDrained()
	w.wantNothingSent()

	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.provider.WaitTexts(t, "Yes")
}

// If a thread's root was deleted, it is posted again, and no message is lost. That is also so if an attempt is under way
// that took longer than its lease (the time for which a process may work on a lane).
func TestReroot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{lossy: true})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.waitDrained()

	w.chat.Mute(true)
	w.chat.Delete(support, thread)
	w.chat.Mute(false)
	w.customerWrites("kim", "Still there?")
	second := w.waitThread("Still there?")
	if second == thread {
		t.Fatal("posted in the deleted thread")
	}

	w.chat.Say("ann", support, second, "Yes")
	w.provider.WaitTexts(t, "Yes")
	w.waitDrained()
	wantEqual(t, "roots", w.countRoots(), 1)
	if n := w.count(`SELECT count(*) FROM deliveries WHERE kind = 'root' AND payload::text LIKE '%' || $1 || '%'`, support); n != 0 {
		t.Errorf("%d roots name the channel of their thread: the version before passes them over, want none", n)
	}

	// The thread is lost while an attempt is under way whose lease has ended.
	answer := make(chan struct{})
	w.chat.AddFault(bridgetest.Fault{Call: "post", Until: answer})
	w.customerWrites("kim", "And now?")
	w.chat.Wait(t, "it is being posted", func() bool { return w.chat.Struck() == 1 })
	w.exec(`UPDATE gates SET next_at = clock_timestamp() + interval '1 hour'`) // so that nobody claims the lane
	w.exec(`UPDATE lanes SET leased_until = clock_timestamp() - interval '1 s' WHERE leased_until IS NOT NULL`)
	lost := engine.Fact{Kind: engine.ThreadLost, Conversation: 1, Surface: w.surface, Root: second}
	must(store.InsertEvents(t.Context(), w.pool, []store.NewEvent{lost.Event("lost:1:" + second)}))(t)
	w.eventually("it is lost", func() bool { return w.count(`SELECT count(*) FROM log_entries WHERE what = 'rerooted'`) == 2 })

	close(answer)
	w.waitShown("And now?")
	w.exec(`UPDATE gates SET next_at = clock_timestamp()`)
	w.chat.Wait(t, "there is a third root", func() bool { return len(w.chat.Messages(support, "")) == 2 })
	w.waitDrained()
}
