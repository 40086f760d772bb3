package app_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"parley/bot/teams/card"
	"parley/bot/view"
	"parley/bot/web"
	"parley/bridge/setup"
	"parley/cmd/parley/app"
	"parley/store"
	"parley/store/storetest"
)

// readDoc reads a file of the repository.
func readDoc(t *testing.T, name string) string {
	t.Helper()
	raw := must(os.ReadFile(filepath.Join(moduleRoot(t), filepath.FromSlash(name))))(t)
	return string(raw)
}

// findAll lists what a pattern's group finds in a text, sorted, once each.
func findAll(text, pattern string) (all []string) {
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// wantSame reports what only one of two lists has.
func wantSame(t *testing.T, what string, code, doc []string) {
	t.Helper()
	if len(code) == 0 {
		t.Fatalf("no %s found in the code", what)
	}
	for _, name := range code {
		if !slices.Contains(doc, name) {
			t.Errorf("%s %s is not documented", what, name)
		}
	}
	for _, name := range doc {
		if !slices.Contains(code, name) {
			t.Errorf("%s %s is documented, but there is none", what, name)
		}
	}
}

// environmentSources are the files that read variables.
func environmentSources(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(moduleRoot(t), "cmd", "parley", "app", "env*.go"))
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	text := readDoc(t, "cmd/parley/app/analyzer.go")
	for _, file := range files {
		text += readDoc(t, "cmd/parley/app/"+filepath.Base(file))
	}
	return text
}

// TestDocsMatchCode keeps the lists of the documentation complete and true.
func TestDocsMatchCode(t *testing.T) {
	t.Parallel()
	operations := readDoc(t, "docs/operations.md")
	wantSame(t, "variable", findAll(environmentSources(t), `\bv\.\w+\("([A-Z0-9_]+)"`), findAll(operations, "(?m)^\\| `([A-Z0-9_]+)` \\|"))
	for _, s := range app.Specs() {
		if s.APIEnv != "" && !strings.Contains(operations, "`"+s.APIEnv+"`") {
			t.Errorf("variable %s is not documented", s.APIEnv)
		}
	}

	commands := findAll(readDoc(t, "cmd/parley/main.go")+readDoc(t, "cmd/parley/withemulators.go"), `(?m)^\s+([A-Z]\w+)\s+\w+Command\s`)
	for i, c := range commands {
		commands[i] = strings.ToLower(regexp.MustCompile(`(.)([A-Z][a-z])`).ReplaceAllString(c, "$1-$2"))
	}
	slices.Sort(commands)
	wantSame(t, "command", commands, findAll(readDoc(t, "README.md"), "(?m)^\\| `parley ([a-z-]+)"))

	_, open, _ := strings.Cut(operations, "Only these paths need to be reachable")
	open, _, _ = strings.Cut(open, "\n")
	for _, path := range web.Paths() {
		if !strings.Contains(open, "`"+strings.TrimSuffix(path, "/")) {
			t.Errorf("docs/operations.md lets no proxy pass on %s", path)
		}
	}

	roles := slices.Sorted(slices.Values(store.Roles()))
	wantSame(t, "role", roles, findAll(readDoc(t, "docs/signing-in.md"), "(?m)^\\| `([a-z_]+)` \\|"))
}

// TestDocsNameFiles finds files that the documentation names and that are not there.
func TestDocsNameFiles(t *testing.T) {
	t.Parallel()
	root := moduleRoot(t)
	names := map[string]bool{}
	check(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), ".git") {
			return fs.SkipDir
		}
		names[filepath.Base(p)] = true
		return err
	}))
	for _, doc := range []string{
		"README.md", "docs/architecture.md", "docs/contributing.md", "docs/invariants.md", "docs/operations.md",
		"docs/install.md", "docs/signing-in.md", "docs/slack.md", "docs/teams.md", "docs/adding-a-channel.md",
		"docs/adding-a-surface.md", "docs/email.md", "docs/settings.md", "docs/http-channel.md", "docs/templates.md",
		"docs/metrics.md",
	} {
		text := readDoc(t, doc)
		for _, name := range findAll(text, "`([A-Za-z0-9_/]+\\.go)`") {
			_, err := os.Stat(filepath.Join(root, name))
			if !names[filepath.Base(name)] || strings.Contains(name, "/") && err != nil {
				t.Errorf("%s names %s, which is not there", doc, name)
			}
		}
		for _, link := range slices.Concat(findAll(text, `\]\(([^)#:]+)[)#]`), findAll(text, `(?:src|srcset)="(docs/[^":]+)"`)) {
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(doc), link)); err != nil {
				t.Errorf("%s links to %s, which is not there", doc, link)
			}
		}
	}
}

// anywhere is a workspace that knows everybody.
type anywhere struct{}

func (anywhere) Resolve(_ context.Context, _, channel string) (string, error) {
	return "C" + strings.ToUpper(strings.Trim(channel, "#")), nil
}

func (anywhere) Find(_ context.Context, _, email string) (store.SurfaceUser, error) {
	user, _, _ := strings.Cut(email, "@")
	return store.SurfaceUser("U" + strings.ToUpper(user)), nil
}

// TestDocsExamples applies the set-up files that the documentation shows, where the printed first link was opened before
// and made the admin of the examples a super-admin.
func TestDocsExamples(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	sealer := must(store.NewSealer(store.NewMasterKey()))(t)
	env := func(name string) (string, bool) {
		return "a-secret-that-is-long", name == "MAIL_PASSWORD" || name == "SHOP_SECRET" || name == "TWILIO_TOKEN"
	}
	first := setup.Change{
		Kind:   setup.EntryAgent,
		Name:   "ann@acme.example",
		Values: map[string][]string{"name": {"Ann"}, "roles": {store.RoleSuperAdmin}},
	}
	must(setup.Save(t.Context(), pool, first, setup.Options{Sealer: sealer, Specs: app.Specs(), Lookup: anywhere{}}))(t)

	for _, doc := range []string{
		"README.md", "docs/email.md", "docs/settings.md", "docs/http-channel.md", "docs/templates.md", "docs/twilio.md",
		"docs/teams.md",
	} {
		examples := findAll(readDoc(t, doc), "(?s)```yaml\n(.*?)```")
		if len(examples) != 1 {
			t.Fatalf("%s shows %d set-up files", doc, len(examples))
		}
		file, err := setup.Parse([]byte(examples[0]), env)
		if err != nil {
			t.Fatalf("%s:\n%v", doc, err)
		}

		result, err := setup.Apply(t.Context(), pool, file, setup.Options{Sealer: sealer, Specs: app.Specs(), Lookup: anywhere{}})
		if err != nil {
			t.Fatalf("%s:\n%v", doc, err)
		}
		if len(result.Changes) == 0 || len(result.Remarks) > 0 {
			t.Errorf("%s:\n%s", doc, result.Text())
		}
	}
}

// Cards tell channels apart by their icons, which every surface has: only the two ways to WhatsApp
// share one.
// Requirement R-002: A channel's icon on every card and row.
func TestChannelIcons(t *testing.T) {
	t.Parallel()
	by := map[string]string{}
	for _, s := range app.Specs() {
		name := strings.TrimSuffix(s.Name, " by Twilio")
		if other := by[s.Icon]; other != "" && other != name || s.Icon == "grey_question" {
			t.Errorf("%s has the icon of %s: %s", s.Name, other, s.Icon)
		}
		by[s.Icon] = name
		shown := card.Plain(view.Card{Blocks: []view.Block{{Pieces: []view.Piece{{Kind: view.PieceIcon, Text: s.Icon}}}}})
		if shown == "" || strings.Contains(shown, s.Icon) {
			t.Errorf("%s: %q is shown as %q", s.Name, s.Icon, shown)
		}
	}
}
