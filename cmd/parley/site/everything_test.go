package site_test

import (
	"context"
	_ "embed" // a set-up of everything
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"parley/bridge/setup"
	"parley/channels"
	"parley/cmd/parley/app"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store"
)

// everything is a set-up with a value for each key of parley.yaml.
//
//go:embed testdata/everything.yaml
var everything string

// hostile is what customers, providers and colleagues may have written: HTML that acts, a formula, and a name for an
// element by which it is found again.
const (
	hostile        = `=1+"'></textarea></title></svg></script><i-canary onmouseover="x" style="x"><script>alert(1)</script>{{.}}`
	hostileElement = "i-canary"
)

// hostileRows fill every page of everything's site with what hostile customers wrote: a conversation with messages and
// files, a blocked sender, what stands still, a template that was refused, an account in trouble, an erasure that was cut off.
const hostileRows = `
	INSERT INTO contacts (id, name) VALUES (1, $1);
	INSERT INTO identities (id, account_id, key, name, contact_id, blocked) SELECT 1, id, 'k1' || $1, $1, 1, true FROM accounts WHERE name = 'support-mail';
	INSERT INTO conversations (id, account_id, identity_id, team_id, status, subject, last_from, last_preview, last_at, waiting_since, created_at)
		SELECT 99, id, 1, team_id, 'open', $1, $1, $1, now(), now(), now() FROM accounts WHERE name = 'support-mail';
	INSERT INTO messages (id, conversation_id, direction, fate, reason, agent_id, identity_id, subject, text, quoted, notices, files, said_at, created_at, event_id) VALUES
		(1, 99, 'in', 'in', '', NULL, 1, $1, $1, $1, ARRAY[$1], '[]', now(), now(), 1),
		(2, 99, 'out', 'unclear', '', (SELECT id FROM agents WHERE email = 'ben@acme.test'), NULL, $1, $1, '', '{}', '[]', now(), now(), 2),
		(3, 99, 'out', 'failed', $1, (SELECT id FROM agents WHERE email = 'ben@acme.test'), NULL, $1, $1, '', '{}', '[]', now(), now(), 3);
	UPDATE messages SET files = jsonb_build_array(jsonb_build_object('name', $1::text, 'type', $1::text, 'size', 7)) WHERE id = 1;
	INSERT INTO log_entries (id, conversation_id, at, agent_id, actor, what, detail)
		SELECT n, 99, now(), (SELECT id FROM agents WHERE email = 'ben@acme.test'), 'agent', CASE n WHEN 1 THEN 'tagged' ELSE $1 END, jsonb_build_object('text', $1::text, 'tag', $1::text) FROM generate_series(1, 2) AS n;
	INSERT INTO events (account_id, external_id, order_key, payload, size_bytes) SELECT id, 'mail:1', 'x', 'From: nobody', 1 FROM accounts WHERE name = 'support-mail';
	INSERT INTO quarantine (event_id, reason) SELECT id, $1 FROM events;
	UPDATE accounts SET status = 'error', status_text = $1, status_hint = $1 WHERE side = 'channel';
	UPDATE templates SET status = 'rejected', reason = $1;
	INSERT INTO erasures (id, contacts, hashes, asked_by, asked_at) VALUES ('00000000-0000-0000-0000-000000000001', '{1}', '{}', $1, now());
	UPDATE agents SET name = $1 WHERE email = 'dina@acme.test';
	INSERT INTO measure_days SELECT k.kind, current_date, CASE k.kind WHEN 'agent' THEN (SELECT id FROM agents WHERE email = 'dina@acme.test')::text WHEN 'all' THEN '' ELSE $1 END, accounts.id, coalesce(team_id, 0),
		1, 1, 1, 1, 1, 1, 1, 9, 9, 9, 9, 1, 9, 9, 9, 9, 9, 9, 9, 9 FROM accounts, unnest(ARRAY['all', 'agent', 'tag', 'intent', 'mood']) AS k (kind) WHERE name = 'support-mail' ON CONFLICT DO NOTHING;
	INSERT INTO measure_shares SELECT 99, current_date, coalesce(team_id, 0), (SELECT id FROM agents WHERE email = 'dina@acme.test'), id,
		1, 1, 1, 1, 1, 1, 1, 9, 9, 9, 9, 1, 9, 9, 9, 9, 9, 9, 9, 9 FROM accounts WHERE name = 'support-mail' ON CONFLICT DO NOTHING;
	INSERT INTO api_tokens (name, hash, scope, agent_id, expires_at) SELECT $1, 'x', $1, id, now() + interval '1 day' FROM agents WHERE email = 'ann@acme.test';
	INSERT INTO setup_changes (author, lines, at) VALUES ($1, ARRAY[$1], now());`

// startEverything starts a site with everything set up, and every page in it.
func startEverything(t *testing.T, change ...func(*site.Options)) *sitetest.Site {
	t.Helper()
	return sitetest.Start(t, everything, append([]func(*site.Options){allProviders(t), withoutRateLimit(), func(o *site.Options) {
		e := newEngine(t, o)
		runEngine(t, e)
		o.Inbox = e.Inbox()
		o.Operations.ExportContact = func(context.Context, []store.ContactID, io.Writer) error { return nil }
		o.Chats.Connected = func() []site.Chat { return []site.Chat{{Kind: "slack", Name: "Slack"}, {Kind: "teams", Name: "Teams"}} }
	}}, change...)...)
}

// fillHostile adds hostileRows.
func fillHostile(t *testing.T, s *sitetest.Site) {
	t.Helper()
	for statement := range strings.SplitSeq(strings.TrimSuffix(hostileRows, ";"), ";\n") {
		args := []any{hostile}
		if !strings.Contains(statement, "$1") {
			args = nil
		}
		if _, err := s.Pool.Exec(t.Context(), statement, args...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// exported is the set-up as parley.yaml.
func exported(t *testing.T, s *sitetest.Site) string {
	t.Helper()
	file, err := setup.Export(t.Context(), s.Pool, app.Specs())
	if err != nil {
		t.Fatal(err)
	}
	return string(file)
}

// changed lists the lines of which one file has more than the other.
func changed(before, after string) string {
	count := map[string]int{}
	for line := range strings.Lines(before) {
		count[line]--
	}
	for line := range strings.Lines(after) {
		count[line]++
	}
	var list []string
	for line, n := range count {
		if n != 0 {
			list = append(list, fmt.Sprintf("%+d %s", n, line))
		}
	}
	slices.Sort(list)
	return strings.Join(list, "")
}

// pagesOf follows all links from a page on, within the site, and gives the pages by their addresses. Files are left out.
func pagesOf(v *sitetest.Visitor, from ...string) map[string]sitetest.Answer {
	seen := map[string]sitetest.Answer{}
	for len(from) > 0 {
		at := from[0]
		from = from[1:]
		if _, known := seen[at]; known {
			continue
		}
		a := v.Get(at)
		if to := a.Header.Get("Location"); to != "" {
			from = append(from, to)
		}
		seen[at] = a
		for _, link := range a.Links() {
			to, err := url.Parse(link)
			if err != nil || to.Host != "" || to.Scheme != "" || !strings.HasPrefix(to.Path, "/settings") && !strings.HasPrefix(to.Path, "/inbox") {
				continue
			}
			if ext := path.Ext(to.Path); ext == ".csv" || ext == ".json" || ext == ".zip" || strings.HasPrefix(to.Path, "/settings/dashboard") || strings.HasSuffix(to.Path, "/export") {
				continue
			}
			from = append(from, to.RequestURI())
		}
	}
	return seen
}

// routeOf finds the route that answers a request; "" if there is none does.
func routeOf(s *sitetest.Site, method, address string) string {
	mux := http.NewServeMux()
	for _, r := range s.Pages.Routes() {
		mux.Handle(r.Pattern, http.NotFoundHandler())
	}
	r, err := http.NewRequest(method, s.URL+address, nil) //nolint:noctx // it is never sent
	if err != nil {
		return ""
	}
	_, pattern := mux.Handler(r)
	return pattern
}

// doing lists the forms that do something as soon as they are sent, whatever stands in them. All others change what is set
// up, and nothing if they are sent as they were shown.
func doing() []string {
	return []string{
		"POST /auth/sign-out", "POST /auth/sign-out-everywhere", "POST /auth/link/{link}",
		"POST /settings/tokens", "POST /settings/tokens/{id}/revoke", "POST /settings/accounts/{name}/pause", "POST /settings/accounts/{name}/take-out", "POST /settings/agents/{name}/take-out",
		"POST /settings/teams/{name}/take-out", "POST /settings/tags/{name}/take-out", "POST /settings/templates/{name}/take-out",
		"POST /settings/stuck/{event}/replay", "POST /settings/stuck/{event}/drop", "POST /settings/blocked/{sender}/unblock",
		"POST /settings/erase/contact/{id}", "POST /settings/erase/go-on/{erasure}", "POST /inbox/{id}",
		"POST /settings/mailboxes/{name}/connect", "POST /settings/health", "POST /settings/stuck/{delivery}/decide",
		"POST /settings/first-steps/disconnect", "POST /settings/first-steps/members", "POST /settings/numbers/{name}/webhook", "POST /inbox/{id}/reply",
	}
}

// later lists the forms that no page shows at first: they follow another form or another site, are there while no team has
// a channel, or are those of a tab in Teams.
func later() []string {
	return []string{"POST /settings/add-mailbox/servers", "POST /settings/add-mailbox/provider", "POST /settings/first-steps/team",
		"POST /settings/add-whatsapp/sign-up", "POST /settings/add-whatsapp/numbers", "POST /auth/tab"}
}

// YAML → pages → YAML. Every key of parley.yaml stands on a page; every form of every page, sent as it was shown,
// changes nothing; nor does anything that is sent besides: a role, another's name, a secret, keys of other entries.
//
func TestRoundByForms(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	everyKey(t, s)
	ann := s.Visitor("ann@acme.test")
	sent := map[string]bool{}
	before := exported(t, s)
	pages := pagesOf(ann, "/settings", "/settings/me")
	everyControl(t, pages)
	for address, page := range pages {
		for _, form := range page.Forms() {
			route := routeOf(s, form.Method, form.Action)
			if form.Method != http.MethodPost || slices.Contains(doing(), route) {
				continue
			}
			sent[route] = true
			more := url.Values{}
			for _, name := range strangeFields(s) {
				if _, own := form.Values[name]; !own && !slices.ContainsFunc(form.Fields, func(c sitetest.Control) bool { return c.Name == name }) {
					more.Set(name, strangeValue(name))
				}
			}
			for what, values := range map[string]url.Values{"as it was shown": form.Values, "with fields that it doesn't have": with(form.Values, more)} {
				a := ann.Post(form.Action, values)
				if a.Status >= http.StatusInternalServerError || route == "" {
					t.Errorf("%s, sent %s: %d", form.Action, what, a.Status)
				}
				if after := exported(t, s); after != before {
					t.Errorf("%s of %s, sent %s, changes the set-up:\n%s", form.Action, address, what, changed(before, after))
					before = after
				}
			}
		}
	}
	for _, r := range s.Pages.Routes() {
		if strings.HasPrefix(r.Pattern, "POST ") && !sent[r.Pattern] && !slices.Contains(slices.Concat(doing(), later()), r.Pattern) {
			t.Errorf("%s: no form of any page is sent there", r.Pattern)
		}
	}
}

// everyKey fails the test if a key of parley.yaml has no value in everything, or no page.
func everyKey(t *testing.T, s *sitetest.Site) {
	t.Helper()
	entries, err := setup.Entries(t.Context(), s.Pool, app.Specs())
	if err != nil {
		t.Fatal(err)
	}
	given := func(kind, channel string, f setup.Field) bool {
		return slices.ContainsFunc(entries, func(e setup.Entry) bool {
			_, inside := e.Values[f.Path]
			for p := range e.Values {
				inside = inside || strings.HasPrefix(p, f.Path+".")
			}
			return e.Kind == kind && (channel == "" || e.Channel == channel) && (inside || slices.Contains(e.Stored, f.Path))
		})
	}
	for _, kind := range []string{setup.EntryCompany, setup.EntryAgent, setup.EntryTeam, setup.EntryTag, setup.EntryTemplate, setup.EntryKnowledge} {
		for _, f := range setup.FieldsOf(kind, nil) {
			if !given(kind, "", f) {
				t.Errorf("testdata/everything.yaml has no value for %s of a %s", f.Path, kind)
			}
		}
	}
	for _, spec := range app.Specs() {
		for _, f := range setup.FieldsOf(setup.EntryAccount, &spec) {
			channel := ""
			if slices.ContainsFunc(spec.Fields, func(own channels.Field) bool { return strings.HasSuffix(f.Path, "."+own.Name) }) {
				channel = spec.Kind
			}
			if !given(setup.EntryAccount, channel, f) {
				t.Errorf("testdata/everything.yaml has no value for %s of an account of %s", f.Path, spec.Kind)
			}
		}
	}
}

// everyControl fails the test if a key of parley.yaml can be given on no page. It tells on which pages each can.
func everyControl(t *testing.T, pages map[string]sitetest.Answer) {
	t.Helper()
	given := map[string][]string{} // the pages, by the paths of keys
	for address, page := range pages {
		for _, form := range page.Forms() {
			for _, c := range form.Fields {
				for path := c.Name; path != ""; path = path[:max(strings.LastIndex(path, "."), 0)] {
					given[path] = append(given[path], address)
				}
			}
		}
	}
	look := func(kind, below string, fields []setup.Field) {
		for _, f := range fields {
			on := slices.DeleteFunc(slices.Clone(given[f.Path]), func(address string) bool { return !strings.HasPrefix(address, "/settings/"+below) })
			slices.Sort(on)
			if len(on) == 0 {
				t.Errorf("%s of %s can be given on no page", f.Path, kind)
				continue
			}
			t.Logf("%s: %s on %s", kind, f.Path, on[0])
		}
	}
	for kind, below := range map[string]string{setup.EntryCompany: "", setup.EntryAgent: "", setup.EntryTeam: "", setup.EntryTag: "", setup.EntryTemplate: "", setup.EntryKnowledge: "ai"} {
		look(kind, below, setup.FieldsOf(kind, nil))
	}
	for _, spec := range app.Specs() {
		look(spec.Kind, "", setup.FieldsOf(setup.EntryAccount, &spec))
	}
}

// strangeFields are names that a form may be sent with by somebody who wants more than it offers.
func strangeFields(s *sitetest.Site) []string {
	names := []string{"role", "admin", "is_admin", "agent", "agent_id", "id", "account_id", "kind", "channel", "active", "author", "remove", "was", "secrets", "config"}
	for _, kind := range []string{setup.EntryCompany, setup.EntryAgent, setup.EntryTeam, setup.EntryTag, setup.EntryTemplate, setup.EntryKnowledge} {
		for _, f := range setup.FieldsOf(kind, nil) {
			names = append(names, f.Path)
		}
	}
	for _, spec := range app.Specs() {
		for _, f := range setup.FieldsOf(setup.EntryAccount, &spec) {
			names = append(names, f.Path)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// strangeValue is one that would count, if the field did.
func strangeValue(name string) string {
	switch name {
	case "roles", "role":
		return "admin"
	case "members", "email":
		return "ben@acme.test"
	case "mode":
		return "live"
	case "agent_id", "id", "account_id", "agent":
		return "1"
	}
	return "true"
}

func with(values, more url.Values) url.Values {
	all := url.Values{}
	for _, list := range []url.Values{values, more} {
		for name, v := range list {
			all[name] = v
		}
	}
	return all
}

// Whoever adds something gets what the form offers, whatever is sent besides: a new account begins in watch mode and
// without settings, an agent's own page gives no role, and nobody's page but the own.
//
func TestNothingBesidesTheForm(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	ann, ben := s.Visitor("ann@acme.test"), s.Visitor("ben@acme.test")
	extra := url.Values{"mode": {"live"}, "paused": {"true"}, "settings.ai": {"on"}, "roles": {"admin"}, "email": {"ann@acme.test"}, "slack": {"U0ANN"}, "members": {"ben@acme.test"}}
	a := ann.Post("/settings/new-account/http", with(url.Values{"name": {"second"}, "team": {"Support"}, "http.secret": {"tops3cret-too"}, "http.callback_url": {"https://shop.test/b"}}, extra))
	if a.Status != http.StatusSeeOther {
		t.Fatalf("a new account: %d %s", a.Status, a.Body)
	}
	a = ann.Post("/settings/add-mailbox/servers", with(url.Values{"email.address": {"third@acme.test"}, "email.imap.host": {"imap.acme.test"}, "email.imap.port": {"993"}, "email.imap.password": {"p"}, "email.smtp.port": {"587"}, "email.smtp.host": {"smtp.acme.test"}, "untested": {"yes"}}, extra))
	if a.Status != http.StatusSeeOther {
		t.Fatalf("a new mailbox: %d %s", a.Status, a.Body)
	}
	entries, err := setup.Entries(t.Context(), s.Pool, app.Specs())
	if err != nil {
		t.Fatal(err)
	}
	added := 0
	for _, e := range entries {
		if e.Name == "second" || e.Name == "third" {
			if added++; e.Value("mode") != "watch" || e.Value("paused") != "" || e.Value("settings.ai") != "" {
				t.Errorf("%s begins with %v", e.Name, e.Values)
			}
		}
	}
	if added != 2 {
		t.Errorf("%d accounts were added", added)
	}
	before := exported(t, s)
	me := ben.Get("/settings/me").Forms()[2]
	if me.Action != "/settings/me" {
		t.Fatalf("the third form of the page is sent to %s", me.Action)
	}
	ben.Post("/settings/me", with(me.Values, extra))
	if after := exported(t, s); after != before {
		t.Errorf("Ben's page changed the set-up:\n%s", changed(before, after))
	}
	if a := ben.Get("/settings/agents"); a.Status != http.StatusForbidden {
		t.Errorf("Ben is an admin: %d", a.Status)
	}
}
