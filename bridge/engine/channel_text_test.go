package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store"
)

// what an agent types in the channel is answered in its thread, once a day: it reached
// nobody. What is plainly for colleagues isn't.
func TestTopLevel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.waitLine(w.chat.Say("ann", support, "", "The printer is fixed"), bridge.LineTopLevel)
	w.waitLine(w.chat.Say("ben", support, "", "Lunch?"), bridge.LineTopLevel)
	quiet := []string{
		w.chat.Say("dan", support, "", "I am no agent"),
		w.chat.Say("bot", support, "", "I am a bot"),
		w.chat.Say("ann", support, "", "The shop closes at 16"), // ann was answered today
		w.chat.Say("ann", support, "", "note: lunch"),
		w.chat.Say("ann", support, "", "<@ben> lunch?"),
	}
	w.eventually("all of it came", func() bool { return w.count(`SELECT count(*) FROM events`) == 2+len(quiet) })
	w.waitDrained()
	for _, m := range quiet {
		if n := len(w.chat.Messages(support, m)); n != 1 {
			t.Errorf("%q was answered", w.chat.Get(support, m).Text)
		}
	}
	w.advance(24 * time.Hour)
	w.waitLine(w.chat.Say("ann", support, "", "The printer is fixed again"), bridge.LineTopLevel)
}

// the conversations that are likeliest meant are offered, and the chosen one's customer gets
// the text as a reply of its author, who can take it back.
func TestTopLevelIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	for _, name := range []string{"kim", "lou", "mia", "noa", "oli", "pia", "quin"} {
		w.customerWrites(name, "I am "+name)
		w.waitThread("I am " + name)
	}
	w.reply(w.waitThread("I am kim"), "!take")
	w.waitCard(w.waitThread("I am kim"), "Ann")
	w.chat.Say("ben", support, w.waitThread("I am quin"), "!take")
	w.waitCard(w.waitThread("I am quin"), "Ben")
	w.waitDrained()
	text := w.chat.Say("ann", support, "", "It is fixed")
	line := w.waitLine(text, bridge.LineTopLevel)
	var offered []store.ConversationID
	for _, b := range line.Buttons {
		offered = append(offered, b.Args.Conversation)
	}
	if want := []store.ConversationID{1, 6, 5, 4, 3}; !slices.Equal(offered, want) {
		t.Fatalf("offered are %v, want %v: her own first, then the newest of nobody", offered, want)
	}
	w.chat.Edit(support, text, "It is repaired")
	w.eventually("the edit is known", func() bool {
		return w.count(`SELECT count(*) FROM posts WHERE message = $1 AND version <> ''`, text) == 1
	})
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.chat.Press(t, "ann", w.waitWhisper("ann", "It is repaired"), bridge.VerbSend) // the line shows the former words
	w.waitFate(text, "waiting")
	w.waitMarked(text, string(bridge.MarkWaiting))
	w.waitDrainedBut(1)
	chosen := w.chat.Get(support, line.ID)
	wantWords(t, "the line", chosen.Text, "= chosen")
	wantButtons(t, "the line", chosen)
	shown := w.waitLine(w.waitThread("I am kim"), bridge.LineDone)
	if !strings.Contains(shown.Text, "It is repaired") {
		t.Errorf("the conversation shows %q", shown.Text)
	}

	// The old button sends nothing twice; the reply is taken back, and sent again as it was edited meanwhile.
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.waitWhisper("ann", "[decided]")
	w.chat.Press(t, "ann", shown, bridge.VerbUndo)
	w.waitFate(text, "undone")
	w.chat.Press(t, "ann", w.waitLine(w.waitThread("I am kim"), bridge.LineUndone), bridge.VerbSend)
	w.waitFate(text, "waiting")
	w.chat.Edit(support, text, "It is quite repaired")
	w.eventually("the edit wins", func() bool {
		return w.text(`SELECT text FROM messages WHERE place = $1`, text) == "It is quite repaired"
	})
	w.advance(2 * time.Hour)
	w.provider.WaitTexts(t, "It is quite repaired")
	w.waitMarked(text, string(bridge.MarkSent))
}

// only its author sends a text; a colleague is asked first. A text that was deleted goes to
// nobody.
func TestTopLevelOfAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	text := w.chat.Say("ann", support, "", "It is fixed")
	line := w.waitLine(text, bridge.LineTopLevel)
	w.chat.Press(t, "ben", line, bridge.VerbSend)
	asked := w.waitWhisper("ben", "[send_as]")
	if asked.Thread != text {
		t.Errorf("asked in %q, want %q", asked.Thread, text)
	}
	w.waitDrained()
	w.wantNothingSent()
	w.chat.Press(t, "ben", asked, bridge.VerbSend)
	w.provider.WaitTexts(t, "It is fixed")
	w.waitLine(thread, bridge.LineDone)
	if m := w.text(`SELECT a.name FROM messages AS m JOIN agents AS a ON a.id = m.agent_id WHERE m.place = $1`, text); m != "Ann" {
		t.Errorf("its author is %s, want Ann", m)
	}

	gone := w.chat.Say("ben", support, "", "Never mind")
	line = w.waitLine(gone, bridge.LineTopLevel)
	w.chat.Delete(support, gone)
	w.eventually("the deletion is known", func() bool {
		return w.count(`SELECT count(*) FROM posts WHERE message = $1 AND early IS NULL`, gone) == 1
	})
	w.chat.Press(t, "ben", line, bridge.VerbSend)
	w.waitWhisper("ben", "was deleted")

	later := w.chat.Say("ben", support, "", "See you tomorrow") // nobody asks twice a day
	w.eventually("it is known", func() bool { return w.count(`SELECT count(*) FROM posts WHERE message = $1`, later) == 1 })
	w.chat.Choose("ben", support, later, bridge.VerbSend)
	w.chat.Press(t, "ben", w.waitLine(later, bridge.LineTopLevel), bridge.VerbSend)
	w.provider.WaitTexts(t, "It is fixed", "See you tomorrow")
}

// what can't be sent as things are isn't tied to the conversation that was chosen.
func TestTopLevelIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.customerWrites("lou", "Me too")
	w.waitDrained()
	text := w.chat.Say("ann", support, "", "It is fixed")
	line := w.waitLine(text, bridge.LineTopLevel)
	w.reply(thread, "!resolve")
	w.waitCard(thread, "resolved")
	w.waitDrained()
	kim, lou := line, line
	kim.Buttons, lou.Buttons = buttonsAbout(line, 1), buttonsAbout(line, 2)
	w.chat.Press(t, "ann", kim, bridge.VerbSend)
	if m := w.waitWhisper("ann", "is resolved"); m.Thread != text {
		t.Errorf("told in %q, want %q", m.Thread, text)
	}
	w.saveAccount(chat, func(a *store.Account) { a.Paused = true })
	w.chat.Press(t, "ann", lou, bridge.VerbSend)
	w.waitFate(text, "parked")
	w.waitDrained()
	w.wantNothingSent()
}

// what is typed in one team's channel goes to no conversation of another channel, and is
// shown to nobody there, whatever a button says.
func TestTopLevelStaysInItsChannel(t *testing.T) {
	t.Parallel()
	w, _ := newBillingWorld(t, options{})
	text := w.chat.Say("ben", billing, "", "Looks like a fraud")
	line := waitMessage(t, w.chat, billing, text, "[top_level]")
	line.Buttons = []bridgetest.Button{{Verb: bridge.VerbSend, Args: bridge.Args{Conversation: 1, SendArgs: bridge.SendArgs{Sure: true, Typed: &bridge.Place{Channel: billing, Message: text}}}}}
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.waitWhisper("ann", "[refused]")
	w.waitDrained()
	w.wantNothingSent()
}

// buttonsAbout returns a message's button about a conversation.
func buttonsAbout(m bridgetest.Message, conversation store.ConversationID) []bridgetest.Button {
	return slices.DeleteFunc(slices.Clone(m.Buttons), func(b bridgetest.Button) bool { return b.Args.Conversation != conversation })
}
