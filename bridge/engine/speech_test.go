package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
	"parley/store"
)

// what begins like a remark for colleagues, or with a colleague's name, waits for a click;
// so does a reply that is changed into one while it is held. A customer's name alone doesn't.
func TestTextsForColleaguesWaitForAClick(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	w.customerWrites("dan", "Hello") // who has the name of somebody who isn't an agent
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

// What greets the customer of another thread of the channel may have been typed in the wrong one: its author is asked. A name that
// nobody else has, or that somebody has here too, asks nothing.
//
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

// What an agent types behind such a greeting is asked about, too, while the question about the greeting is new and open. What says for
// whom it is asks nothing.
//
func TestTextBehindAGreeting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	w.customerWrites("maria", "Where is it?")
	w.waitThread("Where is it?")
	for _, tt := range []struct {
		text string
		fate store.Fate
	}{
		{text: "Hi Maria,", fate: "ask"},
		{text: "your parcel is here", fate: "ask"},
		{text: "Hi Kim, yours is not", fate: "waiting"},
		{text: "!reply It comes tomorrow", fate: "waiting"},
		{text: "and so is the bill", fate: "ask"},
	} {
		w.waitFate(w.reply(thread, tt.text), tt.fate)
	}
	w.advance(6 * time.Minute)
	w.waitFate(w.reply(thread, "It comes at ten"), "waiting")
}

// The question about a greeting leads to the other thread. A click sends the text once; from then on the name is known here.
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

// Somebody else's text leaves by no way without the question; it waits like any reply, and
// anybody can take it back. One's own text leaves at once.
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

// What nobody can send as things are stays inside, and whoever would send it is told why.
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

// A mistyped command is offered as it was meant; who presses that does it, by their own right, and
// the slip stays inside. A name that nobody has is not offered.
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
	w.chat.Press(t, "dan", line, bridge.VerbAssign) // who isn't an agent
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

// who asks why is told what became of the last texts and for what reason, and not of the commands.
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

// The history has what Parley and the customer did to a conversation, and the words with an
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

// A tag that nobody had before is told to who made it, and one that exists isn't.
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

// The help leaves out for an agent what only admins may do.
//
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

// Who takes a reply of one's own back isn't mentioned; its author is, where somebody else does.
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

// What a topic says is for colleagues: the customer's subject stays the customer's.
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
