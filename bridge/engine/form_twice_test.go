package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
)

// openedForm returns a form of which several hand-ins are known to be of one.
func openedForm(b bridgetest.Button) bridgetest.Button {
	b.Form = "opened once"
	return b
}

// A form that is handed in again with other words, since nobody saw its answer, sends what it
// says now; another one is another reply.
func TestFormReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.opened()
	form := openedForm(submit(bridge.VerbReply))
	w.chat.Submit("ann", support, thread, form, "We come on Monday.")
	w.chat.Submit("ann", support, thread, form, "We come on Tuesday.")
	w.chat.Submit("ben", support, thread, form, "Ben's own.") // its name may be a claim
	w.chat.Submit("ann", support, thread, submit(bridge.VerbReply), "And bring cake.")
	w.shown("And bring cake.")
	if n := w.lines(thread, bridge.LineUndone); n != 1 {
		t.Errorf("%d texts were taken back", n)
	}
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "We come on Tuesday.", "Ben's own.", "And bring cake.")
}

// What the customer may have is not said in other words without a person's click.
func TestFormTooLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.opened()
	form := openedForm(submit(bridge.VerbReply))
	w.chat.Submit("ann", support, thread, form, "We come on Monday.")
	w.provider.WaitTexts(t, "We come on Monday.")
	w.chat.Submit("ann", support, thread, form, "We come on Tuesday.")
	line := w.line(thread, bridge.LineAsk)
	w.settled()
	w.provider.WaitTexts(t, "We come on Monday.")
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.provider.WaitTexts(t, "We come on Monday.", "We come on Tuesday.")
}

// A form begins one conversation: the second time its words are kept, and it is offered.
func TestFormStartsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	form := openedForm(begin(mail, "carla", "Your lamp"))
	w.chat.Submit("ben", support, "", form, "It is repaired.")
	w.sent(1)
	w.chat.Submit("ben", support, "", form, "It is repaired, and clean.")
	w.whisper("ben", "It is repaired, and clean.")
	w.settled()
	w.sent(1)
	if n := w.count(`SELECT count(*) FROM conversations`); n != 1 {
		t.Errorf("%d conversations", n)
	}
}

// A template that was chosen in a form leaves once.
func TestFormOfATemplate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, templating(options{}))
	thread := w.opened()
	id := w.template(chat, func(t *bridge.Template) { t.Body = "Your lamp is repaired." })
	w.decide("order_update", channels.TemplateApproved, "")
	w.status(id, "approved")
	w.chat.Submit("ann", support, thread, openedForm(fill(id, 1, nil)), "")
	w.provider.WaitTexts(t, "Your lamp is repaired.")
	w.chat.Submit("ann", support, thread, openedForm(fill(id, 1, nil)), "")
	w.whisper("ann", "handed this form in before")
	w.settled()
	w.provider.WaitTexts(t, "Your lamp is repaired.")
}
