package demo

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/channels/email/mailfake"
	"parley/cmd/parley/demo/judge"
	"parley/cmd/parley/demo/outside"
	"parley/cmd/parley/demo/witness"
)

// A bot in Parley's place posts one of four mails twice, two in the wrong order, and one not at all. The witness counts each of
// these, and remembers what was posted when the channel is empty again.
func TestWitnessCatchesABadBot(t *testing.T) {
	t.Parallel()
	p, w := newTestPage(t, "")
	customer := w.Mail.Customer("Maria Lopez <" + maria + ">")
	for n := range 4 {
		if _, err := customer.Send(mailfake.Mail{To: []string{outside.HelpAddress}, Subject: "Mugs", Text: fmt.Sprintf("This is mail %d", n)}); err != nil {
			t.Fatal(err)
		}
	}
	root := botPosts(t, w, "", "", "the card")
	for _, n := range []int{0, 2, 1, 0} {
		botPosts(t, w, root, "Maria Lopez (customer)", fmt.Sprintf("This is mail %d", n))
	}
	want := judge.Counts{Said: 4, Arrived: 3, Waiting: 1, Doubled: 1, Disordered: 1}
	checkBadBot(t, p, want, root)
	w.Slack.Reset() // what was seen once has been seen
	checkBadBot(t, p, want, root)

	p.lookout.witness.Forget()
	if err := p.startOver(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := readAccount(t, p).Counts; got != (judge.Counts{}) {
		t.Errorf("counts after a reset: got %+v, want none", got)
	}
}

func readAccount(t *testing.T, p *Page) witness.Account {
	t.Helper()
	account, err := p.lookout.readAccount(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return account
}

// checkBadBot checks what the witness says of the newest mail, which is missing, and of the oldest, which was posted twice.
func checkBadBot(t *testing.T, p *Page, want judge.Counts, root string) {
	t.Helper()
	account := readAccount(t, p)
	if account.Counts != want {
		t.Fatalf("counts: got %+v, want %+v", account.Counts, want)
	}
	if account.Quiet {
		t.Error("the account is quiet, though a mail waits")
	}
	newest, oldest := account.Rows[0], account.Rows[3]
	if newest.State != judge.StateWaiting || newest.Accepted {
		t.Errorf("the newest mail: got state %q, accepted %t, want %q and false", newest.State, newest.Accepted, judge.StateWaiting)
	}
	if newest.Who != "Maria Lopez" || newest.Box != maria {
		t.Errorf("the newest mail is by %q in %q, want Maria Lopez in %q", newest.Who, newest.Box, maria)
	}
	if oldest.Copies != 2 {
		t.Errorf("copies of the oldest mail: got %d, want 2", oldest.Copies)
	}
	if oldest.Channel != outside.Support || oldest.Thread != root {
		t.Errorf("the oldest mail stands in %s/%s, want %s/%s", oldest.Channel, oldest.Thread, outside.Support, root)
	}
}

// botPosts posts as the app and returns the post's ts.
func botPosts(t *testing.T, w *outside.World, thread, name, text string) string {
	t.Helper()
	form := url.Values{"channel": {outside.Support}, "text": {text}, "thread_ts": {thread}, "username": {name}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.Slack.APIURL()+"chat.postMessage", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+w.Slack.BotToken())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	_, rest, ok := strings.Cut(string(body), `"ts":"`)
	if err != nil || !ok {
		t.Fatalf("%v %s", err, body)
	}
	ts, _, _ := strings.Cut(rest, `"`)
	return ts
}
