package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/bridge/engine"
	"parley/channels/channelstest"
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

// shownMessage is what the page shows of a message.
type shownMessage struct {
	Author string
	Fate   store.Fate
	Text   string
}

// shownMessages returns what the page shows of the conversation, the oldest message first.
func (p *page) shownMessages(agent string) (list []shownMessage) {
	p.t.Helper()
	got := must(p.inbox.ReadSpoken(p.t.Context(), p.agents[agent], 1, bridge.SpokenBefore{}))(p.t)
	for _, s := range got.List {
		list = append(list, shownMessage{Author: s.Author, Fate: s.Fate, Text: s.Text})
	}
	return list
}

// waitShownMessages waits until the page shows these messages of the conversation.
func (p *page) waitShownMessages(agent string, want ...shownMessage) {
	p.t.Helper()
	p.eventually(fmt.Sprintf("the page shows %+v", want), func() bool { return slices.Equal(p.shownMessages(agent), want) })
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

// While the chat can't be reached, agents find conversations on the inbox page and answer there. The customer gets the
// answer at once, and once only, although its form is handed in twice.
// Requirement R-274: An inbox in the browser.
func TestInboxInAnOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	back := w.cutChatOff()
	defer back()
	w.customerWrites("kim", "Where is my lamp?")
	w.eventually("the message is applied", func() bool { return w.count(`SELECT count(*) FROM messages`) == 1 })
	p := w.inboxPage()
	rows := must(p.inbox.List(t.Context(), w.agents["ann"], bridge.ListQuery{List: "unassigned"}))(t).Rows
	if len(rows) != 1 {
		t.Fatalf("the page lists %+v, want Kim's conversation alone", rows)
	}
	wantEqual(t, "the customer of the listed conversation", rows[0].Contact.Name, "Kim")

	p.act("ann", bridge.Act{Verb: bridge.VerbNote, Text: "The depot says Monday."})
	reply := bridge.Act{Verb: bridge.VerbReply, Text: "It comes on Monday.", Form: "reply"}
	first := p.act("ann", reply)
	wantEqual(t, "the act of the form that is handed in again", p.act("ann", reply), first)
	p.waitResult("ann", first, bridge.ActDone, "")
	w.provider.WaitTexts(t, "It comes on Monday.")
	p.waitShownMessages("ann",
		shownMessage{Author: "Kim", Fate: store.FateIn, Text: "Where is my lamp?"},
		shownMessage{Author: "Ann", Fate: store.FateInside, Text: "The depot says Monday."},
		shownMessage{Author: "Ann", Fate: store.FateOut, Text: "It comes on Monday."})
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

// Parley may have missed events of the chat and is reading them again. A reply from the inbox page doesn't wait for that.
// Requirement R-274: An inbox in the browser.
// Requirement R-249: A reply is read again before it leaves.
func TestInboxNeedsNoChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.openThread()
	w.engines[0].Desk(w.surface).Gap()
	w.inboxPage().act("ann", bridge.Act{Verb: bridge.VerbReply, Text: "From the page"})
	w.provider.WaitTexts(t, "From the page")
}

// A reply that was typed in the chat leaves before one that was written on the page later.
// Requirement R-274: An inbox in the browser.
func TestInboxBehindWhatWasTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread, p := w.openThread(), w.inboxPage()
	w.replyInHold(thread, "First, in the chat")
	p.act("ann", bridge.Act{Verb: bridge.VerbReply, Text: "Then, on the page"})
	w.advance(2 * time.Hour)
	w.provider.WaitTexts(t, "First, in the chat", "Then, on the page")
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

// An agent without a user in the chat answers on the page, and the thread shows the agent's name. A note mentions the
// colleagues that it names. Conversations can be assigned to such an agent.
// Requirement R-274: An inbox in the browser.
func TestInboxOfAnAgentOutsideTheChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.agents["eli"] = must(store.SaveAgent(t.Context(), w.pool, store.Agent{Email: "eli@acme.test", Name: "Eli", Zone: "UTC"}))(t)
	w.reloadEngines()
	thread, p := w.openThread(), w.inboxPage()
	p.act("eli", bridge.Act{Verb: bridge.VerbReply, Text: "It comes on Monday."})
	w.provider.WaitTexts(t, "It comes on Monday.")
	p.act("eli", bridge.Act{Verb: bridge.VerbNote, Text: "@ben can you look?"})
	wantWords(t, "what the thread tells of the answer", w.waitShown("It comes on Monday.").Plain(), "Eli")
	wantList(t, "whom the note mentions", w.waitShown("can you look?").Mentions(), []string{"ben"})
	w.waitCard(thread, "Eli")
	p.act("ann", bridge.Act{Verb: bridge.VerbAssign, Args: bridge.Args{Agents: []string{"eli@acme.test"}}})
	w.waitDrained()
}

// A form that is handed in again with other words replaces its first reply while that is held.
// Requirement R-274: An inbox in the browser.
func TestInboxFormReplacesItsHeldReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	w.openThread()
	p := w.inboxPage()
	p.act("ann", bridge.Act{Verb: bridge.VerbReply, Text: "On Monday", Form: "one"})
	p.act("ann", bridge.Act{Verb: bridge.VerbReply, Text: "On Tuesday", Form: "one"})
	w.waitShown("On Tuesday")
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "On Tuesday")
}

// The page shows until when a reply is held. Undo takes it back once, and the thread says so.
// Requirement R-274: An inbox in the browser.
func TestInboxHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread, p := w.openThread(), w.inboxPage()
	p.act("ann", bridge.Act{Verb: bridge.VerbReply, Text: "Never mind"})
	held := p.newest("ann")
	wantEqual(t, "the fate of the held reply", held.Fate, store.FateWaiting)
	wantList(t, "the buttons of the held reply", held.Verbs, []bridge.Verb{bridge.VerbUndo})
	if held.Until.IsZero() {
		t.Error("the page doesn't show until when the reply is held, want a time")
	}

	undo := bridge.Act{Verb: bridge.VerbUndo, Args: bridge.Args{Message: held.ID}}
	p.act("ann", undo)
	undone := p.newest("ann")
	wantEqual(t, "the fate of the reply that was taken back", undone.Fate, store.FateUndone)
	wantList(t, "the buttons of the reply that was taken back", undone.Verbs, []bridge.Verb{bridge.VerbSend})
	w.eventually("the thread says that it was taken back", func() bool { return w.countLines(thread, bridge.LineUndone) == 1 })
	p.waitResult("ann", p.act("ann", undo), bridge.ActRefused, "")
	w.advance(time.Hour)
	w.waitDrained()
	w.wantNothingSent()
}

// Verbs on the page change the card and the thread as the buttons of the chat do, and send nothing to the customer.
// Requirement R-274: An inbox in the browser.
func TestInboxVerbs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread, p := w.openThread(), w.inboxPage()
	p.act("ann", bridge.Act{Verb: bridge.VerbAssign, Args: bridge.Args{Agents: []string{"ben@acme.test"}}})
	w.waitCard(thread, "Ben")
	p.act("ann", bridge.Act{Verb: bridge.VerbSnooze, Args: bridge.Args{Until: "in 2 hours"}})
	w.waitCard(thread, "snoozed")
	p.act("ann", bridge.Act{Verb: bridge.VerbWake})
	w.waitCard(thread, "#1 open")
	p.waitResult("ann", p.act("ann", bridge.Act{Verb: bridge.VerbResolve, Args: bridge.Args{Seen: p.newest("ann").Event}}), bridge.ActDone, "")
	w.waitCard(thread, "resolved")

	snooze := p.act("ann", bridge.Act{Verb: bridge.VerbSnooze, Args: bridge.Args{Until: "in 2 hours"}})
	p.waitResult("ann", snooze, bridge.ActRefused, "resolved")
	p.act("ann", bridge.Act{Verb: bridge.VerbReopen})
	w.waitLine(thread, bridge.LineReopened)
	p.act("ann", bridge.Act{Verb: bridge.VerbNote, Text: "Only for us"})
	w.waitShown("Only for us")
	w.waitDrained()
	w.wantNothingSent()
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

// An act was stored while its author was an agent, and is applied after that agent was retired: it changes nothing.
func TestInboxActOfAFormerAgent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.openThread()
	p := w.inboxPage()
	release := w.holdQueues(store.SystemAccount)
	name := p.act("ben", bridge.Act{Verb: bridge.VerbReply, Text: "Bye"})
	p.waitResult("ben", name, bridge.ActWaits, "")
	check(t, store.RetireAgent(t.Context(), w.pool, w.agents["ben"]))
	w.reloadEngines()
	release()
	p.waitResult("ann", name, bridge.ActRefused, "not one of Parley's agents")
	w.waitDrained()
	w.wantNothingSent()
}

// The page of a long conversation shows the newest messages, and links to the older ones.
func TestInboxPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.openThread()
	var many []channelstest.Event
	const all, pageSize = 61, 50 // messages, with "Hello"
	for range all - 1 {
		many = append(many, channelstest.Event{Type: "message", From: "kim", Text: "More"})
	}
	w.postEvents(chat, many...)
	w.eventually("all are there", func() bool { return w.count(`SELECT count(*) FROM messages`) == all })

	p := w.inboxPage()
	newest := must(p.inbox.ReadSpoken(t.Context(), w.agents["ann"], 1, bridge.SpokenBefore{}))(t)
	wantEqual(t, "messages of the newest page", len(newest.List), pageSize)
	wantEqual(t, "whether there are older ones", newest.Older, true)
	first := newest.List[0]
	rest := must(p.inbox.ReadSpoken(t.Context(), w.agents["ann"], 1, bridge.SpokenBefore{Event: first.Event, ID: first.ID}))(t)
	wantEqual(t, "messages of the next page", len(rest.List), all-pageSize)
	wantEqual(t, "whether there are older ones still", rest.Older, false)
	wantEqual(t, "the oldest message", rest.List[0].Text, "Hello")
}
