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
		{from: []string{"channels"}, to: []string{"channels/..."}, except: []string{"channels/walanguage"},
			why: "what all channels share must not know one of them"},
		{from: []string{
			"channels/email/rawmail", "channels/email/bodytext", "channels/email/mailid", "channels/email/smtpcode",
			"channels/email/inbound",
		},
			to: []string{
				"channels/email", "channels/email/settings", "channels/email/wire", "channels/email/outbound",
				"channels/email/mailbox", "channels/email/submission",
			},
			why: "what a mail says depends on its bytes alone: it can be read again at any time, without the mailbox it came from"},
		{from: []string{"channels/email/inbound", "channels/email/outbound", "channels/email/bodytext", "channels/email/rawmail",
			"channels/email/mailid", "channels/email/smtpcode", "channels/email/settings"},
			to:  []string{"channels/fence/...", "channels/pause"},
			why: "reading and writing a mail, and its settings, are pure: they call nobody and wait for nothing"},
		{from: []string{"channels/email/outbound"},
			to:  []string{"channels/email/wire", "channels/email/mailbox", "channels/email/submission", "channels/email/inbound"},
			why: "writing a mail needs no connection"},
		{from: []string{"channels/email/mailbox", "channels/email/submission"},
			to:  []string{"channels/email/mailbox", "channels/email/submission"},
			why: "IMAP and SMTP share what is in wire; what one does after the other is the channel's"},
		{from: []string{"routing/..."}, to: []string{"cmd/...", "bot/...", "bridge/...", "channels/...", "store/..."},
			why: "routing gets facts and returns decisions: it looks nothing up"},
		{from: []string{"store/..."}, to: []string{"cmd/...", "bot/...", "bridge/...", "channels/...", "routing/..."},
			why: "nouns and their SQL decide nothing and speak to nobody"},
		{from: []string{
			"store", "store/ai", "store/blob", "store/dispatch", "store/measure", "store/retention", "store/schema",
			"store/stats", "store/suggested", "store/suggestion",
			"store/knowledge", "store/request", "store/site", "store/erase", "store/inbox", "store/outage", "store/grant",
			"store/credential", "store/roster", "store/tag", "store/logbook", "store/stuck", "store/channelmove", "store/restore",
			"store/apitoken", "store/replying", "store/words", "store/trouble",
		}, to: []string{"store/..."}, except: []string{"store", "store/internal/...", "store/trouble"},
			why: "the packages below store are made of its nouns, and none needs another: each can be read alone; " +
				"only what mends an account ends its trouble in the same commit"},
		{from: []string{"bridge/..."}, to: []string{"cmd/...", "bot/..."},
			why: "bridge says what surfaces must do (Surface, Post, Action); surfaces come to it"},
		{from: []string{"bridge/..."}, to: []string{"channels/*/..."},
			except: []string{"channels/emulator/...", "channels/markdown", "channels/pause"},
			why: "the engine asks for capabilities, never for a kind of channel; " +
				"it shares the form of texts, waits as they do, and its stand-in for a chat counts faults as emulators do"},
		{from: []string{"bridge"}, to: []string{"bridge/..."}, except: []string{"bridge", "bridge/analysis"},
			why: "what surfaces and the engine say to each other is known to both, and knows neither"},
		{from: []string{"bridge/analysis/..."}, to: []string{"cmd/...", "bot/...", "bridge/...", "routing/...", "store/..."},
			except: []string{"bridge/analysis/..."},
			why:    "an analysis gets texts and returns what it found: it looks nothing up and does nothing"},
		{from: []string{"bridge/analysis"}, to: []string{"..."}, why: "what an analysis is asked and may answer is words that all share"},
		{from: []string{"bridge/bridgetest/..."}, to: []string{"bridge/engine/...", "bridge/relay/..."},
			why: "surfaces are tested beside what stands in for the engine"},
		{from: []string{"bridge/relay/..."}, to: []string{"bridge/..."}, except: []string{"bridge/relay/..."},
			why: "the mechanics of order and delivery know no verb; a Handler does"},
		{from: []string{"bridge/when/..."}, to: []string{"..."}, except: []string{"bridge/spelling"},
			why: "reading times in people's words needs nothing of ours but what was meant by a mistyped one"},
		{from: []string{"bridge/spelling"}, to: []string{"..."}, why: "it counts letters"},
		{from: []string{"bot/..."}, to: []string{"cmd/...", "store/...", "routing/...", "channels/*/...", "bridge/relay/..."},
			except: []string{"channels/fence/...", "channels/emulator/...", "channels/markdown", "channels/pause"},
			why: "a surface verifies, parses and renders; " +
				"it reaches everything else through bridge, but for HTTP clients that obey a deadline, the form that both sides' texts have, " +
				"waiting, and its emulator's faults"},
		{
			from: []string{
				"bot/background/...", "bot/command/...", "bot/forms/...", "bot/picture/...", "bot/recent/...", "bot/shape/...",
				"bot/typed/...", "bot/verb/...", "bot/view/...",
			},
			to: []string{"channels/...", "bot/slack/...", "bot/teams/...", "bot/web/..."}, except: []string{"channels/markdown"},
			why: "words and shapes are the same on every surface and know no vendor"},
		{from: []string{"bot/sweep/..."}, to: []string{"channels/*/...", "bot/slack/...", "bot/teams/..."},
			why: "what a chat missed becomes facts like any other; where they were read is the chat's own"},
		{from: []string{"bot/upload/..."}, to: []string{"bot/slack/...", "bot/teams/..."},
			why: "a page of ours is the same for every surface that leads to it"},
		{from: []string{"bot/slack/blockkit", "bot/slack/fact", "bot/slack/manifest", "bot/teams/card", "bot/teams/fact", "bot/teams/manifest"},
			to: []string{
				"bot/slack", "bot/teams", "bot/sweep/...", "bot/teams/auth", "bot/teams/graph", "bot/teams/inbound",
				"bot/teams/rest", "channels/fence/...", "channels/pause",
			},
			why: "what people see, what comes back of it and the stored form of a fact are pure: " +
				"the same bytes say the same tomorrow, on every replica"},
		{from: []string{"bot/teams/organisation"},
			to:  []string{"bot/teams", "bot/sweep/...", "bot/teams/auth", "bot/teams/inbound", "bot/teams/manifest"},
			why: "what is known of an organisation serves all that is done in it, and decides none of that"},
		{from: []string{"bot/teams/teamsfake/tenant"}, to: []string{"bot/teams/..."}, except: []string{"bot/teams/teamsfake/client"},
			why: "the state of the emulated Teams knows nobody who acts on it"},
		{from: []string{"bot/teams/teamsfake/calls", "bot/teams/teamsfake/entra", "bot/teams/teamsfake/connector", "bot/teams/teamsfake/graph"},
			to:  []string{"bot/teams/teamsfake/people", "bot/teams/teamsfake/admin", "bot/teams/teamsfake/announce", "bot/teams/teamsfake/delivery"},
			why: "what the bot asks of Microsoft is answered from the state alone; what people and admins do comes to the bot another way"},
		{from: []string{"bot/command/...", "bot/verb/..."}, to: []string{"bot/view/..."},
			why: "what is typed is read, and a verb brings its own form, without knowing in which posts"},
		{from: []string{"bot/verb/..."}, to: []string{"bot/command/..."},
			why: "the grammar knows the verbs; a verb does not know how it was found in a text"},
		{from: []string{"cmd/parley/app/..."},
			to:  []string{"cmd/parley/demo/...", "cmd/parley/torture/...", "cmd/parley/bench/...", "cmd/parley/lab/..."},
			why: "what serves in production must not carry demo and torture"},
		{from: []string{"cmd/parley/torture/checker/...", "cmd/parley/demo/checker"}, to: []string{"..."},
			why: "a checker is told what was done and observed, and looks at nothing"},
		{from: []string{
			"cmd/parley/demo/company", "cmd/parley/demo/phone", "cmd/parley/demo/proxy", "cmd/parley/demo/engine",
			"cmd/parley/demo/plaintext",
		},
			to: []string{"cmd/parley/demo/..."}, except: []string{"cmd/parley/demo/phone", "cmd/parley/demo/proxy", "cmd/parley/demo/checker"},
			why: "emulators, people, wires and processes of the demo know neither its page nor its observer"},
		{from: []string{"cmd/parley/demo/observer"}, to: []string{"cmd/parley/demo", "cmd/parley/demo/engine", "cmd/parley/app/..."},
			why: "the observer stands outside Parley and sees what people see"},
		{from: []string{"cmd/parley/bench/figure", "cmd/parley/bench/rig/...", "cmd/parley/bench/load"},
			to: []string{"cmd/parley/bench/..."}, except: []string{"cmd/parley/bench/figure", "cmd/parley/bench/rig"},
			why: "what measurements stand on knows none of them"},
		{from: []string{
			"cmd/parley/bench/accept", "cmd/parley/bench/talk", "cmd/parley/bench/lanes", "cmd/parley/bench/shop",
			"cmd/parley/bench/mail",
		},
			to: []string{"cmd/parley/bench/..."}, except: []string{"cmd/parley/bench/figure", "cmd/parley/bench/rig/...", "cmd/parley/bench/load"},
			why: "each group of figures can be read alone"},
		{from: []string{"cmd/parley/torture/emulators/...", "cmd/parley/torture/records/..."}, to: []string{"cmd/parley/torture/..."},
			except: []string{"cmd/parley/torture/checker"},
			why:    "what Parley speaks to, and its database, know markers and what the checker is told, and not who uses them"},
		{from: []string{"cmd/parley/torture/oracle"}, to: []string{"cmd/parley/torture/...", "store/..."},
			except: []string{"cmd/parley/torture/checker", "cmd/parley/torture/emulators"}, why: "the oracle knows only what people see"},
		{from: []string{"bot/slack/postanswer"}, to: []string{"..."},
			why: "it reads JSON for speed, and needs nothing of ours"},
		{from: []string{"bridge/setup/..."}, to: []string{"bot/...", "channels/*/...", "cmd/parley/app/..."},
			why: "the set-up file knows channels by their Spec alone"},
		{from: []string{"bridge/setup/document"}, to: []string{"..."},
			why: "keys, texts and lists are read and written the same in any such file"},
		{from: []string{"bridge/setup/parleyfile"}, to: []string{"bridge/setup/state", "bridge/setup/overlay", "bridge/setup/export"},
			why: "what the file says does not depend on what is set up"},
		{from: []string{"bridge/setup/state", "bridge/setup/export"}, to: []string{"bridge/setup/parleyfile", "bridge/setup/overlay"},
			why: "what is set up is known and written without a file that changes it"},
	}
}

// emulators are everything that stands in for the world or serves tests.
func emulators() []string {
	return []string{
		"*/*fake/...", "*/*/*fake/...", "*/*/*/*fake/...", "*/*test/...", "bridge/bridgetest/...", "channels/emulator/...",
		"channels/golden/...", "channels/budget/...",
	}
}

// withEmulators are the packages outside tests that may start emulators.
func withEmulators() []string {
	return []string{
		"cmd/parley/demo/...", "cmd/parley/torture/...", "cmd/parley/bench/...", "cmd/parley/lab/...",
		"cmd/parley/site/sitetest", "cmd/parley",
	}
}

// engineLayers are the packages that the engine is made of: each may import those before it.
func engineLayers() []string {
	list := []string{
		"clean", "quote", "saidat", "own", "verb", "directory", "files", "outbound", "book", "usecase", "reading", "threads", "workflow",
		"reply", "speech", "template", "inbound", "insight", "assist", "measuring", "chores",
	}
	for i, name := range list {
		list[i] = "bridge/engine/" + name
	}
	return append(list, "bridge/engine")
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
		if match("bridge/engine/...", from) && !slices.Contains(engineLayers(), from) {
			t.Errorf("%s has no place in engineLayers: what the engine is made of has an order", from)
		}
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
			if isAboveLayer(from, to) {
				t.Errorf("%s imports %s: of what the engine is made of, a package knows only those before it", from, to)
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

// isAboveLayer reports whether a package of the engine imports itself, or one that is listed behind it.
func isAboveLayer(from, to string) bool {
	above, own := slices.Index(engineLayers(), to), slices.Index(engineLayers(), from)
	return own >= 0 && above >= own
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
			"background", "command", "fence", "forms", "markdown", "picture", "recent", "sweep", "shape", "typed", "verb",
			"upload", "view", "graph", "walanguage", "wamark", "wanumber", "proof", "pause", "emulator", "golden",
			"budget",
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
