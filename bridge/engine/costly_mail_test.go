package engine_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email"
)

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

// costlyMails returns ten mails of 0.9 MB each, by what in them is made to cost a reader time.
func costlyMails() map[string]string {
	const size = 900_000
	rep := func(s string) string { return strings.Repeat(s, size/len(s)) }
	fields := func(name, value string) string {
		return strings.Repeat(name+": "+strings.Repeat(value, 130_000/len(value))+"\r\n", 7) + "\r\nwords"
	}
	page := func(html string) string { return "Content-Type: text/html; charset=utf-8\r\n\r\nwords " + html }
	formatted := ""
	for i := range 300 {
		formatted += fmt.Sprintf("<font x=%d>", i)
	}
	border := "<div style='border-top:solid #e1e1e1 1.0pt'>"
	deep := ""
	for i := range 8000 {
		deep += fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\r\n\r\nwords\r\n--b%d\r\n", i, i)
	}
	return map[string]string{
		"endless recipients":          fields("To", ">"),
		"senders of brackets":         fields("From", "<>"),
		"copies without commas":       fields("Cc", "<a@b.test>"),
		"answers without end":         fields("References", "<"),
		"parts in parts":              deep,
		"nothing but parts":           "Content-Type: multipart/mixed; boundary=x\r\n\r\nwords\r\n" + rep("--x\r\n\r\nx\r\n"),
		"paragraphs in many fonts":    page(formatted + rep("<p>x")),
		"bodies in bodies":            page(rep("<html a=b><body c=d>")),
		"borders in borders":          page(strings.Repeat(border, 24) + rep("<b><i>x</b>")),
		"lines that look like quotes": "\r\n" + rep("On 1 May 2026 at 12:00, a@b.test wrot:\r\n"),
	}
}

// A stranger sends mails that are made to cost time: whoever writes to another account while they are read is seen, and none of
// the mails is lost. How much time each may cost is bounded where mails are read (package channels/budget).
func TestCostlyMails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	reader := must(email.Spec().New(channels.Account{ID: int64(w.accounts[mail]), Name: mail, Config: channels.Config{"address": "help@acme.test",
		"imap.host": "localhost", "imap.port": "1", "imap.password": "x", "imap.security": "none",
		"smtp.host": "localhost", "smtp.port": "1", "smtp.security": "none"}},
		channels.Env{Log: slog.New(slog.DiscardHandler), Now: time.Now, Keys: [][]byte{[]byte("key")}}))(t)
	slow := slowReader{Channel: reader, reading: make(chan struct{}, 100), goOn: make(chan struct{})}
	w.engines[0].SetChannel(w.accounts[mail], slow)

	var facts []channels.Fact
	for name, raw := range costlyMails() {
		raw = fmt.Sprintf("From: a%d@b.test\r\nSubject: %s\r\nMessage-ID: <%d@b.test>\r\n", len(facts), name, len(facts)) + raw
		facts = append(facts, channels.Fact{ExternalID: name, OrderKey: fmt.Sprint("sender ", len(facts)), Payload: []byte(raw)})
	}
	check(t, w.engines[0].Accept(t.Context(), w.accounts[mail], facts...))
	<-slow.reading
	for n := range 10 {
		text := fmt.Sprintf("I am zoe %d;", n)
		w.customerWrites(fmt.Sprint("zoe", n), text)
		w.waitShown(text)
	}
	if got := w.count(`SELECT count(*) FROM messages WHERE account_id = $1`, w.accounts[mail]); got > 0 {
		t.Errorf("%d of the mails were applied before they were read, want none", got)
	}
	close(slow.goOn)
	w.eventually("no mail waits", func() bool {
		return w.count(`SELECT count(*) FROM queued q JOIN events e ON e.id = q.event_id WHERE e.account_id = $1`, w.accounts[mail]) == 0
	})
	kept := w.count(`SELECT count(DISTINCT event_id) FROM messages WHERE account_id = $1 AND direction = 'in'`, w.accounts[mail])
	givenUp := w.count(`SELECT count(*) FROM quarantine`)
	if kept+givenUp != len(facts) {
		t.Errorf("%d mails became messages and %d are in quarantine, want %d in all", kept, givenUp, len(facts))
	}
}
