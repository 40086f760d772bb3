package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
	"parley/store"
)

// billing is the channel of a second team, invoices another one that it, or the first team, may get.
const (
	billing  = "19:billing@thread"
	invoices = "19:invoices@thread"
)

// moveTeam gives a team another channel of the chat.
func (w *world) moveTeam(name, channel string) {
	w.t.Helper()
	w.chat.Open(channel)
	w.exec(`UPDATE team_channels SET channel = $1 WHERE account_id = $2 AND team_id = (SELECT id FROM teams WHERE name = $3)`, channel, w.surface, name)
	w.reloadEngines()
}

// openBilling makes a team Billing of ben and cat with a channel of its own in a chat.
func (w *world) openBilling(c *bridgetest.Chat, surface store.AccountID) {
	w.t.Helper()
	w.openTeam("Billing", c, surface, billing)
}

// openTeam makes a team of ben and cat with a channel of its own in a chat.
func (w *world) openTeam(name string, c *bridgetest.Chat, surface store.AccountID, channel string) {
	w.t.Helper()
	c.Open(channel)
	team := must(store.SaveTeam(w.t.Context(), w.pool, store.Team{Name: name, Members: []store.AgentID{w.agents["ben"], w.agents["cat"]}}))(w.t)
	check(w.t, store.SaveTeamChannel(w.t.Context(), w.pool, store.TeamChannel{TeamID: team, AccountID: surface, Channel: channel, Home: true}))
	w.reloadEngines()
}

// newBillingWorld makes a world with the team Billing in the same chat, and returns the thread of a conversation
// of the team Support.
func newBillingWorld(t *testing.T, o options) (w *world, thread string) {
	t.Helper()
	w = newWorld(t, o)
	w.openBilling(w.chat, w.surface)
	return w, w.openThread()
}

// waitNewestRoot waits until a channel of a chat has so many roots and the newest one's thread shows a
// text, and returns that root.
func waitNewestRoot(t *testing.T, c *bridgetest.Chat, channel string, roots int, text string) string {
	t.Helper()
	root := ""
	c.Wait(t, channel+" shows "+text, func() bool {
		list := c.Messages(channel, "")
		if len(list) != roots {
			return false
		}
		root = list[roots-1].ID
		return slices.ContainsFunc(c.Messages(channel, root), func(m bridgetest.Message) bool { return strings.Contains(m.Plain(), text) })
	})
	return root
}

// countShown counts the messages of a thread that hold a text.
func countShown(c *bridgetest.Chat, channel, root, text string) int {
	n := 0
	for _, m := range c.Messages(channel, root) {
		if strings.Contains(m.Plain(), text) {
			n++
		}
	}
	return n
}

// waitMessage waits until a message of a thread holds all these texts, and returns it.
func waitMessage(t *testing.T, c *bridgetest.Chat, channel, root string, texts ...string) bridgetest.Message {
	t.Helper()
	var found bridgetest.Message
	c.Wait(t, "the thread says "+strings.Join(texts, ", "), func() bool {
		for _, m := range c.Messages(channel, root) {
			if !slices.ContainsFunc(texts, func(s string) bool { return !strings.Contains(m.Plain(), s) }) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// A conversation that is handed to another team opens anew in that team's channel: open, without
// owner, with those told who are there, and each thread leads to the other. What is typed in the
// old thread stays inside; answers are given and shown in the new one.
//
func TestHandOverToATeam(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.openBilling(w.chat, w.surface)
	w.customerWrites("kim", "Where is my invoice?")
	old := w.waitThread("Where is my invoice?")
	w.chat.Say("ann", support, old, "!take")
	w.chat.Say("ann", support, old, "!snooze 2h")
	w.waitCard(old, "snoozed")
	w.chat.Say("ann", support, old, "!assign #billing please check it")

	line := waitMessage(t, w.chat, billing, waitNewestRoot(t, w.chat, billing, 1, "please check it"), "[unassigned]", "please check it", "left "+support+"/"+old)
	if !slices.Equal(line.Mentions(), []string{"ben", "cat"}) {
		t.Errorf("the team is told by mentions of %v, want Ben and Cat", line.Mentions())
	}
	root := line.Thread
	w.chat.Wait(t, "the new card is open and free", func() bool {
		return strings.HasPrefix(w.chat.Get(billing, root).Plain(), "#1 open | Kim | Where is my invoice? |  |")
	})
	waitMessage(t, w.chat, support, old, "[handed_over]", "goes on "+billing+"/"+root)
	w.waitCard(old, "goes on in "+billing+"/"+root)

	w.chat.Say("ann", support, old, "Typed in the old thread")
	waitMessage(t, w.chat, billing, root, "[inside]", "moved", "Typed in the old thread")
	w.customerWrites("kim", "Are you there?")
	waitMessage(t, w.chat, billing, root, "Are you there?")
	w.waitFate(w.chat.Say("ben", billing, root, "Here it is"), "out")
	w.waitDrained()
	wantList(t, "what the customer got: Ben's answer alone", w.sentTexts(), []string{"Here it is"})
	if n := w.count(`SELECT count(*) FROM timers WHERE kind = 'snooze'`); n != 0 {
		t.Errorf("%d snoozes go on, want none", n)
	}
}

// A conversation that is handed over and back before a root could be posted stays where it is. Handed back while the root is being
// posted it comes back, with a root of its own. Handed to and fro it has one root for each time it came. A root shows what was changed
// while it was being posted, too.
func TestHandOverBack(t *testing.T) {
	t.Parallel()
	w, old := newBillingWorld(t, options{})
	release := w.holdQueues(w.surface) // both are applied together: nothing is posted between them
	w.chat.Say("ann", support, old, "!assign #billing first")
	w.chat.Say("ann", support, old, "!assign #support no, ours")
	w.waitQueued(2)
	release()
	w.eventually("both are applied", func() bool { return w.count(`SELECT count(*) FROM log_entries WHERE what = 'assigned'`) == 2 })
	waitMessage(t, w.chat, support, old, "no, ours")
	w.waitDrained()
	wantEqual(t, "roots in the other channel", len(w.chat.Messages(billing, "")), 0)
	wantEqual(t, "lines that it went there", w.countLines(old, bridge.LineHandedOver), 0)

	// Handed back while its root is under way.
	answer := make(chan struct{})
	w.chat.AddFault(bridgetest.Fault{Call: "post", Text: billing, Until: answer})
	w.chat.Say("ann", support, old, "!assign #billing once more")
	w.chat.Wait(t, "its root is under way", func() bool { return w.chat.Struck() == 1 })
	w.chat.Say("ann", support, old, "!assign #support no, here")
	w.eventually("it is handed back", func() bool { return w.count(`SELECT count(*) FROM log_entries WHERE what = 'assigned'`) == 4 })
	close(answer)
	back := waitNewestRoot(t, w.chat, support, 2, "no, here")
	between := waitNewestRoot(t, w.chat, billing, 1, "goes on "+support+"/"+back)
	w.chat.Wait(t, "its card leads on", func() bool {
		return strings.Contains(w.chat.Get(billing, between).Plain(), "goes on in "+support+"/"+back)
	})
	waitMessage(t, w.chat, support, old, "[handed_over]", "goes on "+billing+"/"+between)
	w.waitCard(old, "goes on in "+billing+"/"+between)
	if n := w.countLines(old, bridge.LineHandedOver); n != 1 {
		t.Errorf("the first thread says %d times that it was left, want 1", n)
	}

	// Handed to and fro once more, and changed while its root is under way.
	w.chat.Say("ann", support, back, "!assign #billing again")
	there := waitNewestRoot(t, w.chat, billing, 2, "again")
	w.waitDrained()
	answer = make(chan struct{})
	w.chat.AddFault(bridgetest.Fault{Call: "post", Text: support, Until: answer})
	w.chat.Say("ben", billing, there, "!assign #support back")
	w.chat.Wait(t, "its root is under way", func() bool { return w.chat.Struck() == 2 })
	w.chat.Say("ben", billing, there, "!tag Invoice")
	w.chat.Wait(t, "the card shows it", func() bool { return strings.Contains(w.chat.Get(billing, there).Plain(), "Invoice") })
	w.chat.Say("ben", billing, there, "!tag Refund")
	w.chat.Wait(t, "the card shows that, too", func() bool { return strings.Contains(w.chat.Get(billing, there).Plain(), "Refund") })
	if n := w.count(`SELECT count(*) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id
		WHERE l.key LIKE '%:say' AND d.kind = 'card' AND d.state = 'queued' AND NOT d.payload ? 'left'`); n != 1 {
		t.Errorf("%d updates wait behind the new root, want one for all changes", n)
	}
	close(answer)
	back = waitNewestRoot(t, w.chat, support, 3, "back")
	w.waitCard(back, "Refund")
	waitMessage(t, w.chat, billing, there, "[handed_over]", "goes on "+support+"/"+back)
	w.customerWrites("kim", "Hello again")
	if thread := w.waitThread("Hello again"); thread != back {
		t.Errorf("the customer's next words are in %s, want %s", thread, back)
	}
}

// A process that ends between the roots, or whose answer is lost, loses nothing and doubles
// nothing: what is typed under the new root, before anybody knows that it is there, gets to the customer.
// An old thread that is gone holds nothing up.
func TestHandOverThroughFaults(t *testing.T) {
	t.Parallel()
	w, old := newBillingWorld(t, options{lossy: true})
	w.chat.AddFault(chatFault("thread", bridgetest.FaultErrorBefore, -1)) // nobody can look whether the root is there
	w.chat.AddFault(chatFault("post", bridgetest.FaultDropAfter, 1))
	w.chat.Say("ann", support, old, "!assign #billing over to you")
	w.chat.Wait(t, "the root is there", func() bool { return len(w.chat.Messages(billing, "")) == 1 })
	typed := w.chat.Say("ben", billing, w.chat.Messages(billing, "")[0].ID, "Hello Kim")
	w.waitQueued(1)
	w.exec(`UPDATE events SET received_at = received_at - interval '20 s' WHERE id = (SELECT max(event_id) FROM queued)`) // longer than Slack's events may be in disorder
	w.makeQueuesDue()
	w.eventually("it waits for the root", func() bool {
		return w.count(`SELECT count(*) FROM queues WHERE due_at BETWEEN clock_timestamp() + interval '1 s' AND clock_timestamp() + interval '6 s'`) == 1 ||
			w.count(`SELECT count(*) FROM queued`) == 0
	})
	w.chat.ClearFaults()
	w.chat.AddFault(chatFault("post", bridgetest.FaultDropAfter, 1))
	w.customerWrites("kim", "One more thing")
	root := waitNewestRoot(t, w.chat, billing, 1, "One more thing")
	w.makeQueuesDue()
	w.provider.WaitTexts(t, "Hello Kim")
	w.chat.Wait(t, "its author sees that it left", func() bool { return len(w.chat.Get(billing, typed).Marks) == 1 })
	waitMessage(t, w.chat, billing, root, "over to you")
	w.waitDrained()
	if n := len(w.chat.Messages(billing, "")); n != 1 {
		t.Errorf("%d roots, want one", n)
	}
	for _, text := range []string{"over to you", "One more thing"} {
		wantEqual(t, "how often it is shown: "+text, countShown(w.chat, billing, root, text), 1)
	}

	// The old thread is gone when the conversation is handed back.
	release := w.holdPosts()
	w.chat.Say("ben", billing, root, "!assign #support back")
	w.chat.Delete(billing, root)
	release()
	waitNewestRoot(t, w.chat, support, 2, "back")
	w.waitDrained()
}

// A team that works in the other chat gets the conversation there; handed back it goes on in the
// thread that it had, also to a team without any channel. Handed on from there to a team with another channel of the first chat, its new root shows what was changed
// while that was being posted, too.
func TestHandOverToTheOtherChat(t *testing.T) {
	t.Parallel()
	w := newTwoHomes(t, options{})
	w.openBilling(w.second, w.account)
	w.customerWrites("kim", "Hello")
	old := w.waitThread("Hello")
	w.chat.Say("ann", support, old, "!assign #billing look at this")
	root := waitNewestRoot(t, w.second, billing, 1, "look at this")
	if line := waitMessage(t, w.second, billing, root, "look at this"); !slices.Equal(line.Mentions(), []string{"tben"}) {
		t.Errorf("told by mentions of %v, want Ben as he is known there", line.Mentions())
	}
	waitMessage(t, w.chat, support, old, "[handed_over]", "annexsurface")
	w.chat.Say("ann", support, old, "Typed in the old thread")
	waitMessage(t, w.second, billing, root, "Typed in the old thread")
	w.customerWrites("kim", "Still there?") // after a colleague's remark a reply would be asked about
	waitMessage(t, w.second, billing, root, "Still there?")
	w.second.Say("tben", billing, root, "Hello Kim")
	w.provider.WaitTexts(t, "Hello Kim")
	must(store.SaveTeam(t.Context(), w.pool, store.Team{Name: "Nowhere"}))(t)
	w.reloadEngines()
	w.second.Say("tben", billing, root, "!assign #nowhere yours")
	waitMessage(t, w.chat, support, old, "[unassigned]", "yours")
	waitMessage(t, w.second, billing, root, "[handed_over]", w.text(`SELECT name FROM accounts WHERE id = $1`, w.surface))
	w.second.Say("tben", billing, root, "!assign #support thanks")
	waitMessage(t, w.chat, support, old, "[unassigned]", "thanks")
	w.chat.Say("ann", support, old, "Back again")
	w.provider.WaitTexts(t, "Hello Kim", "Back again")
	if n := len(w.chat.Messages(support, "")); n != 1 {
		t.Errorf("%d roots in the first chat, want one", n)
	}

	w.openTeam("Accounts", w.chat, w.surface, invoices)
	w.chat.Say("ann", support, old, "!assign #billing once more")
	waitMessage(t, w.second, billing, root, "once more")
	w.waitDrained()
	answer := make(chan struct{}) // handed on to another channel of the first chat
	w.chat.AddFault(bridgetest.Fault{Call: "post", Text: invoices, Until: answer})
	w.second.Say("tben", billing, root, "!assign #accounts not ours")
	w.chat.Wait(t, "its root is under way", func() bool { return w.chat.Struck() == 1 })
	w.second.Say("tben", billing, root, "!tag Refund")
	w.waitCard(old, "Refund")
	close(answer)
	moved := waitNewestRoot(t, w.chat, invoices, 1, "not ours")
	w.chat.Wait(t, "the new root shows it", func() bool { return strings.Contains(w.chat.Get(invoices, moved).Plain(), "Refund") })
}

// What became of a message is shown by its line, also in a thread that the conversation has left meanwhile; so is what a customer
// makes of a reaction.
func TestLineInTheThreadThatWasLeft(t *testing.T) {
	t.Parallel()
	w, old := newBillingWorld(t, options{hold: time.Minute})
	w.reply(old, "We look into it")
	w.advance(2 * time.Minute)
	w.provider.WaitTexts(t, "We look into it")
	w.waitDrained()
	ours := w.provider.Sent()[0].ID
	react := func(emoji string) {
		w.postChatEvent(channelstest.Event{Type: "reaction", From: "kim", Name: "Kim", Target: ours, Emoji: emoji})
	}
	react("👍")
	waitMessage(t, w.chat, support, old, "[reacted]", "👍")
	w.chat.Submit("ann", support, old, formOf(bridge.VerbReply), "It comes on Monday")
	form := waitMessage(t, w.chat, support, old, "It comes on Monday", " = waiting")
	w.chat.Say("ann", support, old, "!assign #billing please go on")
	waitNewestRoot(t, w.chat, billing, 1, "please go on")
	w.waitDrainedBut(1)

	w.advance(2 * time.Minute)
	w.provider.WaitTexts(t, "We look into it", "It comes on Monday")
	wantButtons(t, "the line", w.waitOutcome(form, bridge.OutcomeSent))
	for _, emoji := range []string{"❤️", "🎉"} {
		react(emoji)
		waitMessage(t, w.chat, support, old, "[reacted]", emoji)
	}
	w.waitDrained()
	if n := w.countLines(old, bridge.LineReacted); n != 1 {
		t.Errorf("%d lines for one reaction, want 1", n)
	}
}

// The same where the conversation goes on in the other chat.
func TestReactionInTheChatThatWasLeft(t *testing.T) {
	t.Parallel()
	w := newTwoHomes(t, options{})
	w.openBilling(w.second, w.account)
	w.customerWrites("kim", "Hello")
	old := w.waitThread("Hello")
	w.reply(old, "We look into it")
	w.provider.WaitTexts(t, "We look into it")
	w.waitDrained()
	ours := w.provider.Sent()[0].ID
	w.postChatEvent(channelstest.Event{Type: "reaction", From: "kim", Name: "Kim", Target: ours, Emoji: "👍"})
	waitMessage(t, w.chat, support, old, "[reacted]", "👍")
	w.chat.Say("ann", support, old, "!assign #billing please go on")
	waitNewestRoot(t, w.second, billing, 1, "please go on")
	w.postChatEvent(channelstest.Event{Type: "reaction", From: "kim", Name: "Kim", Target: ours, Emoji: "❤️"})
	waitMessage(t, w.chat, support, old, "[reacted]", "❤️")
}
