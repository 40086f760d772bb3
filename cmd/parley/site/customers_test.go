package site_test

import (
	"net/url"
	"testing"

	"parley/cmd/parley/site/sitetest"
	"parley/store/storetest"
)

// An admin adds a customer, finds it, notes something, imports a file that is checked first, and takes the import back.
// Requirement R-195: Notes on a profile.
// Requirement R-197: The record from the conversation.
// Requirement R-198: Records with fields.
func TestCustomersPage(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme, withInbox(t))
	b := s.Walk("ann@acme.test")
	b.Open("/settings/customers")
	b.Shows("There are no records yet.")
	b.Press("a[href$='/new']")
	b.Write("#name", "Berlin Lamps")
	b.Write("#addresses", "@lamps.example; Eve <eve@lamps.example>")
	b.Write("#salesman", "ben")
	b.Press("form.page button.main")
	b.Shows("“ben” is no e-mail address of an agent")
	b.Write("#salesman", "ben@acme.test")
	b.Write("#fields", "town: Berlin")
	b.Press("form.page button.main")
	b.Shows("Saved.")
	b.Write("#note", "pays by invoice")
	b.Press("form[action$='/note'] button")
	b.Shows("pays by invoice")
	b.Looks("customer")
	b.Open("/settings/customers?words=berl+lam")
	b.Shows("eve@lamps.example")
	b.Looks("customers")

	ann := s.Visitor("ann@acme.test")
	upload := func(do, content string) sitetest.Answer {
		return ann.Upload("/settings/customers-file", url.Values{"do": {do}}, sitetest.File{Name: "c.csv", Type: "text/csv", Content: []byte(content)})
	}
	broken := upload("check", "address,name\nkim@shop.example,Kim\n,Ben\n")
	if !broken.Has("there is no address") || !broken.Has("Nothing was imported.") {
		t.Errorf("what is wrong isn't told: %s", broken.Body)
	}
	if !upload("import", "address,name\nkim@shop.example,Kim\n").Has("Customers imported: 1") {
		t.Error("the file isn't imported")
	}
	if file := ann.Get("/settings/customers.csv"); !file.Has("kim@shop.example,Kim,") || !file.Has("'@lamps.example; Eve <eve@lamps.example>,Berlin Lamps,ben@acme.test,,,,Berlin") {
		t.Errorf("exported: %s", file.Body)
	}
	b.Open("/settings/customers-file")
	b.Looks("customers-file")
	b.Press("form[action$='/undo'] button")
	b.Shows("is taken back")
	if got := storetest.Row(t, s.Pool, `SELECT count(*) FROM customer_records`); got != "(1)" {
		t.Errorf("records after the import was taken back: %s", got)
	}
}
