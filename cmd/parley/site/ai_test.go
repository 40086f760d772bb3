package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/bridge/analysis/offline"
	"parley/bridge/setup"
	"parley/cmd/parley/app"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store"
)

// An admin tries the analysis with a text, names what suggested replies may draw on, and chooses what the analysis
// does.
func TestAIPage(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme, func(o *site.Options) { o.Analyzer = offline.New() })
	b := s.Walk("ann@acme.test")
	b.Open("/settings/ai")
	const text = "I was charged twice and nobody answers for weeks! My order 4711. <b>Refund</b> me today."
	b.Write("#f-text", text)
	b.Press("form[action$='/try'] button")
	b.Shows("What the note would say")
	b.Shows("4711")
	b.Shows("Read by")
	b.Holds("#f-text", text)
	b.Looks("ai-tried")

	b.Write("#f-knowledge", "srv/knowledge\nhttps://user:pw@example.com/help/\nhttps://example.com/help/")
	b.Press("form[action$='/knowledge'] button")
	b.Has("#f-knowledge-problem")
	b.Shows(`"srv/knowledge" is no absolute path`)
	b.Shows("user:pw")
	b.Looks("ai-refused")

	b.Write("#f-knowledge", "/srv/knowledge\nhttps://example.com/help/")
	b.Press("form[action$='/knowledge'] button")
	b.Shows("is read soon")

	places, err := store.KnowledgePlaces(t.Context(), s.Pool)
	if err != nil || len(places) != 2 {
		t.Errorf("places: %+v %v", places, err)
	}

	b.Choose("#f-settings-ai_tags", "apply")
	b.Write("#f-settings-ai_audit", "ever")
	b.Press("form[action='/settings/ai'] button")
	b.Has("#f-settings-ai_audit-problem")
	b.Holds("#f-settings-ai_tags", "apply")

	b.Write("#f-settings-ai_audit", "7")
	const insecure = "invoice\norder: SO-\\d{6} -> http://shop.example/{number}"
	b.Write("#f-settings-ai_references", insecure)
	b.Press("form[action='/settings/ai'] button")
	b.Has("#f-settings-ai_references-problem")
	b.Shows("Line 2")
	b.Holds("#f-settings-ai_references", insecure)
	b.Looks("ai-references-refused")

	b.Write("#f-settings-ai_references", "invoice\norder: SO-\\d{6} -> https://shop.example/{number}")
	b.Press("form[action='/settings/ai'] button")
	b.Shows("Saved.")
	if got := string(directoryOf(t, s).Settings); !strings.Contains(got, `"ai_tags": "apply"`) || !strings.Contains(got, `"ai_audit": "7"`) {
		t.Errorf("stored: %s", got)
	}

	b.Write("#f-text", "Where is SO-123456?")
	b.Press("form[action$='/try'] button")
	b.Shows("SO-123456")
}

// Only a super-admin may name a folder of the server, because each text in it may come up in a suggested reply. An
// admin names web sites, and keeps or takes out the folders that are there. A token of an admin can't do more.
// Requirement R-211: Roles.
func TestFoldersAreForSuperAdmins(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, ranks())
	ann, cy := s.Visitor("ann@acme.test"), s.Visitor("cy@acme.test")
	name := func(v *sitetest.Visitor, places string) sitetest.Answer {
		t.Helper()
		form := formAt(v.Get("/settings/ai"), "/settings/ai/knowledge")
		if form == nil {
			t.Fatal("there is no form of knowledge")
		}
		return v.Post(form.Action, with(form.Values, url.Values{"knowledge": {places}}))
	}

	stands := func(what string, want int, inside ...bool) {
		t.Helper()
		places, err := store.KnowledgePlaces(t.Context(), s.Pool)
		if err != nil || len(places) != want {
			t.Errorf("%s: %+v %v, want %d", what, places, err, want)
		}
		for i, may := range inside {
			if places[i].Inside != may {
				t.Errorf("%s: %s may be inside of the network: %v", what, places[i].Place, places[i].Inside)
			}
		}
	}

	a := name(cy, "/etc")
	if a.Status != http.StatusUnprocessableEntity || !a.Has("Only super-admins let Parley read a folder of its server: /etc.") {
		t.Errorf("an admin names a folder: %d %s", a.Status, a.Body)
	}
	stands("a folder of an admin", 0)
	name(cy, "https://example.com/help/")
	stands("a site of an admin", 1, false)
	name(ann, "/srv/knowledge\nhttps://example.com/help/")
	stands("a folder of a super-admin", 2, true, false)
	name(cy, "/srv/knowledge")
	stands("an admin keeps it", 1, true)
	name(cy, "/srv/knowledge/../../etc")
	stands("an admin moves it", 1)

	person := must(store.FindPersonByEmail(t.Context(), s.Pool, "cy@acme.test"))(t)
	file := must(setup.Parse([]byte("knowledge:\n  - folder: /srv/knowledge\n  - folder: /etc\n"),
		func(string) (string, bool) { return "", false }))(t)
	o := setup.Options{
		Sealer: sitetest.Sealer(t),
		Specs:  app.Specs(),
		Author: setup.Author{Agent: &person.ID, Name: "a token of Cy"},
	}
	if _, err := setup.Apply(t.Context(), s.Pool, file, o); err == nil {
		t.Error("a token of an admin names a folder")
	}
	stands("at last", 1)
}
