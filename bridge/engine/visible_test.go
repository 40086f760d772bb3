package engine_test

import (
	"slices"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
	"parley/store"
)

// newPrivateWorld makes a world in which the team Vault has a private channel of ann and ben, and kim's conversation is in support.
func newPrivateWorld(t *testing.T) (w *world, thread string) {
	t.Helper()
	w = newWorld(t, options{})
	w.chat.Open(vault)
	w.chat.Open(sales)
	w.chat.Private(vault, "ann", "ben", bridgetest.App)
	guards := must(store.SaveTeam(t.Context(), w.pool, store.Team{Name: "Vault", Members: []store.AgentID{w.agents["ann"], w.agents["ben"]}}))(t)
	check(t, store.SaveTeamChannel(t.Context(), w.pool, store.TeamChannel{TeamID: guards, AccountID: w.surface, Channel: vault, Home: true}))
	w.reloadEngines()
	thread = w.openThread()
	_, _, err := w.engines[0].Desk(w.surface).Assignable(t.Context(), 1, "ann") // as the form does: it asks who is in the channels
	check(t, err)
	return w, thread
}

// A conversation that becomes visible to some people only goes on in their private channel. Others lose what Parley posted, and neither
// read nor do anything by a list, a search, a form, a text, a button or a page.
// Requirement R-215: Only some people read a conversation.
// Requirement R-217: Closed later.
func TestVisibleToSome(t *testing.T) {
	t.Parallel()
	w, old := newPrivateWorld(t)
	page := w.inboxPage()
	w.chat.Say("ann", support, old, "!assign @ann")
	w.waitCard(old, "| Ann |")
	w.chat.Say("ann", support, old, "!visible @ben")
	root := waitNewestRoot(t, w.chat, vault, 1, "Hello")
	waitMessage(t, w.chat, vault, root, "Ann", "Ben")
	w.waitCard(old, "Private")
	w.waitDrained()
	for _, m := range w.chat.Messages(support, old) {
		if m.User == bridgetest.App && m.ID != old {
			t.Errorf("support still shows %q", m.Plain())
		}
	}

	state := func() string {
		return w.text(`SELECT conversations::text || (SELECT count(*) FROM log_entries WHERE what <> 'refused') FROM conversations`)
	}
	before := state()
	d, ctx := w.engines[0].Desk(w.surface), t.Context()
	for user, may := range map[bridge.SurfaceUser]bool{"ann": true, "ben": true, "cat": false} {
		ways := map[string]func() bool{
			"a list": func() bool {
				l, err := d.List(ctx, bridge.ListQuery{List: "all"}, user)
				return err == nil && len(l.Rows) == 1
			},
			"a search": func() bool {
				l, err := d.List(ctx, bridge.ListQuery{Words: "hello"}, user)
				return err == nil && len(l.Rows) == 1
			},
			"a form":   func() bool { return d.MayReply(ctx, 1, user, "Hello", nil) == nil },
			"the page": func() bool { _, err := w.engines[0].Inbox().Facts(ctx, w.agents[string(user)], 1); return err == nil },
			"its roots": func() bool {
				_, err := d.FactsAt(ctx, bridge.Place{Channel: support, Thread: old}, user)
				return err == nil
			},
		}
		for name, isShown := range ways {
			wantEqual(t, name+" shows it to "+string(user), isShown(), may)
		}
	}
	for _, text := range []string{"Hello from cat", "!take", "!note x", "!visible all", "!resolve"} {
		w.chat.Say("cat", support, old, text)
		w.chat.Say("cat", vault, root, text) // whom somebody has invited to the channel
		w.chat.Say("cat", sales, "", "<@app> #1 "+strings.TrimPrefix(text, "!"))
	}
	for _, verb := range []bridge.Verb{bridge.VerbTake, bridge.VerbVisible, bridge.VerbReply, bridge.VerbFind, bridge.VerbHistory} {
		button := bridgetest.Button{Verb: verb, Args: bridge.Args{Conversation: 1, Agents: []string{"all"}}}
		w.chat.Submit("cat", support, old, button, "x")
		if _, err := page.tryAct("cat", bridge.Act{Verb: verb, Text: "x", Args: button.Args}); err == nil && slices.Contains(bridge.Acts(), verb) {
			t.Errorf("the page lets cat %s", verb)
		}
	}
	w.waitDrained()
	wantEqual(t, "the conversation", state(), before)

	w.chat.Say("ann", vault, root, "!visible all")
	again := waitNewestRoot(t, w.chat, support, 2, "Hello")
	w.chat.Say("cat", support, again, "!assign @cat")
	w.waitCard(again, "| Cat |")
}

// Who may read a customer's new conversations is set at the customer: they open in the private channel with just these people. Where there
// is none, what the customer writes waits for an admin.
// Requirement R-199: Owners set at the customer.
func TestVisibleByRecord(t *testing.T) {
	t.Parallel()
	w, old := newPrivateWorld(t)
	w.chat.Say("ann", support, old, "!customer visible: ann@acme.test")
	w.waitWhisper("ann", "no private channel with just these people")
	w.chat.Say("ann", support, old, "!customer visible: ann@acme.test; ben@acme.test")
	w.eventually("it is set", func() bool {
		return w.count(`SELECT count(*) FROM customer_records WHERE visible_to = '{ann@acme.test,ben@acme.test}'`) == 1
	})
	w.chat.Say("ann", support, old, "!close")
	w.waitDrained()
	w.customerWrites("kim", "My salary")
	waitNewestRoot(t, w.chat, vault, 1, "My salary")

	w.addCustomer(store.Customer{VisibleTo: []string{"ann@acme.test", "ben@acme.test"}}, "max@x.test")
	w.customerSends(mail, channelstest.Event{From: "max@x.test", Text: "I am in hospital", Automatic: "auto-replied"})
	waitNewestRoot(t, w.chat, vault, 2, "I am in hospital")

	w.addCustomer(store.Customer{VisibleTo: []string{"ann@acme.test"}}, "lea")
	w.customerWrites("lea", "My illness")
	w.customerWrites("tom", "My lamp")
	w.waitThread("My lamp")
	for _, m := range w.allMessages() {
		if strings.Contains(m.Plain(), "My illness") {
			t.Errorf("it is shown to more than those who may read it: %q", m.Plain())
		}
	}
}

// Who has a conversation is among those who read it. Without a private channel of just these people, it says what to set up.
// Requirement R-081: Assign people, a team and a note in one form.
// Requirement R-216: Owners are among them.
func TestOwnersAmongReaders(t *testing.T) {
	t.Parallel()
	w, old := newPrivateWorld(t)
	w.chat.Say("cat", support, old, "!visible @ann")
	w.waitWhisper("cat", "no private channel with just these people: that of Vault also has Ben, and lacks Cat")
	w.chat.Say("cat", support, old, "!take")
	w.waitCard(old, "| Cat |")
	w.chat.Say("ann", support, old, "!visible #Vault")
	w.waitWhisper("ann", "Cat would have this conversation, but not be able to read it.")

	form := bridgetest.Button{Verb: bridge.VerbAssign, Args: bridge.Args{
		Conversation: 1, Agents: []string{"cat"}, VisibleTo: []string{"ann", "ben"}, Note: "handle with care",
	}}
	w.chat.Submit("ann", support, old, form, "")
	w.eventually("the form is refused", func() bool { return len(w.chat.Whispers("ann")) == 2 })
	form.Args.Agents = []string{"ben"}
	w.chat.Submit("ann", support, old, form, "")
	root := waitNewestRoot(t, w.chat, vault, 1, "handle with care")
	w.waitCardIn(vault, root, "| Ben |")
	w.chat.Say("ben", vault, root, "!assign @cat")
	w.waitWhisper("ben", "Cat would have this conversation, but not be able to read it.")
	w.chat.Say("ben", vault, root, "!assign #Support")
	w.waitDrained()
	wantEqual(t, "roots in support", len(w.chat.Messages(support, "")), 1)
}
