package site_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"parley/bridge/setup"
	"parley/cmd/parley/app"
	"parley/store"
)

var (
	// rawValue matches a word as machines write it, such as any_agent or AgentsOnly.
	rawValue = regexp.MustCompile(`\b[a-z]+(_[a-z]+)+\b|\b[A-Z][a-z]+[A-Z][a-z]+[A-Za-z]*\b`)
	// plainChoice matches words by which people call a choice.
	plainChoice = regexp.MustCompile(`^[\p{L} ,'-]*$`)
)

// rawAllowed are names that are really written like this: of products, of permissions at Meta, and names that an
// admin gave in everything.
func rawAllowed() []string {
	return []string{"WhatsApp", "OpenID", "PostgreSQL", "GitHub", "JavaScript", "order_update", "order_update_v", "quote_number", "first_name",
		"pages_messaging", "pages_manage_metadata", "pages_read_engagement", "whatsapp_business_messaging", "whatsapp_business_management"}
}

// Every choice on a page is shown in people's words.
func TestChoicesAreWords(t *testing.T) {
	t.Parallel()
	look := func(kind string, fields []setup.Field) {
		for _, f := range fields {
			for _, c := range f.Choices {
				if word := f.Word(c); !plainChoice.MatchString(word) {
					t.Errorf("%s of %s shows %q", f.Path, kind, word)
				}
			}
			for word := range strings.SplitSeq(f.Help, "`") {
				if slices.Contains(f.Choices, word) && strings.Contains(word, "_") {
					t.Errorf("the help of %s shows %q", f.Path, word)
				}
			}
		}
	}

	for _, kind := range []string{setup.EntryCompany, setup.EntryAgent, setup.EntryTeam, setup.EntryTag, setup.EntryTemplate} {
		look(kind, setup.FieldsOf(kind, nil))
	}
	for _, spec := range app.Specs() {
		look(spec.Kind, setup.FieldsOf(setup.EntryAccount, &spec))
	}
}

// rawRows put a conversation of each status on the pages.
const rawRows = `
	INSERT INTO contacts (id, name) VALUES (7, 'Jane Doe');
	INSERT INTO identities (id, account_id, key, name, contact_id) SELECT 7, id, 'jane@example.org', 'Jane', 7
	FROM accounts WHERE name = 'support-mail';
	INSERT INTO conversations (id, account_id, identity_id, team_id, status, subject, last_from, last_preview, last_at, created_at)
		SELECT 70 + n, id, 7, team_id, s, 'Lamp', 'Jane', 'Broken', now(), now()
		FROM accounts, unnest(ARRAY['open', 'pending', 'snoozed', 'resolved', 'closed']) WITH ORDINALITY AS v (s, n) WHERE name = 'support-mail'`

// rawLog puts a line of each kind into the log of a conversation.
const rawLog = `
	INSERT INTO log_entries (id, conversation_id, at, actor, what)
		SELECT n, 71, now(), 'agent', what FROM unnest($1::text[]) WITH ORDINALITY AS v (what, n)`

// logOfConversation is the page of the log that has these lines alone, and none of the set-up.
const logOfConversation = "/settings/log?conversation=71"

// No page shows a value as machines write it, except the log of the set-up, whose lines use the words of parley.yaml.
func TestNoRawValues(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	for statement := range strings.SplitSeq(rawRows, ";\n") {
		if _, err := s.Pool.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}

	if _, err := s.Pool.Exec(t.Context(), rawLog, store.Deeds()); err != nil {
		t.Fatal(err)
	}

	filled := []string{logOfConversation, "/settings/me", "/inbox/71", "/inbox/72", "/inbox/73", "/inbox/74", "/inbox/75"}
	pages := pagesOf(s.Visitor("ann@acme.test"), append(filled, "/settings")...)
	for _, address := range filled {
		if status := pages[address].Status; status != http.StatusOK {
			t.Errorf("%s answers %d, so that nothing of it is looked at", address, status)
		}
	}

	if log := pages[logOfConversation]; !log.Has(string(store.DeedParked)) {
		t.Errorf("%s shows no line of the log", logOfConversation)
	}

	for address, page := range pages {
		if strings.HasPrefix(address, "/settings/log") && address != logOfConversation {
			continue
		}
		shown := map[string]bool{}
		for _, word := range rawValue.FindAllString(visible(t, page.Body), -1) {
			if !slices.Contains(rawAllowed(), word) {
				shown[word] = true
			}
		}
		for word := range shown {
			t.Errorf("%s shows %q", address, word)
		}
	}
}

// visible returns the words of a page that people read. It leaves out code and fields into which somebody types.
func visible(t *testing.T, page string) string {
	t.Helper()
	root := must(html.Parse(strings.NewReader(page)))(t)
	var words strings.Builder
	for n := range root.Descendants() {
		if n.Type != html.TextNode {
			continue
		}

		hidden := false
		for p := range n.Ancestors() {
			hidden = hidden || slices.Contains([]string{"script", "style", "code", "pre", "textarea"}, p.Data)
		}
		if !hidden {
			words.WriteString(n.Data + "\n")
		}
	}
	return words.String()
}
