package site_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store"
	"parley/store/erase"
	"parley/store/storetest"
)

// rows are two customers, what was done to their conversations, what stands still, and a blocked sender.
const rows = `
	INSERT INTO contacts (id, name) VALUES (101, 'Zoë Zebra-With-A-Very-Long-Name-That-Breaks-Nowhere'), (102, 'עדה לבלייס');
	INSERT INTO identities (id, account_id, key, name, contact_id, blocked)
		SELECT 100 + n, (SELECT id FROM accounts WHERE name = 'support-mail'), k, k, 100 + n, n = 2
		FROM (VALUES (1, 'zoe@shop.example'), (2, 'ada@shop.example')) AS v(n, k);
	INSERT INTO conversations (id, account_id, identity_id, status, subject, last_at, created_at)
		SELECT n, (SELECT id FROM accounts WHERE name = 'support-mail'), 100 + n, 'open', 'Zebra ' || n, now(), now()
		FROM generate_series(1, 2) AS n;
	INSERT INTO messages (id, conversation_id, direction, fate, agent_id, text, said_at, created_at)
		SELECT 11, 1, 'out', 'unclear', id, 'Dear Zebra', now(), now() FROM agents WHERE email = 'ben@acme.test';
	INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, head, tail) VALUES (901, 1, 'k', 1, 1, 1, 1);
	INSERT INTO deliveries (id, lane_id, seq, message_id, kind, state, created_at) VALUES (901, 901, 1, 11, 'reply', 'needs_decision', now());
	INSERT INTO log_entries (id, conversation_id, at, agent_id, actor, what, detail)
		SELECT n, 1 + n % 2, '2026-11-20T10:00:00Z'::timestamptz + n * interval '1 minute',
			CASE WHEN n % 3 = 0 THEN (SELECT id FROM agents WHERE email = 'ben@acme.test') END, CASE WHEN n % 3 = 0 THEN 'agent' ELSE 'customer' END,
			CASE WHEN n = 250 THEN 'resolved' WHEN n % 3 = 0 THEN 'tagged' ELSE 'opened' END,
				CASE WHEN n % 3 = 0 THEN '{"text": "=VIP <b>"}' ELSE '{}' END::jsonb
		FROM generate_series(1, 300) AS n;
	INSERT INTO events (account_id, external_id, order_key, payload, size_bytes)
		SELECT id, 'mail:' || n, 'x', 'From: nobody', 1 FROM accounts, generate_series(1, 2) AS n WHERE name = 'support-mail';
	INSERT INTO quarantine (event_id, reason) SELECT id, 'The header <From> is ' || repeat('very ', 30) || 'odd' FROM events
	WHERE external_id LIKE 'mail:%';`

// withRecords starts a site in which something was done.
func withRecords(t *testing.T, change ...func(*site.Options)) *sitetest.Site {
	t.Helper()
	s := sitetest.Start(t, sitetest.Acme, change...)
	must(s.Pool.Exec(t.Context(), rows))(t)
	return s
}

// The log shows what was done to conversations and to the set-up, in pages and by filters. Its file has all of it,
// with no text that a spreadsheet takes for a formula.
// Requirement R-220: A log that nobody changes.
func TestLogPage(t *testing.T) {
	t.Parallel()
	s := withRecords(t, withInbox(t))
	ann := s.Visitor("ann@acme.test")
	for filter, want := range map[string]int{
		"":                                 100,
		"what=resolved":                    1,
		"conversation=%232":                100,
		"account=shop":                     0,
		"account=support-mail":             100,
		"what=set+up":                      1,
		"from=2026-11-20&until=2026-11-20": 100,
		"from=2026-11-19&until=2026-11-19": 0,
		"what=tagged&conversation=1":       50,
	} {
		if a := ann.Get("/settings/log?" + filter); strings.Count(a.Body, "<tr>")-1 != want &&
			!(want == 0 && strings.Count(a.Body, "<tr>") == 0) {
			t.Errorf("%q shows %d rows, want %d", filter, strings.Count(a.Body, "<tr>")-1, want)
		}
	}

	for _, wrong := range []string{"who=x", "conversation=x", "from=soon", "until=2026-13-01"} {
		if a := ann.Get("/settings/log?" + wrong); !a.Has(`role="alert"`) || a.Status != http.StatusOK {
			t.Errorf("%s: %d", wrong, a.Status)
		}
	}

	file, err := csv.NewReader(strings.NewReader(ann.Get("/settings/log.csv").Body)).ReadAll()
	if err != nil || len(file) != 302 {
		t.Fatalf("%d lines: %v", len(file), err)
	}
	for _, row := range file[1:] {
		if strings.HasPrefix(row[5], "=") {
			t.Errorf("a spreadsheet takes this for a formula: %s", row[5])
		}
	}

	b := s.Walk("ann@acme.test")
	b.Open("/settings/log")
	b.Looks("log")
	b.Press("a.button[href*='after=']")
	b.Shows("=VIP <b>")
	b.Choose("#f-what", "resolved")
	b.Press("form[role=search] button")
	b.Has("tbody tr:only-child")

	b.Open("/settings/log?account=shop")
	b.Shows("Nothing of this")
	b.Looks("log-empty")
}

// An admin finds, exports and erases a customer. The page shows what would be removed, and who may be the same person,
// and removes nothing without the tick. The certificate stays for good.
// Requirement R-276: Erase and export a person.
func TestErasePage(t *testing.T) {
	t.Parallel()
	agreed := 0
	s := withRecords(t, withInbox(t), func(o *site.Options) {
		o.Operations = site.Operations{AgreeErasures: func(context.Context) error { agreed++; return nil },
			ExportContact: func(_ context.Context, contacts []store.ContactID, w io.Writer) error {
				return json.NewEncoder(w).Encode(contacts)
			}}
	})

	storetest.Exec(t, s.Pool, `
		INSERT INTO contacts (id, name) SELECT id, (SELECT name FROM contacts WHERE id = 101) FROM generate_series(103, 104) AS id;
		INSERT INTO identities (id, account_id, key, contact_id)
			SELECT id, (SELECT id FROM accounts WHERE name = 'shop'), '+155512340' || id, id FROM generate_series(103, 104) AS id`)
	b := s.Walk("ann@acme.test")
	b.Open("/settings/erase")
	b.Shows("Nobody.")
	b.Looks("erase-empty")
	b.Write("#f-contact", "zoe@shop.example")
	b.Press("form[role=search] button")
	b.Shows("support-mail: zoe@shop.example")
	b.Looks("erase-found")

	b.Press("a[href='/settings/erase/contact/101']")
	b.Shows("messages, notes and names of files")
	b.Shows("May be the same person")
	b.Shows("has the same name")
	b.Looks("erase-plan")
	b.Press("input[name=also][value='103']")
	b.Press("button.bad")
	b.Shows("Tick the box first")
	b.Press("input[name=sure]")
	b.Press("button.bad")
	b.Shows("Erased.")
	b.Looks("erase-done")

	b.Open("/settings/erase/contact/101")
	b.Looks("erased-contact")

	ann := s.Visitor("ann@acme.test")
	page := ann.Get("/settings/erase")
	_, rest, _ := strings.Cut(page.Body, `href="/settings/erase/certificate/`)
	id, _, _ := strings.Cut(rest, `"`)
	var c erase.Certificate
	err := json.Unmarshal([]byte(ann.Get("/settings/erase/certificate/"+id).Body), &c)
	if err != nil || !c.IsUnchanged() || c.By != "ann@acme.test" || agreed != 1 {
		t.Errorf("%v: %+v, agreed %d times", err, c, agreed)
	}

	if !ann.Get("/settings/erase?contact=zoe@shop.example").Has("No customer has this address") {
		t.Error("the customer is still found")
	}
	if ann.Get("/settings/erase?contact=103").Has("155512340103") || !ann.Get("/settings/erase?contact=104").Has("155512340104") {
		t.Error("not the one who was ticked is erased with the customer")
	}
	if !ann.Get("/settings/erase?contact=").Has("Type an address") {
		t.Error("a search for nothing says nothing")
	}
	if a := ann.Get("/settings/erase/contact/101"); !a.Has("Nothing is left of this customer") || a.Has("Erase Erased") ||
		a.Has(`name="sure"`) {
		t.Error("who was erased can be erased again")
	}

	if a := ann.Get("/settings/erase/contact/102/export"); a.Status != http.StatusOK ||
		!strings.Contains(a.Header.Get("Content-Disposition"), "contact-102.zip") || a.Body != "[102]\n" {
		t.Errorf("export: %d %s", a.Status, a.Body)
	}
	if !ann.Get("/settings/log?what=set+up").Has("contact 101 is erased") {
		t.Error("the log doesn't tell of it")
	}

	storetest.Exec(t, s.Pool, `UPDATE clock SET ahead = '5 hours'`)
	ann.Post("/settings/erase/contact/102", url.Values{"sure": {"true"}})
	listed := regexp.MustCompile(`<td>(\d{4}-\d\d-\d\d \d\d):\d\d</td>`).FindStringSubmatch(ann.Get("/settings/erase").Body)
	if listed == nil || !ann.Get("/settings/log?what=set+up").Has(listed[1]+":") {
		t.Errorf("the log has another time than the list of erasures, %q", listed)
	}

	for _, path := range []string{
		"/settings/erase/contact/0", "/settings/erase/contact/x", "/settings/erase/certificate/x",
		"/settings/erase/contact/999/export",
	} {
		if a := ann.Get(path); a.Status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.Status)
		}
	}

	if a := ann.Post("/settings/erase/go-on/"+id, nil); a.Status != http.StatusSeeOther {
		t.Errorf("going on with what is done: %d", a.Status)
	}
	if a := ann.Post("/settings/erase/contact/102", url.Values{}); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("without the tick: %d", a.Status)
	}
}

// The page shows what stands still and what can be done about it. The log has what was done there.
func TestStuckPage(t *testing.T) {
	t.Parallel()
	s := withRecords(t, withInbox(t))

	b := s.Walk("ann@acme.test")
	b.Open("/settings/stuck")
	for _, text := range []string{"#1", "Ben Osei", "The header <From> is very"} {
		b.Shows(text)
	}
	b.Looks("stuck")

	b.Press("form[action$='/replay'] button")
	b.Shows("queued, applied within a second")
	b.Press("form[action$='/drop'] button")
	b.Shows("is never applied")
	b.Shows("Everything that arrived could be applied.")
	b.Looks("stuck-empty")

	b.Open("/settings/blocked")
	b.Shows("ada@shop.example")
	b.Looks("blocked")
	b.Press("form[action$='/unblock'] button")
	b.Shows("is let in again")
	b.Shows("No sender is blocked.")

	ann := s.Visitor("ann@acme.test")
	for _, line := range []string{"is dropped", "is blocked no more", "queued"} {
		if !ann.Get("/settings/log?what=set+up").Has(line) {
			t.Errorf("the log doesn't tell: %s", line)
		}
	}
	if a := ann.Post("/settings/stuck/1/drop", nil); a.Status != http.StatusNotFound {
		t.Errorf("dropped a second time: %d", a.Status)
	}
}
