package engine_test

import (
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
