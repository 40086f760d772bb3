package engine_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels/channelstest"
	"parley/store"
)

// An agent who sends a colleague's text is always asked first. The text then waits in its hold like any reply, and
// anybody can take it back. One's own text leaves without a question.
func TestSendingForSomebodyElseIsAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")
	remark := w.chat.Say("ben", support, thread, "He never pays on time")
	w.waitFate(remark, "inside")

	w.chat.Choose("ann", support, remark, bridge.VerbSend)
	w.waitWhisper("ann", "[send_as] Ben")
	w.chat.Choose("cat", support, remark, bridge.VerbSend)
	question := w.waitWhisper("cat", "[send_as] Ben")
	w.waitFate(remark, "inside")
	w.chat.Press(t, "cat", question, bridge.VerbSend)
	w.waitFate(remark, "waiting")
	w.chat.Press(t, "ann", w.waitShown("[done] <@ben> Cat send"), bridge.VerbUndo)
	w.waitFate(remark, "undone")

	own := w.chat.Say("ben", support, thread, "I know that shop")
	w.waitFate(own, "inside")
	w.chat.Choose("ben", support, own, bridge.VerbSend)
	w.waitFate(own, "waiting")
	w.wantNothingSent()
}

// A text that can't be sent stays inside, and a whisper tells the agent who tries why. The reasons here are an author who
// isn't an agent, and an account that only watches.
func TestTextThatNobodyCanSend(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	strangers := w.chat.Say("dan", support, thread, "I am no agent")
	w.waitFate(strangers, "inside")
	w.chat.Choose("ann", support, strangers, bridge.VerbSend)
	w.waitWhisper("ann", "Its author isn't an agent")

	asked := w.reply(thread, "resolve")
	w.waitFate(asked, "ask")
	w.saveAccount(chat, func(a *store.Account) { a.Mode = "watch" })
	w.chat.Choose("ann", support, asked, bridge.VerbSend)
	w.waitWhisper("ann", "only watches")
	w.waitFate(asked, "ask")
	w.waitDrained()
	w.wantNothingSent()
}

// The help of an agent leaves out the verbs that only admins may use.
// Requirement R-080: A typed word for every button, and help.
func TestHelpLeavesOutWhatIsForAdmins(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	for user, denied := range map[string]string{"ann": "", "ben": "close deleteall templatedelete templateedit"} {
		w.chat.Say(user, support, thread, "!help")
		w.waitWhisper(user, "[help]")
		got := w.text(`SELECT string_agg(verb, ' ' ORDER BY verb) FROM deliveries, jsonb_array_elements_text(payload->'line'->'Denied') AS verb
			WHERE payload->>'to' = $1`, user)
		wantEqual(t, "verbs that "+user+" may not use", got, denied)
	}
}

// The thread shows a later mail's subject if it differs, and the next reply has it. Subjects of others and of programs, and
// prefixes, change nothing.
func TestLaterSubject(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Invoice 5501", Text: "Where is it?"})
	thread := w.waitThread("Where is it?")
	answers := func(from, subject, text, automatic string) {
		w.customerSends(mail, channelstest.Event{From: from, Subject: subject, Text: text, References: []string{first}, Automatic: automatic})
		w.waitShown(text)
	}
	sent := 0
	replyUnder := func(text, want string) {
		t.Helper()
		w.reply(thread, text)
		sent++
		wantEqual(t, "the subject of "+text, w.waitSent(sent)[sent-1].Subject, want)
	}

	answers("kim@x.test", "AW: Fwd:  invoice 5501", "I wait.", "")
	answers("kim@x.test", "Out of office: Invoice 5501", "I am away.", "auto-reply")
	replyUnder("In the post", "Invoice 5501")
	answers("kim@x.test", "Re: Forklift 9 leaks", "Another matter.", "")
	answers("lee@y.test", "Lee's own words", "And I?", "")
	answers("kim@x.test", "Re: Forklift 9 leaks", "Are you there?", "")
	replyUnder("We come", "Re: Forklift 9 leaks")
	shown := regexp.MustCompile(`\[subject [^]]+\]`).FindAllString(strings.Join(w.threadTexts(thread), "\n"), -1)
	wantEqual(t, "subjects in the thread", strings.Join(shown, ""),
		"[subject Re: Forklift 9 leaks][subject Lee's own words][subject Re: Forklift 9 leaks]")
}

// A topic that agents set is for colleagues: replies keep the customer's subject.
func TestTopicStaysInside(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "My order", Text: "first"})
	thread := w.waitThread("first")
	w.customerSends(mail, channelstest.Event{From: "lee@y.test", Subject: "Lee's own words", Text: "second", References: []string{first}})
	w.waitShown("second")

	w.reply(thread, "!topic Probably a fraud")
	w.waitCard(thread, "Probably a fraud")
	w.reply(thread, "Hello")
	if sent := w.provider.WaitTexts(t, "Hello"); sent[0].Subject != "My order" {
		t.Errorf("the subject is %q, want \"My order\"", sent[0].Subject)
	}
}
