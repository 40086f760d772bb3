package demo

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/email/mailfake"
	"parley/cmd/parley/demo/outside"
)

// newTestPage returns the page of an empty world, without a Parley behind it.
func newTestPage(t *testing.T, address string) (*Page, *outside.World) {
	t.Helper()
	w, err := outside.New(t.Context(), outside.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	p, err := NewPage(w, PageOptions{Address: address, Hold: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return p, w
}

func ask(p http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader("{}"))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

func TestPageRefusesStrangers(t *testing.T) {
	t.Parallel()
	p, _ := newTestPage(t, "127.0.0.1:8090")
	post := "/_fake/person/" + outside.Ann + "/post"
	for _, c := range []struct {
		name, method, target string
		header               []string
		want                 int
	}{
		{"the page", "GET", "/", []string{"Host", "127.0.0.1:8090"}, 200},
		{"by another name of the machine", "GET", "/", []string{"Host", "localhost:8090"}, 200},
		{"under a name of somebody else", "GET", "/", []string{"Host", "evil.test:8090"}, 403},
		{"another port", "GET", "/", []string{"Host", "127.0.0.1:1"}, 403},
		{"a form of another site", "POST", post, []string{"Host", "127.0.0.1:8090", "Sec-Fetch-Site", "cross-site"}, 403},
		{"a form of another origin", "POST", post, []string{"Host", "127.0.0.1:8090", "Origin", "http://evil.test"}, 403},
		{"an empty post of ours", "POST", post, []string{"Host", "127.0.0.1:8090", "Sec-Fetch-Site", "same-origin"}, 409},
		{"the emulator's controls", "POST", "/_fake/admin/uninstall", []string{"Host", "127.0.0.1:8090"}, 404},
		{"the mail servers' controls", "POST", "/_fake/mail/reset", []string{"Host", "127.0.0.1:8090"}, 404},
		{"the clock before there is a database", "POST", "/clock?to=hour", []string{"Host", "127.0.0.1:8090"}, 503},
		{"the settings site before there is a database", "GET", "/site", []string{"Host", "127.0.0.1:8090"}, 503},
		{"a plug pulled by another site", "POST", "/plug?line=slack&to=cut", []string{"Host", "127.0.0.1:8090", "Sec-Fetch-Site", "cross-site"}, 403},
		{"a reset by another site", "POST", "/reset", []string{"Host", "127.0.0.1:8090", "Origin", "http://evil.test"}, 403},
		{"a plug where there is no line", "POST", "/plug?line=slack&to=cut", []string{"Host", "127.0.0.1:8090"}, 409},
		{"a file of the server", "GET", "/assets/../page.go", []string{"Host", "127.0.0.1:8090"}, 307},
	} {
		if got := ask(p, c.method, c.target, c.header...); got.Code != c.want {
			t.Errorf("%s: %d, want %d: %s", c.name, got.Code, c.want, got.Body)
		}
	}
}

func TestPageIsStrict(t *testing.T) {
	t.Parallel()
	p, _ := newTestPage(t, "")
	got := ask(p, "GET", "/")
	policy := got.Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	if body := got.Body.String(); !strings.Contains(body, `"hold":10`) || !strings.Contains(body, "conv_undo") {
		t.Errorf("the page misses what it needs at start:\n%s", body)
	}
	for _, bad := range []string{" style=", "onclick=", "http://", "https://"} {
		if strings.Contains(got.Body.String(), bad) {
			t.Errorf("the page has %q: it must work offline and under its own policy", bad)
		}
	}
}

func TestMailIsShownSafely(t *testing.T) {
	t.Parallel()
	p, w := newTestPage(t, "")
	eve := w.Mail.Customer("Eve <eve@customer.test>")
	if _, err := eve.Send(mailfake.Mail{To: []string{"bob@customer.test"}, Subject: "x", Text: "plain",
		HTML:        `<script>alert(1)</script><img src="cid:a@b">`,
		Inline:      []mailfake.Attachment{{Name: "a.png", Type: "image/png", ContentID: "a@b", Inline: true, Content: outside.MugPicture()}},
		Attachments: []mailfake.Attachment{{Name: "evil.html", Type: "text/html", Content: []byte("<script>alert(2)</script>")}}}); err != nil {
		t.Fatal(err)
	}
	q := url.Values{"address": {"bob@customer.test"}, "folder": {"INBOX"}, "uid": {"1"}}.Encode()
	html := ask(p, "GET", "/mail/html?"+q)
	if policy := html.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "sandbox; default-src 'none'") {
		t.Errorf("policy of the mail: %q", policy)
	}
	if !strings.Contains(html.Body.String(), `src="data:image/png;base64,`) {
		t.Error("the picture inside the mail is not shown")
	}
	var open openedMail
	if err := json.Unmarshal(ask(p, "GET", "/mail/open?"+q).Body.Bytes(), &open); err != nil || len(open.Files) != 1 || !open.HTML {
		t.Fatalf("opened: %+v %v", open, err)
	}
	file := ask(p, "GET", "/mail/file?"+q+"&n="+string(rune('0'+open.Files[0].N)))
	if file.Header().Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(file.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("an HTML attachment would be opened: %v", file.Header())
	}
	for _, gone := range []string{"/mail/html?address=bob@customer.test&folder=INBOX&uid=9", "/mail/open?address=bob@customer.test&folder=INBOX&uid=7",
		"/mail/file?" + q + "&n=99", "/mail/file?" + q + "&n=-1", "/slack/files/F0"} {
		if got := ask(p, "GET", gone); got.Code != http.StatusNotFound {
			t.Errorf("%s: %d", gone, got.Code)
		}
	}
}

func stateOf(t *testing.T, p *Page, q url.Values) state {
	t.Helper()
	var s state
	if err := json.Unmarshal(ask(p, "GET", "/state?"+q.Encode()).Body.Bytes(), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStateFollowsPeople(t *testing.T) {
	t.Parallel()
	p, w := newTestPage(t, "")
	root, err := w.Slack.As(outside.Ann).Post(slackfake.Post{Channel: outside.Support, Text: "who knows glazes?"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Slack.As(outside.Ben).Post(slackfake.Post{Channel: outside.Support, Thread: root, Text: "<@" + outside.Ann + "> I do"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Mail.Customer("Kim <kim@x.test>").Send(mailfake.Mail{To: []string{"maria@lopez-ceramics.test"}, Subject: "hi", Text: "one  two"}); err != nil {
		t.Fatal(err)
	}
	ann := stateOf(t, p, url.Values{"as": {outside.Ann}, "channel": {outside.Support}, "thread": {root}, "customer": {"maria@lopez-ceramics.test"}})
	if len(ann.Slack.Messages) != 1 || len(ann.Slack.Thread) != 2 || len(ann.Slack.Followed) != 1 || ann.Slack.Followed[0].Mentions != 1 {
		t.Errorf("Ann sees %+v", ann.Slack)
	}
	if len(ann.Mail.Mails) != 1 || !ann.Mail.Mails[0].Unread || ann.Mail.Mails[0].Preview != "one two" || ann.Mail.Customers[0].Unread != 1 {
		t.Errorf("Maria sees %+v", ann.Mail)
	}
	if !slices.ContainsFunc(ann.Mail.Customers, func(c customerRow) bool { return c.Address == "kim@x.test" }) {
		t.Error("who writes has no mailbox to look into")
	}
	zoe := stateOf(t, p, url.Values{"as": {outside.Zoe}, "channel": {outside.Support}})
	if len(zoe.Slack.Followed) != 0 || zoe.Slack.Channels[0].Unread != 1 || len(zoe.Mail.Mails) != 0 {
		t.Errorf("Zoe sees %+v", zoe.Slack)
	}
	if len(zoe.Tour) != 12 || zoe.Tour[0].Done {
		t.Errorf("tour %+v", zoe.Tour)
	}
	ask(p, "GET", "/mail/open?address=maria@lopez-ceramics.test&folder=INBOX&uid=1")
	if again := stateOf(t, p, url.Values{"as": {outside.Ann}}); again.Mail.Customers[0].Unread != 0 {
		t.Error("a mail that was read is unread")
	}
}

func TestPermalinkLeadsToThread(t *testing.T) {
	t.Parallel()
	p, w := newTestPage(t, "")
	ts, err := w.Slack.As(outside.Ann).Post(slackfake.Post{Channel: outside.Support, Text: "hello"})
	if err != nil {
		t.Fatal(err)
	}
	got := ask(p, "GET", "/archives/"+outside.Support+"/p"+strings.Replace(ts, ".", "", 1))
	if got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/#"+outside.Support+"/"+ts {
		t.Errorf("%d %s", got.Code, got.Header().Get("Location"))
	}
	if got := ask(p, "GET", "/archives/"+outside.Support+"/p17"); got.Code != http.StatusNotFound {
		t.Errorf("a link to nothing: %d", got.Code)
	}
}

func TestNewCustomers(t *testing.T) {
	t.Parallel()
	p, w := newTestPage(t, "")
	for address, want := range map[string]int{"kim@x.test": 200, "  lee@x.test ": 200, "nobody": 400, "a b@x.test": 400, "ann@acme.test": 400, "": 400} {
		got := ask(p, "POST", "/mail/customer?"+url.Values{"name": {"Kim <b>"}, "address": {address}}.Encode())
		if got.Code != want {
			t.Errorf("%q: %d, want %d: %s", address, got.Code, want, got.Body)
		}
	}
	if n := len(w.Mail.State().Mailboxes); n != 3 {
		t.Errorf("%d mailboxes", n)
	}
}

func TestEventsWakePages(t *testing.T) {
	t.Parallel()
	p, w := newTestPage(t, "")
	go func() { _ = p.Run(t.Context()) }()
	srv := httptest.NewServer(p)
	defer srv.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stream.Body)
	waitLine(t, lines, "data: hello")
	if _, err := w.Mail.Customer("Kim <kim@x.test>").Send(mailfake.Mail{To: []string{outside.HelpAddress}, Subject: "hi", Text: "x"}); err != nil {
		t.Fatal(err)
	}
	waitLine(t, lines, "data: changed")
	if _, err := w.Slack.As(outside.Ann).Post(slackfake.Post{Channel: outside.Support, Text: "hello"}); err != nil {
		t.Fatal(err)
	}
	waitLine(t, lines, "data: changed")
	_ = stream.Body.Close()
}

// waitLine reads on until a line comes; the test's own deadline ends it.
func waitLine(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	for lines.Scan() {
		if lines.Text() == want {
			return
		}
	}
	t.Fatalf("the stream ended before %q: %v", want, lines.Err())
}
