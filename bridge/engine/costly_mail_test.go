package engine_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email"
	"parley/store/storetest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// slowReader is a channel that reads no mail to its end until goOn is closed.
type slowReader struct {
	channels.Channel
	reading chan struct{} // gets a value for each mail that it begins to read
	goOn    chan struct{}
}

func (r slowReader) Decode(raw []byte) ([]channels.Inbound, error) {
	r.reading <- struct{}{}
	<-r.goOn
	return r.Channel.Decode(raw)
}

// newMailReader makes the channel of the mail account that reads real mails. It is never connected to a server.
func (w *world) newMailReader() channels.Channel {
	w.t.Helper()
	account := channels.Account{ID: int64(w.accounts[mail]), Name: mail, Config: channels.Config{
		"address":       "help@acme.test",
		"imap.host":     "localhost",
		"imap.port":     "1",
		"imap.password": "x",
		"imap.security": "none",
		"smtp.host":     "localhost",
		"smtp.port":     "1",
		"smtp.security": "none",
	}}
	env := channels.Env{Log: slog.New(slog.DiscardHandler), Now: time.Now, Keys: [][]byte{[]byte("key")}}
	return must(email.Spec().New(account, env))(w.t)
}

// costlyMail is a mail that is made to cost a reader time.
type costlyMail struct {
	name string
	rest string // all of it that follows the sender, the subject and the id
}

// costlySize is about how large each of costlyMails is.
const costlySize = 900_000

// fill repeats a text to costlySize.
func fill(s string) string { return strings.Repeat(s, costlySize/len(s)) }

// headersOf returns a mail with seven fields of a name, whose values are a text that is repeated.
func headersOf(name, value string) string {
	const fields = 7
	field := name + ": " + strings.Repeat(value, costlySize/fields/len(value)) + "\r\n"
	return strings.Repeat(field, fields) + "\r\nwords"
}

// pageOf returns a mail whose text is a page of HTML.
func pageOf(html string) string { return "Content-Type: text/html; charset=utf-8\r\n\r\nwords " + html }

// numbered repeats a format with the numbers from 0 to n-1, which it takes twice.
func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func costlyMails() []costlyMail {
	const (
		border  = "<div style='border-top:solid #e1e1e1 1.0pt'>"
		oneDeep = "Content-Type: multipart/mixed; boundary=b%[1]d\r\n\r\nwords\r\n--b%[1]d\r\n"
		oneFont = "<font x=%[1]d>"
	)
	return []costlyMail{
		{name: "endless recipients", rest: headersOf("To", ">")},
		{name: "senders of brackets", rest: headersOf("From", "<>")},
		{name: "copies without commas", rest: headersOf("Cc", "<a@b.test>")},
		{name: "answers without end", rest: headersOf("References", "<")},
		{name: "parts in parts", rest: numbered(oneDeep, 8000)},
		{name: "nothing but parts", rest: "Content-Type: multipart/mixed; boundary=x\r\n\r\nwords\r\n" + fill("--x\r\n\r\nx\r\n")},
		{name: "paragraphs in many fonts", rest: pageOf(numbered(oneFont, 300) + fill("<p>x"))},
		{name: "bodies in bodies", rest: pageOf(fill("<html a=b><body c=d>"))},
		{name: "borders in borders", rest: pageOf(strings.Repeat(border, 24) + fill("<b><i>x</b>"))},
		{name: "lines that look like quotes", rest: "\r\n" + fill("On 1 May 2026 at 12:00, a@b.test wrot:\r\n")},
	}
}

// A stranger sends mails that are made to cost time: whoever writes to another account while they are read is seen, and none of
// the mails is lost. How much time each may cost is bounded where mails are read (package channels/budget).
func TestCostlyMails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	slow := slowReader{Channel: w.newMailReader(), reading: make(chan struct{}, 100), goOn: make(chan struct{})}
	w.engines[0].SetChannel(w.accounts[mail], slow)

	var facts []channels.Fact
	for i, m := range costlyMails() {
		raw := fmt.Sprintf("From: a%d@b.test\r\nSubject: %s\r\nMessage-ID: <%d@b.test>\r\n", i, m.name, i) + m.rest
		facts = append(facts, channels.Fact{ExternalID: m.name, OrderKey: fmt.Sprint("sender ", i), Payload: []byte(raw)})
	}
	check(t, w.engines[0].Accept(t.Context(), w.accounts[mail], facts...))
	storetest.Receive(t, slow.reading, "a mail is being read")
	for n := range 10 {
		text := fmt.Sprintf("I am zoe %d;", n)
		w.customerWrites(fmt.Sprint("zoe", n), text)
		w.waitShown(text)
	}
	applied := w.count(`SELECT count(*) FROM messages WHERE account_id = $1`, w.accounts[mail])
	wantEqual(t, "mails that were applied before they were read", applied, 0)

	close(slow.goOn)
	w.eventually("no mail waits", func() bool {
		return w.count(`SELECT count(*) FROM queued q JOIN events e ON e.id = q.event_id WHERE e.account_id = $1`, w.accounts[mail]) == 0
	})
	kept := w.count(`SELECT count(DISTINCT event_id) FROM messages WHERE account_id = $1 AND direction = 'in'`, w.accounts[mail])
	quarantined := w.count(`SELECT count(*) FROM quarantine`)
	if kept+quarantined != len(facts) {
		t.Errorf("%d mails became messages and %d are in quarantine, want %d in all", kept, quarantined, len(facts))
	}
}
