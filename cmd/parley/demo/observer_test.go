package demo

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/channels/email/mailfake"
	"parley/channels/emulator"
)

// A bot in Parley's place posts one of four mails twice, two in the wrong order, and one not at all. The observer counts each of
// these, and remembers what was posted when the channel is empty again.
func TestObserverCatchesABadBot(t *testing.T) {
	t.Parallel()
	p, w := newTestPage(t, "")
	customer := w.Mail.Customer("Maria Lopez <" + maria + ">")
	for n := range 4 {
		must(customer.Send(mailfake.Mail{To: []string{HelpAddress}, Subject: "Mugs", Text: fmt.Sprintf("This is mail %d", n)}))(t)
	}
	root := botPosts(t, w, "", "", "the card")
	for _, n := range []int{0, 2, 1, 0} {
		botPosts(t, w, root, "Maria Lopez (customer)", fmt.Sprintf("This is mail %d", n))
	}
	want := Counts{Said: 4, Arrived: 3, Waiting: 1, Doubled: 1, Disordered: 1}
	checkBadBot(t, p, want, root)
	w.Slack.Reset() // what was seen once has been seen
	checkBadBot(t, p, want, root)

	p.journal.observer.Reset()
	check(t, p.startOver(t.Context()))
	if got := readReport(t, p).Counts; got != (Counts{}) {
		t.Errorf("counts after a reset: got %+v, want none", got)
	}
}

func readReport(t *testing.T, p *Page) Report {
	t.Helper()
	return must(p.journal.readReport(t.Context()))(t)
}

// checkBadBot checks what the observer reports of the newest mail, which is missing, and of the oldest, which was posted twice.
func checkBadBot(t *testing.T, p *Page, want Counts, root string) {
	t.Helper()
	report := readReport(t, p)
	if report.Counts != want {
		t.Fatalf("counts: got %+v, want %+v", report.Counts, want)
	}
	if report.Quiet {
		t.Error("the report is quiet, though a mail waits")
	}
	newest, oldest := report.Rows[0], report.Rows[3]
	if newest.State != StateWaiting || newest.Accepted {
		t.Errorf("the newest mail: got state %q, accepted %t, want %q and false", newest.State, newest.Accepted, StateWaiting)
	}
	if newest.Who != "Maria Lopez" || newest.Box != maria {
		t.Errorf("the newest mail is by %q in %q, want Maria Lopez in %q", newest.Who, newest.Box, maria)
	}
	if oldest.Copies != 2 {
		t.Errorf("copies of the oldest mail: got %d, want 2", oldest.Copies)
	}
	if oldest.Channel != Support || oldest.Thread != root {
		t.Errorf("the oldest mail stands in %s/%s, want %s/%s", oldest.Channel, oldest.Thread, Support, root)
	}
}

// botPosts posts as the app and returns the post's ts.
func botPosts(t *testing.T, w *Company, thread, name, text string) string {
	t.Helper()
	form := url.Values{"channel": {Support}, "text": {text}, "thread_ts": {thread}, "username": {name}}
	req := must(http.NewRequestWithContext(t.Context(), http.MethodPost, w.Slack.APIURL()+"chat.postMessage",
		strings.NewReader(form.Encode())))(t)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+w.Slack.BotToken())
	res := must(emulator.NewClient().Do(req))(t)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	_, rest, ok := strings.Cut(string(body), `"ts":"`)
	if err != nil || !ok {
		t.Fatalf("%v %s", err, body)
	}
	ts, _, _ := strings.Cut(rest, `"`)
	return ts
}
