package site_test

import (
	"context"
	_ "embed" // a set-up of everything
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"parley/bridge/setup"
	"parley/cmd/parley/app"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store"
)

// everything is a set-up with a value for each key of parley.yaml.
//
//go:embed testdata/everything.yaml
var everything string

// hostile is what customers, providers and colleagues may write: HTML with a script, a formula, and an element
// whose name the tests look for.
const (
	hostile        = `=1+"'></textarea></title></svg></script><i-canary onmouseover="x" style="x"><script>alert(1)</script>{{.}}`
	hostileElement = "i-canary"
)

// hostileRows fill every page of a site that has everything with hostile texts. They make a conversation with
// messages and files, a blocked sender, stuck events, a template that was refused, an account in trouble, and an
// erasure that was cut off.
const hostileRows = `
	INSERT INTO contacts (id, name) VALUES (1, $1);
	INSERT INTO identities (id, account_id, key, name, contact_id, blocked) SELECT 1, id, 'k1' || $1, $1, 1, true
	FROM accounts WHERE name = 'support-mail';
	INSERT INTO conversations (id, account_id, identity_id, team_id, status, subject, last_from, last_preview,
		last_at, waiting_since, created_at)
		SELECT 99, id, 1, team_id, 'open', $1, $1, $1, now(), now(), now() FROM accounts WHERE name = 'support-mail';
	INSERT INTO messages (id, conversation_id, direction, fate, reason, agent_id, identity_id, subject, text, quoted, notices,
		files, said_at, created_at, event_id) VALUES
		(1, 99, 'in', 'in', '', NULL, 1, $1, $1, $1, ARRAY[$1], '[]', now(), now(), 1),
		(2, 99, 'out', 'unclear', '', (SELECT id FROM agents WHERE email = 'ben@acme.test'), NULL, $1, $1, '', '{}', '[]', now(), now(), 2),
		(3, 99, 'out', 'failed', $1, (SELECT id FROM agents WHERE email = 'ben@acme.test'), NULL, $1, $1, '', '{}', '[]', now(), now(), 3);
	INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, head, tail) VALUES (901, 1, 'k', 99, 1, 1, 1);
	INSERT INTO deliveries (id, lane_id, seq, message_id, kind, state, error_text, created_at)
		VALUES (901, 901, 1, 2, 'reply', 'needs_decision', $1, now());
	UPDATE messages SET files = jsonb_build_array(jsonb_build_object('name', $1::text, 'type', $1::text, 'size', 7)) WHERE id = 1;
	INSERT INTO log_entries (id, conversation_id, at, agent_id, actor, what, detail)
		SELECT n, 99, now(), (SELECT id FROM agents WHERE email = 'ben@acme.test'), 'agent', CASE n WHEN 1 THEN 'tagged' ELSE $1 END,
			jsonb_build_object('text', $1::text, 'tag', $1::text) FROM generate_series(1, 2) AS n;
	INSERT INTO events (account_id, external_id, order_key, payload, size_bytes) SELECT id, 'mail:1', 'x', 'From: nobody', 1
	FROM accounts WHERE name = 'support-mail';
	INSERT INTO quarantine (event_id, reason) SELECT id, $1 FROM events;
	UPDATE accounts SET status = 'error', status_text = $1, status_hint = $1 WHERE side = 'channel';
	UPDATE templates SET status = 'rejected', reason = $1;
	INSERT INTO erasures (id, contacts, hashes, asked_by, asked_at) VALUES ('00000000-0000-0000-0000-000000000001', '{1}', '{}', $1, now());
	UPDATE agents SET name = $1 WHERE email = 'dina@acme.test';
	INSERT INTO measure_days SELECT k.kind, current_date, CASE k.kind WHEN 'agent' THEN (SELECT id FROM agents
	WHERE email = 'dina@acme.test')::text WHEN 'all' THEN '' ELSE $1 END, accounts.id, coalesce(team_id, 0),
		1, 1, 1, 1, 1, 1, 1, 9, 9, 9, 9, 1, 9, 9, 9, 9, 9, 9, 9, 9
		FROM accounts, unnest(ARRAY['all', 'agent', 'tag', 'intent', 'mood']) AS k (kind) WHERE name = 'support-mail' ON CONFLICT DO NOTHING;
	INSERT INTO measure_shares SELECT 99, current_date, coalesce(team_id, 0), (SELECT id FROM agents WHERE email = 'dina@acme.test'), id,
		1, 1, 1, 1, 1, 1, 1, 9, 9, 9, 9, 1, 9, 9, 9, 9, 9, 9, 9, 9 FROM accounts WHERE name = 'support-mail' ON CONFLICT DO NOTHING;
	INSERT INTO api_tokens (name, hash, scope, agent_id, expires_at) SELECT $1, 'x', $1, id, now() + interval '1 day' FROM agents
	WHERE email = 'ann@acme.test';
	INSERT INTO customer_records (id, name, salesman, brands, assignees, fields)
		VALUES (1, $1, $1, ARRAY[$1], ARRAY[$1], jsonb_build_object($1::text, $1::text));
	INSERT INTO customer_addresses (address, record_id, name) VALUES ('k1' || $1, 1, $1);
	INSERT INTO customer_notes (record_id, agent_id, at, text) SELECT 1, id, now(), $1 FROM agents WHERE email = 'dina@acme.test';
	INSERT INTO customer_imports (hash, done_at) VALUES ('x', now());
	INSERT INTO setup_changes (author, lines, at) VALUES ($1, ARRAY[$1], now());`

// startEverything starts a site on which everything is set up, with all its pages.
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

// exported returns the set-up as parley.yaml.
func exported(t *testing.T, s *sitetest.Site) string {
	t.Helper()
	file := must(setup.Export(t.Context(), s.Pool, app.Specs()))(t)
	return string(file)
}

// changed lists the lines that one of the two files has more often than the other.
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

// pagesOf follows all links within the site, starting from some pages. It returns the pages by their addresses,
// without files.
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
			if err == nil && isFollowed(to) {
				from = append(from, to.RequestURI())
			}
		}
	}
	return seen
}

// isFollowed reports whether pagesOf follows a link. It follows links to pages of the site, but not to files, and not
// to the dashboard, whose links to itself never end.
func isFollowed(to *url.URL) bool {
	isOnSite := to.Host == "" && to.Scheme == ""
	isPage := strings.HasPrefix(to.Path, "/settings") || strings.HasPrefix(to.Path, "/inbox")
	isFile := slices.Contains([]string{".csv", ".json", ".zip"}, path.Ext(to.Path)) || strings.HasSuffix(to.Path, "/export")
	isDashboard := strings.HasPrefix(to.Path, "/settings/dashboard")
	return isOnSite && isPage && !isFile && !isDashboard
}

// routeOf returns the pattern of the route that answers a request, or "" if there is none.
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

// doing lists the forms that do something as soon as they are sent, whatever their fields contain. All other forms
// change the set-up, and change nothing if they are sent as they were shown.
func doing() []string {
	return []string{
		"POST /auth/sign-out",
		"POST /auth/sign-out-everywhere",
		"POST /auth/link/{link}",
		"POST /settings/customers/{id}",
		"POST /settings/customers/{id}/note",
		"POST /settings/customers/{id}/remove",
		"POST /settings/customers-file",
		"POST /settings/customers-file/undo",
		"POST /settings/tokens",
		"POST /settings/tokens/{id}/revoke",
		"POST /settings/accounts/{name}/pause",
		"POST /settings/accounts/{name}/people",
		"POST /settings/roles",
		"POST /settings/accounts/{name}/take-out",
		"POST /settings/accounts/{name}/rules/{rule}/move",
		"POST /settings/agents/{name}/take-out",
		"POST /settings/teams/{name}/take-out",
		"POST /settings/tags/{name}/take-out",
		"POST /settings/automations/{name}/take-out",
		"POST /settings/canned-replies/{name}/take-out",
		"POST /settings/templates/{name}/take-out",
		"POST /settings/stuck/{event}/replay",
		"POST /settings/stuck/{event}/drop",
		"POST /settings/blocked/{sender}/unblock",
		"POST /settings/erase/contact/{id}",
		"POST /settings/erase/go-on/{erasure}",
		"POST /inbox/{id}",
		"POST /inbox",
		"POST /settings/accounts/{name}/connect",
		"POST /settings/health",
		"POST /settings/stuck/{delivery}/decide",
		"POST /settings/first-steps/disconnect",
		"POST /settings/first-steps/members",
		"POST /settings/accounts/{name}/webhook",
		"POST /inbox/{id}/reply",
	}
}

// later lists the forms that no page shows at first. They come after another form or another site, are there while no
// team has a channel, or belong to a tab in Teams.
func later() []string {
	return []string{
		"POST /settings/add-mailbox/servers",
		"POST /settings/add-mailbox/provider",
		"POST /settings/first-steps/team",
		"POST /settings/add-whatsapp/sign-up",
		"POST /settings/add-whatsapp/numbers",
		"POST /auth/tab",
	}
}

// with returns a copy of values, to which more is added. Values of the same name are replaced.
func with(values, more url.Values) url.Values {
	all := maps.Clone(values)
	maps.Copy(all, more)
	return all
}
