package demo

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/email/mailfake"
)

// newTestPage returns the page of a company without phones and messages. No Parley runs behind it.
func newTestPage(t *testing.T, address string) (*Page, *Company) {
	t.Helper()
	w := must(New(t.Context(), CompanyOptions{}))(t)
	t.Cleanup(func() { _ = w.Close() })
	p := must(NewPage(w, PageOptions{Address: address, Hold: 10 * time.Second}))(t)
	return p, w
}

// ask sends a request with the header fields given as name, value, name, value …
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

// The page answers only under its own address, accepts nothing from other sites, and hides the emulators' controls.
func TestPageRefusesStrangers(t *testing.T) {
	t.Parallel()
	const own = "127.0.0.1:8090"
	p, _ := newTestPage(t, own)
	post := "/_fake/person/" + Ann + "/post"
	for _, c := range []struct {
		name, method, target string
		host                 string   // "" means own
		header               []string // name, value …
		want                 int
	}{
		{name: "the page", method: "GET", target: "/", want: 200},
		{name: "by another name of the machine", method: "GET", target: "/", host: "localhost:8090", want: 200},
		{name: "under a name of somebody else", method: "GET", target: "/", host: "evil.test:8090", want: 403},
		{name: "another port", method: "GET", target: "/", host: "127.0.0.1:1", want: 403},
		{name: "a form of another site", method: "POST", target: post, header: []string{"Sec-Fetch-Site", "cross-site"}, want: 403},
		{name: "a form of another origin", method: "POST", target: post, header: []string{"Origin", "http://evil.test"}, want: 403},
		{name: "an empty post of ours", method: "POST", target: post, header: []string{"Sec-Fetch-Site", "same-origin"}, want: 409},
		{name: "the emulator's controls", method: "POST", target: "/_fake/admin/uninstall", want: 404},
		{name: "the mail servers' controls", method: "POST", target: "/_fake/mail/reset", want: 404},
		{name: "the clock before there is a database", method: "POST", target: "/clock?to=hour", want: 503},
		{name: "the settings site before there is a database", method: "GET", target: "/site", want: 503},
		{name: "a plug pulled by another site", method: "POST", target: "/plug?line=slack&to=cut", header: []string{"Sec-Fetch-Site", "cross-site"}, want: 403},
		{name: "a reset by another site", method: "POST", target: "/reset", header: []string{"Origin", "http://evil.test"}, want: 403},
		{name: "a plug where there is no line", method: "POST", target: "/plug?line=slack&to=cut", want: 409},
		{name: "a file of the server", method: "GET", target: "/assets/../page.go", want: 307},
	} {
		header := append([]string{"Host", cmp.Or(c.host, own)}, c.header...)
		if got := ask(p, c.method, c.target, header...); got.Code != c.want {
			t.Errorf("%s: got %d, want %d: %s", c.name, got.Code, c.want, got.Body)
		}
	}
}

// The page works offline, under a policy that allows only its own scripts.
func TestPageIsStrict(t *testing.T) {
	t.Parallel()
	p, _ := newTestPage(t, "")
	got := ask(p, "GET", "/")
	policy := got.Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("policy %q lacks default-src 'none'", policy)
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q allows what is unsafe", policy)
	}

	for _, needed := range []string{`"hold":10`, "conv_undo"} {
		if body := got.Body.String(); !strings.Contains(body, needed) {
			t.Errorf("the page lacks %s, which its script needs at start:\n%s", needed, body)
		}
	}
	for _, bad := range []string{" style=", "onclick=", "http://", "https://"} {
		if strings.Contains(got.Body.String(), bad) {
			t.Errorf("the page has %q: it must work offline and under its own policy", bad)
		}
	}
}

// The HTML of a mail is shown in a sandbox. Attachments are downloaded and never opened.
func TestMailIsShownSafely(t *testing.T) {
	t.Parallel()
	p, w := newTestPage(t, "")
	eve := w.Mail.Customer("Eve <eve@customer.test>")
	must(eve.Send(mailfake.Mail{To: []string{"bob@customer.test"}, Subject: "x", Text: "plain",
		HTML:        `<script>alert(1)</script><img src="cid:a@b">`,
		Inline:      []mailfake.Attachment{{Name: "a.png", Type: "image/png", ContentID: "a@b", Inline: true, Content: MugPicture()}},
		Attachments: []mailfake.Attachment{{Name: "evil.html", Type: "text/html", Content: []byte("<script>alert(2)</script>")}}}))(t)

	q := url.Values{"address": {"bob@customer.test"}, "folder": {"INBOX"}, "uid": {"1"}}.Encode()
	html := ask(p, "GET", "/mail/html?"+q)
	if policy := html.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "sandbox; default-src 'none'") {
		t.Errorf("policy of the mail: %q", policy)
	}
	if !strings.Contains(html.Body.String(), `src="data:image/png;base64,`) {
		t.Error("the picture inside the mail is not shown")
	}

	var open openedMail
	check(t, json.Unmarshal(ask(p, "GET", "/mail/open?"+q).Body.Bytes(), &open))
	if len(open.Files) != 1 || !open.HasHTML {
		t.Fatalf("the open mail has the files %v, HTML %t; want one file and HTML", open.Files, open.HasHTML)
	}
	file := ask(p, "GET", fmt.Sprintf("/mail/file?%s&n=%d", q, open.Files[0].N)).Header()
	if got := file.Get("Content-Type"); got != "application/octet-stream" {
		t.Errorf("Content-Type of an HTML attachment: got %q, want application/octet-stream", got)
	}
	if got := file.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment") {
		t.Errorf("Content-Disposition of an HTML attachment: got %q, want attachment", got)
	}

	for _, missing := range []string{
		"/mail/html?address=bob@customer.test&folder=INBOX&uid=9",
		"/mail/open?address=bob@customer.test&folder=INBOX&uid=7",
		"/mail/file?" + q + "&n=99",
		"/mail/file?" + q + "&n=-1",
		"/slack/files/F0",
	} {
		if got := ask(p, "GET", missing); got.Code != http.StatusNotFound {
			t.Errorf("%s: got %d, want %d", missing, got.Code, http.StatusNotFound)
		}
	}
}

func stateOf(t *testing.T, p *Page, q url.Values) state {
	t.Helper()
	var s state
	check(t, json.Unmarshal(ask(p, "GET", "/state?"+q.Encode()).Body.Bytes(), &s))
	return s
}

// The page's state depends on the chosen person and customer: it shows what they see, and what is new to them.
func TestStateFollowsPeople(t *testing.T) {
	t.Parallel()
	p, w := newTestPage(t, "")
	root := must(w.Slack.As(Ann).Post(slackfake.Post{Channel: Support, Text: "who knows glazes?"}))(t)
	must(w.Slack.As(Ben).Post(slackfake.Post{Channel: Support, Thread: root, Text: "<@" + Ann + "> I do"}))(t)
	must(w.Mail.Customer("Kim <kim@x.test>").Send(mailfake.Mail{To: []string{"maria@lopez-ceramics.test"}, Subject: "hi",
		Text: "one  two"}))(t)

	ann := stateOf(t, p, url.Values{
		"as":       {Ann},
		"channel":  {Support},
		"thread":   {root},
		"customer": {"maria@lopez-ceramics.test"},
	})
	if s := ann.Slack; len(s.Messages) != 1 || len(s.Thread) != 2 {
		t.Errorf("Ann sees %d roots and a thread of %d messages, want 1 and 2", len(s.Messages), len(s.Thread))
	}
	if followed := ann.Slack.Followed; len(followed) != 1 || followed[0].Mentions != 1 {
		t.Errorf("threads that Ann follows: got %+v, want one with a mention", followed)
	}
	if mails := ann.Mail.Mails; len(mails) != 1 || !mails[0].Unread || mails[0].Preview != "one two" {
		t.Errorf(`mails of Maria: got %+v, want an unread one that begins with "one two"`, mails)
	}
	if got := ann.Mail.Customers[0].Unread; got != 1 {
		t.Errorf("unread mails beside Maria's name: got %d, want 1", got)
	}
	if !slices.ContainsFunc(ann.Mail.Customers, func(c customerRow) bool { return c.Address == "kim@x.test" }) {
		t.Errorf("Kim, who wrote, is not among the customers: %+v", ann.Mail.Customers)
	}

	zoe := stateOf(t, p, url.Values{"as": {Zoe}, "channel": {Support}})
	if len(zoe.Slack.Followed) != 0 || zoe.Slack.Channels[0].Unread != 1 {
		t.Errorf("Zoe follows %d threads and has %d unread messages, want 0 and 1", len(zoe.Slack.Followed), zoe.Slack.Channels[0].Unread)
	}
	if len(zoe.Mail.Mails) != 0 {
		t.Errorf("mails where no customer is looked at: got %+v, want none", zoe.Mail.Mails)
	}
	const chatSteps = 9 // answer, undo, note, tag, suggestion, ai, snooze, wake, resolve
	if want := chatSteps + len(sitePlaces()); len(zoe.Tour) != want || zoe.Tour[0].Done {
		t.Errorf("tour: got %+v, want %d steps, of which the first isn't done", zoe.Tour, want)
	}

	ask(p, "GET", "/mail/open?address=maria@lopez-ceramics.test&folder=INBOX&uid=1")
	if got := stateOf(t, p, url.Values{"as": {Ann}}).Mail.Customers[0].Unread; got != 0 {
		t.Errorf("unread mails once Maria has opened hers: got %d, want 0", got)
	}
}
