package engine_test

import (
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// openedForm gives a form a name, as chats do. A form that is handed in again has the same name.
func openedForm(b bridgetest.Button) bridgetest.Button {
	b.Form = "opened once"
	return b
}

// An agent hands a form in again with other words, since she saw no answer to the first time. Only the new words are
// sent.
func TestFormReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	form := openedForm(formOf(bridge.VerbReply))
	w.chat.Submit("ann", support, thread, form, "We come on Monday.")
	w.chat.Submit("ann", support, thread, form, "We come on Tuesday.")
	w.waitShown("We come on Tuesday.")
	w.waitDrainedBut(1)
	wantEqual(t, "lines that a text was taken back", w.countLines(thread, bridge.LineUndone), 1)
	wantEqual(t, "what became of the first text", w.text(`SELECT fate FROM messages WHERE text = 'We come on Monday.'`), "undone")
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "We come on Tuesday.")
}

// A form is handed in again with other words after its reply has left. The new words are sent only after a click.
func TestFormTooLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	form := openedForm(formOf(bridge.VerbReply))
	w.chat.Submit("ann", support, thread, form, "We come on Monday.")
	w.provider.WaitTexts(t, "We come on Monday.")
	w.chat.Submit("ann", support, thread, form, "We come on Tuesday.")
	line := w.waitLine(thread, bridge.LineAsk)
	w.waitDrained()
	w.provider.WaitTexts(t, "We come on Monday.")
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.provider.WaitTexts(t, "We come on Monday.", "We come on Tuesday.")
}

// A form that is refused has been closed by then. Its text is given back to the person who typed it.
func TestRefusedFormGivesTheTextBack(t *testing.T) {
	t.Parallel()
	elsewhere := formOf(bridge.VerbReply)
	elsewhere.Args.Conversation = 99
	for _, tt := range []struct {
		name, user, channel string
		form                bridgetest.Button
		wantReason          string
	}{
		{name: "a reply by no agent", user: "dan", channel: support, form: formOf(bridge.VerbReply), wantReason: "not one of Parley's agents"},
		{name: "a note by no agent", user: "dan", channel: support, form: formOf(bridge.VerbNote), wantReason: "not one of Parley's agents"},
		{name: "no such conversation", user: "ann", channel: support, form: elsewhere, wantReason: "no conversation #99"},
		{name: "no such conversation, and no channel", user: "ann", form: elsewhere, wantReason: "no conversation #99"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			if tt.channel == "" {
				thread = ""
			}
			w.chat.Submit(tt.user, tt.channel, thread, tt.form, "We come on Monday.")
			told := w.chat.Whispers
			if tt.channel == "" {
				told = func(user string) []bridgetest.Message { return w.chat.Messages("@"+user, "") }
			}
			w.chat.Wait(t, "what was typed is given back", func() bool {
				list := told(tt.user)
				return len(list) == 1 && strings.Contains(list[0].Plain(), tt.wantReason) &&
					strings.Contains(list[0].Plain(), "We come on Monday.")
			})
			w.waitDrained()
			w.wantNothingSent()
		})
	}
}
