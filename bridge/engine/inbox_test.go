package engine_test

import (
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/bridge/engine"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// page is the inbox page of a world, on which its agents act in the conversation that was opened first.
type page struct {
	*world
	inbox *engine.Inbox
}

// inboxPage returns the inbox page of the newest replica.
func (w *world) inboxPage() *page { return &page{w, w.engines[len(w.engines)-1].Inbox()} }

// act lets an agent hand in a form on the page, and returns the name of the act.
func (p *page) act(agent string, a bridge.Act) string {
	p.t.Helper()
	return must(p.tryAct(agent, a))(p.t)
}

// tryAct is act for a form that may be refused.
func (p *page) tryAct(agent string, a bridge.Act) (string, error) {
	p.t.Helper()
	if a.Args.Conversation == 0 {
		a.Args.Conversation = 1
	}
	if a.Form == "" {
		p.serial++
		a.Form = "form " + string(rune('a'+p.serial))
	}
	return p.inbox.Act(p.t.Context(), p.agents[agent], a)
}

// actUntilDone lets an agent hand in a form until it is done. It may be refused first, while Parley asks the chat once
// more.
func (p *page) actUntilDone(agent string, a bridge.Act) {
	p.t.Helper()
	name := ""
	p.repeatUntil("the act is done", func() { name = p.act(agent, a) }, func() bool {
		return must(p.inbox.Result(p.t.Context(), p.agents[agent], 1, name))(p.t).State == bridge.ActDone
	})
}

// newest returns the newest message that the page shows.
func (p *page) newest(agent string) bridge.SpokenMessage {
	p.t.Helper()
	list := must(p.inbox.ReadSpoken(p.t.Context(), p.agents[agent], 1, bridge.SpokenBefore{}))(p.t).List
	return list[len(list)-1]
}

// waitResult waits until an act is in a state, and checks the reason that the page gives. The reason "" accepts any.
func (p *page) waitResult(agent, name string, want bridge.ActState, why string) {
	p.t.Helper()
	var got bridge.ActResult
	p.eventually("the act is "+string(want), func() bool {
		got = must(p.inbox.Result(p.t.Context(), p.agents[agent], 1, name))(p.t)
		return got.State == want
	})
	if !strings.Contains(got.Why, why) {
		p.t.Errorf("it is %s because %q, want %q", got.State, got.Why, why)
	}
}

// threadTexts returns the plain texts of a thread, without its root.
func (w *world) threadTexts(thread string) []string {
	var list []string
	for _, m := range w.chat.Messages(support, thread) {
		if m.ID != thread {
			list = append(list, m.Plain())
		}
	}
	return list
}

// areInOrder reports whether each word is in exactly one of the texts, and these texts have the order of the words.
func areInOrder(texts []string, words ...string) bool {
	at := -1
	for _, want := range words {
		var found []int
		for i, text := range texts {
			if strings.Contains(text, want) {
				found = append(found, i)
			}
		}
		if len(found) != 1 || found[0] <= at {
			return false
		}
		at = found[0]
	}
	return true
}

// allCalls are the calls of the chat's API, all of which fail while it can't be reached.
func allCalls() []string {
	return []string{"post", "update", "mark", "whisper", "thread", "since", "message", "audience"}
}

// cutChatOff makes the chat unreachable, and keeps its events from Parley, until back is called.
func (w *world) cutChatOff() (back func()) {
	w.t.Helper()
	w.chat.Mute(true)
	for _, call := range allCalls() {
		w.chat.AddFault(bridgetest.Fault{Call: call, Kind: bridgetest.FaultRefuse, Times: -1})
	}
	w.chat.Disconnect()
	return func() {
		w.chat.ClearFaults()
		w.chat.Mute(false)
		w.makeQueuesDue()
	}
}

// When the chat is back, the thread shows in order what was said during the outage, who said it and what became of it.
// Nothing is sent again.
// Requirement R-274: An inbox in the browser.
func TestChatAfterAnOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	back := w.cutChatOff()
	w.customerWrites("kim", "Where is my lamp?")
	w.eventually("the message is applied", func() bool { return w.count(`SELECT count(*) FROM messages`) == 1 })
	p := w.inboxPage()
	p.act("ann", bridge.Act{Verb: bridge.VerbNote, Text: "The depot says Monday."})
	p.act("ann", bridge.Act{Verb: bridge.VerbReply, Text: "It comes on Monday."})
	w.provider.WaitTexts(t, "It comes on Monday.")
	w.customerWrites("kim", "Thank you!")
	w.eventually("the page shows the answer", func() bool { return p.newest("ann").Text == "Thank you!" })
	p.act("ann", bridge.Act{Verb: bridge.VerbResolve, Args: bridge.Args{Seen: p.newest("ann").Event, Note: "told her"}})

	back()
	thread := w.waitThread("Where is my lamp?")
	w.repeatUntil("the thread tells it in order", w.makeQueuesDue, func() bool {
		return areInOrder(w.threadTexts(thread), "Where is my lamp?", "The depot says Monday.", "It comes on Monday.", "Thank you!", "told her")
	})
	w.waitDrained()
	wantWords(t, "what the thread tells of the answer", w.waitShown("It comes on Monday.").Plain(), "Ann", "sent")
	w.provider.WaitTexts(t, "It comes on Monday.")
}

// A reply was typed in the chat while Parley couldn't hear it, and another one is written on the page. The first one
// isn't sent after that, but offered to its author.
// Requirement R-274: An inbox in the browser.
// Requirement R-249: A reply is read again before it leaves.
func TestInboxBesideTheChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: lineHold})
	thread, p := w.openThread(), w.inboxPage()
	w.take("ann", "Hello")
	w.chat.Mute(true)
	w.chat.SetNow(func() time.Time { return time.Now().Add(-4 * lineHold) })
	late := w.reply(thread, "Unheard, in the chat")
	w.chat.SetNow(time.Now)
	p.act("ann", bridge.Act{Verb: bridge.VerbReply, Text: "On the page"})
	w.advance(2 * lineHold)
	w.provider.WaitTexts(t, "On the page")
	w.chat.Mute(false)
	w.chat.Disconnect()
	w.waitFate(late, store.FateParked)
	w.waitDrained()
	w.provider.WaitTexts(t, "On the page")
}

// An agent can resolve or snooze a conversation on the page only after having seen the customer's last message. Otherwise
// the page says why it is refused.
// Requirement R-274: An inbox in the browser.
func TestInboxDoesNotEndPastUnseenWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread, p := w.openThread(), w.inboxPage()
	seen := p.newest("ann").Event
	w.customerWrites("kim", "One more thing")
	w.waitShown("One more thing")
	tests := []struct {
		verb bridge.Verb
		args bridge.Args
	}{
		{verb: bridge.VerbResolve, args: bridge.Args{Seen: seen}},
		{verb: bridge.VerbSnooze, args: bridge.Args{Seen: seen, Until: "in 2 hours"}},
	}
	for _, tt := range tests {
		p.waitResult("ann", p.act("ann", bridge.Act{Verb: tt.verb, Args: tt.args}), bridge.ActRefused, "just written again")
	}
	p.resolveHavingSeen(p.newest("ann").Event, bridge.ActDone, "")
	w.waitCard(thread, "resolved")
}
