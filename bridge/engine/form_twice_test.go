package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
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

// Another form is another reply. A colleague's form is, too, even with the same name, as the name may be invented.
func TestOtherFormsAreOtherReplies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	form := openedForm(formOf(bridge.VerbReply))
	w.chat.Submit("ann", support, thread, form, "We come on Tuesday.")
	w.chat.Submit("ben", support, thread, form, "Ben's own.")
	w.chat.Submit("ann", support, thread, formOf(bridge.VerbReply), "And bring cake.")
	w.waitShown("And bring cake.")
	wantEqual(t, "lines that a text was taken back", w.countLines(thread, bridge.LineUndone), 0)
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "We come on Tuesday.", "Ben's own.", "And bring cake.")
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

// A form is handed in a third time with other words. The customer still gets nothing more without a click, and only the
// last words are offered.
func TestFormTooLateAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	form := openedForm(formOf(bridge.VerbReply))
	w.chat.Submit("ann", support, thread, form, "We come on Monday.")
	w.provider.WaitTexts(t, "We come on Monday.")
	for _, day := range []string{"Tuesday", "Wednesday"} {
		w.chat.Submit("ann", support, thread, form, "We come on "+day+".")
		w.waitShown("We come on " + day + ".")
		w.waitDrained()
		w.provider.WaitTexts(t, "We come on Monday.")
	}
	w.waitOutcome(w.waitShown("We come on Tuesday."), bridge.OutcomeDropped)
	w.chat.Press(t, "ann", w.waitShown("We come on Wednesday."), bridge.VerbSend)
	w.provider.WaitTexts(t, "We come on Monday.", "We come on Wednesday.")
}

// A form begins one conversation. If it is handed in a second time, its words are given back to its author.
func TestFormStartsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	form := openedForm(startForm(mail, "carla", "Your lamp"))
	w.chat.Submit("ben", support, "", form, "It is repaired.")
	w.waitSent(1)
	w.chat.Submit("ben", support, "", form, "It is repaired, and clean.")
	w.waitWhisper("ben", "It is repaired, and clean.")
	w.waitDrained()
	wantEqual(t, "messages to the customer", len(w.provider.Sent()), 1)
	wantEqual(t, "conversations", w.count(`SELECT count(*) FROM conversations`), 1)
}

// A template that was chosen in a form is sent once, although the form is handed in twice.
func TestFormOfATemplate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withTemplates(options{}))
	thread := w.openThread()
	id := w.saveTemplate(chat, func(t *bridge.Template) { t.Body = "Your lamp is repaired." })
	w.decideTemplate("order_update", channels.TemplateApproved, "")
	w.waitTemplateStatus(id, "approved")
	w.chat.Submit("ann", support, thread, openedForm(templateForm(id, 1, nil)), "")
	w.provider.WaitTexts(t, "Your lamp is repaired.")
	w.chat.Submit("ann", support, thread, openedForm(templateForm(id, 1, nil)), "")
	w.waitWhisper("ann", "handed this form in before")
	w.waitDrained()
	w.provider.WaitTexts(t, "Your lamp is repaired.")
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

// A form with more tags than a conversation may have is refused, and the tags are given back.
func TestRefusedFormGivesTheTagsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	form := formOf(bridge.VerbTag)
	for n := range 21 {
		form.Args.Tags = append(form.Args.Tags, fmt.Sprintf("tag-%d", n+1))
	}
	w.chat.Submit("ann", support, thread, form, "")
	told := w.waitWhisper("ann", "at most 20 tags")
	if !strings.Contains(told.Plain(), "tag-20, tag-21") {
		t.Errorf("Ann is told %q, want the tags, too", told.Plain())
	}
}

// Of a form whose files leave one by one the customer may have a part: then the other words wait for a click, too.
func TestFormTooLateForAPart(t *testing.T) {
	t.Parallel()
	text, rest := withFiles("We come on Monday.", "a.txt"), withFiles("", "b.txt")
	for failing, left := range map[string]sentMessage{"a.txt": rest, "b.txt": text} {
		t.Run(failing+" has failed", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			w.provider.AddFault(badFile(failing))
			form := openedForm(formOf(bridge.VerbReply))
			w.chat.Submit("ann", support, thread, form, "We come on Monday.", w.upload("a.txt"), w.upload("b.txt"))
			w.waitLine(thread, bridge.LineFailed)
			w.wantSent(left)
			w.chat.Submit("ann", support, thread, form, "We come on Tuesday.", w.upload("a.txt"), w.upload("b.txt"))
			w.waitLine(thread, bridge.LineAsk)
			w.wantSent(left)
		})
	}
}

// upload gives Parley a file that holds its own name.
func (w *world) upload(name string) bridgetest.File {
	w.t.Helper()
	blob, size, err := w.engines[0].Desk(w.surface).StoreFile(w.t.Context(), strings.NewReader(name), int64(len(name)))
	check(w.t, err)
	return bridgetest.File{Name: name, Blob: blob, Size: size}
}
