package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// newBehindTheChat makes a world in which ann typed a reply in a chat that can't be reached since, and another one on the
// page. Both wait, since the first one may have been changed in the chat. It returns the page, the thread, the first
// reply, and a function that brings the chat back.
func newBehindTheChat(t *testing.T) (p *page, thread string, typed bridge.SpokenMessage, back func()) {
	t.Helper()
	w := newWorld(t, options{hold: time.Hour, gapWait: time.Millisecond, backoff: hourBackoff()})
	thread, p = w.openThread(), w.inboxPage()
	w.take("ann", "Hello")

	w.replyInHold(thread, "In the chat")
	back = w.cutChatOff()
	w.advance(2 * time.Hour)

	p.act("ann", bridge.Act{Verb: bridge.VerbReply, Text: "On the page"})
	w.advance(2 * time.Hour)
	var after bridge.SpokenMessage
	w.repeatUntil("the page says what waits for what", w.makeQueuesDue, func() bool {
		list := must(p.inbox.ReadSpoken(t.Context(), w.agents["ben"], 1, bridge.SpokenBefore{}))(t).List
		typed, after = list[len(list)-2], list[len(list)-1]
		return typed.Unread && after.Behind == "Ann"
	})
	wantList(t, "buttons of what was typed in the chat", typed.Verbs, []bridge.Verb{bridge.VerbSend, bridge.VerbUndo})
	wantList(t, "buttons of what waits behind it", after.Verbs, []bridge.Verb{bridge.VerbUndo})
	w.wantNothingSent()
	return p, thread, typed, back
}

// decide lets an agent send or take back, as it stands, the reply that was typed in the chat.
func (p *page) decide(agent string, verb bridge.Verb, typed bridge.SpokenMessage) {
	p.t.Helper()
	args := bridge.Args{Message: typed.ID, SendArgs: bridge.SendArgs{Sure: true}}
	p.actUntilDone(agent, bridge.Act{Verb: verb, Args: args})
}

// wantSentAlsoOnceTheChatIsBack checks that the customer has these texts, and gets no more when the chat is back.
func (p *page) wantSentAlsoOnceTheChatIsBack(back func(), want ...string) {
	p.t.Helper()
	p.provider.WaitTexts(p.t, want...)
	back()
	p.advance(2 * time.Hour) // the next attempt
	p.waitDrained()
	wantList(p.t, "what the customer got", p.provider.Texts(), want)
}

// countSentAsItStood counts the entries of the log about a reply that was sent as it stood.
func (w *world) countSentAsItStood() int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM log_entries WHERE what = 'sent as it stood'`)
}

// A reply that was typed in a chat before the chat went away waits before those from the page. On the page an agent can
// send it as it stands, and the later reply follows. When the chat is back, nothing leaves twice. The log has an entry.
// Requirement R-274: An inbox in the browser.
// Requirement R-249: A reply is read again before it leaves.
func TestInboxSendsWhatWasTypedInTheChat(t *testing.T) {
	t.Parallel()
	p, _, typed, back := newBehindTheChat(t)
	p.decide("ann", bridge.VerbSend, typed)
	p.wantSentAlsoOnceTheChatIsBack(back, "In the chat", "On the page")
	wantEqual(t, "entries of the log that it was sent as it stood", p.countSentAsItStood(), 1)
}
