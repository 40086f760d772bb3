package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/bridge/engine"
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
	w.waitWhisper("ann", "[refused] snooze This conversation is closed. What the customer writes next starts a new one. Admins can")

	w.reply(thread, "A word too late")
	if late := w.waitLine(thread, bridge.LineInside); len(late.Buttons) > 0 {
		t.Errorf("a text in a closed conversation has buttons that do nothing: %v, want none", late.Buttons)
	}
	w.customerWrites("kim", "After the end")
	if second := w.waitThread("After the end"); second == thread {
		t.Error("a closed conversation went on")
	}
	w.chat.Say("ben", support, thread, "!reopen")
	w.waitWhisper("ben", "Only admins reopen what was closed.")
}

// A colleague's emoji takes nothing away without a question, and the owner hears of who ends the snooze. An admin closes with a note,
// is known as who ended it, and opens it again.
// Requirement R-251: Notices by mentions in the thread.
// Requirement R-044: Unarchive.
func TestWhatColleaguesDoWithOwned(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.chat.Say("ben", support, thread, "!take")
	w.waitCard(thread, "Ben")
	w.chat.ReactWith("ann", w.chat.Get(support, thread), bridge.VerbTake, "eyes")
	w.waitWhisper("ann", "Take it all the same?")
	w.chat.Say("ben", support, thread, "!snooze 2h")
	w.waitCard(thread, "snoozed")
	w.chat.Say("ann", support, thread, "!wake")
	wantWords(t, "the line about the snooze", w.waitLine(thread, bridge.LineWoke).Plain(), "Ann", "<@ben>")
	w.waitCard(thread, "Ben")
	w.chat.Say("ann", support, thread, "!close just spam")
	wantWords(t, "the line about the end", w.waitLine(thread, bridge.LineResolved).Plain(), "Ann close just spam")
	byAnn := w.count(`SELECT count(*) FROM conversations JOIN agents ON agents.id = ended_by WHERE agents.name = 'Ann'`)
	if byAnn != 1 {
		t.Errorf("%d conversations were ended by Ann, want 1", byAnn)
	}
	w.chat.Say("ann", support, thread, "!reopen")
	w.waitCard(thread, "open")
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
	w.advance(engine.PausedWait)

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
	wantList(t, "lists that ben is not offered", mine.Hidden, []bridge.ListName{bridge.ListAll, bridge.ListArchived, bridge.ListBlocked})
	if l := must(list("ben", bridge.ListPick))(t); len(l.Rows) != 1 || l.Rows[0].ID != 2 {
		t.Errorf("ben picks from %+v, want #2 alone", l.Rows)
	}
	all := must(list("ann", "all"))(t)
	wantEqual(t, "rows of an admin's list of all", len(all.Rows), 2)
	wantList(t, "lists that an admin is not offered", all.Hidden, nil)

	// A role of the company's own opens the list, too.
	w.exec(`UPDATE settings SET roles = '[{"name": "Supervisor", "lists": ["all"]}]'`)
	w.exec(`UPDATE agents SET roles = '{agent,Supervisor}' WHERE name = 'Cat'`)
	w.reloadEngines()
	all = must(list("cat", "all"))(t)
	wantEqual(t, "rows of a supervisor's list of all", len(all.Rows), 2)

	// Another account's conversations may be listed by everyone.
	w.saveAccount(mail, func(a *store.Account) { a.Settings = nil })
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Name: "Kim", Subject: "Mail", Text: "For all"})
	w.waitThread("For all")
	w.waitDrained()
	all = must(list("ben", "all"))(t)
	wantEqual(t, "rows of ben's list of all: his own, and that of the account for everyone", len(all.Rows), 2)
	wantList(t, "lists that ben is still not offered", all.Hidden, []bridge.ListName{bridge.ListBlocked})
	w.saveAccount(chat, func(a *store.Account) { a.Settings = nil })
	if l := must(list("ben", "all"))(t); len(l.Rows) != 3 {
		t.Errorf("everyone's list of all: %+v", l)
	}
}
