package engine_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/bridge/engine/outbound"
	"parley/channels/channelstest"
	"parley/store"
)

// With reply_mode "explicit", only explicit replies leave. Other texts stay inside. Their author is told so once, and
// later sees it by the mark.
func TestExplicitMode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{account: func(a *store.Account) { a.ReplyMode = "explicit" }})
	thread := w.openThread()
	plain := w.reply(thread, "Talking among us")
	w.waitFate(plain, "inside")
	w.reply(thread, "<@app> reply: Hi Kim")
	w.reply(thread, "!reply Hi again")
	w.provider.WaitTexts(t, "Hi Kim", "Hi again")

	w.chat.Submit("ann", support, thread, formOf(bridge.VerbReply), "From the form")
	w.provider.WaitTexts(t, "Hi Kim", "Hi again", "From the form")
	w.chat.Submit("ann", support, thread, formOf(bridge.VerbNote), "A note from the form")
	w.waitShown("A note from the form")
	w.waitDrained()
	w.provider.WaitTexts(t, "Hi Kim", "Hi again", "From the form")

	second := w.reply(thread, "Still among us")
	w.waitFate(second, "inside")
	w.waitDrained()
	wantWords(t, "the line about what is inside", w.waitLine(thread, bridge.LineInside).Plain(), "Talking among us")
	wantEqual(t, "lines about what is inside", w.countLines(thread, bridge.LineInside), 1)
	if marks := w.chat.Get(support, second).Marks; !slices.Contains(marks, string(bridge.MarkInside)) {
		t.Errorf("the marks are %v", marks)
	}
}

// With confirm_send on, each reply waits until its author clicks Send. A second click sends nothing more.
//
func TestConfirmSend(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"confirm_send": "on"}})
	thread := w.openThread()
	m := w.reply(thread, "Shall we?")
	w.waitFate(m, "ask")
	line := w.waitLine(thread, bridge.LineAsk)
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.provider.WaitTexts(t, "Shall we?")
	w.waitDrained()
	w.provider.WaitTexts(t, "Shall we?")
}

// The setting receipts decides which marks a reply gets. With "failures", a reply that went well gets none.
//
func TestReceiptSettings(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string][]string{"read": {"read"}, "sent": {"sent"}, "failures": nil} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{settings: map[string]string{"receipts": setting}})
			thread := w.openThread()
			m := w.reply(thread, "One")
			external := w.provider.WaitTexts(t, "One")[0].ID
			w.waitFate(m, "out")
			if len(want) > 0 {
				w.waitMarked(m, "sent")
			}
			w.postEvents(chat, channelstest.Event{Type: "status", ID: "r", State: "read", External: []string{external}})
			w.waitDeliveryState(m, "read")
			w.waitDrained()
			if len(want) > 0 {
				w.waitMarked(m, want[0])
			}
			if got := w.chat.Get(support, m).Marks; !slices.Equal(got, want) {
				t.Errorf("marks %v, want %v", got, want)
			}
		})
	}
}

// The setting receipts also decides what the line of a form's reply shows, and what the inbox page shows.
//
func TestReceiptSettingsOfFormsAndPage(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]bridge.OutcomeState{"read": "read", "sent": "sent", "failures": "sent"} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{settings: map[string]string{"receipts": setting}})
			thread := w.openThread()
			w.chat.Submit("ann", support, thread, formOf(bridge.VerbReply), "By a form")
			line := w.waitLineAbout(thread, bridge.LineDone, "By a form")
			external := w.provider.WaitTexts(t, "By a form")[0].ID
			w.waitOutcome(line, bridge.OutcomeSent)
			w.reportStatus(channelstest.Event{ID: "r", State: "read", External: []string{external}})
			w.eventually("the receipt is there", func() bool {
				return w.count(`SELECT count(*) FROM deliveries WHERE external_id = $1 AND state = 'read'`, external) == 1
			})
			w.waitDrained()
			w.waitOutcome(line, want)
			if got := w.inboxPage().newest("ann").Receipt; got != want {
				t.Errorf("the page shows %q, want %q", got, want)
			}
		})
	}
}

// Parley refuses commands of people who may not use them, and changes nothing (requirements ).
func TestAuthorization(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	for user, verb := range map[string]string{"dan": "!take", "ben": "!close"} {
		w.chat.Say(user, support, thread, verb)
		w.waitWhisper(user, "[refused]")
	}
	for _, user := range []string{"bot", "eve"} {
		w.chat.Say(user, support, thread, "!resolve")
	}
	w.chat.Say("ben", support, thread, "!tag "+strings.Repeat("x", 41))
	w.waitWhisper("ben", "1 to 40")
	w.chat.Say("ben", support, thread, "!assign @nobody")
	w.waitWhisper("ben", "no single agent")

	w.waitDrained()
	w.waitCard(thread, "#1 open | Kim | Hello |  | ")

	w.chat.Say("ben", support, thread, "!resolve")
	w.waitCard(thread, "#1 resolved")
	why := bridge.Args{Conversation: 1, Note: "a duplicate"}
	w.chat.Submit("ann", support, thread, bridgetest.Button{Verb: bridge.VerbClose, Args: why}, "")
	w.waitCard(thread, "#1 closed")
	wantWords(t, "the line about the end", w.waitLine(thread, bridge.LineResolved).Plain(), "Ann close a duplicate")
	w.chat.Say("ann", support, thread, "!close")
	w.waitWhisper("ann", "[refused] close This conversation is closed already.")
	w.chat.Say("ann", support, thread, "!snooze 2h")
	w.waitWhisper("ann", "[refused] snooze This conversation is closed. What the customer writes next starts a new one.")

	w.reply(thread, "A word too late")
	if late := w.waitLine(thread, bridge.LineInside); len(late.Buttons) > 0 {
		t.Errorf("a text in a closed conversation has buttons that do nothing: %v, want none", late.Buttons)
	}
	w.customerWrites("kim", "After the end")
	if second := w.waitThread("After the end"); second == thread {
		t.Error("a closed conversation went on")
	}
}

// When agents assign a conversation, only new owners are mentioned.
//
func TestAssignments(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")
	w.reply(thread, "!assign @ben @cat")
	w.waitCard(thread, "| Ben,Cat |")
	w.reply(thread, "!unassign")
	w.waitCard(thread, "#1 open | Kim | Hello |  |")
	w.waitLine(thread, bridge.LineUnassigned)

	w.waitDrained()
	var mentioned []string
	for _, m := range w.chat.Messages(support, thread) {
		if m.User == "app" {
			mentioned = append(mentioned, m.Mentions()...)
		}
	}

	slices.Sort(mentioned)
	if want := []string{"ben", "cat"}; !slices.Equal(mentioned, want) {
		t.Errorf("mentioned: %v, want %v", mentioned, want)
	}
	w.chat.Press(t, "ben", w.chat.Get(support, thread), bridge.VerbTake)
	w.waitCard(thread, "| Ben |")
}

// Lists and histories are shown to the asker alone, and change nothing.
//
func TestAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")
	for text, want := range map[string]string{"!history": "assigned", "!why": "opened", "!list mine": "#1", "!help": "[help]"} {
		w.reply(thread, text)
		w.waitWhisper("ann", want)
	}
	w.waitDrained()
	w.wantNothingSent()
}

// A mail of more than 1 MiB is stored as a blob. Its files reach the thread complete and once, even if the answer to a
// post was lost.
func TestLargeMessageWithFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{lossy: true})
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<17)
	w.chat.AddFault(chatFault("post", "drop_after", 1))
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Files", Text: "see attached",
		Files: []channelstest.File{{Name: "big.bin", Content: big}, {Name: "small.txt", Content: []byte("small")}}})

	thread := w.waitThread("see attached")
	w.waitDrained()
	names := []string{}
	for _, m := range w.chat.Messages(support, thread) {
		for _, f := range m.Files {
			names = append(names, f.Name)
			if f.Name == "big.bin" && !bytes.Equal(f.Content, big) {
				t.Errorf("%d bytes arrived of %d", len(f.Content), len(big))
			}
		}
	}
	if want := []string{"big.bin", "small.txt"}; !slices.Equal(names, want) {
		t.Errorf("files %q, want %q", names, want)
	}
	if n := w.count(`SELECT count(*) FROM events WHERE blob IS NOT NULL AND payload IS NULL`); n != 1 {
		t.Errorf("%d events are blobs, want 1", n)
	}
}

// A reply that was said before its account was paused waits and leaves afterwards, however long the pause lasts. A reply
// that is said during the pause is parked, and the thread says so.
//
func TestPausedAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	m := w.reply(thread, "Before the pause")
	w.waitFate(m, "waiting")
	w.saveAccount(chat, func(a *store.Account) { a.Paused = true })
	w.advance(time.Hour)
	w.eventually("it was tried", func() bool { return w.count(`SELECT count(*) FROM deliveries WHERE error_class = 'held'`) == 1 })
	w.exec(`UPDATE deliveries SET first_at = first_at - interval '3 days' WHERE kind = 'reply'`) // longer than a reply is tried
	w.advance(outbound.PausedWait)

	late := w.reply(thread, "In the pause")
	w.waitFate(late, "parked")
	w.waitLine(thread, bridge.LineParked)
	if n := w.provider.Calls(); n != 0 {
		t.Fatalf("a paused account sent %q", w.provider.Texts())
	}
	w.saveAccount(chat, nil)
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "Before the pause")
}

// A setting for all accounts applies to each of them until that account chooses another value.
func TestSettingsOfAllAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.saveSettingsOfAll(`{"confirm_send": "on"}`)
	thread := w.openThread()
	m := w.reply(thread, "Shall we?")
	w.waitFate(m, "ask")
	w.saveAccount(chat, func(a *store.Account) { a.Settings = []byte(`{"confirm_send": "off"}`) })
	w.reply(thread, "We shall")
	w.provider.WaitTexts(t, "We shall")
}

// saveSettingsOfAll saves the settings of all accounts.
func (w *world) saveSettingsOfAll(settings string) {
	w.t.Helper()
	check(w.t, store.SetAccountSettings(w.t.Context(), w.pool, []byte(settings)))
	w.reloadEngines()
}

// With resolve_confirm, the card's button asks for a note. With "instant" it resolves at once, which can be taken back.
// The typed command always acts at once.
//
func TestResolveByButton(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	desk := w.engines[0].Desk(w.surface)
	thread := w.openThread()
	if f := must(desk.Facts(t.Context(), 1, "ann"))(t); f.Account.ResolveNow {
		t.Error("by default nobody is asked for a note")
	}
	w.reply(thread, "!resolve")
	w.waitCard(thread, "#1 resolved")
	w.reply(thread, "!reopen")
	w.waitCard(thread, "#1 open")

	w.saveAccount(chat, func(a *store.Account) { a.Settings = []byte(`{"resolve_confirm": "instant"}`) })
	if f := must(desk.Facts(t.Context(), 1, "ann"))(t); !f.Account.ResolveNow {
		t.Error("a note is asked for")
	}
	w.chat.Press(t, "ben", w.chat.Get(support, thread), bridge.VerbResolve)
	done := w.waitWhisper("ben", "[resolved]")
	w.waitCard(thread, "#1 resolved")
	w.chat.Press(t, "ben", done, bridge.VerbReopen)
	w.waitCard(thread, "#1 open")
}

// With multi_assignee off, a conversation has one owner. A new assignee replaces the owner, a second owner is refused,
// and an agent who sends her text by a click doesn't become an owner. With it on, there can be several.
//
func TestOneOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"multi_assignee": "off"}})
	thread := w.openThread()
	add := bridgetest.Button{Verb: bridge.VerbAssign, Args: bridge.Args{Conversation: 1, Agents: []string{"cat"}, Add: true}}
	first := add
	first.Args.Agents = []string{"ann"}
	w.chat.Submit("ann", support, thread, first, "") // nobody owns it yet
	w.waitCard(thread, "| Ann |")

	w.chat.Submit("ann", support, thread, add, "")
	w.waitWhisper("ann", "has one owner")
	w.chat.Say("ben", support, thread, "!assign @ben @cat")
	w.waitWhisper("ben", "has one owner")
	w.waitCard(thread, "| Ann |")

	w.reply(thread, "!assign @ben")
	w.waitCard(thread, "| Ben |")
	m := w.reply(thread, "I know this one")
	w.waitFate(m, "inside")
	w.chat.Press(t, "ann", w.waitWhisper("ann", "[inside]"), bridge.VerbSend)
	w.provider.WaitTexts(t, "I know this one")
	w.waitCard(thread, "| Ben |")

	w.saveAccount(chat, func(a *store.Account) { a.Settings = nil })
	w.chat.Submit("ann", support, thread, add, "")
	w.waitCard(thread, "| Ben,Cat |")
}

// With all_tab "permission", the list of all conversations is for admins. Other agents don't see it offered and are
// refused with the reason. They pick from their own conversations.
//
func TestListOfAllForAdmins(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"all_tab": "permission"}})
	desk := w.engines[0].Desk(w.surface)
	list := func(user bridge.SurfaceUser, name bridge.ListName) (bridge.Listing, error) {
		return desk.List(t.Context(), bridge.ListQuery{List: name}, user)
	}
	w.openThread()
	w.customerWrites("lou", "Of Ben")
	second := w.waitThread("Of Ben")
	w.chat.Say("ben", support, second, "!take")
	w.waitCard(second, "| Ben |")
	w.waitDrained()

	w.chat.Say("ben", support, second, "!list all")
	w.waitWhisper("ben", "for admins")
	wantWords(t, "why ben may not list all", fmt.Sprint(errorOf(list("ben", "all"))), "for admins")
	mine := must(list("ben", "mine"))(t)
	wantEqual(t, "rows of ben's own list", len(mine.Rows), 1)
	wantList(t, "lists that ben is not offered", mine.Hidden, []bridge.ListName{bridge.ListAll})
	if l := must(list("ben", bridge.ListPick))(t); len(l.Rows) != 1 || l.Rows[0].ID != 2 {
		t.Errorf("ben picks from %+v, want #2 alone", l.Rows)
	}
	all := must(list("ann", "all"))(t)
	wantEqual(t, "rows of an admin's list of all", len(all.Rows), 2)
	wantList(t, "lists that an admin is not offered", all.Hidden, nil)

	// Another account's conversations may be listed by everyone.
	w.saveAccount(mail, func(a *store.Account) { a.Settings = nil })
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Name: "Kim", Subject: "Mail", Text: "For all"})
	w.waitThread("For all")
	w.waitDrained()
	all = must(list("ben", "all"))(t)
	wantEqual(t, "rows of ben's list of all: his own, and that of the account for everyone", len(all.Rows), 2)
	wantList(t, "lists that ben is not offered any more", all.Hidden, nil)
	w.saveAccount(chat, func(a *store.Account) { a.Settings = nil })
	if l := must(list("ben", "all"))(t); len(l.Rows) != 3 {
		t.Errorf("everyone's list of all: %+v", l)
	}
}

// If a customer's message doesn't end a snooze, the line at the snooze's end tells whether she has written since.
func TestWhetherTheCustomerWroteInASnooze(t *testing.T) {
	t.Parallel()
	for said, cause := range map[string]bridge.WokenBy{"": bridge.WokenByTime, "Anything new?": bridge.WokenUnanswered} {
		t.Run(string(cause), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{settings: map[string]string{"wake_on_message": "off"}})
			thread := w.openThread()
			w.reply(thread, "!snooze 2h")
			w.waitCard(thread, "#1 snoozed")
			if said != "" {
				w.customerWrites("kim", said)
				w.waitShown(said)
			}
			w.advance(3 * time.Hour)
			wantWords(t, "the line", w.waitLine(thread, bridge.LineWoke).Plain(), string(cause))
		})
	}
}
