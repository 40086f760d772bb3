package site_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"parley/cmd/parley/site/sitetest"
	"parley/routing"
	"parley/store"
)

// An admin writes what an account answers by itself, with a text in German and one for some days; what isn't possible is said, and the
// texts are still there.
// Requirement R-013: Each account is set up on its own.
func TestRepliesPage(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	b := s.Walk("ann@acme.test")
	b.Open("/settings/accounts/support-mail/replies")
	b.Press("a[href$='/automatic']")
	b.Has("#f-auto_reply-closed-text")
	b.Looks("replies-none")

	b.Write("#f-auto_reply-closed-text", "We open {{hours}}.")
	b.Choose("#f-auto_reply-closed-languages-0-code", "de")
	b.Choose("#f-auto_reply-closed-languages-0-words", "Wir öffnen {{opens}}.")
	b.Choose("#f-auto_reply-dates-0-from", "2026-12-24")
	b.Choose("#f-auto_reply-dates-0-to", "2027-01-02")
	b.Write("#f-auto_reply-dates-0-text", "We are back on 2 January.")
	b.Press("form.page button")
	b.Has("#f-auto_reply-closed-text-problem")
	b.Looks("replies-refused")

	b.Write("#f-auto_reply-closed-text", "We open {{opens}}.")
	b.Press("form.page button")
	b.Shows("Saved.")
	b.Looks("replies")
	list := directoryOf(t, s).Accounts
	i := slices.IndexFunc(list, func(a store.Account) bool { return a.Name == "support-mail" })
	var plan routing.Plan
	if err := json.Unmarshal(list[i].Routing, &plan); err != nil {
		t.Fatal(err)
	}
	want := routing.Replies{
		Closed: routing.Text{Text: "We open {{opens}}.", Languages: map[string]string{"de": "Wir öffnen {{opens}}."}},
		Dates:  []routing.DatedText{{From: "2026-12-24", To: "2027-01-02", Text: routing.Text{Text: "We are back on 2 January."}}},
	}
	if !reflect.DeepEqual(plan.Replies, want) {
		t.Errorf("got  %+v\nwant %+v", plan.Replies, want)
	}
}
