package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store"
)

// A reply can be typed outside of its conversation's thread, with the conversation's number. If its author deletes it
// during its hold, it is taken back. If she edits it, Parley asks her, and if she makes it a note, it stays inside.
func TestReplyTypedElsewhere(t *testing.T) {
	t.Parallel()
	const mention = "<@" + bridgetest.App + "> #1 "
	for name, c := range map[string]struct {
		change func(w *world, message string)
		fate   store.Fate
	}{
		"deleted": {change: func(w *world, m string) { w.chat.Delete(support, m) }, fate: store.FateUndone},
		"edited":  {change: func(w *world, m string) { w.chat.Edit(support, m, mention+"reply On Tuesday") }, fate: store.FateAsk},
		"noted":   {change: func(w *world, m string) { w.chat.Edit(support, m, "note: on Monday") }, fate: store.FateInside},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{hold: time.Hour})
			thread := w.openThread()
			typed := w.chat.Say("ann", support, "", mention+"reply On Monday")
			w.waitLine(thread, bridge.LineDone)
			c.change(w, typed)
			waitBecomes := func(fate store.Fate) { // waitFate only looks in the thread
				t.Helper()
				w.eventually("it is "+string(fate), func() bool {
					return w.text(`SELECT m.fate FROM messages AS m JOIN posts AS p ON p.message_id = m.id WHERE p.message = $1`, typed) == string(fate)
				})
			}
			waitBecomes(c.fate)

			w.advance(2 * time.Hour)
			w.waitDrained()
			w.wantNothingSent()

			if c.fate == store.FateAsk {
				w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineAsk), bridge.VerbSend)
				waitBecomes(store.FateWaiting)
				w.advance(2 * time.Hour)
				w.provider.WaitTexts(t, "On Tuesday")
			}
		})
	}
}

// If a reply is typed in its own thread, the number changes nothing: the message is the reply, and no line repeats it.
func TestReplyTypedInItsThreadWithTheNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	typed := w.chat.Say("ann", support, thread, commandOn("reply On Monday"))
	w.waitFate(typed, store.FateOut)
	w.waitDrained()
	wantEqual(t, "lines that show it", w.countLines(thread, bridge.LineDone), 0)
}

// The author deletes a reply that was typed outside of its thread while the chat's events are lost (a gap). Parley
// notices that before the reply would leave, because it reads the message again.
// Requirement R-249: A reply is read again before it leaves.
func TestReplyTypedElsewhereInAGap(t *testing.T) {
	t.Parallel()
	const mention = "<@" + bridgetest.App + "> #1 "
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	typed := w.chat.Say("ann", support, "", mention+"reply On Monday")
	w.waitLine(thread, bridge.LineDone)
	w.missEvents(func() { w.chat.Delete(support, typed) })
	finish := w.beginFilling()
	w.advance(2 * time.Hour)
	w.waitReplyTried()
	w.wantNothingSent()
	finish()
	w.eventually("it is taken back", func() bool { return w.text(`SELECT fate FROM messages WHERE text = 'On Monday'`) == "undone" })
	w.waitDrained()
	w.wantNothingSent()
}

// A reply that was typed outside of its thread can be taken back with an emoji by its author alone. A colleague's emoji
// does nothing.
func TestReplyTypedElsewhereTakenBackByEmoji(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	typed := w.chat.Say("ann", support, "", "<@"+bridgetest.App+"> #1 reply On Monday")
	w.waitLine(thread, bridge.LineDone)
	fate := func() string { return w.text(`SELECT fate FROM messages WHERE text = 'On Monday'`) }

	w.chat.React("ben", w.chat.Get(support, typed), bridge.VerbUndo)
	w.eventually("it is applied", func() bool {
		return w.count(`SELECT count(*) FROM events`) == 3 && w.count(`SELECT count(*) FROM queues`) == 0
	})
	wantEqual(t, "fate after a colleague's emoji", fate(), "waiting")

	w.chat.React("ann", w.chat.Get(support, typed), bridge.VerbUndo)
	w.eventually("it is taken back", func() bool { return fate() == "undone" })
	w.advance(2 * time.Hour)
	w.waitDrained()
	w.wantNothingSent()
}

// A reply typed outside of its thread may be found late, after the customer has written again. It is parked (kept until a
// person decides), as it would be in the thread.
// Requirement R-249: A reply is read again before it leaves.
func TestReplyTypedElsewhereLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.take("ann", "Hello")
	w.missOldEvents(func() { w.chat.Say("ann", support, "", "<@"+bridgetest.App+"> #1 reply Yes, we refund it") })
	w.customerWrites("kim", "No, send a new one")
	w.waitShown("No, send a new one")

	w.chat.Disconnect()
	w.waitLine(thread, bridge.LineParked)
	w.waitDrained()
	w.wantNothingSent()
	wantEqual(t, "fate of the reply", w.text(`SELECT fate FROM messages WHERE text = 'Yes, we refund it'`), "parked")
}

// Replies to one conversation leave in the order in which they were typed in the chat, even if Parley finds them in
// another order.
func TestRepliesTypedElsewhereInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour, settings: map[string]string{"join_lines": "off"}})
	thread := w.openThread()
	w.take("ann", "Hello")
	var first, second bridgetest.Message
	w.missEvents(func() {
		first = w.chat.Get(support, w.chat.Say("ann", support, "", "<@"+bridgetest.App+"> #1 reply Please cancel it"))
		second = w.chat.Get(support, w.reply(thread, "No, wait"))
	})

	w.journalSurfaceFact("say", second)
	w.waitFate(second.ID, "waiting")
	w.journalSurfaceFact("say", first)
	w.eventually("both wait", func() bool { return w.count(`SELECT count(*) FROM messages WHERE fate = 'waiting'`) == 2 })

	w.advance(2 * time.Hour)
	w.provider.WaitTexts(t, "Please cancel it", "No, wait")
}

// The first words of a new conversation can be taken back by deleting the message, even if Parley hears of the deletion
// before the message.
func TestStartTypedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	const begin = "<@" + bridgetest.App + "> new " + mail + " eve@x.test "
	typed := w.chat.Say("ann", support, "", begin+"Wrong words")
	w.eventually("it is begun", func() bool { return w.count(`SELECT count(*) FROM messages WHERE text = 'Wrong words'`) == 1 })
	w.chat.Delete(support, typed)
	w.eventually("it is taken back", func() bool { return w.text(`SELECT fate FROM messages WHERE text = 'Wrong words'`) == "undone" })

	// Parley hears of the deletion first.
	w.chat.Mute(true)
	early := w.chat.Get(support, w.chat.Say("ann", support, "", begin+"More of them"))
	w.chat.Delete(support, early.ID)
	w.journalSurfaceFact("delete", w.chat.Get(support, early.ID))
	w.journalSurfaceFact("say", early)
	w.chat.Mute(false)

	w.advance(2 * time.Hour)
	w.waitDrained()
	w.provider.WaitTexts(t)
	if n := w.count(`SELECT count(*) FROM conversations`); n != 1 {
		t.Errorf("%d conversations, want 1", n)
	}
}

// A new conversation can't begin with a file. If there is one beside the words, no conversation begins, and the author is
// told.
func TestStartTypedWithFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.chat.Say("ann", support, "", "<@"+bridgetest.App+"> new "+mail+" eve@x.test The plan is attached", bridgetest.File{
		ID:      "f1",
		Name:    "plan.txt",
		Content: []byte("the plan"),
	})
	w.waitWhisper("ann", "file")
	w.waitDrained()
	wantEqual(t, "conversations", w.count(`SELECT count(*) FROM conversations`), 0)
	w.wantNothingSent()
}

// If a reply that was typed outside of its thread mentions a colleague, it stays inside until somebody sends it.
func TestReplyTypedElsewhereMentionsAColleague(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.chat.Say("ann", support, "", "<@"+bridgetest.App+"> #1 reply Ok, <@ben> calls you")
	inside := w.waitLine(thread, bridge.LineInside)
	w.waitDrained()
	w.wantNothingSent()
	w.chat.Press(t, "ann", inside, bridge.VerbSend)
	w.provider.WaitTexts(t, "Ok, @ben calls you")
}

// If Parley hears of an edit before the reply itself, which was typed outside of its thread, nothing leaves. If the
// edited text is still for this conversation, the author is asked about it.
func TestReplyTypedElsewhereEditedFirst(t *testing.T) {
	t.Parallel()
	const mention = "<@" + bridgetest.App + "> #1 "
	for _, tt := range []struct {
		name, edited string
		lines        int // that ask about it
	}{
		{name: "for this conversation", edited: mention + "note he lies", lines: 1},
		{name: "for colleagues", edited: "he lies"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			w.chat.Mute(true)
			typed := w.chat.Get(support, w.chat.Say("ann", support, "", mention+"reply On Monday", file("a.txt", 1)))
			w.chat.RemoveFile(support, typed.ID, "a.txt")
			w.chat.Mute(false)
			w.chat.Edit(support, typed.ID, tt.edited)
			w.eventually("the edit is kept", func() bool { return w.count(`SELECT count(*) FROM posts WHERE kind = 'early'`) == 1 })

			w.journalSurfaceFact("say", typed)
			w.waitDrained()
			w.wantNothingSent()
			wantEqual(t, "lines that ask about it", w.countLines(thread, bridge.LineAsk), tt.lines)
			wantEqual(t, "texts with the file", w.count(`SELECT count(*) FROM messages WHERE files::text LIKE '%a.txt%'`), 0)
		})
	}
}
