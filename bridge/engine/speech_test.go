package engine_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
	"parley/store"
)

// A text that begins like a remark for colleagues, or with a colleague's name, waits for a click. A held reply that is
// edited into such a text waits for one, too. A text that begins with a customer's name doesn't (requirement R-246).
func TestTextsForColleaguesWaitForAClick(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	w.customerWrites("dan", "Hello") // the user dan of the chat, who isn't an agent, has the same name
	thread := w.waitThread("Hello")
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")

	for text, fate := range map[string]store.Fate{
		"internal: do not refund twice":   "ask",
		"Ben, can you check this please?": "ask",
		"Hi ben - please look":            "ask",
		"@ben look at this":               "ask",
		"Can you check this, @ben?":       "ask",
		"Hm (@Cat) he never pays":         "ask",
		"Thanks @parley, take it":         "ask",
		"@Parley she is a pain":           "ask",
		"Write to ben@x.test":             "waiting",
		"We open @ 5 pm, says @acme":      "waiting",
		"@ann will call you":              "waiting",
		"BEN!":                            "ask",
		"Ben?":                            "ask",
		"Ben can you check this?":         "ask",
		"hey ben please check":            "ask",
		"Ben kannst du mal schauen?":      "ask",
		"@here who knows this order":      "ask",
		"@all who knows this order":       "ask",
		"Who knows this order, @Support?": "ask",
		"Our @supporters can help you":    "waiting",
		"Support: it left today":          "waiting",
		"Ben can help you tomorrow":       "waiting",
		"Ben will call you. OK?":          "waiting",
		"Thanks Cat,\nI see":              "ask",
		"Dan, it is on its way":           "waiting",
		"Ann, our expert, will call you":  "waiting",
		"Benefits: none, sorry":           "waiting",
		"We asked Ben, he knows":          "waiting",
		"Hi Dan,\nBen will call you":      "waiting",
	} {
		w.waitFate(w.reply(thread, text), fate)
	}

	m := w.reply(thread, "Your parcel is lost")
	w.waitFate(m, "waiting")
	w.chat.Edit(support, m, "Ben, the parcel is lost")
	w.waitFate(m, "ask")
	w.wantNothingSent()
}

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

// A mistyped command is offered in its right form. The agent who presses that button gives the command, by their own
// right, and the mistyped text stays inside. No command is offered for a name that no agent has.
func TestMistypedCommandIsOffered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")

	slip := w.reply(thread, "!assing ben")
	w.waitFate(slip, "ask")
	line := w.waitShown("unknown_verb !assing ben")
	var verbs []bridge.Verb
	for _, b := range line.Buttons {
		verbs = append(verbs, b.Verb)
	}
	if want := []bridge.Verb{bridge.VerbAssign, bridge.VerbKeep, bridge.VerbSend}; !slices.Equal(verbs, want) {
		t.Errorf("the buttons are %v, want %v", verbs, want)
	}

	w.chat.Press(t, "dan", line, bridge.VerbAssign) // dan isn't an agent
	w.waitWhisper("dan", "not one of Parley's agents")
	w.waitFate(slip, "ask")
	w.chat.Press(t, "cat", line, bridge.VerbAssign)
	w.waitCard(thread, "| Ben |")
	w.waitFate(slip, "inside")
	if told := w.waitLine(thread, bridge.LineAssigned); !strings.Contains(told.Plain(), "Cat") {
		t.Errorf("the line: %q", told.Text)
	}

	w.reply(thread, "!assing nobody")
	if line := w.waitShown("unknown_verb !assing nobody"); len(line.Buttons) != 2 {
		t.Errorf("the buttons are %+v, want 2 of them", line.Buttons)
	}
	w.waitMarked(slip, string(bridge.MarkInside))
	w.wantNothingSent()

	sent := w.reply(thread, "!assing cat")
	line = w.waitShown("unknown_verb !assing cat")
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.waitFate(sent, "out")
	w.chat.Press(t, "ann", line, bridge.VerbAssign) // under old buttons
	w.waitCard(thread, "| Cat |")
	w.waitFate(sent, "out")
}

// The answer to !why lists the last texts of the thread, with what became of each and for what reason. It leaves out the
// commands (requirement R-263).
func TestWhyTellsOfTexts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")
	w.waitFate(w.chat.Say("ben", support, thread, "He never pays"), "inside")
	w.waitFate(w.reply(thread, "Is that so?"), "ask")
	w.waitFate(w.reply(thread, "note: I look it up"), "inside")
	w.waitFate(w.reply(thread, "!frob"), "ask")
	w.waitFate(w.reply(thread, "It is paid"), "waiting")

	w.reply(thread, "!why")
	const told = "(Ann: It is paid waiting assignee) (Ann: !frob ask unknown_verb) (Ann: I look it up inside note) " +
		"(Ann: Is that so? ask after_remark) (Ben: He never pays inside not_assignee)"
	text := w.waitWhisper("ann", "[why]").Plain()
	wantPrefix(t, "the answer to !why", text, "[why] ")
	wantSuffix(t, "the answer to !why", text, told)
}

// The history has what Parley and the customer did to a conversation, too, and the note that was given with an
// assignment.
func TestHistoryHasWhatHappenedByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "Hello")
	w.provider.WaitTexts(t, "Hello")
	w.waitCard(thread, "pending")
	w.customerWrites("kim", "And now?")
	w.waitThread("And now?")
	w.waitCard(thread, "open")

	w.reply(thread, "!snooze 1h")
	w.waitCard(thread, "snoozed")
	w.reply(thread, "Now it works")
	w.provider.WaitTexts(t, "Hello", "Now it works")
	w.waitCard(thread, "pending")
	w.reply(thread, "!snooze 2h")
	w.waitCard(thread, "snoozed")
	w.customerWrites("kim", "Anything new?")
	w.waitCard(thread, "open")

	w.chat.Submit("ann", support, thread,
		bridgetest.Button{Verb: bridge.VerbAssign, Args: bridge.Args{Conversation: 1, Agents: []string{"ben"}, Note: "knows this customer"}}, "")
	w.waitCard(thread, "| Ben |")

	w.reply(thread, "!history")
	text := w.waitWhisper("ann", "[history]").Plain()
	for _, row := range []string{"Parley set pending answered", "Customer set open", "Parley woke answered", "Customer woke",
		"Ann assigned Ben: knows this customer"} {
		if !strings.Contains(text, row) {
			t.Errorf("no %q in %q", row, text)
		}
	}
}

// An agent who uses a tag that didn't exist before is told so. Nobody is told about an existing tag.
func TestNewTagIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!tag Biling")
	told := w.waitWhisper("ann", "tag new")
	w.waitCard(thread, "Biling")
	w.reply(thread, "!untag Biling")
	w.waitDrained()
	w.reply(thread, "!tag biling")
	w.waitDrained()
	if n := len(w.chat.Whispers("ann")); n != 1 {
		t.Errorf("told %d times: %q, want 1", n, told.Text)
	}
}

// The help of an agent leaves out the verbs that only admins may use.
// Requirement R-080: A typed word for every button, and help.
func TestHelpLeavesOutWhatIsForAdmins(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	for user, denied := range map[string]string{"ann": "", "ben": "close templatedelete templateedit"} {
		w.chat.Say(user, support, thread, "!help")
		w.waitWhisper(user, "[help]")
		got := w.text(`SELECT string_agg(verb, ' ' ORDER BY verb) FROM deliveries, jsonb_array_elements_text(payload->'line'->'Denied') AS verb
			WHERE payload->>'to' = $1`, user)
		wantEqual(t, "verbs that "+user+" may not use", got, denied)
	}
}

// A first mail without a subject gets the first words of its text.
func TestFirstMailWithoutSubject(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	for i, c := range []struct{ text, subject string }{
		{text: "It is **repaired**.\nFetch it when you like.", subject: "It is repaired"},
		{
			text:    "We have looked at the lamp which you brought us on Monday and found the fault",
			subject: "We have looked at the lamp which you brought us on Monday …",
		},
	} {
		w.chat.Submit("ben", support, "", startForm(mail, "carla", ""), c.text)
		wantEqual(t, "the subject", w.waitSent(i + 1)[i].Subject, c.subject)
	}
}

// The line about a reply that was taken back mentions nobody if its author did that, and mentions the author if a
// colleague did.
func TestOwnDeedsMentionNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	own := w.reply(thread, "Taken back by its author")
	w.waitFate(own, "waiting")
	w.reply(thread, "!undo")
	if line := w.waitShown("[undone]"); len(line.Mentions()) > 0 {
		t.Errorf("the line: %q", line.Text)
	}

	other := w.reply(thread, "Taken back by a colleague")
	w.waitFate(other, "waiting")
	w.chat.Choose("ben", support, other, bridge.VerbUndo)
	if line := w.waitShown("undone Taken back by a colleague"); !slices.Equal(line.Mentions(), []string{"ann"}) {
		t.Errorf("the line: %q", line.Text)
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
