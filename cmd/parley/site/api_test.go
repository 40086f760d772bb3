package site_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"parley/cmd/parley/site/sitetest"
)

// curlExample is a line of docs/api.md. Its groups are: whether it changes the set-up, the path, and what that ends in.
var curlExample = regexp.MustCompile(`^curl( -X PUT)? -H "Authorization: Bearer \$TOKEN"(?: --data-binary @parley.yaml)? ` +
	`"\$PARLEY(/api/v1/([a-z.]+)[^"]*)"$`)

// minExamples is how many examples the page has at least.
const minExamples = 5

// The examples of docs/api.md do what the page says.
func TestAPIExamples(t *testing.T) {
	t.Parallel()
	page := must(os.ReadFile("../../../docs/api.md"))(t)
	s := startRanks(t)
	asItIs := newProgram(s, newTokenOf(t, s, setupScope)).get("/api/v1/setup").Body
	renamed := strings.Replace(asItIs, "company: Acme", "company: Acme & Sons", 1)

	ran := 0
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "curl") {
			continue
		}
		example := curlExample.FindStringSubmatch(line)
		if example == nil {
			t.Errorf("curlExample can't read the line %q", line)
			continue
		}
		ran++
		changes, path, ending := example[1] != "", example[2], example[3]
		if changes {
			checkApplyExample(t, s, line, path, renamed)
		} else {
			checkReadExample(t, s, line, path, ending)
		}
	}

	if ran < minExamples {
		t.Errorf("docs/api.md has %d examples, want at least %d", ran, minExamples)
	}
	wantShown(t, "the log", s.Visitor("ann@acme.test").Get("/settings/log.csv"), "by the API token for apply:\n~ company")
}

// checkReadExample asks for what an example reads.
func checkReadExample(t *testing.T, s *sitetest.Site, line, path, ending string) {
	t.Helper()
	var scope, beginning string
	switch ending {
	case "figures.csv":
		scope, beginning = figuresScope, "by,name,new,"
	case "log.csv":
		scope, beginning = logScope, "at,by,what,"
	case "setup":
		scope, beginning = setupScope, "company: Acme"
	}
	a := newProgram(s, newTokenOf(t, s, scope)).get(path)
	wantStatus(t, line, a, http.StatusOK)
	wantShown(t, line, a, beginning)
}

// checkApplyExample applies a set-up in which the company has another name, unless the example is a dry run.
func checkApplyExample(t *testing.T, s *sitetest.Site, line, path, yaml string) {
	t.Helper()
	a := newProgram(s, newTokenOf(t, s, applyScope)).send(http.MethodPut, path, yaml)
	wantStatus(t, line, a, http.StatusOK)
	wantShown(t, line, a, "company")
	isDryRun := strings.Contains(path, "dry_run")
	if applied := strings.Contains(exported(t, s), "Acme & Sons"); applied == isDryRun {
		t.Errorf("%s: the company was renamed: %t, want %t", line, applied, !isDryRun)
	}
}

// The set-up that a program reads has no secret, and changes nothing when it is applied.
// Requirement R-221: Pages for admins.
func TestSetupIsReadAndApplied(t *testing.T) {
	t.Parallel()
	s := startRanks(t)
	file := newProgram(s, newTokenOf(t, s, setupScope)).get("/api/v1/setup")
	wantHidden(t, "the set-up", file, append(sitetest.Secrets(), "password", "${")...)

	applied := newProgram(s, newTokenOf(t, s, applyScope)).putSetup("", file.Body)
	wantStatus(t, "applying it", applied, http.StatusOK)
	wantShown(t, "applying it", applied, "nothing to change")
}
