package engine_test

import (
	"slices"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store"
)

// newGuardedElsewhere makes a world as newGuarded does, in which kim's question was handed to Support, whose thread is returned.
func newGuardedElsewhere(t *testing.T, change func(*store.Account)) (w *twoHomes, thread string) {
	t.Helper()
	w, root := newGuarded(t, change)
	w.second.Say("tann", archive, root, "!assign #support please answer")
	return w, waitNewestRoot(t, w.chat, support, 1, "please answer")
}

// newGuarded makes a world in which the account of chats belongs to a team Guards, and has the private channel archive in the second
// chat. change may change the account. It returns the thread of kim's question.
func newGuarded(t *testing.T, change func(*store.Account)) (w *twoHomes, root string) {
	t.Helper()
	w = newTwoHomes(t, options{})
	w.second.Open(archive)
	w.second.Private(archive, "tann", bridgetest.App)
	guards := must(store.SaveTeam(t.Context(), w.pool, store.Team{Name: "Guards", Members: []store.AgentID{w.agents["ben"]}}))(t)
	w.saveAccount(chat, func(a *store.Account) {
		change(a)
		a.TeamID, a.SurfaceID, a.SurfaceChannel = &guards, &w.account, archive
	})
	w.reloadEngines()
	must(w.engines[0].Desk(w.account).Accounts(t.Context(), "tann"))(t) // asks who is in the private channel
	w.advanceTo(time.Wednesday, 10, 0)
	w.customerWrites("kim", "Why is my salary so small?")
	return w, waitNewestRoot(t, w.second, archive, 1, "Why is my salary so small?")
}

// buttonsAbout returns a message's button about a conversation.
func buttonsAbout(m bridgetest.Message, conversation store.ConversationID) []bridgetest.Button {
	return slices.DeleteFunc(slices.Clone(m.Buttons), func(b bridgetest.Button) bool { return b.Args.Conversation != conversation })
}

// giveBack hands kim's conversation back to its own channel.
func (w *twoHomes) giveBack(thread string) {
	w.t.Helper()
	w.waitDrained()
	w.reply(thread, "!assign #guards not ours")
	w.waitCard(thread, "goes on in ")
	w.waitDrained()
}

// A text in a team's channel can't be sent to a conversation that went on in the other chat since it was offered.
// Requirement R-212: Only some people read an account.
func TestTopLevelIsNotSentElsewhere(t *testing.T) {
	t.Parallel()
	w, thread := newGuardedElsewhere(t, withOfficeHours(t))
	_, line := w.typeAtTopLevel("ann", "It is fixed")
	line.Buttons = buttonsAbout(line, 1)
	wantEqual(t, "conversations that are offered", len(line.Buttons), 1)
	w.giveBack(thread)
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.waitWhisper("ann", "not answered in that channel")
	w.waitDrained()
	w.wantNothingSent()
}

// A thread that opens only once the conversation has been handed back shows where it goes on, and nothing of a private one.
// Requirement R-212: Only some people read an account.
func TestRootPostedAfterTheHandBack(t *testing.T) {
	t.Parallel()
	w, root := newGuarded(t, func(*store.Account) {})
	release := w.holdPosts()
	for i, to := range []string{"!assign #support please answer", "!assign #guards not ours"} {
		w.second.Say("tann", archive, root, to)
		w.eventually(to, func() bool { return w.count(`SELECT count(*) FROM log_entries WHERE what = 'assigned'`) == i+1 })
	}
	release()
	w.chat.AddFault(chatFault("update", bridgetest.FaultRefuse, -1)) // else the card would soon be right
	w.chat.Wait(t, "the root", func() bool { return len(w.chat.Messages(support, "")) > 0 })
	card := w.chat.Messages(support, "")[0].Plain()
	wantWords(t, "the card in the team's channel", card, "goes on in ")
	wantNoWords(t, "the card in the team's channel", card, "salary", "Kim")
}
