package view

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"parley/bot/verb"
	"parley/bridge"
	"parley/channels/golden"
)

// nasty is what a customer may write to look like somebody or something else.
const nasty = "<!channel> *Ann Lee*\n:white_check_mark: [x](http://evil.example) <@UANN> \u202etxt.exe\u0000"

// namedFacts is a conversation of a golden file, with its heading there.
type namedFacts struct {
	name  string
	facts bridge.Facts
}

// rootCases are conversations whose cards look different.
func rootCases(t *testing.T) []namedFacts {
	f, all := facts(t), full(t)
	phone := bridge.PartyRef{Name: "+491511234567", Address: "+491511234567"}
	return []namedFacts{
		{name: "1 unassigned", facts: f},
		{name: "2 everything", facts: all},
		{name: "3 pending", facts: with(f, func(f *bridge.Facts) {
			f.Status, f.Assignees, f.LastMessage.From = bridge.StatusPending, agents{bob()}, "agent"
		})},
		{name: "4 snoozed", facts: with(all, func(f *bridge.Facts) { f.Status, f.SnoozedUntil = bridge.StatusSnoozed, now(t).Add(23*time.Hour) })},
		{name: "5 resolved", facts: with(all, func(f *bridge.Facts) { f.Status = bridge.StatusResolved })},
		{name: "6 closed", facts: with(all, func(f *bridge.Facts) { f.Status, f.CloseReason = bridge.StatusClosed, "admin" })},
		{name: "7 bare", facts: bridge.Facts{ID: 1, Status: bridge.StatusOpen, Contact: phone, Recipients: bridge.Recipients{To: []bridge.PartyRef{phone}}}},
		{name: "8 watching", facts: with(f, func(f *bridge.Facts) { f.Account.Mode = "watch" })},
		{name: "9 nasty", facts: with(f, func(f *bridge.Facts) {
			f.Subject, f.Contact.Name, f.Tags = nasty+strings.Repeat("x", 500), nasty, []bridge.Tag{{Name: nasty}}
			f.Recipients.To = []bridge.PartyRef{f.Contact}
		})},
		{name: "a window for people", facts: with(f, func(f *bridge.Facts) { f.Window.Until, f.Window.PeopleOnly = now(t).Add(5*24*time.Hour), true })},
		{name: "b window closed", facts: with(f, func(f *bridge.Facts) { f.Window.Until, f.Window.Closed = now(t).Add(-time.Hour), true })},
		{name: "c never opened", facts: with(f, func(f *bridge.Facts) { f.Window.Closed = true })},
		{name: "d from the right", facts: with(f, func(f *bridge.Facts) {
			f.Contact.Name, f.Subject = "نورة العتيبي", "איפה ההזמנה שלי? #4711"
		})},
	}
}

// Who isn't the customer isn't shown as the customer.
func TestCustomerName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		who  bridge.PartyRef
		want string
	}{
		{bridge.PartyRef{Name: "Ann Lee", Address: "ann@x.test"}, "Ann Lee (customer)"},
		{bridge.PartyRef{Name: "Ann Lee", Address: "mal@y.test", Stranger: true}, "Ann Lee (mal@y.test, not in this conversation yet)"},
		{bridge.PartyRef{Name: "mal@y.test", Address: "mal@y.test", Stranger: true}, "mal@y.test (not in this conversation yet)"},
	} {
		if got := CustomerName(tt.who); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.who, got, tt.want)
		}
	}
}

// A root, the card at the top of a thread, has at most three lines and four buttons. Once the conversation is over,
// it has one line.
//
func TestRootAndDetails(t *testing.T) {
	t.Parallel()
	var root, details strings.Builder
	for _, tt := range rootCases(t) {
		c := Root(tt.facts)
		checkCard(t, tt.name, c)
		maxLines, maxButtons := 3, 4
		if !tt.facts.Status.Open() {
			maxLines = 1
		}
		if len(c.Blocks) == 0 || len(c.Blocks) > maxLines {
			t.Errorf("%s: got %d lines, want 1 to %d", tt.name, len(c.Blocks), maxLines)
		}
		if len(c.Buttons) > maxButtons {
			t.Errorf("%s: got %d buttons, want at most %d", tt.name, len(c.Buttons), maxButtons)
		}
		root.WriteString(dump(tt.name, c))
		d := Details(tt.facts)
		checkCard(t, tt.name, d)
		details.WriteString(dump(tt.name, d))
	}
	golden.Text(t, "testdata/root.txt", root.String())
	golden.Text(t, "testdata/details.txt", details.String())
}

// maxLabelRunes is what Slack shows of a window's title and of its buttons.
const maxLabelRunes = 24

// checkCard checks what holds for every card: pieces have words without line breaks and invisible characters, times have a
// zone, labels fit, and what a button does can be read back.
func checkCard(t *testing.T, name string, c Card) {
	t.Helper()
	if utf8.RuneCountInString(c.Title) > maxLabelRunes {
		t.Errorf("%s: title %q has more than %d characters", name, c.Title, maxLabelRunes)
	}
	buttons := slices.Clone(c.Buttons)
	for _, b := range c.Blocks {
		buttons = append(buttons, b.Buttons...)
		if len(b.Pieces) == 0 && b.Text == "" {
			t.Errorf("%s: an empty block", name)
		}
		for _, p := range b.Pieces {
			if strings.ContainsAny(p.Text, "\n\r\x00\u202e") {
				t.Errorf("%s: piece %+v has a line break or an invisible character", name, p)
			}
			if p.Kind == PieceTime && p.Zone == nil {
				t.Errorf("%s: time %+v has no zone", name, p)
			}
			if p.Kind != PieceTime && p.Text == "" {
				t.Errorf("%s: piece %+v has no words", name, p)
			}
		}
	}
	for _, b := range buttons {
		wantShort(t, name+": button", b.Label)
		if read, _, err := verb.Pressed(string(b.Verb), b.Value); err != nil || read != b.Verb {
			t.Errorf("%s: button %q is read as %q, %v, want %q", name, b.Label, read, err, b.Verb)
		}
	}
}

// If only mentions reach Parley, the card of an open conversation says how to answer.
func TestCardSaysHowToAnswer(t *testing.T) {
	t.Parallel()
	onlyMentions := CommandSyntax{Signs: []string{"@Parley "}, OnlyMentions: true}
	for _, tt := range []struct {
		name   string
		status bridge.Status
		syntax CommandSyntax
		want   bool
	}{
		{name: "only mentions", status: bridge.StatusOpen, syntax: onlyMentions, want: true},
		{name: "only mentions, resolved", status: bridge.StatusResolved, syntax: onlyMentions},
		{name: "everything is heard", status: bridge.StatusOpen, syntax: CommandSyntax{Signs: []string{"!"}}},
	} {
		f := with(facts(t), func(f *bridge.Facts) { f.Status = tt.status })
		card, _ := Post(bridge.Post{Kind: bridge.PostCard, Facts: f}, tt.syntax)
		wantEqual(t, tt.name+": the card says how to answer", strings.Contains(Plain(card), "begin with @Parley reply …"), tt.want)
	}
}

// A customer's message is posted under their name, with all that belongs to it.
func TestSaid(t *testing.T) {
	t.Parallel()
	const maxNameRunes = 75 // Slack shows no longer ones
	carla := bridge.PartyRef{Name: "Carla Diaz", Address: "carla@shop.example"}
	by := func(after time.Duration, text string) bridge.Said {
		return bridge.Said{From: carla, At: now(t).Add(after), Text: text}
	}
	linked := by(time.Minute, "*Anybody* there?")
	linked.Original = "https://x.test/2"
	twoMinutes, minute, late := by(0, "Hello?"), by(0, "Hello?"), by(0, "Hello?")
	late.Late = true
	twoMinutes.Then = []bridge.Said{linked, by(2*time.Minute, "")}
	minute.Then = []bridge.Said{by(time.Second, "Anybody?"), by(2*time.Second, "There?"), by(time.Minute, "Well.")}

	var b strings.Builder
	for _, tt := range []struct {
		name string
		said bridge.Said
	}{
		{name: "text", said: bridge.Said{From: carla, Text: "Hello *there*\n\n- one"}},
		{name: "everything", said: bridge.Said{From: carla, Text: "See below", Quoted: "old words", ShowQuote: true,
			Notices: []string{"Encrypted: cannot be displayed."}, Files: []string{"a.pdf", "", "b\n.png"},
			Original: "https://help.acme.test/files/x"}},
		{name: "quote hidden", said: bridge.Said{From: carla, Text: "See below", Quoted: "old words",
			Original: "https://help.acme.test/files/x"}},
		{name: "files only", said: bridge.Said{From: carla, Files: []string{"a.pdf"}}},
		{name: "nothing", said: bridge.Said{From: bridge.PartyRef{Address: "carla@shop.example"}, Text: " \n"}},
		{name: "nasty", said: bridge.Said{From: bridge.PartyRef{Name: nasty}, Text: nasty}},
		{name: "long name", said: bridge.Said{From: bridge.PartyRef{Name: strings.Repeat("Carla ", 40)}, Text: "Hi"}},
		{name: "found late", said: late},
		{name: "three at once", said: twoMinutes},
		{name: "three within a minute and one later", said: minute},
	} {
		card := Said(tt.said, time.UTC)
		checkCard(t, tt.name, card)
		if n := utf8.RuneCountInString(card.Name); n > maxNameRunes || !strings.HasSuffix(card.Name, " (customer)") {
			t.Errorf("%s: posted as %q, want at most %d characters that end with (customer)", tt.name, card.Name, maxNameRunes)
		}
		b.WriteString(dump(tt.name, card))
	}

	b.WriteString(dump("files", Files(carla, []string{"a.pdf", "photo.jpg"}, nil)))
	missing := []bridge.Missing{{Name: "photo.jpg"}, {Name: nasty, Reason: "It expired."}, {}}
	b.WriteString(dump("files missing", Files(carla, []string{"a.pdf"}, missing)))
	for _, a := range []bridge.Answered{{}, {Text: "Where is it?", ByUs: true}, {Text: "My order", ByOwner: true}, {Text: nasty}} {
		b.WriteString(dump("answers", Said(bridge.Said{From: carla, Text: "Yes", Answers: &a}, time.UTC)))
	}

	elsewhere := bridge.Said{
		From:      bridge.PartyRef{Name: "Dan"},
		Elsewhere: true,
		Text:      "Done",
		Notices:   []string{"Answered elsewhere, not from here."},
	}
	b.WriteString(dump("elsewhere", Said(elsewhere, time.UTC)))
	golden.Text(t, "testdata/said.txt", b.String())
}

// namedCard is a card of a golden file, with its heading there.
type namedCard struct {
	name string
	card Card
}

// A row of a list names the subject, and marks a conversation in which an agent spoke last.
//
func TestList(t *testing.T) {
	t.Parallel()
	var rows []bridge.Facts
	for _, c := range rootCases(t) {
		rows = append(rows, c.facts)
	}
	rows[1].LastMessage.From = "agent"
	list := func(q bridge.ListQuery, more bool, rows ...bridge.Facts) Card {
		return List(bridge.Listing{ListQuery: q, Rows: rows, More: more}, nil)
	}
	ended := with(rows[4], func(f *bridge.Facts) { f.EndedAt = now(t).Add(-time.Hour) })
	free := with(rows[0], func(f *bridge.Facts) { f.FreeSince = now(t).Add(-2 * time.Hour) })

	cards := []namedCard{
		{name: "all", card: list(bridge.ListQuery{List: "all"}, false, rows...)},
		{name: "all, page 3", card: list(bridge.ListQuery{List: "all", Page: 2}, true, rows[0])},
		{name: "found", card: list(bridge.ListQuery{Words: "ann lamp"}, true, rows[0])},
		{name: "found nothing", card: list(bridge.ListQuery{Words: nasty}, false)},
		{name: "nothing more", card: list(bridge.ListQuery{List: "mine", Page: 1}, false)},
		{name: "resolved", card: list(bridge.ListQuery{List: "resolved"}, false, ended)},
		{name: "unassigned", card: list(bridge.ListQuery{List: "unassigned"}, false, free)},
		{name: "nothing", card: Problem(&bridge.Problem{Code: "x", Text: "this conversation is resolved", Hint: "Reopen it, or start a new one."}, "")},
		{name: "nothing, and what was typed", card: Problem(bridge.ErrNoConversation, nasty)},
	}

	for _, name := range append(listNames(), "", "überfällig") {
		empty := bridge.Listing{ListQuery: bridge.ListQuery{List: name}}
		cards = append(cards, namedCard{name: "empty " + string(name), card: List(empty, berlin(t))})
	}

	var b strings.Builder
	for _, c := range cards {
		checkCard(t, c.name, c.card)
		b.WriteString(dump(c.name, c.card))
	}
	golden.Text(t, "testdata/list.txt", b.String())
}

// The history shows the log with the newest entry first, and leads to older ones.
func TestHistory(t *testing.T) {
	t.Parallel()
	history := History(full(t), bridge.History{More: true, Rows: []bridge.LogRow{
		{At: now(t), Actor: "Ann Lee", What: "assigned", Detail: "to Bob Ray"},
		{At: now(t).Add(-time.Hour), Actor: "Customer", What: "wrote"},
		{At: now(t).Add(-time.Hour), Actor: "Ann Lee", What: "tagged", Detail: "late", IsChosen: true}, // a word that is also a code
		{At: now(t).Add(-time.Hour), Actor: "Parley", What: "parked", Detail: "paused"},
		{At: now(t).Add(-time.Hour), Actor: "Parley", What: "parked", Detail: string(bridge.ReasonWindow)},
		{At: now(t).Add(-2 * time.Hour), Actor: "Parley", What: "opened", Detail: nasty},
	}})
	checkCard(t, "history", history)
	golden.Text(t, "testdata/history.txt", dump("rows", history)+dump("none", History(facts(t), bridge.History{}))+
		dump("none older", History(facts(t), bridge.History{Page: 1})))
}

// Plain returns what is left of a card where only text can be shown.
func TestPlain(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	failed := bridge.Line{Content: &bridge.FailedLine{Trouble: "the mailbox is full"}, Mentions: agents{ann()}, Text: "Hello\n\nBye"}
	for _, c := range []Card{
		Root(full(t)),
		Said(bridge.Said{Text: "Hello\nthere", Quoted: "a\nb", ShowQuote: true, Original: "https://x.test/1"}, nil),
		Line(failed, facts(t)),
		List(bridge.Listing{ListQuery: bridge.ListQuery{List: "mine"}, Rows: []bridge.Facts{full(t)}}, nil),
		Help("tag", fullSyntax()),
	} {
		b.WriteString(Plain(c) + "\n\n")
	}
	golden.Text(t, "testdata/plain.txt", b.String())
}

// If a person adds the emoji of a mark, that of a waiting message cancels it, that of an internal message keeps it
// internal, and others do nothing. No two marks look the same.
func TestMarkIcon(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, tt := range []struct {
		mark    bridge.Mark
		joining bridge.Verb // what the emoji does if an agent adds it
	}{
		{mark: bridge.MarkWaiting, joining: bridge.VerbUndo},
		{mark: bridge.MarkSent},
		{mark: bridge.MarkDelivered},
		{mark: bridge.MarkRead},
		{mark: bridge.MarkWarning},
		{mark: bridge.MarkInside, joining: bridge.VerbKeep},
	} {
		icon := MarkIcon(tt.mark)
		if icon == "" || seen[icon] {
			t.Errorf("the icon of %s is %q, want one of its own", tt.mark, icon)
		}
		joining, _, _ := verb.Emoji(icon)
		wantEqual(t, "what adding "+icon+" does", joining, tt.joining)
		seen[icon] = true
	}
	wantEqual(t, "icon of an unknown mark", MarkIcon("later"), "")
}

// A form that can't be asked for is refused with words and a hint for people.
func TestRefusalHasAHint(t *testing.T) {
	t.Parallel()
	_, err := NewForm(FormInput{Verb: bridge.VerbTake, Facts: facts(t)})
	if p := wantProblem(t, err, "no_form"); p.Hint == "" {
		t.Errorf("the problem %q has no hint", p.Text)
	}
}

// If an account resolves at once, the button to resolve acts. If not, it opens a form.
//
func TestResolveAsksOrActs(t *testing.T) {
	t.Parallel()
	again := bridge.Line{Content: &bridge.RefusedLine{}, Verb: bridge.VerbResolve, Verbs: []bridge.Verb{bridge.VerbResolve}}
	for resolveNow, want := range map[bool]Opens{false: OpensForm, true: OpensNothing} {
		f := with(facts(t), func(f *bridge.Facts) { f.Account.ResolveNow = resolveNow })
		for name, c := range map[string]Card{"card": Root(f), "details": Details(f), "line": Line(again, f)} {
			i := slices.IndexFunc(c.Buttons, func(b Button) bool { return b.Verb == bridge.VerbResolve })
			if i < 0 {
				t.Fatalf("%s has no button to resolve: %+v", name, c.Buttons)
			}
			wantEqual(t, fmt.Sprintf("%s, ResolveNow %v: the button opens", name, resolveNow), c.Buttons[i].Opens, want)
		}
	}
}

// conversationByPhone is about a lamp; its account may begin conversations.
func conversationByPhone(t *testing.T) bridge.Facts {
	return bridge.Facts{
		ID:          12,
		Account:     bridge.Account{Name: "wa", MayStart: true},
		Status:      bridge.StatusOpen,
		LastMessage: bridge.LastMessage{Preview: "My lamp is broken", At: now(t)},
		Times:       bridge.Times{CreatedAt: now(t)},
		Contact:     bridge.PartyRef{Name: "Maria", Address: "+4917"},
	}
}

func labels(buttons []Button) (all []string) {
	for _, b := range buttons {
		all = append(all, b.Label)
	}
	return all
}

// A conversation that is over can be begun again with its customer from the card and from the details, to which lists
// lead.
//
func TestStartFromAnEndedConversation(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		status    bridge.Status
		mayStart  bool
		onCard    []string
		inDetails []string // the first two
	}{
		{name: "open", status: bridge.StatusOpen, mayStart: true,
			onCard: []string{"Take", "Snooze", "Resolve", "More"}, inDetails: []string{"Reply", "Take"}},
		{name: "resolved", status: bridge.StatusResolved, mayStart: true,
			onCard: []string{"Reopen", "Start conversation", "More"}, inDetails: []string{"Reopen", "Start conversation"}},
		{name: "resolved, of an account that can't start", status: bridge.StatusResolved,
			onCard: []string{"Reopen", "More"}, inDetails: []string{"Reopen", "Tag"}},
		{name: "closed", status: bridge.StatusClosed, mayStart: true,
			onCard: []string{"Start conversation", "More"}, inDetails: []string{"Start conversation", "History"}},
	} {
		f := conversationByPhone(t)
		f.Status, f.Account.MayStart = tt.status, tt.mayStart
		if got := labels(Root(f).Buttons); !slices.Equal(got, tt.onCard) {
			t.Errorf("%s: buttons of the card %q, want %q", tt.name, got, tt.onCard)
		}
		if got := labels(Details(f).Buttons); len(got) < 2 || !slices.Equal(got[:2], tt.inDetails) {
			t.Errorf("%s: buttons of the details %q, want first %q", tt.name, got, tt.inDetails)
		}
	}
}

// The details offer to send a template, unless the reply window is closed and the channel has no templates.
func TestDetailsOfferTemplatesWhereThereAreSome(t *testing.T) {
	t.Parallel()
	for window, want := range map[bridge.Window]bool{{}: true, {Closed: true, Templates: true}: true, {Closed: true}: false} {
		f := with(conversationByPhone(t), func(f *bridge.Facts) { f.Window = window })
		wantEqual(t, fmt.Sprintf("%+v: offers a template", window), slices.Contains(labels(Details(f).Buttons), "Send template"), want)
	}
}

// A row of a list leads to the details, which are a preview as long as nobody has the conversation.
//
func TestPreviewOfAQueuedConversation(t *testing.T) {
	t.Parallel()
	for label, assignees := range map[string]agents{"Preview": nil, "More": {ann()}} {
		f := with(conversationByPhone(t), func(f *bridge.Facts) { f.Assignees = assignees })
		list := List(bridge.Listing{ListQuery: bridge.ListQuery{List: "all"}, Rows: []bridge.Facts{f}}, nil)
		if got := labels(list.Blocks[0].Buttons); !slices.Equal(got, []string{label}) {
			t.Fatalf("buttons of a row that %v have: %q, want only %q", assignees, got, label)
		}
		wantEqual(t, label+" opens", list.Blocks[0].Buttons[0].Opens, OpensDetails)
	}
	wantWords(t, fmt.Sprint(Details(conversationByPhone(t)).Blocks), "My lamp is broken", "Maria", "wa", "Started")
}
