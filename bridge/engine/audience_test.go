package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
	"parley/routing"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// vault is a private channel that an account has for itself.
const vault = "vault"

// newSecludedWorld makes a world in which the mail account's threads open in a private channel. ann is in the channel,
// ben is in the account's team, and cat is in neither. Maria has written a mail.
func newSecludedWorld(t *testing.T, o options) *world {
	t.Helper()
	o.stopped = true
	w := newWorld(t, o)
	w.chat.Open(vault)
	w.chat.Private(vault, "ann", bridgetest.App)
	guards := must(store.SaveTeam(t.Context(), w.pool, store.Team{Name: "Guards", Members: []store.AgentID{w.agents["ben"]}}))(t)
	w.saveAccount(mail, func(a *store.Account) { a.TeamID, a.SurfaceID, a.SurfaceChannel = &guards, &w.surface, vault })
	w.start()
	w.customerSends(mail, channelstest.Event{From: "maria@customer.test", Name: "Maria", Subject: "Salary", Text: "Why so little?"})
	w.chat.Wait(t, "the mail is shown", func() bool {
		roots := w.chat.Messages(vault, "")
		return len(roots) == 1 && len(w.chat.Messages(vault, roots[0].ID)) == 2
	})
	w.waitDrained()
	return w
}

// A conversation in an account's private channel is open only to the people of the channel and of the account's team.
// Others don't see it by a list, a search, details, a form, the history or in any other way.
// Requirement R-212: Only some people read an account.
func TestPrivateChannel(t *testing.T) {
	t.Parallel()
	w := newSecludedWorld(t, options{})
	readers := []struct {
		user string
		may  bool
	}{
		{user: "ann", may: true}, // she is in the channel
		{user: "ben", may: true}, // he is in the account's team
		{user: "cat", may: false},
	}
	for _, reader := range readers {
		for _, way := range w.waysToRead() {
			got, err := way.read(bridge.SurfaceUser(reader.user))
			wantEqual(t, way.name+" shows the conversation to "+reader.user, got, reader.may)
			if err != nil {
				_ = wantProblem(t, way.name+" for "+reader.user, err)
			}
		}
	}
}

// wayToRead is a way to see something of the conversation in the private channel.
type wayToRead struct {
	name string
	read func(user bridge.SurfaceUser) (isShown bool, err error) // the error says why it isn't
}

// waysToRead are all ways to read it except the chat itself.
func (w *world) waysToRead() []wayToRead {
	d, ctx := w.engines[0].Desk(w.surface), w.t.Context()
	root := w.chat.Messages(vault, "")[0].ID
	said := w.chat.Messages(vault, root)[1].ID
	return []wayToRead{
		{name: "a list", read: func(user bridge.SurfaceUser) (bool, error) {
			l, err := d.List(ctx, bridge.ListQuery{List: "all"}, user)
			return len(l.Rows) == 1, err
		}},
		{name: "a search", read: func(user bridge.SurfaceUser) (bool, error) {
			l, err := d.List(ctx, bridge.ListQuery{Words: "salary"}, user)
			return len(l.Rows) == 1, err
		}},
		{name: "its details", read: func(user bridge.SurfaceUser) (bool, error) {
			f, err := d.Facts(ctx, 1, user)
			return f.Subject == "Salary", err
		}},
		{name: "the details of its thread", read: func(user bridge.SurfaceUser) (bool, error) {
			f, err := d.FactsAt(ctx, bridge.Place{Channel: vault, Thread: root}, user)
			return f.Subject == "Salary", err
		}},
		{name: "its history", read: func(user bridge.SurfaceUser) (bool, error) {
			h, err := d.History(ctx, 1, 0, user)
			return len(h.Rows) > 0, err
		}},
		{name: "its templates", read: func(user bridge.SurfaceUser) (bool, error) {
			known, err := d.Templates(ctx, bridge.TemplatesFor{Conversation: 1}, user)
			return len(known.Known) > 0, err
		}},
		{name: "what was said", read: func(user bridge.SurfaceUser) (bool, error) {
			list, err := d.SaidAt(ctx, bridge.Place{Channel: vault, Message: said}, user)
			return len(list) == 1, err
		}},
		{name: "the form of a reply", read: func(user bridge.SurfaceUser) (bool, error) {
			err := d.MayReply(ctx, 1, user, "Hello", nil)
			return err == nil, err
		}},
		{name: "the list of accounts", read: func(user bridge.SurfaceUser) (bool, error) {
			list, err := d.Accounts(ctx, user)
			return slices.ContainsFunc(list, func(a bridge.AccountRef) bool { return a.Name == mail }), err
		}},
		{name: "the templates of all accounts", read: func(user bridge.SurfaceUser) (bool, error) {
			all, err := d.Templates(ctx, bridge.TemplatesFor{}, user)
			return slices.Contains(all.Accounts, mail), err
		}},
		{name: "the dashboard", read: func(user bridge.SurfaceUser) (bool, error) {
			closed, err := w.engines[0].Inbox().ClosedAccounts(ctx, w.agents[string(user)])
			return len(closed) == 0, err
		}},
		{name: "the form of a new conversation", read: func(user bridge.SurfaceUser) (bool, error) {
			_, err := d.MayStart(ctx, user, bridge.Start{Account: mail, Recipient: "paul@customer.test", Text: "Hello"})
			return err == nil, err
		}},
	}
}

// A button sends a text that was typed in a channel to a customer. A client that forges the text's place names a message in
// a private channel. The answer doesn't tell what became of that message, and the conversation there keeps no trace of it.
// Requirement R-212: Only some people read an account.
func TestForgedChoiceTellsNothingOfAPrivateChannel(t *testing.T) {
	t.Parallel()
	w := newSecludedWorld(t, options{})
	root := w.chat.Messages(vault, "")[0].ID
	said := w.chat.Messages(vault, root)[1].ID
	card := w.chat.Get(support, w.openThread()) // of kim, whose conversation cat may answer
	card.Buttons = []bridgetest.Button{{Verb: bridge.VerbSend, Args: bridge.Args{
		Conversation: 2,
		SendArgs:     bridge.SendArgs{Typed: &bridge.Place{Channel: vault, Message: said}},
	}}}
	w.chat.Press(t, "cat", card, bridge.VerbSend)
	w.chat.Wait(t, "cat is answered", func() bool { return len(w.chat.Whispers("cat")) == 1 })
	wantWords(t, "the answer", w.chat.Whispers("cat")[0].Plain(), "[refused]")
	refusals := w.count(`SELECT count(*) FROM log_entries WHERE conversation_id = 1 AND what = $1`, store.DeedRefused)
	wantEqual(t, "refusals in the log of the private conversation", refusals, 0)
}

// The owner of a conversation may read it, also if its channel is private.
// Requirement R-212: Only some people read an account.
func TestOwnerReadsPrivateChannel(t *testing.T) {
	t.Parallel()
	w := newSecludedWorld(t, options{})
	d := w.engines[0].Desk(w.surface)
	f, err := d.Facts(t.Context(), 1, "cat")
	_ = wantProblem(t, "details for cat before she has it", err)

	toCat := bridgetest.Button{Verb: bridge.VerbAssign, Args: bridge.Args{Conversation: 1, Agents: []string{"cat"}}}
	w.chat.Submit("ben", support, "", toCat, "")
	w.chat.Wait(t, "cat may read what is assigned to her", func() bool {
		f, err = d.Facts(t.Context(), 1, "cat")
		return err == nil
	})
	if !f.Account.Can.Participants {
		t.Error("her forms don't know what the account's channel can do")
	}
	owners := w.annsFacts().Assignees
	if len(owners) != 1 {
		t.Fatalf("the owners are %+v, want Cat alone", owners)
	}
	wantEqual(t, "the owner", owners[0].User, "cat")
}

// A conversation is handed over from the private channel. Its card doesn't name the customer's other conversations there,
// and agents see these only if they may read them.
// Requirement R-212: Only some people read an account.
func TestHandedOverCardNamesNothingOfAPrivateChannel(t *testing.T) {
	t.Parallel()
	w := newSecludedWorld(t, options{})
	w.openTeam("Helpers", w.chat, w.surface, sales)
	w.customerSends(mail, channelstest.Event{From: "maria@customer.test", Name: "Maria", Subject: "Bonus", Text: "Where is it?"})
	waitNewestRoot(t, w.chat, vault, 2, "Where is it?")
	w.chat.Say("ann", vault, w.chat.Messages(vault, "")[0].ID, "!assign #helpers")
	handedOver := waitNewestRoot(t, w.chat, sales, 1, "Salary")
	w.waitDrained()
	if card := w.chat.Get(sales, handedOver).Plain(); strings.Contains(card, "#2") {
		t.Errorf("the card names a conversation of the private channel: %s", card)
	}
	for user, want := range map[bridge.SurfaceUser]int{"ann": 1, "cat": 0} {
		f := must(w.engines[0].Desk(w.surface).Facts(t.Context(), 1, user))(t)
		wantEqual(t, "others that "+string(user)+" sees", len(f.AlsoOpen), want)
	}
}

// If the chat can't tell who is in a private channel, people who were seen there may read on for a while, but not for
// ever. The account's team may always.
// Requirement R-212: Only some people read an account.
func TestAudienceAges(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		audienceAge time.Duration // 0 means the usual one
		wantAnn     bool          // whether ann reads, who was seen in the channel
	}{
		{name: "seen a moment ago", audienceAge: 0, wantAnn: true},
		{name: "seen too long ago", audienceAge: time.Nanosecond, wantAnn: false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newSecludedWorld(t, options{audienceAge: tt.audienceAge})
			d := w.engines[0].Desk(w.surface)
			w.chat.AddFault(chatFault("audience", bridgetest.FaultErrorBefore, 1000))
			_, annsErr := d.Facts(t.Context(), 1, "ann")
			if annReads := annsErr == nil; annReads != tt.wantAnn {
				t.Errorf("ann, who is in the channel, gets the error %v; want that she reads it: %v", annsErr, tt.wantAnn)
			}
			if _, err := d.Facts(t.Context(), 1, "ben"); err != nil {
				t.Errorf("ben, of the team, gets the error %v, want none", err)
			}
		})
	}
}

// saveSecludedTemplate keeps a template of the mail account, whose threads are in the private channel.
func (w *world) saveSecludedTemplate() {
	w.t.Helper()
	w.saveTemplate(mail, func(draft *bridge.Template) { draft.Name = "Dismissal" })
}

// The list of all templates shows those of an account with a private channel only to its readers. The list of accounts
// does the same.
// Requirement R-212: Only some people read an account.
func TestTemplatesOfAPrivateChannel(t *testing.T) {
	t.Parallel()
	w := newSecludedWorld(t, options{})
	w.saveSecludedTemplate()
	d := w.engines[0].Desk(w.surface)
	for user, may := range map[bridge.SurfaceUser]bool{"ann": true, "ben": true, "cat": false} {
		all := must(d.Templates(t.Context(), bridge.TemplatesFor{}, user))(t)
		wantEqual(t, "whether "+string(user)+" sees the template", len(all.List) == 1, may)
		wantEqual(t, "whether "+string(user)+" sees the account", slices.Contains(all.Accounts, mail), may)
		_, err := d.Templates(t.Context(), bridge.TemplatesFor{Account: mail}, user)
		wantEqual(t, "whether "+string(user)+" may ask for the account's templates", err == nil, may)
	}
}

// lamps is how many conversations about lamps newWorldOfLamps has beside kim's.
const lamps = 51

// newWorldOfLamps makes a world with kim's conversation and others about "Lamp 0" to "Lamp 50". It returns the thread of
// kim's.
func newWorldOfLamps(t *testing.T) (w *world, thread string) {
	t.Helper()
	w = newWorld(t, options{})
	thread = w.openThread()
	w.exec(`INSERT INTO conversations (id, account_id, status, subject, last_at, created_at)
		SELECT 100 + n, $1, 'open', 'Lamp ' || n, now(), now() FROM generate_series(0, $2::int - 1) AS n`, w.accounts[mail], lamps)
	return w, thread
}

// Lists and search results have pages. A list begins with the conversation that has waited longest.
// Requirement R-111: Three letters, from the start of a word.
func TestListPages(t *testing.T) {
	t.Parallel()
	w, _ := newWorldOfLamps(t)
	const (
		listed = 50 // rows of a page of a list
		found  = 20 // rows of a page of what was found
	)
	tests := []struct {
		name     string
		query    bridge.ListQuery
		wantRows int
		wantMore bool
	}{
		{name: "the first page of all", query: bridge.ListQuery{List: "all"}, wantRows: listed, wantMore: true},
		{name: "the third page of the lamps", query: bridge.ListQuery{Words: "lam", Page: 2}, wantRows: lamps - 2*found},
	}
	d := w.engines[0].Desk(w.surface)
	for _, tt := range tests {
		page := must(d.List(t.Context(), tt.query, "ann"))(t)
		wantEqual(t, "rows of "+tt.name, len(page.Rows), tt.wantRows)
		wantEqual(t, "whether more follow "+tt.name, page.More, tt.wantMore)
	}
	first := must(d.List(t.Context(), bridge.ListQuery{List: "all"}, "ann"))(t)
	wantEqual(t, "the first row of all", first.Rows[0].ID, 1)
	second := must(d.List(t.Context(), bridge.ListQuery{List: "all", After: first.Next}, "ann"))(t)
	wantEqual(t, "rows of the second page of all", len(second.Rows), lamps+1-listed)
	wantEqual(t, "whether more follow the second page of all", second.More, false)
	_, err := d.List(t.Context(), bridge.ListQuery{List: "all", After: "nowhere"}, "ann")
	wantEqual(t, "the problem of a place that isn't one", wantProblem(t, "of a place that isn't one", err).Code, "no_page")
}

// An account that has people of its own is open to those of them who handle it, and to super-admins, whoever is in its channel or its
// team.
// Requirement R-212: Only some people read an account.
func TestPeopleOfAnAccount(t *testing.T) {
	t.Parallel()
	w := newSecludedWorld(t, options{})
	w.exec(`UPDATE accounts SET people = '[{"agent":"cat@acme.test","rights":["handles"]},{"agent":"eve@acme.test","rights":["handles"]}]'
		WHERE name = $1`, mail)
	w.exec(`UPDATE conversations SET assignees = $1`, []store.AgentID{w.agents["ben"]}) // he has it still
	w.reloadEngines()
	for user, may := range map[string]bool{"ann": true, "ben": false, "cat": true} {
		for _, way := range w.waysToRead() {
			got, err := way.read(bridge.SurfaceUser(user))
			wantEqual(t, way.name+" shows the conversation to "+user, got, may)
			if err != nil {
				_ = wantProblem(t, way.name+" for "+user, err)
			}
		}
	}
	w.chat.Private(vault, "ann", "ben", bridgetest.App)
	root := w.chat.Messages(vault, "")[0].ID
	w.chat.Say("ben", vault, root, "Hello from whom nobody listed")
	w.waitWhisper("ben", "not open to you")
	w.chat.Say("ann", vault, root, "!assign @ben")
	w.waitWhisper("ann", "Ben is not one of the people of mail")

	w.chat.Private(vault, "ann", "ben", "cat", bridgetest.App)
	w.chat.Say("cat", vault, root, "!take") // as if nobody had it: ben can do nothing with it
	w.eventually("cat has it", func() bool { return w.held()[w.agents["cat"]] == 1 })
	w.waitDrained()
	w.exec(`UPDATE conversations SET assignees = $1`, []store.AgentID{w.agents["ben"]})
	check(t, store.BumpSettings(t.Context(), w.pool))
	w.eventually("nobody has it", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE assignees = '{}'`) == 1 })
	if texts := w.provider.Texts(); len(texts) > 0 {
		t.Errorf("the customer got %q, want nothing", texts)
	}
}

// Rules give conversations of an account with people of its own only to those who take them.
// Requirement R-213: Rights of people on accounts.
func TestRulesGiveOnlyToWhoTakes(t *testing.T) {
	t.Parallel()
	w := newRuledWorld(t, options{}, 0, "", routing.Plan{Rules: []routing.Rule{{By: routing.ByLeastLoad}}})
	w.exec(`UPDATE accounts SET people = $1`, []store.AccountPerson{
		{Agent: "ben@acme.test", Rights: []store.Right{store.RightHandles}},
		{Agent: "cat@acme.test", Rights: []store.Right{store.RightHandles, store.RightTakes}},
	})
	must(store.SaveTeam(t.Context(), w.pool, store.Team{Name: "Support", Members: []store.AgentID{w.agents["ben"]}}))(t)
	must(store.SaveTeam(t.Context(), w.pool, store.Team{Name: "Sales", Members: []store.AgentID{w.agents["cat"]}}))(t)
	w.reloadEngines()
	for _, name := range []string{"kim", "lee", "joe"} {
		w.customerWrites(name, "Who has time?")
	}
	w.eventually("cat has all three", func() bool { return w.held()[w.agents["cat"]] == 3 })
}

// What somebody may do with a colleague's conversation: the rights that the account gives decide, by text, button, emoji and page alike.
// Requirement R-118: Assign within one's own rights.
// Requirement R-123: Take the owner away.
// Requirement R-213: Rights of people on accounts.
func TestRightsOnAnAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	card := w.chat.Get(support, thread)
	page := w.inboxPage()
	w.waitDrained()
	acts := []struct {
		text   string
		button bridgetest.Button
		needs  store.Right
	}{
		{"!take", bridgetest.Button{Verb: bridge.VerbTake}, store.RightReassign},
		{"!assign @ann", bridgetest.Button{Verb: bridge.VerbAssign, Args: bridge.Args{Agents: []string{"ann@acme.test"}}}, store.RightReassign},
		{"!assign #Support", bridgetest.Button{Verb: bridge.VerbAssign, Args: bridge.Args{Team: "Support"}}, store.RightReassign},
		{"!unassign", bridgetest.Button{Verb: bridge.VerbUnassign}, store.RightClear},
		{"!resolve", bridgetest.Button{Verb: bridge.VerbResolve}, store.RightResolveAll},
	}
	owners := map[string][]store.AgentID{
		"a colleague's": {w.agents["cat"]}, "one's own": {w.agents["cat"], w.agents["ben"]}, "nobody's": nil,
	}
	state := func() string {
		return w.text(`SELECT assignees::text || ' ' || status || ' ' || coalesce(team_id, 0) FROM conversations`)
	}
	refusals := func() (n int) {
		for _, m := range w.chat.Whispers("ben") {
			if strings.Contains(m.Plain(), "You may not ") {
				n++
			}
		}
		return n
	}
	turn := 0
	for _, right := range store.Rights() {
		w.exec(`UPDATE accounts SET people = $1 WHERE name = $2`, []store.AccountPerson{
			{Agent: "ann@acme.test", Rights: store.Rights()}, {Agent: "cat@acme.test", Rights: store.Rights()},
			{Agent: "ben@acme.test", Rights: []store.Right{store.RightHandles, right}},
		}, chat)
		w.reloadEngines()
		for whose, assignees := range owners {
			for _, act := range acts {
				mayDo := whose != "a colleague's" || right == act.needs
				ways := []string{"text", "button", "page"}
				if act.button.Verb != bridge.VerbAssign { // no emoji says to whom
					ways = append(ways, "emoji")
				}
				if right != act.needs { // one way is enough, each time another one
					turn++
					ways = ways[turn%len(ways):][:1]
				}
				for _, way := range ways {
					w.exec(`UPDATE conversations SET assignees = $1, status = 'open', team_id = $2`, append([]store.AgentID{}, assignees...), w.team)
					before, refused, button := state(), refusals(), act.button
					button.Args.Conversation = 1
					var err error
					switch way {
					case "text":
						w.chat.Say("ben", support, thread, act.text)
					case "button":
						w.chat.Submit("ben", support, thread, button, "")
					case "emoji":
						w.chat.React("ben", card, button.Verb)
					case "page":
						_, err = page.tryAct("ben", bridge.Act{Verb: button.Verb, Args: button.Args})
					}
					w.waitDrained()
					what := act.text + " by " + way + " of " + whose + " with " + string(right)
					wantEqual(t, what+" is refused", err != nil || refusals() > refused, !mayDo)
					isAsked := way == "emoji" && act.button.Verb == bridge.VerbTake && whose == "a colleague's"
					if !mayDo || isAsked {
						wantEqual(t, what+" changes", state(), before)
					} else if whose == "a colleague's" && act.text != "!assign #Support" {
						wantEqual(t, what+" is done", state() != before, true)
					}
				}
			}
		}
	}
}

// Which lists somebody may open that not everybody may: the role decides, in the chat's window, by text and on the page alike. Whoever
// may not open a list isn't offered it.
// Requirement R-092: Unassigned.
// Requirement R-214: Rights that open lists.
func TestRolesOpenLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"all_tab": "permission"}})
	w.exec(`UPDATE settings SET roles = '[{"name": "Supervisor", "lists": ["all"]}, {"name": "Warden", "lists": ["blocked"]}]'`)
	thread := w.openThread()
	w.waitDrained()
	page, desk := w.inboxPage(), w.engines[0].Desk(w.surface)
	for _, tt := range []struct {
		roles string
		opens []bridge.ListName // beside those of everybody
	}{
		{"{agent}", nil},
		{"{agent,Supervisor}", []bridge.ListName{bridge.ListAll, bridge.ListArchived}},
		{"{agent,Warden}", []bridge.ListName{bridge.ListBlocked}},
		{"{agent,Warden,Supervisor}", []bridge.ListName{bridge.ListAll, bridge.ListArchived, bridge.ListBlocked}},
		{"{admin}", []bridge.ListName{bridge.ListAll, bridge.ListArchived, bridge.ListBlocked}},
		{"{agent,Former}", nil},
	} {
		w.exec(`UPDATE agents SET roles = $1 WHERE name = 'Ben'`, tt.roles)
		w.reloadEngines()
		for _, name := range bridge.Lists() {
			isOpen := !slices.Contains([]bridge.ListName{bridge.ListAll, bridge.ListArchived, bridge.ListBlocked}, name) ||
				slices.Contains(tt.opens, name)
			what := string(name) + " is opened with the roles " + tt.roles
			window, err := desk.List(t.Context(), bridge.ListQuery{List: name}, "ben")
			wantEqual(t, what+" in a window", err == nil, isOpen)
			wantEqual(t, what+" as offered", slices.Contains(window.Hidden, name), !isOpen)
			wantEqual(t, what+" on the page", errorOf(page.inbox.List(t.Context(), w.agents["ben"], bridge.ListQuery{List: name})) == nil, isOpen)
			told := len(w.chat.Whispers("ben"))
			w.chat.Say("ben", support, thread, "!list "+string(name))
			w.eventually(what, func() bool { return len(w.chat.Whispers("ben")) > told })
			last := w.chat.Whispers("ben")[told].Plain()
			wantEqual(t, what+" by text", !strings.Contains(last, "is for admins"), isOpen)
		}
	}
}

// With assign_within_teams, whoever is in a team gives conversations only to it and to its people, and is offered only these. Admins
// give them to everybody.
// Requirement R-119: Assign only within one's own teams.
func TestAssignWithinTeams(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"assign_within_teams": "on"}})
	for name, members := range map[string][]string{"Billing": {"ann"}, "Support": {"ben", "cat"}} {
		team := store.Team{Name: name}
		for _, m := range members {
			team.Members = append(team.Members, w.agents[m])
		}
		must(store.SaveTeam(t.Context(), w.pool, team))(t)
	}
	w.reloadEngines()
	thread := w.openThread()
	for _, text := range []string{"!assign @ann", "!assign #Billing"} {
		w.chat.Say("ben", support, thread, text)
		w.waitWhisper("ben", "[refused] assign You may assign only within your own teams on this account.")
	}
	w.chat.Say("ben", support, thread, "!assign @cat")
	w.waitCard(thread, "| Cat |")
	w.chat.Say("ann", support, thread, "!assign @ben")
	w.waitCard(thread, "| Ben |")

	names := func(user bridge.SurfaceUser) string {
		people, teams, err := w.engines[0].Desk(w.surface).Assignable(t.Context(), 1, user)
		check(t, err)
		for _, p := range people {
			teams = append(teams, p.Name)
		}
		slices.Sort(teams)
		return strings.Join(teams, " ")
	}
	wantEqual(t, "whom ben is offered", names("ben"), "Ben Cat Support")
	wantEqual(t, "whom ann is offered", names("ann"), "Ann Ben Billing Cat Support")
}
