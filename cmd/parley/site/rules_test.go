package site_test

import (
	"strings"
	"testing"

	"parley/bridge/analysis/offline"
	"parley/cmd/parley/app"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
)

// An admin writes rules without a script, moves and removes them, and reads them as sentences. A rule that is filled in by half says
// what is missing, and keeps what was typed.
// Requirement R-125: Rules that assign.
func TestRulesPage(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme, func(o *site.Options) { o.TryRules = app.TryRulesOnPage(o.Pool, offline.New()) })
	b := s.Walk("ann@acme.test")
	b.Open("/settings/accounts/support-mail/rules")
	b.Shows("There are no rules")

	b.Press("a[href$='/rules/new']")
	b.Has("#f-rules-0-by")
	b.Choose("#f-rules-0-by", "skill")
	b.Choose("#f-rules-0-when-language", "de")
	b.Write("#f-rules-0-when-text", "Rechnung")
	b.Press("form.page button.main")
	b.Has("#f-rules-0-skill-problem")
	b.Holds("#f-rules-0-when-text", "Rechnung")
	b.Holds("#f-rules-0-by", "skill")
	b.Looks("rule-refused")
	b.Write("#f-rules-0-skill", "german")
	b.Press("form.page button.main")
	b.Shows("If the language is German and it says “Rechnung”, the least busy with the skill german")

	b.Press("a[href$='/rules/new']")
	b.Has("#f-rules-1-by")
	b.Choose("#f-rules-1-by", "last_agent")
	b.Press("form.page button.main")
	b.Shows("Who had the customer last")
	b.Press("button[aria-label='Move rule 2 up']")
	b.Shows("1 Who had the customer last")
	b.Choose("#f-fallback", "ben@acme.test")
	b.Press("form.page button.main")
	b.Shows("Saved.")
	b.Write("#f-text", "Hallo, meine Rechnung fehlt mir. Wo ist sie denn geblieben?")
	b.Press("form[action$='/try'] button")
	b.Shows("Ben Osei: the fallback")
	b.Shows("rule 2, the least busy with the skill german: nobody")
	b.Looks("rules")
	want := `    rules:
      - by: last_agent
      - by: skill
        skill: german
        when:
          language: de
          text: Rechnung
    fallback: ben@acme.test
`
	if file := strings.ReplaceAll(exported(t, s), `"`, ""); !strings.Contains(file, want) {
		t.Errorf("the set-up is\n%s\nwant in it\n%s", file, want)
	}

	b.Press("button[aria-label='Remove rule 1']")
	b.Has("tbody tr:only-child")
	b.Press("button[aria-label='Remove rule 1']")
	b.Shows("There are no rules")
}
