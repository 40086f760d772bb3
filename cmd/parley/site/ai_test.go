package site_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store/knowledge"
)

// An admin tries a text, names what may be drawn on, and chooses what the analysis does.
func TestAIPage(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme, func(o *site.Options) { o.Analyzer = offline.New() })
	b := s.Browser("ann@acme.test")
	b.Open("/settings/ai")
	b.Write("#f-text", "I was charged twice and nobody answers for weeks! My order is #4711. <b>Refund</b> me today.")
	b.Press("form[action$='/try'] button")
	b.Shows("What the note would say")
	b.Shows("4711")
	b.Shows("Read by")
	b.Until("the text stays", "document.querySelector('#f-text').value.includes('<b>Refund</b>')")
	b.Looks("ai-tried")
	b.Write("#f-knowledge", "srv/knowledge\nhttps://user:pw@example.com/help/\nhttps://example.com/help/")
	b.Press("form[action$='/knowledge'] button")
	b.Until("both are said", "document.querySelector('#f-knowledge-problem').innerText.includes('“srv/knowledge”') && document.querySelector('#f-knowledge-problem').innerText.includes('user:pw')")
	b.Looks("ai-refused")
	b.Write("#f-knowledge", "/srv/knowledge\nhttps://example.com/help/")
	b.Press("form[action$='/knowledge'] button")
	b.Shows("is read soon")
	places, err := knowledge.Places(t.Context(), s.Pool)
	if err != nil || len(places) != 2 {
		t.Errorf("places: %+v %v", places, err)
	}
	b.Value("document.querySelector('#f-settings-ai_tags').value = 'apply'")
	b.Write("#f-settings-ai_audit", "ever")
	b.Press("form[action='/settings/ai'] button")
	b.Until("what is wrong stands there, and the choice stays", "document.querySelector('#f-settings-ai_audit-problem') && document.querySelector('#f-settings-ai_tags').value === 'apply'")
	b.Write("#f-settings-ai_audit", "7")
	b.Write("#f-settings-ai_references", "invoice\norder: SO-\\d{6} -> http://shop.example/{number}")
	b.Press("form[action='/settings/ai'] button")
	b.Until("it names the line, and the text stays", "document.querySelector('#f-settings-ai_references-problem').innerText.toLowerCase().includes('line 2') && document.querySelector('#f-settings-ai_references').value.includes('SO-')")
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

// failing is an Analyzer whose model is away.
type failing struct{}

func (failing) Analyze(context.Context, analysis.Question) (analysis.Answer, error) {
	return analysis.Answer{}, errors.New("the model is away")
}

// What can't be tried is said; other settings can't be changed here; an old page changes nothing.
func TestAIPageRefuses(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme, func(o *site.Options) { o.Analyzer = failing{} })
	ann := s.Visitor("ann@acme.test")
	for text, want := range map[string]string{"": "Write something", strings.Repeat("x", 5001): "more than 5000", "Hello": "the model is away"} {
		if a := ann.Post("/settings/ai/try", url.Values{"text": {text}}); a.Status != http.StatusUnprocessableEntity || !a.Has(want) {
			t.Errorf("%.20q: %d", text, a.Status)
		}
	}
	version := ann.Get("/settings/ai").Body
	_, version, _ = strings.Cut(version, `action="/settings/ai" `)
	version = sitetest.Answer{Body: version}.Version()
	form := url.Values{"version": {version}, "settings.ai": {"off"}, "settings.receipts": {"sent"}, "company": {"Evil"}}
	if a := ann.Post("/settings/ai", form); a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	d := directoryOf(t, s)
	if got := string(d.Settings); d.Company != "Acme" || !strings.Contains(got, `"ai": "off"`) || strings.Contains(got, "receipts") {
		t.Errorf("stored: %s %s", d.Company, got)
	}
	if a := ann.Post("/settings/ai", form); a.Status != http.StatusUnprocessableEntity || !a.Has("Somebody else changed") {
		t.Errorf("an old page: %d", a.Status)
	}
	if a := ann.Post("/settings/company", url.Values{"version": {ann.Get("/settings/company").Version()}, "company": {"Acme"}, "settings.ai": {"off"}}); a.Status != http.StatusSeeOther || !ann.Get("/settings/company").Has("Nothing was changed") {
		t.Errorf("a page that is sent as it was shown: %d", a.Status)
	}
	if a := ann.Post("/settings/ai/knowledge", url.Values{"version": {"0"}, "knowledge": {"/srv/x"}}); a.Status != http.StatusUnprocessableEntity || !a.Has("/srv/x") {
		t.Errorf("an old list: %d", a.Status)
	}
}
