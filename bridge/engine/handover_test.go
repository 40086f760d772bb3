package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

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

// newHandedOver makes a world in which ann held and snoozed kim's conversation and then handed it to the team Billing. It
// returns the thread that was left, and the line that tells the team.
func newHandedOver(t *testing.T) (w *world, old string, told bridgetest.Message) {
	t.Helper()
	w = newWorld(t, options{})
	w.openBilling(w.chat, w.surface)
	w.customerWrites("kim", "Where is my invoice?")
	old = w.waitThread("Where is my invoice?")
	w.take("ann", "Where is my invoice?")
	w.reply(old, "!snooze 2h")
	w.waitCard(old, "snoozed")
	w.reply(old, "!assign #billing please check it")
	root := waitNewestRoot(t, w.chat, billing, 1, "please check it")
	return w, old, waitMessage(t, w.chat, billing, root, "[unassigned]", "please check it")
}

// A conversation that is handed to another team opens in that team's channel, without an owner. A line mentions the
// members who are there, and its snooze is over.
//
func TestHandOverToATeam(t *testing.T) {
	t.Parallel()
	w, _, told := newHandedOver(t)
	wantList(t, "whom the line mentions", told.Mentions(), []string{"ben", "cat"})
	w.chat.Wait(t, "the new card is open and free", func() bool {
		return strings.HasPrefix(w.chat.Get(billing, told.Thread).Plain(), "#1 open | Kim | Where is my invoice? |  |")
	})
	w.waitDrained()
	wantEqual(t, "snoozes that go on", w.count(`SELECT count(*) FROM timers WHERE kind = 'snooze'`), 0)
}

// After a hand-over the old thread and the new one link each other.
//
func TestHandOverLinksBothThreads(t *testing.T) {
	t.Parallel()
	w, old, told := newHandedOver(t)
	root := told.Thread
	wantWords(t, "the line in the new thread", told.Plain(), "left "+support+"/"+old)
	waitMessage(t, w.chat, support, old, "[handed_over]", "goes on "+billing+"/"+root)
	w.waitCard(old, "goes on in "+billing+"/"+root)
}

// After a hand-over, a text in the old thread stays inside. Messages and replies are in the new one.
//
func TestHandedOverConversationGoesOnInItsNewThread(t *testing.T) {
	t.Parallel()
	w, old, told := newHandedOver(t)
	root := told.Thread
	w.waitCard(old, "goes on in "+billing+"/"+root)
	w.reply(old, "Typed in the old thread")
	waitMessage(t, w.chat, billing, root, "[inside]", "moved", "Typed in the old thread")
	w.customerWrites("kim", "Are you there?")
	waitMessage(t, w.chat, billing, root, "Are you there?")
	w.waitFate(w.chat.Say("ben", billing, root, "Here it is"), "out")
	w.waitDrained()
	wantList(t, "what the customer got: Ben's answer alone", w.sentTexts(), []string{"Here it is"})
}

// A conversation that is handed over and back before the new root was posted stays in its thread.
func TestHandOverBackAtOnce(t *testing.T) {
	t.Parallel()
	w, old := newBillingWorld(t, options{})
	release := w.holdQueues(w.surface) // both are applied together: nothing is posted between them
	w.reply(old, "!assign #billing first")
	w.reply(old, "!assign #support no, ours")
	w.waitQueued(2)
	release()
	w.waitAssigned(2)
	waitMessage(t, w.chat, support, old, "no, ours")
	w.waitDrained()
	wantEqual(t, "roots in the other channel", len(w.chat.Messages(billing, "")), 0)
	wantEqual(t, "lines that it went there", w.countLines(old, bridge.LineHandedOver), 0)
}

// holdRoot holds the next root of a channel while it is being posted, until answer is called. waitRoot waits for that.
func (w *world) holdRoot(channel string) (waitRoot, answer func()) {
	release := make(chan struct{})
	struck := w.chat.Struck()
	w.chat.AddFault(bridgetest.Fault{Call: "post", Text: channel, Until: release})
	waitRoot = func() {
		w.t.Helper()
		w.chat.Wait(w.t, "the root is under way", func() bool { return w.chat.Struck() == struck+1 })
	}
	return waitRoot, func() { close(release) }
}

// waitCardIn waits until a card in a channel shows a text.
func (w *world) waitCardIn(channel, root, text string) {
	w.t.Helper()
	w.chat.Wait(w.t, "the card shows "+text, func() bool { return strings.Contains(w.chat.Get(channel, root).Plain(), text) })
}

// A conversation is handed back while its root is being posted: it gets a new root, and each thread links the next one.
func TestHandOverBackWhileItsRootIsPosted(t *testing.T) {
	t.Parallel()
	w, old := newBillingWorld(t, options{})
	waitRoot, answer := w.holdRoot(billing)
	w.reply(old, "!assign #billing once more")
	waitRoot()
	w.reply(old, "!assign #support no, here")
	w.waitAssigned(2)
	answer()
	back := waitNewestRoot(t, w.chat, support, 2, "no, here")
	between := waitNewestRoot(t, w.chat, billing, 1, "goes on "+support+"/"+back)
	w.waitCardIn(billing, between, "goes on in "+support+"/"+back)
	waitMessage(t, w.chat, support, old, "[handed_over]", "goes on "+billing+"/"+between)
	w.waitCard(old, "goes on in "+billing+"/"+between)
	wantEqual(t, "lines of the first thread that it was left", w.countLines(old, bridge.LineHandedOver), 1)
}

// A conversation that is handed to and fro gets a new root each time. The last one also shows the changes made while it
// was being posted, by one update.
func TestHandOverToAndFro(t *testing.T) {
	t.Parallel()
	w, old := newBillingWorld(t, options{})
	w.reply(old, "!assign #billing yours")
	there := waitNewestRoot(t, w.chat, billing, 1, "yours")
	w.waitDrained()
	waitRoot, answer := w.holdRoot(support)
	w.chat.Say("ben", billing, there, "!assign #support back")
	waitRoot()
	w.chat.Say("ben", billing, there, "!tag Invoice")
	w.waitCardIn(billing, there, "Invoice")
	w.chat.Say("ben", billing, there, "!tag Refund")
	w.waitCardIn(billing, there, "Refund")
	updates := w.count(`SELECT count(*) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id
		WHERE l.key LIKE '%:say' AND d.kind = 'card' AND d.state = 'queued' AND NOT d.payload ? 'left'`)
	wantEqual(t, "updates that wait behind the new root", updates, 1)

	answer()
	back := waitNewestRoot(t, w.chat, support, 2, "back")
	w.waitCard(back, "Refund")
	waitMessage(t, w.chat, billing, there, "[handed_over]", "goes on "+support+"/"+back)
	w.customerWrites("kim", "Hello again")
	wantEqual(t, "the thread of the customer's next words", w.waitThread("Hello again"), back)
}

// The answers to a hand-over's posts are lost, and Parley can't look for these posts at first. No post is missing or
// doubled. A text below the new root, typed before Parley knows of that root, reaches the customer.
func TestHandOverThroughFaults(t *testing.T) {
	t.Parallel()
	w, old := newBillingWorld(t, options{lossy: true})
	w.chat.AddFault(chatFault("thread", bridgetest.FaultErrorBefore, -1)) // nobody can look whether the root is there
	w.chat.AddFault(chatFault("post", bridgetest.FaultDropAfter, 1))
	w.reply(old, "!assign #billing over to you")
	w.chat.Wait(t, "the root is there", func() bool { return len(w.chat.Messages(billing, "")) == 1 })
	typed := w.chat.Say("ben", billing, w.chat.Messages(billing, "")[0].ID, "Hello Kim")
	w.waitQueued(1)
	// It came longer ago than Slack's events may be in disorder, so that it waits for nothing but the root.
	w.exec(`UPDATE events SET received_at = received_at - interval '20 s' WHERE id = (SELECT max(event_id) FROM queued)`)
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
	wantEqual(t, "roots in the new channel", len(w.chat.Messages(billing, "")), 1)
	wantEqual(t, "how often the new thread tells of it", countShown(w.chat, billing, root, "over to you"), 1)
	wantEqual(t, "how often it shows what the customer wrote", countShown(w.chat, billing, root, "One more thing"), 1)
}

// A conversation can be handed over from a thread whose root was deleted.
func TestHandOverFromAThreadThatIsGone(t *testing.T) {
	t.Parallel()
	w, old := newBillingWorld(t, options{lossy: true})
	w.reply(old, "!assign #billing over to you")
	root := waitNewestRoot(t, w.chat, billing, 1, "over to you")
	w.waitDrained()
	release := w.holdPosts()
	w.chat.Say("ben", billing, root, "!assign #support back")
	w.chat.Delete(billing, root)
	release()
	waitNewestRoot(t, w.chat, support, 2, "back")
	w.waitDrained()
}

// newInOtherChat makes a world in which kim's conversation was handed to the team Billing in the other chat. It returns
// the thread that was left, and the root in the other chat.
func newInOtherChat(t *testing.T) (w *twoHomes, old, root string) {
	t.Helper()
	w = newTwoHomes(t, options{})
	w.openBilling(w.second, w.account)
	w.customerWrites("kim", "Hello")
	old = w.waitThread("Hello")
	w.reply(old, "!assign #billing look at this")
	return w, old, waitNewestRoot(t, w.second, billing, 1, "look at this")
}

// A team that works in the other chat gets the conversation there, and replies from there.
func TestHandOverToTheOtherChat(t *testing.T) {
	t.Parallel()
	w, old, root := newInOtherChat(t)
	line := waitMessage(t, w.second, billing, root, "look at this")
	wantList(t, "whom the line mentions: Ben as he is known there", line.Mentions(), []string{"tben"})
	waitMessage(t, w.chat, support, old, "[handed_over]", "annexsurface")
	w.reply(old, "Typed in the old thread")
	waitMessage(t, w.second, billing, root, "Typed in the old thread")
	w.customerWrites("kim", "Still there?") // after a colleague's remark a reply would be asked about
	waitMessage(t, w.second, billing, root, "Still there?")
	w.second.Say("tben", billing, root, "Hello Kim")
	w.provider.WaitTexts(t, "Hello Kim")
}

// A conversation that is handed back to the first chat goes on in its old thread there. That holds for a team without any
// channel, and for the team that had it before.
func TestHandOverBackToTheFirstChat(t *testing.T) {
	t.Parallel()
	w, old, root := newInOtherChat(t)
	must(store.SaveTeam(t.Context(), w.pool, store.Team{Name: "Nowhere"}))(t)
	w.reloadEngines()
	w.second.Say("tben", billing, root, "!assign #nowhere yours")
	waitMessage(t, w.chat, support, old, "[unassigned]", "yours")
	firstChat := w.text(`SELECT name FROM accounts WHERE id = $1`, w.surface)
	waitMessage(t, w.second, billing, root, "[handed_over]", firstChat)

	w.second.Say("tben", billing, root, "!assign #support thanks")
	waitMessage(t, w.chat, support, old, "[unassigned]", "thanks")
	w.reply(old, "Back again")
	w.provider.WaitTexts(t, "Back again")
	wantEqual(t, "roots in the first chat", w.countRoots(), 1)
}

// A conversation is handed from the other chat to another channel of the first one. Its new root also shows a change made
// while it was being posted, and the first thread links it.
func TestHandOverFromTheOtherChatToAnotherChannel(t *testing.T) {
	t.Parallel()
	w, old, root := newInOtherChat(t)
	w.openTeam("Accounts", w.chat, w.surface, invoices)
	w.waitDrained()
	waitRoot, answer := w.holdRoot(invoices)
	w.second.Say("tben", billing, root, "!assign #accounts not ours")
	waitRoot()
	w.second.Say("tben", billing, root, "!tag Refund")
	w.waitCard(old, "Refund")
	answer()
	moved := waitNewestRoot(t, w.chat, invoices, 1, "not ours")
	w.waitCardIn(invoices, moved, "Refund")
	w.waitCard(old, "goes on in "+invoices+"/"+moved)
	waitMessage(t, w.chat, support, old, "[handed_over]", "goes on "+invoices+"/"+moved)
}

// The line about a reply shows that it was sent, even if the conversation has left that thread meanwhile.
func TestLineInTheThreadThatWasLeft(t *testing.T) {
	t.Parallel()
	w, old := newBillingWorld(t, options{hold: time.Minute})
	w.chat.Submit("ann", support, old, formOf(bridge.VerbReply), "It comes on Monday")
	form := waitMessage(t, w.chat, support, old, "It comes on Monday", " = waiting")
	w.reply(old, "!assign #billing please go on")
	waitNewestRoot(t, w.chat, billing, 1, "please go on")
	w.waitDrainedBut(1)

	w.advance(2 * time.Minute)
	w.provider.WaitTexts(t, "It comes on Monday")
	wantButtons(t, "the line of the form", w.waitOutcome(form, bridge.OutcomeSent))
}

// answerAndReact lets ann answer kim and kim react to the answer, and waits until the thread shows that. It returns the
// provider's id of the answer.
func (w *world) answerAndReact(thread string) (answer string) {
	w.t.Helper()
	w.reply(thread, "We look into it")
	answer = w.provider.WaitTexts(w.t, "We look into it")[0].ID
	w.waitDrained()
	w.react("kim", answer, "👍")
	waitMessage(w.t, w.chat, support, thread, "[reacted]", "👍")
	return answer
}

// When a customer changes a reaction, its line changes, even if the conversation has left that thread.
func TestReactionInTheThreadThatWasLeft(t *testing.T) {
	t.Parallel()
	w, old := newBillingWorld(t, options{})
	answer := w.answerAndReact(old)
	w.reply(old, "!assign #billing please go on")
	waitNewestRoot(t, w.chat, billing, 1, "please go on")
	for _, emoji := range []string{"❤️", "🎉"} {
		w.react("kim", answer, emoji)
		waitMessage(t, w.chat, support, old, "[reacted]", emoji)
	}
	w.waitDrained()
	wantEqual(t, "lines for one reaction", w.countLines(old, bridge.LineReacted), 1)
}

// A changed reaction is shown in its line also if the conversation goes on in the other chat.
func TestReactionInTheChatThatWasLeft(t *testing.T) {
	t.Parallel()
	w := newTwoHomes(t, options{})
	w.openBilling(w.second, w.account)
	w.customerWrites("kim", "Hello")
	old := w.waitThread("Hello")
	answer := w.answerAndReact(old)
	w.reply(old, "!assign #billing please go on")
	waitNewestRoot(t, w.second, billing, 1, "please go on")
	w.react("kim", answer, "❤️")
	waitMessage(t, w.chat, support, old, "[reacted]", "❤️")
}
