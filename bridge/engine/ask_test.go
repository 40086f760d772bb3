package engine_test

import (
	"slices"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
)

// A channel is asked about a conversation in a thread of its own, with what was chosen and nothing else. Whatever is typed there is a note,
// by an agent or not, a command or not, before the conversation ends and after; none of it does or sends anything.
// Requirement R-262: Ask aside.
func TestAskInChannel(t *testing.T) {
	t.Parallel()
	const warehouse = "#warehouse"
	w := newWorld(t, options{})
	w.chat.Open(warehouse)
	w.customerSends(chat, channelstest.Event{From: "kim@shop.test", Name: "Kim", Text: "It flickers, write to kim@shop.test"})
	thread := w.waitThread("flickers")
	w.reply(thread, "note: she never pays")
	w.reply(thread, "!ask "+warehouse+" Do we have it in red?")
	shown := func(what string, isIt func(bridgetest.Message) bool) (found bridgetest.Message) {
		w.eventually(what+" is shown in the channel that is asked", func() bool {
			list := w.chat.Threads(warehouse)
			i := slices.IndexFunc(list, isIt)
			if i >= 0 {
				found = list[i]
			}
			return i >= 0
		})
		return found
	}
	question := shown("the question", func(m bridgetest.Message) bool { return strings.Contains(m.Plain(), "in red?") })
	var line string
	check(t, w.pool.QueryRow(t.Context(), `SELECT payload ->> 'line' FROM deliveries WHERE payload ? 'aside'`).Scan(&line))
	wantWords(t, "the question", line, "It flickers, write to …")
	for _, secret := range []string{"kim@", "Kim", "pays"} {
		if strings.Contains(line, secret) {
			t.Errorf("the question tells %q:\n%s", secret, line)
		}
	}

	below := func(user, text string) {
		w.chat.Say(user, warehouse, question.ID, text)
		w.waitLineAbout(thread, bridge.LineDone, text)
	}
	below("dan", "Two are left")
	below("ann", "!resolve that")
	if n := w.count(`SELECT count(*) FROM conversations WHERE status = 'open' AND traits ->> 'asked' LIKE '%answered%'`); n != 1 {
		t.Errorf("%d conversations are open and have an answered question, want 1", n)
	}
	w.reply(thread, "!resolve")
	shown("its end", func(m bridgetest.Message) bool { return m.Thread == question.ID && m.Kind == string(bridge.PostLine) })
	below("dan", "Now three")
	if n := w.count(`SELECT count(*) FROM messages WHERE direction = 'note' AND fate = 'inside' AND reason = 'note'`); n != 5 {
		t.Errorf("%d notes, want 5: one, the question and three answers", n)
	}
	w.wantNothingSent()
}

// Somebody outside is asked by a mail of its own. What they answer is noted in the customer's conversation; neither of the two gets what the
// other one gets.
// Requirement R-262: Ask aside.
func TestAskByMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(mail, channelstest.Event{From: "kim@shop.test", Name: "Kim", Text: "My lamp flickers", Subject: "Lamp"})
	thread := w.waitThread("flickers")
	w.reply(thread, "!ask rita@supplier.test When do the red ones come?")
	sent := w.waitSent(1)[0]
	wantEqual(t, "the recipient", sent.To[0], "rita@supplier.test")
	wantWords(t, "the mail", sent.Text, "My lamp flickers")
	if strings.Contains(sent.Text, "Kim") || strings.Contains(sent.Text, "kim@") {
		t.Errorf("the mail names the customer:\n%s", sent.Text)
	}
	w.waitLineAbout(thread, bridge.LineDone, "rita@supplier.test")

	w.customerSends(mail, channelstest.Event{
		From: "rita@supplier.test", Name: "Rita", Text: "On Monday", Subject: "Re: " + sent.Subject, Conversation: sent.Conversation,
	})
	w.waitLineAbout(thread, bridge.LineDone, "On Monday")
	w.reply(thread, "A new one is on its way")
	answer := w.waitSent(2)[1]
	wantEqual(t, "the recipients of the reply", strings.Join(answer.To, " "), "kim@shop.test")
	w.waitDrained()
	w.reply(thread, "!resolve")
	w.eventually("both have ended", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`) == 2 })
}
