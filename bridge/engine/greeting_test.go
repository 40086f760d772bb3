package engine_test

import (
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels/channelstest"
	"parley/store"
)

// A reply that greets the customer of another thread of the channel may have been typed in the wrong thread: its author
// is asked. Nobody is asked about a name that belongs to no customer, to a colleague, or also to somebody in this thread.
// Requirement R-246: What is asked before it is sent.
func TestGreetingOfAnotherCustomer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread, _ := w.openThread(), w.customerSends(chat, channelstest.Event{From: "maria", Name: "Mária Rossi", Text: "Where is it?"})
	w.waitThread("Where is it?")
	w.customerSends(chat, channelstest.Event{From: "ben", Name: "Ben Rossini", Text: "And mine?"})
	w.waitThread("And mine?")
	w.customerSends(chat, channelstest.Event{From: "kim2", Name: "Kim Rossi", Text: "I ask, too"})
	w.waitThread("I ask, too")

	w.customerWrites("kim", "Is it here? Greetings, Kim and Lizzy")
	w.customerSends(chat, channelstest.Event{From: "liz", Name: "Lizzy Miller", Text: "Mine is lost"})
	w.waitThread("Mine is lost")

	w.waitFate(w.reply(thread, "Hi Lizzy, your parcel is here"), "waiting") // Kim's latest words have that name
	for _, text := range []string{
		"Hi Maria, your parcel is here",
		"MARIA: your parcel is here",
		"Dear Ms. Rossi\nYour parcel is here",
		"Good morning Mária! Your parcel is here",
		"Hi Maria your parcel is here",
		"!reply Hi Maria, your parcel is here",
	} {
		w.waitFate(w.reply(thread, text), "ask")
	}

	w.exec(`UPDATE messages SET fate = 'inside' WHERE fate = 'ask'`) // while a question is open, what follows is asked about, too
	for _, text := range []string{
		"Hi Kim, your parcel is here",
		"Hi Marie, your parcel is here",
		"Hi there, your parcel is here",
		"Ann, our expert, will call you",
		"!reply Hi Ben, your parcel is here",
		"Unfortunately, Maria has it",
	} {
		w.waitFate(w.reply(thread, text), "waiting")
	}
	w.wantNothingSent()
}

// An agent may have given a customer another name, which cards and lists show. A greeting with that name in another thread
// is asked about as one with the customer's own name, and in the customer's own thread it is not.
// Requirement R-246: What is asked before it is sent.
func TestGreetingByAGivenName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	w.customerSends(chat, channelstest.Event{From: "+49170", Text: "Where is it?"})
	renamed := w.waitThread("Where is it?")
	w.waitDrained()
	w.exec(`UPDATE conversations SET traits = '{"name": "Maria of Berlin Lamps"}' WHERE id = 2`) // by !rename
	w.waitFate(w.reply(thread, "Hi Maria, your parcel is here"), "ask")

	w.customerSends(chat, channelstest.Event{From: "maria", Name: "Maria Rossi", Text: "And mine?"})
	w.waitThread("And mine?")
	w.waitFate(w.reply(renamed, "Hi Maria, your parcel is here"), "waiting")
	w.wantNothingSent()
}

// While the question about a greeting is new and open, the author's next texts are asked about, too. A text that says for
// whom it is leaves without a question.
// Requirement R-246: What is asked before it is sent.
func TestTextBehindAGreeting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	w.customerWrites("maria", "Where is it?")
	w.waitThread("Where is it?")
	for _, tt := range []struct {
		text string
		fate store.Fate
		why  string
	}{
		{text: "Hi Maria,", fate: "ask", why: "greets_other"},
		{text: "your parcel is here", fate: "ask", why: "after_greeting"},
		{text: "Hi Kim, yours is not", fate: "waiting"},
		{text: "!reply It comes tomorrow", fate: "waiting"},
		{text: "and so is the bill", fate: "ask"},
	} {
		w.waitFate(w.reply(thread, tt.text), tt.fate)
		if tt.why != "" {
			w.waitShown(tt.why)
		}
	}
	w.advance(6 * time.Minute)
	w.waitFate(w.reply(thread, "It comes at ten"), "waiting")
}

// The question about a greeting names the other conversation. A click sends the text once. From then on that name is
// known in this thread, and asks nothing any more.
func TestGreetingIsAskedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.customerWrites("maria", "Where is it?")
	other := w.waitThread("Where is it?")
	asked := w.reply(thread, "Hi Maria, it is here")
	w.waitFate(asked, "ask")
	question := w.waitShown("greets_other")
	if line := question.Plain(); !strings.Contains(line, "#2") {
		t.Errorf("the question doesn't name the other conversation: %q", line)
	}

	w.chat.Press(t, "ann", question, bridge.VerbSend)
	w.chat.Press(t, "ann", question, bridge.VerbSend)
	w.provider.WaitTexts(t, "Hi Maria, it is here")
	w.reply(thread, "Maria, do you have it?")
	w.provider.WaitTexts(t, "Hi Maria, it is here", "Maria, do you have it?")

	w.assign(other, "ben")
	w.reply(other, "!resolve")
	w.waitCard(other, "resolved")
	w.customerWrites("lee", "And mine?")
	w.reply(w.waitThread("And mine?"), "Hi Maria, this thread is over")
	w.provider.WaitTexts(t, "Hi Maria, it is here", "Maria, do you have it?", "Hi Maria, this thread is over")
}
