package engine_test

import (
	"strings"
	"testing"

	"parley/bridge/bridgetest"
	"parley/store"
)

// archive is a private channel in the second chat. Only the account of chats has its threads there.
const archive = "19:archive@thread"

// newLeftInOtherChat makes a world in which kim's conversation belongs to an account with a private channel in the second
// chat. It was handed to the team Billing in the first chat, and back again. It returns the thread in the private
// channel, and the root (the card that begins a thread) that was left in the first chat.
func newLeftInOtherChat(t *testing.T) (w *twoHomes, home, left string) {
	t.Helper()
	w = newTwoHomes(t, options{lossy: true})
	w.openBilling(w.chat, w.surface)
	w.second.Open(archive)
	w.second.Private(archive, "tann", bridgetest.App)
	w.saveAccount(chat, func(a *store.Account) { a.SurfaceID, a.SurfaceChannel = &w.account, archive })

	w.customerWrites("kim", "Why is my salary so small?")
	home = waitNewestRoot(t, w.second, archive, 1, "Why is my salary so small?")

	w.second.Say("tann", archive, home, "!assign #billing please check it")
	left = waitNewestRoot(t, w.chat, billing, 1, "please check it")
	w.waitDrained()

	w.chat.Say("ben", billing, left, "!assign #support not ours")
	waitMessage(t, w.second, archive, home, "[unassigned]", "not ours")
	w.waitCardIn(billing, left, "goes on in ")
	w.waitDrained()
	return w, home, left
}

// If somebody deletes a card in a chat that the conversation has left, it isn't posted there anew.
// Requirement R-212: Only some people read an account.
func TestDeletedCardInTheChatThatWasLeft(t *testing.T) {
	t.Parallel()
	w, _, left := newLeftInOtherChat(t)
	w.chat.Delete(billing, left)
	w.waitDrained()
	w.customerWrites("kim", "Are you there?")
	w.waitDrained()
	wantEqual(t, "roots in the channel that was left", len(w.chat.Messages(billing, "")), 0)
	wantEqual(t, "roots that were posted anew", w.count(`SELECT count(*) FROM log_entries WHERE what = 'rerooted'`), 0)
}

// If an update finds that a card is gone in a chat that the conversation has left, it isn't posted there anew.
// Requirement R-212: Only some people read an account.
func TestLostCardInTheChatThatWasLeft(t *testing.T) {
	t.Parallel()
	w, home, left := newLeftInOtherChat(t)
	w.chat.Mute(true)
	w.chat.Delete(billing, left)
	w.chat.Mute(false)
	w.openTeam("Guards", w.second, w.account, archive)
	w.second.Say("tann", archive, home, "!assign #guards yours")
	waitMessage(t, w.second, archive, home, "[unassigned]", "yours")
	w.waitDrained()
	wantEqual(t, "roots in the channel that was left", len(w.chat.Messages(billing, "")), 0)
}

// If a conversation comes back to a chat in which its card was deleted meanwhile, it gets a new thread there.
func TestBackInAChatWhoseCardIsGone(t *testing.T) {
	t.Parallel()
	w, home, left := newLeftInOtherChat(t)
	w.chat.Delete(billing, left)
	w.waitDrained()
	w.second.Say("tann", archive, home, "!assign #billing once more")
	waitNewestRoot(t, w.chat, billing, 1, "once more")
}

// When a conversation of a private channel leaves another channel, the card there says only where it goes on.
// Requirement R-212: Only some people read an account.
func TestCardThatIsLeftTellsNothing(t *testing.T) {
	t.Parallel()
	w, _, left := newLeftInOtherChat(t)
	card := w.chat.Get(billing, left)
	wantWords(t, "the card that was left", card.Plain(), "#1", "goes on in annexsurface")
	wantNoWords(t, "the card that was left", card.Plain(), "Kim", "salary")
}

// Changes in the private channel don't change the card that was left in the other chat.
// Requirement R-212: Only some people read an account.
func TestCardThatIsLeftStays(t *testing.T) {
	t.Parallel()
	w, home, left := newLeftInOtherChat(t)
	updates := `SELECT count(*) FROM deliveries JOIN lanes ON lanes.id = deliveries.lane_id
		WHERE deliveries.kind = 'card' AND lanes.account_id = $1`
	before := w.count(updates, w.surface)
	w.second.Say("tann", archive, home, "!topic Suspected theft")
	w.second.Wait(t, "the card shows the topic", func() bool {
		return strings.Contains(w.second.Get(archive, home).Plain(), "Suspected theft")
	})
	w.waitDrained()
	wantNoWords(t, "the card that was left", w.chat.Get(billing, left).Plain(), "Suspected theft")
	wantEqual(t, "updates of the card that was left", w.count(updates, w.surface)-before, 0)
}
