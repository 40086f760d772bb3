package engine_test

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
	"parley/store/storetest"
)

// annex is a second chat in which some of the company's agents work, too.
const annex = "19:annex@thread"

// twoHomes is a world whose team has channels in two chats. In the second one ann is tann,
// ben is tben, and eli is known there alone; cat is not.
type twoHomes struct {
	*world
	second  *bridgetest.Chat
	account store.AccountID
}

// newTwoHomes makes such a world; the first chat is where new threads open.
func newTwoHomes(t *testing.T, o options) *twoHomes {
	t.Helper()
	o.stopped = true
	w := &twoHomes{world: newWorld(t, o), second: bridgetest.NewChat(t, bridgetest.User{ID: "tann", Email: "ann@acme.test"},
		bridgetest.User{ID: "tben", Email: "ben@acme.test"}, bridgetest.User{ID: "teli", Email: "eli@acme.test"})}
	w.second.Open(annex)
	ctx := t.Context()
	w.account = must(store.EnsureSurface(ctx, w.pool, "annexsurface"))(t)
	w.agents["eli"] = must(store.SaveAgent(ctx, w.pool, store.Agent{Email: "eli@acme.test", Name: "Eli", Zone: "UTC"}))(t)
	for user, name := range map[store.SurfaceUser]string{"tann": "ann", "tben": "ben", "teli": "eli"} {
		check(t, store.SaveAgentUser(ctx, w.pool, store.AgentUser{AccountID: w.account, UserID: user, AgentID: w.agents[name]}))
	}
	w.moveHome(support)

	e := w.engines[0]
	s := bridgetest.NewSurface(w.second.URL(), e.Desk(w.account), 0)
	e.SetSurface(w.account, s)
	w.start()
	connected := w.second.Connected()
	stopped, stop := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { _ = s.Run(stopped) })
	t.Cleanup(func() { stop(); group.Wait() })
	w.second.Wait(t, "the second surface listens", func() bool { return w.second.Connected() > connected })
	return w
}

// moveHome lets the team's new threads open in this channel.
func (w *twoHomes) moveHome(home string) {
	w.t.Helper()
	channels := []store.TeamChannel{{TeamID: w.team, AccountID: w.surface, Channel: support, Home: home == support},
		{TeamID: w.team, AccountID: w.account, Channel: annex, Home: home == annex}}
	if home == support { // the old home first: there is one at most
		slices.Reverse(channels)
	}
	for _, c := range channels {
		check(w.t, store.SaveTeamChannel(w.t.Context(), w.pool, c))
	}
	w.reloadEngines()
}

// waitInAnnex waits until a text is in a thread of the second chat, and returns the message.
func (w *twoHomes) waitInAnnex(text string) bridgetest.Message {
	w.t.Helper()
	var found bridgetest.Message
	w.second.Wait(w.t, "the second chat shows "+text, func() bool {
		for _, root := range w.second.Messages(annex, "") {
			for _, m := range w.second.Messages(annex, root.ID) {
				if strings.Contains(m.Plain(), text) {
					found = m
					return true
				}
			}
		}
		return false
	})
	return found
}

// toldTo returns what a user of a chat was told privately: by whispers in a channel, and in direct messages.
func toldTo(c *bridgetest.Chat, user string) []bridgetest.Message {
	return append(c.Whispers(user), c.Messages("@"+user, "")...)
}

// waitTold waits until a user of a chat was told something, and returns it.
func waitTold(t *testing.T, c *bridgetest.Chat, user, text string) bridgetest.Message {
	t.Helper()
	var found bridgetest.Message
	c.Wait(t, user+" is told "+text, func() bool {
		list := toldTo(c, user)
		i := slices.IndexFunc(list, func(m bridgetest.Message) bool { return strings.Contains(m.Plain(), text) })
		if i >= 0 {
			found = list[i]
		}
		return i >= 0
	})
	return found
}

// New conversations open in the team's home, that is in one of its two chats. When the home moves to the other chat, open
// conversations stay in their threads, and agents answer in both chats.
//
func TestTeamWithTwoHomes(t *testing.T) {
	t.Parallel()
	w := newTwoHomes(t, options{})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")

	w.moveHome(annex)
	w.customerWrites("lee", "Bonjour")
	greeting := w.waitInAnnex("Bonjour")
	other := cmp.Or(greeting.Thread, greeting.ID)
	w.customerWrites("kim", "Still there?")
	if got := w.waitThread("Still there?"); got != thread {
		t.Errorf("an open conversation went on in %q, want %q", got, thread)
	}

	w.chat.Say("ann", support, thread, "Yes, Kim")
	w.provider.WaitTexts(t, "Yes, Kim")
	w.second.Say("tann", annex, other, "Oui, Lee")
	w.provider.WaitTexts(t, "Yes, Kim", "Oui, Lee")
	w.waitCard(thread, "Ann")
	w.second.Wait(t, "Ann holds the other one", func() bool { return strings.Contains(w.second.Get(annex, other).Plain(), "Ann") })
	if n := len(w.second.Messages(annex, "")); n != 1 {
		t.Errorf("%d roots in the second chat, want 1", n)
	}
	if n := len(w.chat.Messages(support, "")); n != 1 {
		t.Errorf("%d roots in the first chat, want 1", n)
	}
}

// A conversation was handed to a team in the other chat, and back. When the home of its team moves to that chat, it stays
// in its team's thread, since the thread there is the other team's.
//
func TestHomeMovesToAChatThatWasLeft(t *testing.T) {
	t.Parallel()
	w, old, root := newInOtherChat(t)
	w.second.Say("tben", billing, root, "!assign #support back")
	waitMessage(t, w.chat, support, old, "[unassigned]", "back")
	w.waitDrained()
	w.moveHome(annex)
	w.customerWrites("kim", "Still there?")
	wantEqual(t, "the thread of kim's next words", w.waitThread("Still there?"), old)
	w.reply(old, "!assign #support to the new home")
	waitNewestRoot(t, w.second, annex, 1, "to the new home")
}

// A list links a conversation where it goes on, also in the chat that it has left.
func TestListInTheChatThatWasLeft(t *testing.T) {
	t.Parallel()
	w, old, _ := newInOtherChat(t)
	w.waitCard(old, "goes on in")
	w.chat.Say("ann", support, "", "<@app> list unassigned")
	wantWords(t, "the list", waitTold(t, w.chat, "ann", "#1").Plain(), "annexsurface")
}

// A conversation's card links the conversation that continues it, until that one leaves the chat.
func TestContinuationInTheOtherChat(t *testing.T) {
	t.Parallel()
	w := newTwoHomes(t, options{})
	w.openBilling(w.second, w.account)
	w.reply(w.openThread(), "!resolve")
	w.eventually("it is resolved", func() bool { return w.text(`SELECT status FROM conversations`) == string(bridge.StatusResolved) })
	w.customerWrites("kim", "And now?")
	next := w.waitThread("And now?")
	nextAt := func() bridge.Place { return must(w.engines[0].Desk(w.surface).Facts(t.Context(), 1, "ann"))(t).NextAt }
	wantEqual(t, "where it is continued", nextAt(), bridge.Place{Channel: support, Thread: next, Message: next})
	w.reply(next, "!assign #billing over")
	waitNewestRoot(t, w.second, billing, 1, "over")
	wantEqual(t, "where it is continued, in this chat", nextAt(), bridge.Place{})
}

// Agents work on a conversation from the other chat by its number. Its thread mentions people by their ids there and
// shows the words of a reply. Lists say in which chat the conversation is.
func TestActsFromTheOtherChat(t *testing.T) {
	t.Parallel()
	w := newTwoHomes(t, options{hold: time.Hour})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")

	w.second.Submit("tann", annex, "",
		bridgetest.Button{Verb: bridge.VerbAssign, Args: bridge.Args{Conversation: 1, Agents: []string{"tben"}}}, "")
	if got, want := w.waitLine(thread, bridge.LineAssigned).Mentions(), []string{"ben"}; !slices.Equal(got, want) {
		t.Errorf("the assignment mentions %v, want %v", got, want)
	}
	w.waitCard(thread, "Ben")

	w.second.Submit("tben", annex, "", formOf(bridge.VerbReply), "We are on it")
	w.waitShown("We are on it")
	w.second.Submit("tben", annex, "", formOf(bridge.VerbUndo), "")
	undone := w.waitLine(thread, bridge.LineUndone)
	wantList(t, "who is mentioned where Ben took back a reply of his own", undone.Mentions(), nil)
	wantWords(t, "the line that it was taken back", undone.Plain(), "Ben")
	wantNoWords(t, "the line that it was taken back", undone.Plain(), "tben")

	w.second.Say("tben", annex, "", "<@app> list mine")
	if row := waitTold(t, w.second, "tben", "#1"); !strings.Contains(row.Plain(), "chatsurface") {
		t.Errorf("the list doesn't say where the conversation is: %s", row.Plain())
	}
	w.second.Submit("teli", annex, "", formOf(bridge.VerbResolve), "")
	w.waitCard(thread, "resolved")
}

// An agent writes a note from the other chat. Her own reply in the thread isn't taken for an answer to a colleague.
func TestReplyAfterANoteFromTheOtherChat(t *testing.T) {
	t.Parallel()
	w := newTwoHomes(t, options{})
	thread := w.openThread()
	w.second.Submit("tann", annex, "", formOf(bridge.VerbNote), "Is it in the warehouse?")
	w.waitShown("Is it in the warehouse?")
	w.waitFate(w.reply(thread, "We are on it"), "out")
}

// A note or reply typed in the other chat, with the number of a conversation, is shown in the conversation's thread. The
// reply reaches the customer.
func TestWordsForTheOtherChat(t *testing.T) {
	t.Parallel()
	w := newTwoHomes(t, options{})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.second.Submit("tann", annex, "", formOf(bridge.VerbNote), "Ask the warehouse")
	w.waitShown("Ask the warehouse")
	w.second.Submit("tann", annex, "", formOf(bridge.VerbReply), "We are on it")
	w.provider.WaitTexts(t, "We are on it")
	w.second.Say("tann", annex, "", "<@app> #1 reply It left today")
	w.provider.WaitTexts(t, "We are on it", "It left today")
	for _, text := range []string{"Ask the warehouse", "We are on it", "It left today"} {
		if got := w.waitShown(text); got.Thread != thread {
			t.Errorf("%q is shown in %q, want %q", text, got.Thread, thread)
		}
	}
}

// An owner who isn't in the chat of the thread is told of the assignment in the other chat.
//
func TestAssignedInTheOtherChat(t *testing.T) {
	t.Parallel()
	w := newTwoHomes(t, options{})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.chat.Say("ann", support, thread, "!assign eli@acme.test")
	w.waitCard(thread, "Eli")
	if m := w.waitLine(thread, bridge.LineAssigned); len(m.Mentions()) != 0 {
		t.Errorf("somebody is mentioned who is not there: %v", m.Mentions())
	}
	if row := waitTold(t, w.second, "teli", "#1"); !strings.Contains(row.Plain(), "chatsurface") {
		t.Errorf("it doesn't say where the conversation is: %s", row.Plain())
	}
}

// An owner who isn't in the thread's chat is told directly what would be mentioned there: that a customer did not get a
// reply, the end of a snooze, and a customer's return. Members of a team are told so of a handed-over conversation.
//
func TestToldInTheOtherChat(t *testing.T) {
	t.Parallel()
	w := newTwoHomes(t, options{settings: map[string]string{"reply_after_resolve": "reopen"}})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.chat.Say("ann", support, thread, "!assign eli@acme.test")
	w.waitCard(thread, "Eli")

	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadRecipient})
	w.second.Say("teli", annex, "", "<@app> #1 reply On Monday")
	failed := waitTold(t, w.second, "teli", "[failed]")
	wantWords(t, "what eli is told", failed.Plain(), "On Monday")
	wantEqual(t, "buttons in the direct message", len(failed.Buttons), 0)
	waitTold(t, w.second, "teli", "elsewhere #1 Hello chatsurface")

	w.reply(thread, "!snooze 1h")
	w.waitCard(thread, "snoozed")
	w.advance(time.Hour + time.Minute)
	waitTold(t, w.second, "teli", "[woke]")
	w.reply(thread, "!resolve")
	w.waitCard(thread, "resolved")
	w.customerWrites("kim", "And now?")
	waitTold(t, w.second, "teli", "[reopened]")
	w.waitDrained()
	wantEqual(t, "what ann is told, who is in the thread's chat", len(w.chat.Messages("@ann", "")), 0)

	w.openBilling(w.second, w.account)
	w.reply(thread, "!assign #billing please check it")
	waitNewestRoot(t, w.second, billing, 1, "please check it")
	wantWords(t, "what cat is told", waitTold(t, w.chat, "cat", "[unassigned]").Plain(), "please check it")
	wantEqual(t, "what an erasure finds of it", w.count(`SELECT count(*) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id
		WHERE l.key = 'ch:@cat' AND d.payload #>> '{line,Kind}' = 'unassigned' AND d.payload #> '{line,Args,conversation}' = '1'`), 1)
}

// The author of a reply may not read the conversation any more. The author isn't told in the other chat that the reply
// failed, since that would name the customer.
//
func TestFormerReaderInTheOtherChat(t *testing.T) {
	t.Parallel()
	w := newTwoHomes(t, options{hold: time.Hour})
	thread := w.openThread()
	w.second.Say("teli", annex, "", "<@app> #1 reply On Monday")
	w.waitShown("On Monday")
	w.assign(thread, "ben")
	w.chat.Open(vault)
	w.chat.Private(vault, "ann", bridgetest.App)
	guards := must(store.SaveTeam(t.Context(), w.pool, store.Team{Name: "Guards"}))(t)
	w.saveAccount(chat, func(a *store.Account) { a.TeamID, a.SurfaceID, a.SurfaceChannel = &guards, &w.surface, vault })
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadRecipient})
	w.advance(time.Hour + time.Minute)
	w.waitLine(thread, bridge.LineFailed)
	w.waitDrained()
	for _, m := range toldTo(w.second, "teli") {
		wantNoWords(t, "what eli is told", m.Plain(), "failed")
	}
}

// A customer's message in an open conversation is told to nobody in the other chat. So it doesn't wait while the owner is
// told something there.
func TestWordsWaitForNobodyElsewhere(t *testing.T) {
	t.Parallel()
	w := newTwoHomes(t, options{})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.chat.Say("ann", support, thread, "!assign eli@acme.test")
	waitTold(t, w.second, "teli", "#1")
	w.waitDrained()

	tx := storetest.Begin(t, w.pool)
	if tag := must(tx.Exec(t.Context(), `SELECT FROM lanes WHERE key = 'ch:@teli' FOR UPDATE`))(t); tag.RowsAffected() != 1 {
		t.Fatalf("%d lanes are locked, want the one of what eli is told", tag.RowsAffected())
	}
	w.customerWrites("kim", "Still there?")
	wantEqual(t, "the thread", w.waitThread("Still there?"), thread)
}

// An agent who is told in the other chat counts as notified. While that agent is away, others are notified instead.
//
func TestNoticesInTheOtherChat(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		owners, presence string
		mentioned        []string // in the thread
		told             int      // how often eli is told
	}{
		"present":               {owners: "eli@acme.test", told: 1},
		"away, covered by team": {owners: "eli@acme.test", presence: "away", mentioned: []string{"cat"}},
		"away, ben is there":    {owners: "eli@acme.test @ben", presence: "away", mentioned: []string{"ben"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTwoHomes(t, options{})
			w.addMembers("cat")
			w.setNotices("eli", c.presence)
			w.customerWrites("kim", "Hello")
			thread := w.waitThread("Hello")
			w.chat.Say("ann", support, thread, "!assign "+c.owners)
			w.waitCard(thread, "Eli")
			w.reply(thread, "!snooze 1h")
			w.waitCard(thread, "snoozed")
			w.advance(time.Hour + time.Minute)
			w.wantMentions(thread, bridge.LineWoke, "", c.mentioned...)
			w.waitDrained()
			told := 0
			for _, m := range toldTo(w.second, "teli") {
				if strings.Contains(m.Plain(), "[woke]") {
					told++
				}
			}
			wantEqual(t, "how often eli is told", told, c.told)
		})
	}
}

// Troubles of an account are told once, in the chat of its threads. Troubles of a chat are told in the other chat.
func TestTroublesInTheRightChat(t *testing.T) {
	t.Parallel()
	w := newTwoHomes(t, options{})
	w.engines[0].Report(w.accounts[chat], channels.Condition{Status: channels.Broken, Text: "The password is wrong."})
	waitTold(t, w.chat, "ann", "The password is wrong.")
	w.engines[0].Report(w.surface, channels.Condition{Status: channels.Broken, Text: "The app was removed."})
	waitTold(t, w.second, "tann", "The app was removed.")
	w.engines[0].Report(w.account, channels.Condition{Status: channels.Broken, Text: "The bot was removed."})
	waitTold(t, w.chat, "ann", "The bot was removed.")
	w.waitDrained()
	for text, elsewhere := range map[string][]bridgetest.Message{
		"The password is wrong.": toldTo(w.second, "tann"),
		"The app was removed.":   toldTo(w.chat, "ann"),
		"The bot was removed.":   toldTo(w.second, "tann"),
	} {
		if slices.ContainsFunc(elsewhere, func(m bridgetest.Message) bool { return strings.Contains(m.Plain(), text) }) {
			t.Errorf("%q is told twice", text)
		}
	}
}
