package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// A text in the channel that begins with the name of a customer who may be meant is answered each time. That customer's
// conversation is offered first.
// Requirement R-271: Typed in the channel itself.
func TestTopLevelThatAddressesACustomer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	for _, name := range []string{"kim", "lou"} { // their conversations are 1 and 2
		w.customerWrites(name, "I am "+name)
		w.waitThread("I am " + name)
	}
	w.typeAtTopLevel("ann", "Good morning")
	text, line := w.typeAtTopLevel("ann", "Hi Kim, it is on its way")
	wantEqual(t, "the conversation that is offered first", line.Buttons[0].Args.Conversation, store.ConversationID(1))
	w.typeAtTopLevel("ann", "Dear Ms Lou,\nit is on its way")
	w.wantNoAnswer(w.chat.Say("ann", support, "", "Kim is nice"))
	w.wantNoAnswer(w.chat.Say("ann", support, "", "Ben, lunch?"))

	w.chat.Say("ann", support, text, "Sorry, was the wrong place") // below the line that asks who is meant
	w.chat.Say("ann", support, text, "Hi Kim, it is on its way")
	w.waitWhisper("ann", "No customer got this")
	wantEqual(t, "answers below the line", len(w.chat.Whispers("ann")), 1)
}

// A text in the channel that is clearly for colleagues isn't answered, and neither is one of somebody who isn't an agent.
// Requirement R-271: Typed in the channel itself.
func TestTopLevelThatIsNotAnswered(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, user, text string
	}{
		{name: "no agent", user: "dan", text: "I am no agent"},
		{name: "another app", user: "bot", text: "I am a bot"},
		{name: "a note", user: "ann", text: "note: lunch"},
		{name: "a mention of a colleague", user: "ann", text: "<@ben> lunch?"},
	}
	w := newWorld(t, options{})
	for _, tt := range tests {
		w.wantNoAnswer(w.chat.Say(tt.user, support, "", tt.text))
	}
}

// wantNoAnswer checks that the thread of an applied message has no other message.
func (w *world) wantNoAnswer(message string) {
	w.t.Helper()
	w.waitDrained()
	if n := len(w.chat.Messages(support, message)); n != 1 {
		w.t.Errorf("%q has %d messages in its thread, want itself alone", w.chat.Get(support, message).Text, n)
	}
}

// typeAtTopLevel lets an agent type a text in the channel, and returns it and the line that answers it.
func (w *world) typeAtTopLevel(agent, typed string) (text string, line bridgetest.Message) {
	w.t.Helper()
	text = w.chat.Say(agent, support, "", typed)
	return text, w.waitLine(text, bridge.LineTopLevel)
}

// take lets an agent take the conversation that shows a customer's text.
func (w *world) take(agent, text string) {
	w.t.Helper()
	thread := w.waitThread(text)
	w.chat.Say(agent, support, thread, "!take")
	w.waitCard(thread, displayName(agent))
}

// newWorldOfTopLevelReply makes a world in which ann owns kim's conversation and has typed a text in the channel. She
// chose that conversation, and the text waits in its hold. It returns the text, and the line by which she chose.
func newWorldOfTopLevelReply(t *testing.T) (w *world, text string, line bridgetest.Message) {
	t.Helper()
	w = newWorld(t, options{hold: time.Hour})
	w.openThread()
	w.take("ann", "Hello")
	w.waitDrained()
	text, line = w.typeAtTopLevel("ann", "It is fixed")
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.waitFate(text, "waiting")
	w.waitMarked(text, string(bridge.MarkWaiting))
	w.waitDrainedBut(1)
	return w, text, line
}

// The customer of the chosen conversation gets the text as a reply of its author, and the conversation's thread shows it.
// The line that asked says that it is decided.
// Requirement R-271: Typed in the channel itself.
func TestTopLevelIsSent(t *testing.T) {
	t.Parallel()
	w, text, line := newWorldOfTopLevelReply(t)
	chosen := w.chat.Get(support, line.ID)
	wantWords(t, "the line", chosen.Text, "= chosen")
	wantButtons(t, "the line", chosen)
	shown := w.waitLine(w.waitThread("Hello"), bridge.LineDone)
	wantWords(t, "what the conversation shows", shown.Text, "It is fixed")
	w.advance(2 * time.Hour)
	w.provider.WaitTexts(t, "It is fixed")
	w.waitMarked(text, string(bridge.MarkSent))
}

// A text is edited before its author chooses a conversation. The new words are shown to her, and she chooses once more.
// Requirement R-271: Typed in the channel itself.
func TestTopLevelIsEditedBeforeTheChoice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	text, line := w.typeAtTopLevel("ann", "It is fixed")
	w.chat.Edit(support, text, "It is repaired")
	w.waitChannelTextEdited(text)
	w.chat.Press(t, "ann", line, bridge.VerbSend) // the line shows the former words
	w.chat.Press(t, "ann", w.waitWhisper("ann", "It is repaired"), bridge.VerbSend)
	wantWords(t, "what the conversation shows", w.waitLine(thread, bridge.LineDone).Text, "It is repaired")
	w.provider.WaitTexts(t, "It is repaired")
}

// A reply that was typed in the channel can be taken back like any other, sent again, and edited in its hold.
// Requirement R-271: Typed in the channel itself.
func TestTopLevelIsTakenBackAndSent(t *testing.T) {
	t.Parallel()
	w, text, _ := newWorldOfTopLevelReply(t)
	thread := w.waitThread("Hello")
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineDone), bridge.VerbUndo)
	w.waitFate(text, "undone")
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineUndone), bridge.VerbSend)
	w.waitFate(text, "waiting")
	w.chat.Edit(support, text, "It is quite repaired")
	w.eventually("the edit wins", func() bool {
		return w.text(`SELECT text FROM messages WHERE place = $1`, text) == "It is quite repaired"
	})
	w.advance(2 * time.Hour)
	w.provider.WaitTexts(t, "It is quite repaired")
	w.waitMarked(text, string(bridge.MarkSent))
}

// A text in one team's channel can't be sent to a conversation of another channel or shown there, even if a button names
// that conversation.
// Requirement R-271: Typed in the channel itself.
// Requirement R-086: What is not allowed changes nothing and says why.
func TestTopLevelStaysInItsChannel(t *testing.T) {
	t.Parallel()
	w, _ := newBillingWorld(t, options{})
	text := w.chat.Say("ben", billing, "", "Looks like a fraud")
	line := waitMessage(t, w.chat, billing, text, "[top_level]")
	toOtherChannel := bridge.Args{
		Conversation: 1, // of the channel support
		SendArgs:     bridge.SendArgs{Sure: true, Typed: &bridge.Place{Channel: billing, Message: text}},
	}
	line.Buttons = []bridgetest.Button{{Verb: bridge.VerbSend, Args: toOtherChannel}}
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.waitWhisper("ann", "[refused]")
	w.waitDrained()
	w.wantNothingSent()
}
