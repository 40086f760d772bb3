package view

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bot/command"
	"parley/bot/verb"
	"parley/bridge"
	"parley/channels/golden"
)

// nasty is what a customer may write to look like somebody or something else.
const nasty = "<!channel> *Ann Lee*\n:white_check_mark: [x](http://evil.example) <@UANN> \u202etxt.exe\u0000"

func roots(t *testing.T) map[string]bridge.Facts {
	f, all := facts(t), full(t)
	return map[string]bridge.Facts{
		"1 unassigned": f, "2 everything": all,
		"3 pending":  with(f, func(f *bridge.Facts) { f.Status, f.Assignees = bridge.StatusPending, []bridge.AgentRef{bob()} }),
		"4 snoozed":  with(all, func(f *bridge.Facts) { f.Status, f.SnoozedUntil = bridge.StatusSnoozed, now(t).Add(23*time.Hour) }),
		"5 resolved": with(all, func(f *bridge.Facts) { f.Status = bridge.StatusResolved }),
		"6 closed":   with(all, func(f *bridge.Facts) { f.Status, f.CloseReason = bridge.StatusClosed, "admin" }),
		"7 bare": {ID: 1, Status: bridge.StatusOpen, Contact: bridge.PartyRef{Name: "+491511234567", Address: "+491511234567"},
			Recipients: bridge.Recipients{To: []bridge.PartyRef{{Name: "+491511234567", Address: "+491511234567"}}}},
		"8 watching":          with(f, func(f *bridge.Facts) { f.Account.Mode = "watch" }),
		"a window for people": with(f, func(f *bridge.Facts) { f.Window.Until, f.Window.PeopleOnly = now(t).Add(5*24*time.Hour), true }),
		"b window closed":     with(f, func(f *bridge.Facts) { f.Window.Until, f.Window.Closed = now(t).Add(-time.Hour), true }),
		"d from the right": with(f, func(f *bridge.Facts) {
			f.Contact.Name, f.Subject = "نورة العتيبي", "איפה ההזמנה שלי? #4711"
		}),
		"c never opened": with(f, func(f *bridge.Facts) { f.Window.Closed = true }),
		"9 nasty": with(f, func(f *bridge.Facts) {
			f.Subject, f.Contact.Name, f.Tags = nasty+strings.Repeat("x", 500), nasty, []bridge.Tag{{Name: nasty}}
			f.Recipients.To = []bridge.PartyRef{f.Contact}
		}),
	}
}

func sorted(m map[string]bridge.Facts) []string {
	var keys []string
	for c := '0'; c <= 'd'; c++ {
		for k := range m {
			if strings.HasPrefix(k, string(c)) {
				keys = append(keys, k)
			}
		}
	}
	return keys
}

//
func TestRootAndDetails(t *testing.T) {
	t.Parallel()
	var root, details strings.Builder
	cases := roots(t)
	for _, name := range sorted(cases) {
		f := cases[name]
		c := Root(f)
		checkCard(t, name, c)
		if most := 3; len(c.Blocks) > most || !f.Status.Open() && len(c.Blocks) != 1 || len(c.Buttons) > 4 {
			t.Errorf("%s: %d lines and %d buttons", name, len(c.Blocks), len(c.Buttons))
		}
		root.WriteString(dump(name, c))
		d := Details(f)
		checkCard(t, name, d)
		details.WriteString(dump(name, d))
	}
	golden.Text(t, "testdata/root.txt", root.String())
	golden.Text(t, "testdata/details.txt", details.String())
}

// checkCard holds for every card: no line breaks or invisible characters in pieces, labels
// that fit, buttons that can be read back, no mention in a root.
func checkCard(t *testing.T, name string, c Card) {
	t.Helper()
	if len([]rune(c.Title)) > 24 {
		t.Errorf("%s: title %q is too long", name, c.Title)
	}
	check := append([]Button(nil), c.Buttons...)
	for _, b := range c.Blocks {
		check = append(check, b.Buttons...)
		if len(b.Pieces) == 0 && b.Text == "" {
			t.Errorf("%s: an empty block", name)
		}
		for _, p := range b.Pieces {
			if strings.ContainsAny(p.Text, "\n\r\x00\u202e") || p.Kind == PieceTime && p.Zone == nil || p.Text == "" && p.Kind != PieceTime {
				t.Errorf("%s: piece %+v", name, p)
			}
		}
	}
	for _, b := range check {
		read, _, err := verb.Pressed(string(b.Verb), b.Value)
		if err != nil || read != b.Verb || b.Label == "" || len([]rune(b.Label)) > 24 {
			t.Errorf("%s: button %+v: %v", name, b, err)
		}
	}
}

// Where plain text isn't heard, the card of an open conversation says how to answer.
func TestCardSaysHowToAnswer(t *testing.T) {
	t.Parallel()
	onlyMentions := CommandSyntax{Signs: []string{"@Parley "}, OnlyMentions: true}
	over := facts(t)
	over.Status = bridge.StatusResolved
	for _, c := range []struct {
		facts  bridge.Facts
		syntax CommandSyntax
		want   bool
	}{{facts(t), onlyMentions, true}, {over, onlyMentions, false}, {facts(t), CommandSyntax{Signs: []string{"!"}}, false}} {
		card, _ := Post(bridge.Post{Kind: bridge.PostCard, Facts: c.facts}, c.syntax)
		if got := strings.Contains(Plain(card), "begin with @Parley reply …"); got != c.want {
			t.Errorf("only mentions %v, %s: %q", c.syntax.OnlyMentions, c.facts.Status, Plain(card))
		}
	}
}

func TestSaid(t *testing.T) {
	t.Parallel()
	carla := bridge.PartyRef{Name: "Carla Diaz", Address: "carla@shop.example"}
	first := now(t)
	cases := []struct {
		name string
		said bridge.Said
	}{
		{"text", bridge.Said{From: carla, Text: "Hello *there*\n\n- one"}},
		{"everything", bridge.Said{From: carla, Text: "See below", Quoted: "old words", ShowQuote: true, Notices: []string{"Encrypted: cannot be displayed."}, Files: []string{"a.pdf", "", "b\n.png"}, Original: "https://help.acme.test/files/x"}},
		{"quote hidden", bridge.Said{From: carla, Text: "See below", Quoted: "old words"}},
		{"files only", bridge.Said{From: carla, Files: []string{"a.pdf"}}},
		{"nothing", bridge.Said{From: bridge.PartyRef{Address: "carla@shop.example"}, Text: " \n"}},
		{"nasty", bridge.Said{From: bridge.PartyRef{Name: nasty}, Text: nasty}},
		{"long name", bridge.Said{From: bridge.PartyRef{Name: strings.Repeat("Carla ", 40)}, Text: "Hi"}},
		{"three at once", bridge.Said{From: carla, At: first, Text: "Hello?", Then: []bridge.Said{
			{From: carla, At: first.Add(time.Minute), Text: "*Anybody* there?", Original: "https://x.test/2"}, {From: carla, At: first.Add(2 * time.Minute)}}}},
		{"three within a minute and one later", bridge.Said{From: carla, At: first, Text: "Hello?", Then: []bridge.Said{
			{From: carla, At: first.Add(time.Second), Text: "Anybody?"}, {From: carla, At: first.Add(2 * time.Second), Text: "There?"}, {From: carla, At: first.Add(time.Minute), Text: "Well."}}}},
	}
	var b strings.Builder
	for _, c := range cases {
		card := Said(c.said, time.UTC)
		checkCard(t, c.name, card)
		if !strings.HasSuffix(card.Name, " (customer)") || len([]rune(card.Name)) > 75 {
			t.Errorf("%s: posted as %q", c.name, card.Name)
		}
		b.WriteString(dump(c.name, card))
	}
	b.WriteString(dump("files", Files(carla, []string{"a.pdf", "photo.jpg"}, nil)))
	b.WriteString(dump("files missing", Files(carla, []string{"a.pdf"}, []bridge.Missing{{Name: "photo.jpg"}, {Name: nasty, Reason: "It expired."}, {}})))
	for _, a := range []bridge.Answered{{}, {Text: "Where is it?", ByUs: true}, {Text: "My order", ByOwner: true}, {Text: nasty}} {
		b.WriteString(dump("answers", Said(bridge.Said{From: carla, Text: "Yes", Answers: &a}, time.UTC)))
	}
	b.WriteString(dump("elsewhere", Said(bridge.Said{From: bridge.PartyRef{Name: "Dan"}, Elsewhere: true, Text: "Done", Notices: []string{"Answered elsewhere, not from here."}}, time.UTC)))
	golden.Text(t, "testdata/said.txt", b.String())
}

//
func TestListHistoryHelp(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	cases := roots(t)
	var rows []bridge.Facts
	for _, name := range sorted(cases) {
		rows = append(rows, cases[name])
	}
	rows[1].LastMessage.From = "agent"
	cards := []struct {
		name string
		card Card
	}{
		{"all", List(bridge.Listing{ListQuery: bridge.ListQuery{List: "all"}, Rows: rows}, nil)},
		{"all, page 3", List(bridge.Listing{ListQuery: bridge.ListQuery{List: "all", Page: 2}, Rows: rows[:1], More: true}, nil)},
		{"found", List(bridge.Listing{ListQuery: bridge.ListQuery{Words: "ann lamp"}, Rows: rows[:1], More: true}, nil)},
		{"found nothing", List(bridge.Listing{ListQuery: bridge.ListQuery{Words: nasty}}, nil)},
		{"nothing more", List(bridge.Listing{ListQuery: bridge.ListQuery{List: "mine", Page: 1}}, nil)},
		{"resolved", List(bridge.Listing{ListQuery: bridge.ListQuery{List: "resolved"}, Rows: []bridge.Facts{with(rows[4], func(f *bridge.Facts) { f.EndedAt = now(t).Add(-time.Hour) })}}, nil)},
		{"unassigned", List(bridge.Listing{ListQuery: bridge.ListQuery{List: "unassigned"}, Rows: []bridge.Facts{with(rows[0], func(f *bridge.Facts) { f.FreeSince = now(t).Add(-2 * time.Hour) })}}, nil)},
		{"nothing", Problem(&bridge.Problem{Code: "x", Text: "this conversation is resolved", Hint: "Reopen it, or start a new one."})},
	}
	for _, list := range append(listNames(), "", "überfällig") {
		cards = append(cards, struct {
			name string
			card Card
		}{"empty " + list, List(bridge.Listing{ListQuery: bridge.ListQuery{List: list}}, berlin(t))})
	}
	for _, c := range cards {
		checkCard(t, c.name, c.card)
		b.WriteString(dump(c.name, c.card))
	}
	golden.Text(t, "testdata/list.txt", b.String())

	history := History(full(t), bridge.History{More: true, Rows: []bridge.LogRow{
		{At: now(t), Actor: "Ann Lee", What: "assigned", Detail: "to Bob Ray"}, {At: now(t).Add(-time.Hour), Actor: "Customer", What: "wrote"}, {At: now(t).Add(-2 * time.Hour), Actor: "Parley", What: "opened", Detail: nasty},
	}})
	checkCard(t, "history", history)
	golden.Text(t, "testdata/history.txt", dump("rows", history)+dump("none", History(facts(t), bridge.History{}))+dump("none older", History(facts(t), bridge.History{Page: 1})))

	b.Reset()
	for _, word := range []string{"", "all", "snooze", "!r", "xyz\n", "cc", "why"} {
		c := Help(word, heard())
		checkCard(t, word, c)
		b.WriteString(dump("help "+strings.TrimSpace(word), c))
	}
	golden.Text(t, "testdata/help.txt", b.String())
}

// heard is the syntax of a chat in which everything typed is heard.
func heard() CommandSyntax {
	return CommandSyntax{Signs: []string{"!", "@Parley "}, SignsOutside: []string{"@Parley ", "/parley "}}
}

// Help says what can be typed where it is read: each line of it is read as that verb there.
func TestHelpBySyntax(t *testing.T) {
	t.Parallel()
	private := CommandSyntax{Private: true}
	onlyMentions := CommandSyntax{
		Signs: []string{"@Parley "}, SignsOutside: []string{"@Parley "}, SlashCommands: []string{"note", "take"}, OnlyMentions: true,
		EmojiOnPostsOnly: true,
	}
	var b strings.Builder
	for name, syntax := range map[string]CommandSyntax{"heard": heard(), "only mentions": onlyMentions, "private": private} {
		for _, u := range verb.All() {
			c := Help(u.Typed.Words[0], syntax)
			checkCard(t, name+" "+u.Typed.Words[0], c)
			for _, block := range c.Blocks {
				if block.Kind != BlockItem {
					continue
				}
				typed := block.Pieces[0].Text
				if p := readAs(syntax, typed); p.Verb != u.Name {
					t.Errorf("%s: %q is read as %s, not %s", name, typed, p.Verb, u.Name)
				}
			}
		}
	}
	for _, syntax := range []CommandSyntax{onlyMentions, private} {
		for _, word := range []string{"", "all", "snooze", "reply", "undo"} {
			b.WriteString(dump("help "+word, Help(word, syntax)))
		}
	}
	golden.Text(t, "testdata/help_syntax.txt", b.String())
}

// readAs reads what was typed as a chat with this syntax does; what it doesn't hear is nothing.
func readAs(syntax CommandSyntax, typed string) command.Parsed {
	mentioned, is := strings.CutPrefix(typed, "@Parley ")
	switch {
	case syntax.Private:
		return command.Slash("parley", typed, command.Options{})
	case is:
		return command.Mention(mentioned, command.Options{})
	case syntax.OnlyMentions:
		return command.Parsed{}
	}
	return command.Parse(typed, command.Options{})
}

func TestPlain(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, c := range []Card{
		Root(full(t)), Said(bridge.Said{Text: "Hello\nthere", Quoted: "a\nb", ShowQuote: true, Original: "https://x.test/1"}, nil),
		Line(bridge.Line{Content: &bridge.FailedLine{Reason: "the mailbox is full"}, Mentions: []bridge.AgentRef{ann()}, Text: "Hello\n\nBye"}, facts(t)), List(bridge.Listing{ListQuery: bridge.ListQuery{List: "mine"}, Rows: []bridge.Facts{full(t)}}, nil), Help("tag", heard()),
	} {
		b.WriteString(Plain(c) + "\n\n")
	}
	golden.Text(t, "testdata/plain.txt", b.String())
}

// A mark must not be an emoji that does something else than it shows when somebody joins in.
func TestMarkIcon(t *testing.T) {
	t.Parallel()
	seen, joining := map[string]bool{}, map[bridge.Mark]bridge.Verb{bridge.MarkWaiting: bridge.VerbUndo, bridge.MarkInside: bridge.VerbKeep}
	for _, m := range []bridge.Mark{bridge.MarkWaiting, bridge.MarkSent, bridge.MarkDelivered, bridge.MarkRead, bridge.MarkWarning, bridge.MarkInside} {
		icon := MarkIcon(m)
		if name, _, _ := verb.Emoji(icon); icon == "" || name != joining[m] || seen[icon] {
			t.Errorf("%s is %q, which does %s", m, icon, name)
		}
		seen[icon] = true
	}
	if MarkIcon("later") != "" {
		t.Error("an unknown mark has an icon")
	}
}

func TestProblemIsError(t *testing.T) {
	t.Parallel()
	_, err := NewForm(FormInput{Verb: bridge.VerbTake, Facts: facts(t)})
	var p *bridge.Problem
	if !errors.As(err, &p) || p.Text == "" || p.Hint == "" {
		t.Errorf("no form for take: %v", err)
	}
}

// The help names ten everyday verbs and leads to the others; it names none that its reader may
// not use.
func TestHelpIsShort(t *testing.T) {
	t.Parallel()
	items := func(c Card) (list []string) {
		for _, b := range c.Blocks {
			if b.Kind == BlockItem {
				list = append(list, b.Pieces[0].Text)
			}
		}
		return list
	}
	short := Help("", heard())
	if n := len(items(short)); n != 10 || len(short.Buttons) != 1 || short.Buttons[0].Label != "All commands" {
		t.Errorf("%d verbs, buttons %+v", n, short.Buttons)
	}
	all, some := items(Help("ALL", heard())), items(Help("all", heard(), bridge.VerbClose))
	if len(all) < 25 || len(some) != len(all)-1 || slices.Contains(some, "!close") || len(Help("all", heard()).Buttons) != 0 {
		t.Errorf("all: %q, without closing: %q", all, some)
	}
}

//
func TestResolveAsksOrActs(t *testing.T) {
	t.Parallel()
	again := bridge.Line{Content: &bridge.RefusedLine{}, Verb: bridge.VerbResolve, Verbs: []bridge.Verb{bridge.VerbResolve}}
	for now, want := range map[bool]Opens{false: OpensForm, true: OpensNothing} {
		f := with(facts(t), func(f *bridge.Facts) { f.Account.ResolveNow = now })
		for name, c := range map[string]Card{"card": Root(f), "details": Details(f), "line": Line(again, f)} {
			i := slices.IndexFunc(c.Buttons, func(b Button) bool { return b.Verb == bridge.VerbResolve })
			if i < 0 || c.Buttons[i].Opens != want {
				t.Errorf("%s, at once %t: %+v", name, now, c.Buttons)
			}
		}
	}
}

// an ended conversation is begun again with its customer, from the card, from the
// details and so from lists; one that nobody has is looked at before it is taken.
func TestEndedAndQueued(t *testing.T) {
	t.Parallel()
	labels := func(list []Button) (all []string) {
		for _, b := range list {
			all = append(all, b.Label)
		}
		return all
	}
	f := bridge.Facts{
		ID:          12,
		Account:     bridge.Account{Name: "wa", MayStart: true},
		Status:      bridge.StatusOpen,
		LastMessage: bridge.LastMessage{Preview: "My lamp is broken", At: now(t)},
		Times:       bridge.Times{CreatedAt: now(t)},
		Contact:     bridge.PartyRef{Name: "Maria", Address: "+4917"},
	}
	for _, tt := range []struct {
		status bridge.Status
		starts bool
		root   []string
		first  []string // of the details' buttons
	}{
		{bridge.StatusOpen, true, []string{"Take", "Snooze", "Resolve", "More"}, []string{"Reply", "Take"}},
		{bridge.StatusResolved, true, []string{"Reopen", "Start conversation", "More"}, []string{"Reopen", "Start conversation"}},
		{bridge.StatusResolved, false, []string{"Reopen", "More"}, []string{"Reopen", "Tag"}},
		{bridge.StatusClosed, true, []string{"Start conversation", "More"}, []string{"Start conversation", "History"}},
	} {
		f.Status, f.Account.MayStart = tt.status, tt.starts
		if got := labels(Root(f).Buttons); !slices.Equal(got, tt.root) {
			t.Errorf("the card of a conversation that is %s: %v", tt.status, got)
		}
		if got := labels(Details(f).Buttons); len(got) < 2 || !slices.Equal(got[:2], tt.first) {
			t.Errorf("the details of a conversation that is %s: %v", tt.status, got)
		}
	}
	f.Status = bridge.StatusOpen
	for want, holders := range map[string][]bridge.AgentRef{"Preview": nil, "More": {{ID: 1, Name: "Ann"}}} {
		f.Assignees = holders
		list := List(bridge.Listing{ListQuery: bridge.ListQuery{List: "all"}, Rows: []bridge.Facts{f}}, nil)
		if got := list.Blocks[0].Buttons; len(got) != 1 || got[0].Label != want || got[0].Opens != OpensDetails {
			t.Errorf("the button of a row that %v have: %v", holders, got)
		}
	}
	said := fmt.Sprint(Details(f).Blocks)
	for _, part := range []string{"My lamp is broken", "Maria", "wa", "Started"} {
		if !strings.Contains(said, part) {
			t.Errorf("the preview doesn't say %q: %s", part, said)
		}
	}
}
