package engine_test

import (
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

// When a conversation of a private channel leaves another channel, the card there says only where it goes on.
// Requirement R-212: Only some people read an account.
func TestCardThatIsLeftTellsNothing(t *testing.T) {
	t.Parallel()
	w, _, left := newLeftInOtherChat(t)
	card := w.chat.Get(billing, left)
	wantWords(t, "the card that was left", card.Plain(), "#1", "goes on in annexsurface")
	wantNoWords(t, "the card that was left", card.Plain(), "Kim", "salary")
}
