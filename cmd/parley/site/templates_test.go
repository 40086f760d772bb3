package site_test

import (
	"testing"

	"parley/cmd/parley/site/sitetest"
	"parley/store"
)

// orderUpdate is the name of the only template in these tests. It belongs to the account "shop"; its page is at orderUpdatePage.
const orderUpdate = "Order / update"

func listTemplates(t *testing.T, s *sitetest.Site) []store.Template {
	t.Helper()
	rows, err := store.ListTemplates(t.Context(), s.Pool, 0) // of all accounts
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// getTemplate returns the only template.
func getTemplate(t *testing.T, s *sitetest.Site) store.Template {
	t.Helper()
	rows := listTemplates(t, s)
	if len(rows) != 1 {
		t.Fatalf("there are %d templates, want 1: %+v", len(rows), rows)
	}
	return rows[0]
}

// rejectTemplates has the provider refuse all templates.
func rejectTemplates(t *testing.T, s *sitetest.Site, reason string) {
	t.Helper()
	must(s.Pool.Exec(t.Context(), `UPDATE templates SET status = 'rejected', reason = $1, todo = ''`, reason))(t)
}

// An admin writes a template, is told what providers refuse, sees the verdict and hands it in again.
// Requirement R-165: Templates of an account.
// Requirement R-166: Variables, and forms for what is missing.
// Requirement R-167: Templates for beginning, answering and the closed window.
// Requirement R-168: Templates are handed in, and their verdict is told.
func TestTemplatePages(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	b := s.Walk("ann@acme.test")
	b.Open("/settings/templates")
	b.Looks("templates-none")

	// Refused: the text begins with a placeholder, which has no example, and the button's address isn't one.
	b.Press("a[href='/settings/new-template']")
	b.Write("#f-name", orderUpdate)
	b.Choose("#f-accounts", "shop")
	b.Write("#f-language", "en")
	b.Write("#f-body", "{{tracking}} is the number of your parcel")
	b.Write("#f-buttons-0-title", "Track it")
	b.Write("#f-buttons-0-url", "javascript:alert(1)")
	b.Press("form.page button")
	b.Has("#f-body-problem")
	b.Has("#f-buttons-0-title-problem")
	b.Has("#f-examples-tracking-problem")
	b.Has("#f-examples-tracking")
	b.Looks("template-refused")

	// Put right, it is handed in.
	b.Write("#f-body", "Hello {{first_name}}, {{tracking}} is the number of your parcel")
	b.Write("#f-buttons-0-url", "https://acme.test/track")
	b.Write("#f-examples-tracking", "1Z999")
	b.Press("form.page button")
	b.Shows("on its way to the provider")
	checkHandedIn(t, getTemplate(t, s))

	// The provider's verdict is shown, as text.
	rejectTemplates(t, s, "It sounds like <advertising>.")
	b.Open("/settings/templates")
	b.Shows("It sounds like <advertising>.")
	b.Looks("templates")

	// With a second button it is handed in again.
	b.Press("a[href^='/settings/templates/shop']")
	b.Write("#f-buttons-1-title", "Call me")
	b.Press("form.page button")
	b.Shows("on its way to the provider")
	checkHandedInAgain(t, getTemplate(t, s))
}

// checkHandedIn checks what TestTemplatePages wrote first.
func checkHandedIn(t *testing.T, got store.Template) {
	t.Helper()
	if got.Name != orderUpdate {
		t.Errorf("the name is %q, want %q", got.Name, orderUpdate)
	}
	if want := "1Z999"; got.Examples["tracking"] != want {
		t.Errorf("the example is %q, want %q", got.Examples["tracking"], want)
	}
	if len(got.Buttons) != 1 {
		t.Errorf("it has %d buttons, want 1: %+v", len(got.Buttons), got.Buttons)
	}
	if got.Todo != store.TodoSubmit {
		t.Errorf("what is to do is %q, want %q", got.Todo, store.TodoSubmit)
	}
}

// checkHandedInAgain checks that a second button was added, and nothing lost.
func checkHandedInAgain(t *testing.T, got store.Template) {
	t.Helper()
	if len(got.Buttons) != 2 {
		t.Fatalf("it has %d buttons, want 2: %+v", len(got.Buttons), got.Buttons)
	}
	if want := "https://acme.test/track"; got.Buttons[0].URL != want {
		t.Errorf("the first button leads to %q, want %q", got.Buttons[0].URL, want)
	}
	if got.Version < 2 {
		t.Errorf("it has version %d, want a new one", got.Version)
	}
}
