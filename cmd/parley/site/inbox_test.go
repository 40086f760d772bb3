package site_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"parley/channels/channelstest"
	"parley/cmd/parley/site/sitetest"
	"parley/store/storetest"
)

// These tests use the inbox without a script, while Slack is away. startInbox (inboxsite_test.go) makes the site.

// startInboxWithMail starts an inbox in which Maria has opened conversation 1.
func startInboxWithMail(t *testing.T) *inboxSite {
	t.Helper()
	s := startInbox(t)
	s.receive("support-mail", channelstest.Event{From: "maria@customer.test", Name: "Maria", Subject: "Lamp", Text: "Where is it?"})
	return s
}

// The list and the conversation's page show a customer's markup as text. A customer's file is sent as an attachment,
// which no browser shows.
// Requirement R-274: An inbox in the browser.
func TestInboxShowsTextAlone(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	s.receive("support-mail", channelstest.Event{
		From:    "maria@customer.test",
		Name:    "<b>Maria</b>",
		Subject: "Lamp <script>alert(1)</script>",
		Text:    "<img src=x onerror=alert(1)> Where is it?",
		HTML:    "<p>Where is it?</p>",
		Files:   []channelstest.File{{Name: `<plan>.html`, Type: "text/html", Content: []byte("<script>alert(1)</script>")}},
	})
	ben := s.Visitor("ben@acme.test")

	list := ben.Get("/inbox?list=unassigned")
	wantShown(t, "the list", list, "&lt;b&gt;Maria&lt;/b&gt;", `href="/inbox/1"`)
	wantHidden(t, "the list", list, "<b>Maria", "<script>alert")

	page := ben.Get("/inbox/1")
	wantShown(t, "the page", page, "&lt;img src=x onerror=alert(1)&gt; Where is it?", `href="`+originalPath+`"`)
	wantHidden(t, "the page", page, "<img src=x", "<script>alert")

	file := ben.Get(fmt.Sprintf("/inbox/1/files/%d/0", s.count(`SELECT id::int FROM messages`)))
	wantStatus(t, "the file", file, http.StatusOK)
	wantHeader(t, "the file", file, "Content-Disposition", "attachment")
	if got := file.Header.Get("Content-Type"); got != "application/octet-stream" {
		t.Errorf("the file's type is %q, want application/octet-stream, which no browser shows", got)
	}
}

// A search finds conversations by words. A search for #1 leads to conversation 1, if the agent may read it. A search
// for 1 does so only if no conversation has it among its words.
// Requirement R-274: An inbox in the browser.
func TestInboxFinds(t *testing.T) {
	t.Parallel()
	s := startInboxWithMail(t)
	s.receive("guards-mail", channelstest.Event{From: "zoe@customer.test", Name: "Zoe", Subject: "Order 1000", Text: "Where is it?"})
	for _, tt := range []struct{ agent, words, wantGo, wantShown string }{
		{agent: "ben", words: "lamp", wantShown: `href="/inbox/1"`},
		{agent: "ben", words: "#1", wantGo: "/inbox/1"},
		{agent: "ben", words: "001", wantGo: "/inbox/1"},
		{agent: "ben", words: "#2", wantShown: "That is too short to look for. Type at least three letters"},
		{agent: "ben", words: "7", wantShown: `value="7"`},
		{agent: "ben", words: "#007", wantShown: "Nothing was found."},
		{agent: "cat", words: "#2", wantGo: "/inbox/2"},
		{agent: "cat", words: "100", wantShown: `href="/inbox/2"`},
	} {
		a := s.Visitor(tt.agent + "@acme.test").Get("/inbox?words=" + url.QueryEscape(tt.words))
		if to := a.Header.Get("Location"); to != tt.wantGo {
			t.Errorf("%s is sent by %q to %q, want %q", tt.agent, tt.words, to, tt.wantGo)
		}
		wantShown(t, "what "+tt.agent+" finds by "+tt.words, a, tt.wantShown)
	}
}

// A list shows what the lists of chats show: the given name, labels, priority, tags, mood, who spoke last, and the
// time that matters in it.
// Requirement R-096: A mark where we spoke last.
// Requirement R-097: The time that fits the list.
// Requirement R-274: An inbox in the browser.
func TestInboxListShowsWhatChatsShow(t *testing.T) {
	t.Parallel()
	s := startInboxWithMail(t)
	ben := s.Visitor("ben@acme.test")
	before := ben.Get("/inbox?list=unassigned")
	wantShown(t, "the list before", before, `Unread:</span> Maria</strong>`, "Open, unassigned since ")
	wantHidden(t, "the list before", before, "🏷️", "↩", `class="row-at`)

	storetest.Exec(t, s.Pool, `UPDATE conversations SET last_from = 'agent', tags = '{Billing,Escalated}',
		traits = '{"name": "Berlin Lamps", "priority": "high", "urgent": "now", "sentiment": "frustrated"}'`)
	after := ben.Get("/inbox?list=unassigned")
	wantShown(t, "the list", after, `🏷️</span> Berlin Lamps</strong>`, "<strong>Escalated</strong>", `Billing</span>`,
		"❗ High priority", "<strong>Looks urgent</strong>", "😤 Frustrated", "↩")
	wantHidden(t, "the list", after, ">Maria<")
	wantShown(t, "the page", ben.Get("/inbox/1"), "<h1>Berlin Lamps</h1>", "<dt>Subject</dt><dd dir=\"auto\">Lamp</dd>")

	storetest.Exec(t, s.Pool, `UPDATE conversations
		SET status = 'resolved', assignees = ARRAY[(SELECT id FROM agents WHERE email = 'ben@acme.test')], waiting_since = NULL,
		last_at = parley_now() - interval '3 days', resolved_at = parley_now()`)
	resolved := ben.Get("/inbox?list=resolved")
	wantShown(t, "the list of what is resolved", resolved, ">Resolved ")
	wantHidden(t, "the list of what is resolved", resolved, `class="row-at`)
}

// When Parley refuses an act, the page says why and keeps what was typed.
// Requirement R-274: An inbox in the browser.
func TestInboxRefusesActs(t *testing.T) {
	t.Parallel()
	s := startInboxWithMail(t)
	ben := s.Visitor("ben@acme.test")
	page := ben.Get("/inbox/1")
	for _, tt := range []struct {
		name    string
		verb    string
		field   string
		text    string
		wantWhy string // "" means that the reason is not looked at
	}{
		{name: "a reply like a note", verb: "reply", field: "text", text: "note: she is angry", wantWhy: "begins like a note"},
		{name: "a reply like a command", verb: "reply", field: "text", text: "!resolve", wantWhy: "begins like a command"},
		{name: "an empty reply", verb: "reply", field: "text", text: " ", wantWhy: "Say what to send"},
		{name: "an empty note", verb: "note", field: "text", text: "", wantWhy: "Say what to note"},
		{name: "a time that is none", verb: "snooze", field: "other", text: "one fine day"},
		{name: "nobody to assign to", verb: "assign", field: "to", text: "", wantWhy: "Choose a colleague"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := ben.Post("/inbox/1", form(page, "verb", tt.verb, tt.field, tt.text))
			wantStatus(t, "the answer", a, http.StatusUnprocessableEntity)
			wantShown(t, "the answer", a, tt.wantWhy, `aria-invalid="true"`, strings.TrimSpace(tt.text))
		})
	}
}

// A reply that is sent twice goes to the customer once, and a note doesn't go there.
// Requirement R-274: An inbox in the browser.
func TestInboxReply(t *testing.T) {
	t.Parallel()
	s := startInboxWithMail(t)
	ben := s.Visitor("ben@acme.test")
	page := ben.Get("/inbox/1")
	reply := form(page, "verb", "reply", "text", "It comes on **Monday**.")
	for range 2 {
		a := ben.Post("/inbox/1", reply)
		wantStatus(t, "the reply", a, http.StatusSeeOther)
		if to := a.Header.Get("Location"); !strings.HasPrefix(to, "/inbox/1?act=act:") {
			t.Fatalf("the reply leads to %q, want the conversation with the number of what was done", to)
		}
	}
	ben.Post("/inbox/1", form(page, "verb", "note", "text", "She is angry."))

	s.waitFor("the reply is shown as sent", func() bool { return ben.Get("/inbox/1").Has(`<span class="pill good">Sent</span>`) })
	s.waitFor("the note is kept", func() bool { return ben.Get("/inbox/1").Has("She is angry.") })
	if got, want := s.provider.Texts(), []string{"It comes on **Monday**."}; !slices.Equal(got, want) {
		t.Errorf("the customer got %q, want %q", got, want)
	}
}

// Several conversations of a list are chosen, one thing is done with them, and taken back. What Ben may not read is refused.
// Requirement R-269: Start of the day.
// Requirement R-162: A label from the list.
func TestInboxSeveral(t *testing.T) {
	t.Parallel()
	s, _, _ := startInboxWithSecret(t)
	s.receive("support-mail", channelstest.Event{From: "lea@customer.test", Name: "Lea", Subject: "Chair", Text: "It wobbles."})
	ben := s.Visitor("ben@acme.test")
	const list = "/inbox?list=unassigned"
	valueOf := func(a sitetest.Answer, name string) string {
		_, rest, _ := strings.Cut(a.Body, `name="`+name+`" value="`)
		value, _, _ := strings.Cut(rest, `"`)
		return value
	}
	form := func(more ...string) url.Values {
		page := ben.Get(list)
		f := form(page, append(more, "opened", valueOf(page, "opened"))...)
		f["of"] = []string{"1", "2", "3"}
		return f
	}
	follow := func(a sitetest.Answer) sitetest.Answer { return ben.Get(a.Header.Get("Location")) }
	wantShown(t, "the list", ben.Get(list), `value="2" form="several"`, `id="more-3"`)

	wantShown(t, "nothing chosen", ben.Post(list, url.Values{"form": {"x"}, "do": {"resolve"}}), "Choose at least one.")
	wantShown(t, "no time", ben.Post(list, form("do", "snooze", "until", "soonish")), "soonish")
	wantShown(t, "what isn't offered", ben.Post(list, form("do", "close")), "Press the button of what is to be done.")

	to := ben.Post(list, form("do", "resolve")).Header.Get("Location")
	done := ben.Get(to)
	wantShown(t, "the result", done, "2 resolved, 1 not:", "<li dir=\"auto\">#1 ")
	wantHidden(t, "the list after it", done, `href="/inbox/2"`)
	wantHidden(t, "a colleague's page", s.Visitor("cat@acme.test").Get(to), "2 resolved")

	undone := follow(ben.Post(list, url.Values{"undo": {valueOf(done, "undo")}}))
	wantShown(t, "the list after Undo", undone, "2 reopened", `href="/inbox/2"`, `href="/inbox/3"`)

	labelled := form("do", "tag", "new", "Escalated")
	labelled["of"] = []string{"3"}
	wantShown(t, "a label", follow(ben.Post(list, labelled)), "1 tagged", "🏷️")

	taken := follow(ben.Post(list, form("do", "assign", "people", "cat@acme.test")))
	wantShown(t, "what was assigned", taken, "2 assigned, 1 not:")
}

// startInboxWithSecret starts an inbox with a conversation of the guards (1), to whom Cat belongs, and one of Support
// (2), to which Ben and Cat belong. Each has one message.
func startInboxWithSecret(t *testing.T) (s *inboxSite, secretMessage, openMessage int) {
	t.Helper()
	s = startInbox(t)
	s.receive("guards-mail", channelstest.Event{
		From:    "vera@customer.test",
		Name:    "Vera",
		Subject: "Salary",
		Text:    "Secret words",
		Files:   []channelstest.File{{Name: "a.txt", Type: "text/plain", Content: []byte("Secret words")}},
	})
	s.receive("support-mail", channelstest.Event{From: "kim@customer.test", Name: "Kim", Subject: "Lamp", Text: "Hello"})
	secretMessage = s.count(`SELECT id::int FROM messages WHERE conversation_id = 1`)
	openMessage = s.count(`SELECT id::int FROM messages WHERE conversation_id = 2`)
	return s, secretMessage, openMessage
}

// An agent who may not read a conversation sees nothing of it and can do nothing there, by any route or number.
// Requirement R-274: An inbox in the browser.
// Requirement R-221: Pages for admins.
func TestInboxAccess(t *testing.T) {
	t.Parallel()
	s, secret, open := startInboxWithSecret(t)
	ben, cat := s.Visitor("ben@acme.test"), s.Visitor("cat@acme.test")
	page := ben.Get("/inbox/2")
	member := cat.Get("/inbox/1")
	wantStatus(t, "Cat, of the team", member, http.StatusOK)
	wantShown(t, "Cat's page", member, "Secret words")
	stored := s.count(`SELECT count(*) FROM events`)

	for _, tt := range []struct {
		name   string
		answer sitetest.Answer
	}{
		{name: "the thread", answer: ben.Get("/inbox/1")},
		{name: "its changes", answer: ben.Get("/inbox/live?conversation=1")},
		{name: "its file", answer: ben.Get(fmt.Sprintf("/inbox/1/files/%d/0", secret))},
		{name: "its file, by another conversation", answer: ben.Get(fmt.Sprintf("/inbox/2/files/%d/0", secret))},
		{name: "the result of an act", answer: ben.Get("/inbox/1?act=act:1:1")},
		{name: "a note", answer: ben.Post("/inbox/1", form(page, "verb", "note", "text", "x"))},
		{name: "a reply", answer: ben.Post("/inbox/1", form(page, "verb", "reply", "text", "x"))},
		{name: "taking it", answer: ben.Post("/inbox/1", form(page, "verb", "take"))},
		{
			name:   "sending a message of another conversation",
			answer: ben.Post("/inbox/2", form(page, "verb", "send", "message", fmt.Sprint(secret))),
		},
		{name: "closing, which is for admins", answer: ben.Post("/inbox/2", form(page, "verb", "close"))},
		{name: "a verb that the page doesn't have", answer: ben.Post("/inbox/2", form(page, "verb", "movechannel"))},
		{
			name:   "sending a customer's message",
			answer: ben.Post("/inbox/2", form(page, "verb", "sendagain", "message", "-1", "delivery", "1")),
		},
		{name: "an act without a form", answer: ben.Post("/inbox/2", url.Values{"verb": {"take"}})},
		{name: "a conversation without a number", answer: ben.Get("/inbox/x")},
		{name: "a number that is too large", answer: ben.Get("/inbox/99999999999999999999")},
		{name: "a file that isn't there", answer: ben.Get(fmt.Sprintf("/inbox/2/files/%d/-1", open))},
	} {
		if tt.answer.Status < http.StatusBadRequest {
			t.Errorf("%s: status %d, want a refusal", tt.name, tt.answer.Status)
		}
		wantHidden(t, tt.name, tt.answer, "Secret words", "Salary")
	}

	list := ben.Get("/inbox?list=all")
	wantHidden(t, "Ben's list", list, "Salary")
	wantShown(t, "Ben's list", list, "Lamp")
	if n := s.count(`SELECT count(*) FROM events`); n != stored {
		t.Errorf("%d acts were stored, want none", n-stored)
	}
}

// The tabs of the lists have counts, and a form filters a list: its address says how, and what doesn't exist is refused.
// Requirement R-093: Counts on the lists.
// Requirement R-108: Filters on every list.
func TestInboxFilter(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	for _, name := range []string{"Maria", "Nora"} {
		s.receive("support-mail", channelstest.Event{From: strings.ToLower(name) + "@customer.test", Name: name, Subject: "Lamp", Text: "Where is it?"})
	}
	ben := s.Visitor("ben@acme.test")

	all := ben.Get("/inbox?list=all")
	wantShown(t, "the list", all, "Maria", "Nora", "Unassigned 2", "All 2", "Mine 0", `name="account"`, `value="support-mail"`, `name="since"`)
	wantShown(t, "those of an account", ben.Get("/inbox?list=all&account=support-mail&agent=nobody&since=7d&status=any"), "Maria", "Nora",
		"account:support-mail agent:nobody since:7d", "Show all")
	none := ben.Get("/inbox?list=all&agent=me&sort=newest")
	wantShown(t, "those of ben", none, "Nothing fits the filter", `<option value="newest" selected>`)
	wantHidden(t, "those of ben", none, "Maria")
	wantShown(t, "those of a tag that doesn't exist", ben.Get("/inbox?list=all&tag=nonsense"), "There is no tag", "nonsense")
	wantShown(t, "those since some time", ben.Get("/inbox?list=all&since=soon"), "“soon” is no time")
}

// A canned reply is inserted into the reply, which is shown again before it is sent; not with a value missing.
// Requirement R-171: Canned replies.
// Requirement R-172: Variables in canned replies.
func TestInboxCanned(t *testing.T) {
	t.Parallel()
	s := startInboxWithMail(t)
	storetest.Exec(t, s.Pool, `UPDATE agents SET canned = '[{"keyword": "delay", "topic": "Shipping", "text": "Hello {{first_name}}, {{parcel}} is late."}]'`)
	ben := s.Visitor("ben@acme.test")
	page := ben.Get("/inbox/1")
	wantShown(t, "the page", page, `<option value="delay">Shipping · delay · Hello Maria, {{parcel}} is late.`)

	wantShown(t, "a keyword that there isn't", ben.Post("/inbox/1", form(page, "verb", "reply", "text", "Hi", "canned", "nonsense")), "There is not one")
	again := ben.Post("/inbox/1", form(page, "verb", "reply", "text", "Hi!", "canned", "late"))
	wantShown(t, "the form again", again, "Hi!\n\nHello Maria, {{parcel}} is late.</textarea>", `name="inserted" value="delay"`, "not sent yet")
	missing := ben.Post("/inbox/1", form(page, "verb", "reply", "text", "{{parcel}} is late.", "inserted", "delay"))
	wantStatus(t, "a reply without a value", missing, http.StatusUnprocessableEntity)
	wantShown(t, "a reply without a value", missing, "Fill in {{parcel}} first")
	wantStatus(t, "a whole reply", ben.Post("/inbox/1", form(page, "verb", "reply", "text", "Parcel 7 is late.", "inserted", "delay")), http.StatusSeeOther)
}
