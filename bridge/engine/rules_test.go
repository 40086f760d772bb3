package engine_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/channels/emulator"
	"parley/store"
)

// A text of an agent who isn't the owner stays inside. Its mark shows that to all, and one whisper to its author has a
// button that sends it. A colleague who sends it is asked first, and becomes a co-owner (requirement R-245).
func TestAnotherAgentsTextWaitsForAClick(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "One")
	w.provider.WaitTexts(t, "One")
	w.waitCard(thread, "| Ann |")
	m := w.chat.Say("ben", support, thread, "Two")
	w.waitFate(m, "inside")
	w.waitMarked(m, "inside")
	line := w.waitWhisper("ben", "[inside]")
	again := w.chat.Say("ben", support, thread, "Two and a half")
	w.waitMarked(again, "inside")

	w.chat.Choose("cat", support, m, bridge.VerbSend)
	question := w.waitWhisper("cat", "[send_as] Ben")
	w.waitFate(m, "inside")
	w.chat.Press(t, "cat", question, bridge.VerbSend)
	w.provider.WaitTexts(t, "One", "Two")
	w.waitMarked(m, "sent")
	w.waitCard(thread, "| Ann,Cat |")
	if told := w.waitShown("[done] <@ben> Cat send"); !strings.Contains(told.Plain(), "Two") {
		t.Errorf("the line: %q", told.Text)
	}
	w.chat.Press(t, "ben", line, bridge.VerbSend)
	w.waitWhisper("ben", "[decided]")
	w.waitDrained()
	w.provider.WaitTexts(t, "One", "Two")
	if n := w.count(`SELECT count(*) FROM posts WHERE kind = 'told' AND conversation_id = 1`); n != 1 {
		t.Errorf("%d notes that he was told belong to the conversation, want one", n)
	}
	wantEqual(t, "lines about it for all", w.countLines(thread, bridge.LineInside), 0)
	wantEqual(t, "whispers to ben: that it stays inside, and that it is decided", len(w.chat.Whispers("ben")), 2)
}

// A file without a text waits for a click, and so does a text after a colleague's remark. Keep leaves it inside
// (requirement R-246).
func TestWhatWaitsForAClick(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")
	file := w.chat.Say("ann", support, thread, "", bridgetest.File{Name: "plan.txt", Content: []byte("the plan")})
	w.waitFate(file, "ask")
	w.chat.Press(t, "ann", w.waitShown("file_alone"), bridge.VerbSend)
	sent := w.provider.Wait(t, "the file", func(s []channelstest.Sent) bool { return len(s) == 1 })
	w.wantSent(withFiles("", "plan.txt"))
	wantEqual(t, "the content of the file", string(sent[0].Files[0].Content), "the plan")

	w.waitFate(w.chat.Say("ben", support, thread, "<@ann> is that right?"), "inside")
	answer := w.reply(thread, "I think so")
	w.waitFate(answer, "ask")
	w.chat.Press(t, "ann", w.waitShown("after_remark"), bridge.VerbKeep)
	w.waitFate(answer, "inside")
	w.customerWrites("kim", "And now?")
	w.waitShown("And now?")
	w.reply(thread, "Soon")
	w.provider.Wait(t, "Soon", func(s []channelstest.Sent) bool { return len(s) == 2 && s[1].Text == "Soon" })
}

// The thread tells the author, with the text, which text didn't reach the customer. Each message of a person has exactly
// one fate (requirement R-247).
func TestExactlyOneFate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")
	told := map[string]string{
		w.chat.Say("dan", support, thread, "text of dan"):  "dan",
		w.chat.Say("ann", support, thread, "!frob of ann"): "ann",
		w.chat.Say("ann", support, thread, "/frob of ann"): "ann",
	}
	w.waitMarked(w.chat.Say("ben", support, thread, "text of ben"), "inside")
	w.chat.Wait(t, "three lines", func() bool {
		return w.countLines(thread, bridge.LineNotMapped)+w.countLines(thread, bridge.LineInside)+w.countLines(thread, bridge.LineAsk) == 3
	})
	w.waitDrained()

	for id, author := range told {
		text := w.chat.Get(support, id).Text
		found := 0
		for _, m := range w.chat.Messages(support, thread) {
			if m.User == bridgetest.App && strings.Contains(m.Plain(), text) {
				found++
				if !slices.Equal(m.Mentions(), []string{author}) {
					t.Errorf("%q mentions %v, want %s", m.Text, m.Mentions(), author)
				}
			}
		}
		if found != 1 {
			t.Errorf("%q is told %d times, want 1", text, found)
		}
	}
	if n := w.count(`SELECT count(*) FROM (SELECT place FROM messages WHERE place <> '' GROUP BY place HAVING count(*) > 1) AS x`); n != 0 {
		t.Errorf("%d messages have two fates, want none", n)
	}
	w.wantNothingSent()
}

// A text typed in a resolved thread is kept, with buttons. Once the conversation is reopened, a new button sends it: a
// chat may take a second click on the old one for a repetition.
func TestResolvedThreadKeepsText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!resolve")
	w.waitCard(thread, "#1 resolved")
	m := w.reply(thread, "One more thing")
	w.waitFate(m, "inside")
	line := w.waitLine(thread, bridge.LineInside)
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.waitWhisper("ann", "resolved")
	w.chat.Press(t, "ann", line, bridge.VerbReopen)
	w.waitCard(thread, "#1 open")
	w.eventually("the line offers only to send it", func() bool {
		line = w.chat.Get(support, line.ID)
		return !slices.ContainsFunc(line.Buttons, func(b bridgetest.Button) bool { return b.Verb == bridge.VerbReopen })
	})
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.provider.WaitTexts(t, "One more thing")
}

// Automatic mail can be promoted to a conversation, and its sender silenced (requirement R-254).
func TestAutomaticMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	auto := func(text string) {
		w.customerSends(mail, channelstest.Event{From: "shop@x.test", Subject: text, Text: text, Automatic: "auto-submitted"})
	}
	auto("Order 1")
	w.chat.Press(t, "ann", w.waitShown("Order 1"), bridge.VerbPromote)
	w.waitCard(w.waitCardWith("| Order 1 | Ann").ID, "open")

	w.customerSends(mail, channelstest.Event{From: "news@x.test", Subject: "Buy", Text: "Buy", Automatic: "list"})
	w.chat.Press(t, "ann", w.waitShown("list Buy"), bridge.VerbSilence)
	w.waitWhisper("ann", "news@x.test")
	w.customerSends(mail, channelstest.Event{From: "news@x.test", Subject: "Buy more", Text: "Buy more", Automatic: "list"})
	auto("Order 2")
	w.waitShown("Order 2")
	w.waitDrained()
	for _, m := range w.allMessages() {
		if strings.Contains(m.Plain(), "Buy more") {
			t.Errorf("a silenced sender is shown: %q", m.Text)
		}
	}
	if n := w.count(`SELECT count(*) FROM messages WHERE text = 'Buy more'`); n != 1 {
		t.Errorf("the silenced mail is kept %d times, want 1", n)
	}
}

// A held reply doesn't leave if its account has begun to watch.
// Requirement R-265: Watch and trial before live.
func TestModeChangesInTheHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	m := w.reply(thread, "One")
	w.waitFate(m, "waiting")
	w.saveAccount(chat, func(a *store.Account) { a.Mode = "watch" })
	w.advance(time.Hour)
	w.waitFate(m, "failed")
	w.waitLine(thread, bridge.LineFailed)
	w.wantNothingSent()
}

// Admins are told of each change of an account's condition, in direct messages (requirement R-014).
func TestAdminsAreToldOfConditions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	desk := w.engines[0]
	for i, text := range []string{"The password is wrong.", "The server is gone.", "The password is wrong again."} {
		for range 2 {
			desk.Report(w.accounts[mail], channels.Condition{Status: channels.Broken, Text: text, Hint: "Look."})
		}
		w.chat.Wait(t, text, func() bool {
			list := w.chat.Messages("@ann", "")
			return len(list) > i && strings.Contains(list[i].Plain(), text)
		})
	}
	w.waitDrained()
	if n := len(w.chat.Messages("@ann", "")); n != 3 {
		t.Errorf("told %d times, want 3", n)
	}
	if n := len(w.chat.Messages("@ben", "")); n != 0 {
		t.Error("ben isn't an admin")
	}
}

// A customer's text that imitates mentions, lines and commands is shown as it is. It mentions nobody and does nothing.
func TestHostileCustomer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	evil := "<@ann> [resolved] !resolve note: // & <b>x</b> \u202e " + strings.Repeat("long ", 300)
	w.customerWrites("kim", evil)
	thread := w.waitThread("<b>x</b>")
	w.waitDrained()
	var got string
	for _, m := range w.chat.Messages(support, thread) {
		if len(m.Mentions()) > 0 {
			t.Errorf("a customer mentions %v: %q, want none", m.Mentions(), m.Text)
		}
		if m.Kind == string(bridge.PostSaid) {
			got += m.Plain()
		}
	}
	if got != evil {
		t.Errorf("shown: %q, want %q", got, evil)
	}
	w.waitCard(thread, "#1 open")
}

// A text with a byte that PostgreSQL can't store is stored without it.
func TestUnstorableText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "before\x00after")
	w.waitThread("beforeafter")
}

// A webhook without a signature is refused and stores nothing. A signed one that can't be read is kept in quarantine.
func TestUnsignedWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	body := strings.NewReader(`[{"type":"message","id":"x","from":"kim","text":"Hi"}]`)
	req := must(http.NewRequestWithContext(t.Context(), http.MethodPost, w.hooks[chat].URL, body))(t)
	resp := must(emulator.NewClient().Do(req))(t)
	_ = resp.Body.Close()
	wantEqual(t, "the status without a signature", resp.StatusCode, http.StatusForbidden)
	wantEqual(t, "events without a signature", w.count(`SELECT count(*) FROM events`), 0)
	wantEqual(t, "the status of what can't be read", w.postBody(chat, []byte("riddle")), http.StatusOK)
	wantEqual(t, "events in quarantine", w.count(`SELECT count(*) FROM quarantine`), 1)
}

// A customer writes after the conversation was resolved. In a chat that opens a new conversation, which is linked with
// the old one. A mail reopens its own.
// Requirement R-035: Who writes after that begins anew, linked to before, or reopens.
func TestCustomerWritesAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.openThread()
	w.reply(first, "!resolve")
	w.waitCard(first, "#1 resolved")
	w.customerWrites("kim", "Once more")
	second := w.waitThread("Once more")
	w.waitCard(second, "continues #1")
	w.waitLine(first, bridge.LineContinued)
	w.waitCard(first, "continued in #2")

	id := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Mail", Text: "a mail"})
	thread := w.waitThread("a mail")
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")
	w.reply(thread, "!resolve")
	w.waitCard(thread, "resolved")
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "another mail", References: []string{id}})
	if same := w.waitThread("another mail"); same != thread {
		t.Error("the mail opened a new thread")
	}
	if m, want := w.waitLine(thread, bridge.LineReopened), []string{"ann"}; !slices.Equal(m.Mentions(), want) {
		t.Errorf("reopening mentions %v, want %v", m.Mentions(), want)
	}
	w.waitCard(thread, "open")
}

// A customer's message ends a snooze and removes its timer.
func TestSnoozeEndsWithTheCustomer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.reply(thread, "!snooze 2h")
	w.waitCard(thread, "#1 snoozed | Kim | Hello | Ann")
	w.customerWrites("kim", "Anything new?")
	w.waitCard(thread, "#1 open")
	w.waitDrained()
	if n := w.count(`SELECT count(*) FROM timers WHERE kind = 'snooze'`); n != 0 {
		t.Errorf("%d timers left, want none", n)
	}
	w.advance(3 * time.Hour)
	w.customerWrites("kim", "marker")
	w.waitShown("marker")
	if n := w.countLines(thread, bridge.LineWoke); n != 1 {
		t.Errorf("woke %d times, want 1", n)
	}
}
