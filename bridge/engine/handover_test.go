package engine_test

import (
	"slices"
	"strings"
	"testing"

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
