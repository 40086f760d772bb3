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
)

// The witness sees through the emulators' windows, and believes what he saw once. Here a
// bad bot takes Parley's place.
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
	for range 2 {
		j, err := p.lookout.readAccount(t.Context())
		if err != nil || j.Counts != want || j.Quiet {
			t.Fatalf("got %+v %v", j, err)
		}
		if r := j.Rows[0]; r.State != judge.StateWaiting || r.Accepted || r.Who != "Maria Lopez" || r.Box != maria {
			t.Errorf("the newest: %+v", r)
		}
		if r := j.Rows[3]; r.Copies != 2 || r.Channel != outside.Support || r.Thread != root {
			t.Errorf("the oldest: %+v", r)
		}
		w.Slack.Reset() // what was seen once has been seen
	}
	p.lookout.witness.Forget()
	if err := p.startOver(t.Context()); err != nil {
		t.Fatal(err)
	}
	if j, err := p.lookout.readAccount(t.Context()); err != nil || j.Counts != (judge.Counts{}) {
		t.Errorf("after a reset: %+v %v", j, err)
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
