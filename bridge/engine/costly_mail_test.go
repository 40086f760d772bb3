package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email"
)

// shownAfter gives the longest time that passes until what each of so many customers writes is
// shown.
func (w *world) shownAfter(name string, customers int) time.Duration {
	w.t.Helper()
	var worst time.Duration
	for i := range customers {
		began := time.Now()
		text := fmt.Sprintf("I am %s %d;", name, i)
		w.writes(fmt.Sprint(name, i), text)
		w.shown(text)
		worst = max(worst, time.Since(began))
	}
	return worst
}

// slowestStatement runs a statement without tables again and again until it is stopped, and then gives the longest time that
// the machine made it wait.
func (w *world) slowestStatement() (stop func() time.Duration) {
	ctx, cancel := context.WithCancel(w.t.Context())
	worst := make(chan time.Duration, 1)
	go func() {
		var longest time.Duration
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for ; ctx.Err() == nil; <-tick.C {
			began := time.Now()
			if _, err := w.pool.Exec(ctx, `SELECT 1`); err == nil {
				longest = max(longest, time.Since(began))
			}
		}
		worst <- longest
	}()
	return func() time.Duration {
		cancel()
		return <-worst
	}
}

// costlyMails gives ten mails of 0.9 MB each, by what in them is made to cost a reader time.
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

// A stranger sends mails that are made to cost time: whoever writes to another account meanwhile
// is seen as soon as ever, and none of the mails is lost.
func TestCostlyMails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	reader := must(email.Spec().New(channels.Account{ID: int64(w.accounts[mail]), Name: mail, Config: channels.Config{"address": "help@acme.test",
		"imap.host": "localhost", "imap.port": "1", "imap.password": "x", "imap.security": "none",
		"smtp.host": "localhost", "smtp.port": "1", "smtp.security": "none"}},
		channels.Env{Log: slog.New(slog.DiscardHandler), Now: time.Now, Keys: [][]byte{[]byte("key")}}))(t)
	w.engines[0].SetChannel(w.accounts[mail], reader)
	normal := w.shownAfter("amy", 5)

	var facts []channels.Fact
	total := 0
	for name, raw := range costlyMails() {
		raw = fmt.Sprintf("From: a%d@b.test\r\nSubject: %s\r\nMessage-ID: <%d@b.test>\r\n", len(facts), name, len(facts)) + raw
		total += len(raw)
		facts = append(facts, channels.Fact{ExternalID: name, OrderKey: fmt.Sprint("sender ", len(facts)), Payload: []byte(raw)})
	}
	began, stop := time.Now(), w.slowestStatement()
	check(t, w.engines[0].Accept(t.Context(), w.accounts[mail], facts...))
	waiting := func() int {
		return w.count(`SELECT count(*) FROM queued q JOIN events e ON e.id = q.event_id WHERE e.account_id = $1`, w.accounts[mail])
	}
	worst := time.Duration(0)
	for n := 0; n == 0 || waiting() > 0; n++ {
		worst = max(worst, w.shownAfter(fmt.Sprintf("zoe%d-", n), 1))
		if time.Since(began) > patience {
			t.Fatalf("%d of the mails still wait", waiting())
		}
	}
	machine := stop()
	t.Logf("%d bytes in %d mails: read after %v; other customers shown after at most %v, normally %v; a statement took %v at most",
		total, len(facts), time.Since(began), worst, normal, machine)
	if limit := max(time.Second, 10*normal) + 10*machine; worst > limit { // what the machine makes wait, each of a customer's statements waits for
		t.Errorf("a customer of another account was shown after %v, normally after %v; a statement took %v", worst, normal, machine)
	}
	shown := w.count(`SELECT count(DISTINCT event_id) FROM messages WHERE account_id = $1 AND direction = 'in'`, w.accounts[mail])
	given := w.count(`SELECT count(*) FROM quarantine`)
	if shown+given != len(facts) {
		t.Errorf("of %d mails %d became messages and %d are in quarantine", len(facts), shown, given)
	}
}
