package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// After a colleague's remark that stays inside, an agent's next text isn't sent without asking. A message that nobody
// answers doesn't change that: a command, a machine's mail, an offered correction, or another app's post.
// Requirement R-246: What is asked before it is sent.
func TestRemarkBeforeWhatNobodyAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, author string
		comes        func(w *world, question, thread, answer string)
	}{
		{name: "the author's command", author: "ben", comes: func(w *world, _, thread, _ string) {
			w.reply(thread, "!tag debtor")
			w.waitCard(thread, "debtor")
		}},
		{name: "a colleague's command", author: "ben", comes: func(w *world, _, thread, _ string) {
			w.chat.Say("ben", support, thread, "!tag debtor")
			w.waitCard(thread, "debtor")
		}},
		{name: "a machine's mail", author: "ben", comes: func(w *world, question, _, _ string) {
			away := channelstest.Event{From: "kim@x.test", Text: "On holiday", Automatic: "auto-replied", References: []string{question}}
			w.customerSends(mail, away)
			w.waitShown("On holiday")
		}},
		{name: "a correction", author: "ben", comes: func(w *world, _, thread, answer string) {
			w.chat.Edit(support, answer, "Twist the knob")
			w.waitLine(thread, bridge.LineEditLate)
		}},
		{name: "another app's post behind a guest's remark", author: "eve", comes: func(w *world, _, thread, _ string) {
			w.waitFate(w.chat.Say("bot", support, thread, "Deployed"), "inside")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			question, thread := w.askByMail("It is dark")
			answer := w.reply(thread, "Press the knob")
			w.waitFate(answer, "out")
			w.waitFate(w.chat.Say(tt.author, support, thread, "He never pays on time"), "inside")

			tt.comes(w, question, thread, answer)
			w.waitFate(w.reply(thread, "I know, ignore him"), "ask")
		})
	}
}
