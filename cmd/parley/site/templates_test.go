package site_test

import (
	"net/http"
	"net/url"
	"testing"

	"parley/cmd/parley/site/sitetest"
	"parley/store"
)

func templatesOf(t *testing.T, s *sitetest.Site) []store.Template {
	t.Helper()
	rows, err := store.ListTemplates(t.Context(), s.Pool, 0)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// An admin writes a template, is told what providers refuse, sees the verdict and hands it in again.
//
func TestTemplatePages(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	b := s.Browser("ann@acme.test")
	b.Open("/settings/templates")
	b.Looks("templates-none")
	b.Press("a[href='/settings/new-template']")
	b.Write("#f-name", "Order / update")
	b.Value("document.querySelector('#f-accounts').value = 'shop'")
	b.Write("#f-language", "en")
	b.Write("#f-body", "{{tracking}} is the number of your parcel")
	b.Write("#f-buttons-0-title", "Track it")
	b.Write("#f-buttons-0-url", "javascript:alert(1)")
	b.Press("form.page button")
	b.Until("the text and the button are refused", "document.querySelector('#f-body-problem') && document.querySelector('[role=alert]')")
	b.Until("there is a field for the example", "document.querySelector('#f-examples-tracking')")
	b.Looks("template-refused")
	b.Write("#f-body", "Hello {{first_name}}, {{tracking}} is the number of your parcel")
	b.Write("#f-buttons-0-url", "https://acme.test/track")
	b.Write("#f-examples-tracking", "1Z999")
	b.Press("form.page button")
	b.Shows("on its way to the provider")
	rows := templatesOf(t, s)
	if len(rows) != 1 || rows[0].Name != "Order / update" || rows[0].Examples["tracking"] != "1Z999" || len(rows[0].Buttons) != 1 || rows[0].Todo != store.TodoSubmit {
		t.Fatalf("stored: %+v", rows)
	}
	if _, err := s.Pool.Exec(t.Context(), `UPDATE templates SET status = 'rejected', reason = 'It sounds like <advertising>.', todo = ''`); err != nil {
		t.Fatal(err)
	}
	b.Open("/settings/templates")
	b.Shows("It sounds like <advertising>.")
	b.Looks("templates")
	b.Press("a[href^='/settings/templates/shop']")
	b.Write("#f-buttons-1-title", "Call me")
	b.Press("form.page button")
	b.Shows("on its way to the provider")
	if rows = templatesOf(t, s); len(rows[0].Buttons) != 2 || rows[0].Buttons[0].URL != "https://acme.test/track" || rows[0].Version < 2 {
		t.Errorf("handed in again: %+v", rows[0])
	}
	ann := s.Visitor("ann@acme.test")
	path := "/settings/templates/" + url.PathEscape("shop/en/Order / update")
	page := ann.Get(path)
	if a := ann.Post(path, url.Values{"version": {page.Version()}, "body": {"short"}, "types": {"reply"}, "category": {"utility"}, "accounts": {"support-mail"}, "name": {"x"}}); a.Status != http.StatusSeeOther {
		t.Errorf("a change: %d %s", a.Status, a.Body)
	}
	if rows = templatesOf(t, s); len(rows) != 1 || rows[0].Name != "Order / update" || rows[0].Body != "short" || len(rows[0].Uses) != 1 {
		t.Errorf("changed: %+v", rows)
	}
	if a := ann.Post(path, url.Values{"version": {page.Version()}, "body": {"mine"}}); a.Status != http.StatusUnprocessableEntity || !a.Has("Somebody else changed") || !a.Has("mine") {
		t.Errorf("a second admin: %d", a.Status)
	}
	ann.Post(path+"/take-out", url.Values{"version": {ann.Get(path).Version()}})
	if rows = templatesOf(t, s); len(rows) != 0 {
		t.Errorf("it is still there: %+v", rows)
	}
}
