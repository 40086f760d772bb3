package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// startForm is a form of a new conversation, filled in except for its text.
func startForm(account, recipient, subject string) bridgetest.Button {
	return bridgetest.Button{Verb: bridge.VerbNew, Args: bridge.Args{StartArgs: bridge.StartArgs{
		Account:   account,
		Recipient: recipient,
		Subject:   subject,
	}}}
}

// waitSent waits until the provider took n messages, checks that these are all, and returns them.
func (w *world) waitSent(n int) []channelstest.Sent {
	w.t.Helper()
	list := w.provider.Wait(w.t, fmt.Sprintf("%d messages are sent", n), func(list []channelstest.Sent) bool { return len(list) >= n })
	if len(list) != n {
		w.t.Fatalf("%d messages were sent, want %d: %+v", len(list), n, list)
	}
	return list
}

// A conversation that can't be begun is refused with a reason and the typed text. Nothing is stored, neither the customer
// nor a conversation.
//
func TestStartRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.saveAccount("listed", func(a *store.Account) { a.Mode, a.TrialTo = "trial", []string{"dora"} })
	w.saveAccount("watched", func(a *store.Account) { a.Mode = "watch" })
	w.saveAccount("answering", func(a *store.Account) { a.Settings = []byte(`{"outgoing": "off"}`) })
	for name, caps := range map[string]string{"listed": mail, "watched": mail, "answering": chat} {
		w.engines[0].SetChannel(w.accounts[name], channelstest.New(w.provider, secret, w.capsOf(caps), channels.Env{}))
	}
	w.engines[0].SetChannel(w.accounts[chat], channelstest.New(w.provider, secret,
		func() channels.Capabilities { c := w.capsOf(chat); c.Start = channels.StartNever; return c }(), channels.Env{}))

	for text, c := range map[string]struct {
		account, recipient string
		user               bridge.SurfaceUser
		told               string
		field              string // of the form, that is wrong
	}{
		"two people":      {account: mail, recipient: "carla, dora", user: "ben", told: "isn't a customer", field: "recipient"},
		"no account":      {account: "nowhere", recipient: "carla", user: "ben", told: "There is no account “nowhere”", field: "account"},
		"not on the list": {account: "listed", recipient: "carla", user: "ben", told: "on trial and carla", field: "recipient"},
		"only watched":    {account: "watched", recipient: "carla", user: "ben", told: "only watches", field: "account"},
		"only answers":    {account: "answering", recipient: "carla", user: "ben", told: "outgoing is off", field: "recipient"},
		"they begin":      {account: chat, recipient: "carla", user: "ben", told: "only customers begin", field: "account"},
		"any of several":  {account: "", recipient: "dora", user: "ben", told: "Several accounts", field: "account"},
		"who is dan":      {account: mail, recipient: "carla", user: "dan", told: "not one of Parley's agents", field: ""},
	} {
		w.chat.Submit(string(c.user), support, "", startForm(c.account, c.recipient, ""), text)
		wantWords(t, "what "+string(c.user)+" is told", w.waitWhisper(string(c.user), text).Plain(), c.told)
		_, err := w.engines[0].Desk(w.surface).MayStart(t.Context(), c.user, bridge.Start{Account: c.account, Recipient: c.recipient})
		wantEqual(t, text+": the field", wantProblem(t, text, err).Field, c.field)
	}

	if _, err := w.engines[0].Desk(w.surface).MayStart(t.Context(), "ben", bridge.Start{Account: "listed", Recipient: "dora"}); err != nil {
		t.Errorf("a conversation with somebody on the list: %v", err)
	}

	w.chat.Submit("ben", support, "", startForm(mail, "carla", ""), "")
	w.waitWhisper("ben", "no text to send")
	wantEqual(t, "people who are remembered", w.count(`SELECT count(*) FROM identities`), 0)
	wantEqual(t, "conversations", w.count(`SELECT count(*) FROM conversations`), 0)
	w.wantNothingSent()

	// The form offers the accounts by which a conversation can be begun.
	accounts := must(w.engines[0].Desk(w.surface).Accounts(t.Context(), "ben"))(t)
	var starts []string
	for _, a := range accounts {
		if a.Starts {
			starts = append(starts, a.Name)
		}
	}
	wantEqual(t, "accounts", len(accounts), 5)
	wantList(t, "accounts by which one can begin", starts, []string{"answering", "listed", mail})
	wantEqual(t, "the answering account begins only with people who wrote before", accounts[0].KnownOnly, true)
}

// allowStarting lets conversations be begun by an account with people who never wrote.
func (w *world) allowStarting(account string) {
	w.t.Helper()
	w.saveAccount(account, func(a *store.Account) { a.Settings = []byte(`{"outgoing": "on"}`) })
}

// In a chat, agents may begin a conversation only with people who wrote before, to whichever account. By mail they may
// begin one with anybody. The setting "outgoing: on" allows that in a chat, too. A stranger who was refused isn't stored.
//
func TestStartWithStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.saveAccount("second", func(*store.Account) {})
	w.engines[0].SetChannel(w.accounts["second"], channelstest.New(w.provider, secret, w.capsOf(chat), channels.Env{}))
	w.customerWrites("carla", "Hello?")
	thread := w.waitThread("Hello?")
	w.chat.Submit("ann", support, thread, formOf(bridge.VerbClose), "")
	w.waitCard(thread, "closed") // while it is open, no other one can be begun with carla

	wantRefused := func(account, recipient, text string) {
		t.Helper()
		w.chat.Submit("ben", support, "", startForm(account, recipient, ""), text)
		wantWords(t, "what ben is told", w.waitWhisper("ben", text).Plain(), recipient+" never wrote to you, and "+account)
	}

	wantRefused(chat, "dora", "A stranger")
	w.chat.Submit("ben", support, "", startForm(mail, "dora", ""), "By mail")
	w.waitSent(1)
	wantRefused(chat, "dora", "We wrote to her, she didn't")
	w.chat.Submit("ben", support, "", startForm(chat, "carla", ""), "A known one")
	w.waitSent(2)
	w.chat.Submit("ben", support, "", startForm("second", "carla", ""), "By another account")
	w.waitSent(3)

	_, err := w.engines[0].Desk(w.surface).MayStart(t.Context(), "ben", bridge.Start{Account: chat, Recipient: "dora"})
	wantEqual(t, "the field that the form is told", wantProblem(t, "a stranger", err).Field, "recipient")
	if n := w.count(`SELECT count(*) FROM identities WHERE key = 'dora' AND account_id = $1`, w.accounts[chat]); n != 0 {
		t.Error("a stranger who was refused is remembered")
	}

	w.allowStarting(chat)
	called := startForm(chat, "dora", "")
	called.Args.Called, called.Args.Team = "Dora of Lamps", "Billing"
	w.chat.Submit("ben", support, "", called, "Now she gets it")
	wantWords(t, "what ben is told", w.waitWhisper("ben", "Now she gets it").Plain(), "no team called Billing")
	team := must(store.SaveTeam(t.Context(), w.pool, store.Team{Name: "Billing"}))(t)
	w.reloadEngines()
	w.chat.Submit("ben", support, "", called, "And now?")
	wantWords(t, "what ben is told", w.waitWhisper("ben", "And now?").Plain(), "has no channel")
	check(t, store.SaveTeamChannel(t.Context(), w.pool, store.TeamChannel{TeamID: team, AccountID: w.surface, Channel: "c2", Home: true}))
	w.reloadEngines()
	w.chat.Submit("ben", support, "", called, "Now she gets it, too")
	w.waitSent(4)
	wantEqual(t, "conversations in the team, ben's, with her name", w.count(`SELECT count(*) FROM conversations
		WHERE team_id = $1 AND assignees = ARRAY[$2::bigint] AND traits->>'name' = 'Dora of Lamps'`, team, w.agents["ben"]), 1)
}

// A text that mentions a colleague is taken to be for that colleague: no conversation is begun. A button opens the form
// with the typed text, from which it can be sent. The same happens by mail and in a chat, to a customer who wrote before.
func TestStartMentionsAColleague(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("eve", "Hello")
	w.chat.Submit("ann", support, w.waitThread("Hello"), formOf(bridge.VerbClose), "")
	w.waitCard(w.waitThread("Hello"), "closed")
	for account, recipient := range map[string]string{mail: "eve@x.test", chat: "eve"} {
		w.chat.Say("ann", support, "", "!new "+account+" "+recipient+" Hi by "+account+", <@ben> will call you")
		told := w.waitWhisper("ann", "Hi by "+account+", @ben will call you")
		wantWords(t, "what ann is told", told.Plain(), "mentions a colleague")
		wantButtons(t, "the refusal", told, bridge.VerbNew)
	}

	w.waitDrained()
	wantEqual(t, "conversations: the one that was closed", w.count(`SELECT count(*) FROM conversations`), 1)
	w.wantNothingSent()
}

// Two agents begin a conversation with one customer of a chat at the same time, on two replicas: one conversation is
// begun, and the other agent is offered it.
func TestStartTwiceAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{engines: 2})
	w.allowStarting(chat)
	w.chat.Submit("ben", support, "", startForm(chat, "carla", ""), "From Ben")
	w.chat.Submit("ann", support, "", startForm(chat, "carla", ""), "From Ann")
	w.chat.Wait(t, "one of them is offered the other's", func() bool {
		return len(w.chat.Whispers("ben"))+len(w.chat.Whispers("ann")) == 1
	})
	w.waitSent(1)
}

// In a channel where a conversation can be begun by a template only, an agent picks an approved one of the use Start,
// fills it in and sends it. A free text or another template is refused.
//
func TestStartWithTemplate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: func(c *channels.Capabilities) {
		if !c.Threads {
			c.Templates, c.Start = true, channels.StartTemplate
		}
	}})
	w.allowStarting(chat)
	greeting := w.saveTemplate(chat, func(d *bridge.Template) {
		d.Name, d.Uses, d.Body = "Greeting", []string{bridge.TemplateStart}, "Hello {{first_name}}, this is Acme."
	})
	update := w.saveTemplate(chat, nil)
	for _, name := range []string{"greeting", "order_update"} {
		w.decideTemplate(name, channels.TemplateApproved, "")
	}
	w.waitTemplateStatus(greeting, "approved")
	w.waitTemplateStatus(update, "approved")

	desk := w.engines[0].Desk(w.surface)
	offered := must(desk.Templates(t.Context(), bridge.TemplatesFor{Account: chat, Use: bridge.TemplateStart}, "ben"))(t)
	if len(offered.List) != 1 || offered.List[0].Name != "Greeting" {
		t.Fatalf("offered are %+v, want the greeting alone", offered.List)
	}

	startWith := func(id store.TemplateID, values map[string]string) bridgetest.Button {
		b := startForm(chat, "carla", "")
		version := offered.List[0].Version
		b.Args.Template = &bridge.TemplateArgs{ID: id, Version: version, Values: values, Seen: bridge.PreviewMark(id, version, values)}
		return b
	}

	// A free text and a template for another use are refused.
	w.chat.Submit("ben", support, "", startForm(chat, "carla", ""), "Free words")
	if told := w.waitWhisper("ben", "begins with a template"); !strings.Contains(told.Plain(), "Free words") {
		t.Errorf("told %q", told.Plain())
	}
	w.chat.Submit("ben", support, "", startWith(update, map[string]string{"first_name": "Carla", "quote_number": "7"}), "")
	w.waitWhisper("ben", "is not for the beginning")

	// The greeting begins the conversation.
	w.chat.Submit("ben", support, "", startWith(greeting, map[string]string{"first_name": "Carla"}), "")
	line := w.waitShown("Hello Carla, this is Acme.")
	if root := w.chat.Messages(support, line.Thread)[0]; root.Kind != string(bridge.PostRoot) {
		t.Errorf("the root is %+v", root)
	}

	m := w.waitSent(1)[0]
	wantSentTo(t, m, []string{"carla"}, nil)
	if m.Template == nil {
		t.Fatalf("%+v was sent, want a template", m)
	}
	wantEqual(t, "the template", m.Template.Name, "greeting")
	wantEqual(t, "its value", m.Template.Values["first_name"], "Carla")

	w.customerWrites("carla", "Who?")
	if answer := w.waitShown("Who?"); answer.Thread != line.Thread {
		t.Errorf("the answer is in %s, want %s", answer.Thread, line.Thread)
	}
}
