package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// The log says who gets replies after each change. So whoever gets no more copies doesn't stand there like somebody who
// gets them now.
func TestLogOfRecipients(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "One", Text: "first"})
	thread := w.waitThread("first")
	logged := func(n int) string {
		const changes = `FROM log_entries WHERE what = 'recipients'`
		w.eventually("the change is logged", func() bool { return w.count(`SELECT count(*) `+changes) == n })
		return w.text(`SELECT detail->>'text' ` + changes + ` ORDER BY id DESC LIMIT 1`)
	}

	form := formOf(bridge.VerbCC)
	form.Form, form.Args.Addresses = "f1", []string{"bob@x.test"}
	w.chat.Submit("ann", support, thread, form, "")
	wantEqual(t, "Bob gets copies", logged(1), "kim@x.test · copy: bob@x.test")

	form.Form, form.Args.Remove = "f2", true
	w.chat.Submit("ann", support, thread, form, "")
	wantEqual(t, "Bob gets no more", logged(2), "kim@x.test")
}
