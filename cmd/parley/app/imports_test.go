package app_test

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ban forbids packages to import others. Patterns are paths inside the module, as
// path.Match reads them; a final "/..." means the package and all below it.
type ban struct {
	from   []string
	to     []string
	except []string // targets that are allowed all the same
	why    string
}

// bans are the import directions: cmd → bot → bridge → {channels, routing, store}.
func bans() []ban {
	return []ban{
		{from: []string{"channels/..."}, to: []string{"cmd/...", "bot/...", "bridge/...", "routing/...", "store/..."},
			why: "a channel parses, renders and calls one vendor; what that means is decided in bridge, and kept by store"},
		{from: []string{"channels"}, to: []string{"channels/..."},
			why: "what all channels share must not know one of them"},
		{from: []string{"channels/email/message"}, to: []string{"channels/email", "channels/email/mailbox", "channels/wire"},
			why: "what a mail says depends on its bytes alone: it can be read again at any time, without the mailbox it came from"},
		{from: []string{"routing/..."}, to: []string{"cmd/...", "bot/...", "bridge/...", "channels/...", "store/..."},
			why: "routing gets facts and returns decisions: it looks nothing up"},
		{from: []string{"store/..."}, to: []string{"cmd/...", "bot/...", "bridge/...", "channels/...", "routing/..."},
			why: "nouns and their SQL decide nothing and speak to nobody"},
		{from: []string{"store"}, to: []string{"store/..."}, except: []string{"store/internal/..."},
			why: "what stands below store is made of its nouns"},
		{from: []string{"bridge/..."}, to: []string{"cmd/...", "bot/..."},
			why: "bridge says what surfaces must do (Surface, Post, Action); surfaces come to it"},
		{from: []string{"bridge/..."}, to: []string{"channels/*/..."},
			except: []string{"channels/emulator/...", "channels/markdown", "channels/wire"},
			why: "the engine asks for capabilities, never for a kind of channel; " +
				"it shares the form of texts, waits as they do, and its stand-in for a chat counts faults as emulators do"},
		{from: []string{"bridge"}, to: []string{"bridge/..."}, except: []string{"bridge/analysis"},
			why: "what surfaces and the engine say to each other is known to both, and knows neither"},
		{from: []string{"bridge/analysis/..."}, to: []string{"cmd/...", "bot/...", "bridge/...", "routing/...", "store/..."},
			except: []string{"bridge/analysis/..."},
			why:    "an analysis gets texts and returns what it found: it looks nothing up and does nothing"},
		{from: []string{"bridge/analysis"}, to: []string{"..."}, why: "what an analysis is asked and may answer is words that all share"},
		{from: []string{"bridge/bridgetest/..."}, to: []string{"bridge/engine/...", "bridge/relay/..."},
			why: "surfaces are tested beside what stands in for the engine"},
		{from: []string{"bridge/relay/..."}, to: []string{"bridge/..."}, except: []string{"bridge/relay/..."},
			why: "the mechanics of order and delivery know no verb; a Handler does"},
		{from: []string{"bot/..."}, to: []string{"cmd/...", "store/...", "routing/...", "channels/*/...", "bridge/relay/..."},
			except: []string{"channels/emulator/...", "channels/markdown", "channels/wire"},
			why: "a surface verifies, parses and renders; " +
				"it reaches everything else through bridge, but for HTTP clients that obey a deadline, the form that both sides' texts have, " +
				"waiting, and its emulator's faults"},
		{from: []string{"bot/shape/...", "bot/verb/...", "bot/view/..."},
			to: []string{"channels/...", "bot/slack/...", "bot/teams/...", "bot/web/..."}, except: []string{"channels/markdown"},
			why: "words and shapes are the same on every surface and know no vendor"},
		{from: []string{"bot/forms/...", "bot/upload/..."}, to: []string{"bot/slack/...", "bot/teams/..."},
			why: "what every surface needs is the same for all of them"},
		{from: []string{"bot/slack/blockkit", "bot/teams/card"},
			to:  []string{"bot/slack", "bot/teams", "bot/forms/...", "channels/wire"},
			why: "what people see is pure: the same post looks the same tomorrow, on every replica"},
		{from: []string{"bot/verb/..."}, to: []string{"bot/view/..."},
			why: "what is typed is read, and a verb brings its own form, without knowing in which posts"},
		{from: []string{"cmd/parley/app/..."},
			to:  []string{"cmd/parley/demo/...", "cmd/parley/torture/...", "cmd/parley/bench/...", "cmd/parley/lab/..."},
			why: "what serves in production must not carry demo and torture"},
		{from: []string{"bridge/setup/..."}, to: []string{"bot/...", "channels/*/...", "cmd/parley/app/..."},
			why: "the set-up file knows channels by their Spec alone"},
	}
}

// emulators are everything that stands in for the world or serves tests.
func emulators() []string {
	return []string{
		"*/*fake/...", "*/*/*fake/...", "*/*/*/*fake/...", "*/*test/...", "bridge/bridgetest/...", "channels/emulator/...",
		"channels/golden/...",
	}
}

// withEmulators are the packages outside tests that may start emulators.
func withEmulators() []string {
	return []string{
		"cmd/parley/demo/...", "cmd/parley/torture/...", "cmd/parley/bench/...", "cmd/parley/lab/...",
		"cmd/parley/site/sitetest", "cmd/parley",
	}
}

// pkg is what the go command says about a package of ours.
type pkg struct {
	ImportPath                         string
	Module                             struct{ Path string }
	Imports, TestImports, XTestImports []string
}

// TestImports checks the import directions of all packages, on this system.
func TestImports(t *testing.T) {
	t.Parallel()
	root := moduleRoot(t)
	noticeChanges(t, root)
	packages := listPackages(t, root)
	if len(packages) < 10 {
		t.Fatalf("only %d packages found", len(packages))
	}

	for _, p := range packages {
		from := inside(p)
		for _, to := range ours(p, p.Imports) {
			for _, b := range bans() {
				if b.forbids(from, to) {
					t.Errorf("%s imports %s: %s", from, to, b.why)
				}
			}
			if isSibling(from, to) {
				t.Errorf("%s imports %s: plug-ins do not know each other, so that one can be read, changed and removed alone", from, to)
			}
			if matchAny(emulators(), to) && !matchAny(withEmulators(), from) && !matchAny(emulators(), from) {
				t.Errorf("%s imports %s: emulators and test helpers stay out of what serves", from, to)
			}
			if match("bridge/engine/...", to) && !matchAny([]string{"bridge/engine/...", "cmd/parley/app"}, from) {
				t.Errorf("%s imports %s: who speaks with the engine uses the words of bridge; only the wiring makes one", from, to)
			}
			if match("store/pgserver", to) && !matchAny([]string{"cmd/...", "store/storetest"}, from) {
				t.Errorf("%s imports %s: who needs a database is given one", from, to)
			}
		}

		for _, to := range ours(p, slices.Concat(p.TestImports, p.XTestImports)) {
			if match("cmd/...", to) && !match("cmd/...", from) {
				t.Errorf("tests of %s import %s: tests of a part don't start the whole", from, to)
			}
			if match("bridge/engine/...", to) && !matchAny([]string{"bridge/...", "cmd/..."}, from) {
				t.Errorf("tests of %s import %s: surfaces and channels are tested without the engine", from, to)
			}
			if isSibling(from, to) {
				t.Errorf("tests of %s import %s: plug-ins do not know each other", from, to)
			}
		}
	}
}

func (b ban) forbids(from, to string) bool {
	return matchAny(b.from, from) && matchAny(b.to, to) && !matchAny(b.except, to)
}

// isSibling reports whether two packages belong to two channels, or to two surfaces.
func isSibling(from, to string) bool {
	a, b := strings.Split(from, "/"), strings.Split(to, "/")
	if len(a) < 2 || len(b) < 2 || a[0] != b[0] || a[1] == b[1] {
		return false
	}
	shared := func(s string) bool {
		return slices.Contains([]string{
			"forms", "golden", "graph", "emulator", "markdown", "shape", "upload", "verb", "view", "wire",
		}, s) ||
			strings.HasSuffix(s, "test") || strings.HasSuffix(s, "fake")
	}
	return (a[0] == "channels" || a[0] == "bot") && !shared(a[1]) && !shared(b[1])
}

func matchAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(p, name) })
}

// match compares folder by folder; a final "..." takes whatever follows.
func match(pattern, name string) bool {
	ps, ns := strings.Split(pattern, "/"), strings.Split(name, "/")
	for i, p := range ps {
		if p == "..." {
			return true
		}
		if i >= len(ns) {
			return false
		}
		if ok, err := path.Match(p, ns[i]); err != nil || !ok {
			return false
		}
	}
	return len(ps) == len(ns)
}

func inside(p pkg) string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, p.Module.Path), "/")
}

// ours returns the module's own packages among imports, once each.
func ours(p pkg, imports []string) (all []string) {
	for _, i := range imports {
		if rest, ok := strings.CutPrefix(i, p.Module.Path+"/"); ok {
			all = append(all, rest)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	out := must(exec.CommandContext(t.Context(), "go", "env", "GOMOD").Output())(t)
	return filepath.Dir(strings.TrimSpace(string(out)))
}

// noticeChanges reads all source folders, so that a cached result of this test does
// not outlive a change: the cache knows what the test read, not what go list did.
func noticeChanges(t *testing.T, root string) {
	t.Helper()
	for _, top := range []string{"bot", "bridge", "channels", "cmd", "routing", "store"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(_ string, _ fs.DirEntry, err error) error { return err })
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

func listPackages(t *testing.T, root string) (all []pkg) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Module,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = root
	out := must(cmd.Output())(t)
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
