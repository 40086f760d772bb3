package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScenarios plays testdata/*.txt: stories about people's work. Each has a company, a Parley and an empty database of its
// own.
func TestScenarios(t *testing.T) { play(t, variant{}) }

// TestScenariosByRequests plays stories in which Slack sends signed HTTP requests instead of using a socket. In them people
// write, edit, press buttons, fill in forms and give commands.
func TestScenariosByRequests(t *testing.T) {
	play(t, variant{requests: true}, mainStories("reply", "verbs", "forms")...)
}

// TestScenariosOnReplicas plays main stories on two Parleys that share a database and a workspace, with each event delivered
// twice. The results must be the same. TestScenariosOnTeamsReplicas plays the others.
func TestScenariosOnReplicas(t *testing.T) {
	play(t, variant{replicas: 2, twice: true},
		mainStories("reply", "hold", "forms")...)
}

// TestScenariosOnText plays stories that need only text on a plain-text surface. They end as on any other surface.
func TestScenariosOnText(t *testing.T) {
	stories := []string{"reply", "inside", "hold"}
	if soak() {
		stories = nil
	}
	play(t, variant{on: onText}, stories...)
}

// TestScenariosOnTeams plays the stories in Microsoft Teams.
func TestScenariosOnTeams(t *testing.T) { play(t, variant{on: onTeams}) }

// TestScenariosOnBlindTeams plays main stories in a team in which Parley has no permission to read channels, so that it
// hears only mentions. It leaves out stories about plain text, about files, which Parley can't read there, and about things
// that Parley would find out later.
func TestScenariosOnBlindTeams(t *testing.T) {
	others := []string{"inside", "colleague", "toplevel", "files", "reroot", "restore"}
	stories := slices.DeleteFunc(mainStories("reply", "hold"), func(story string) bool { return slices.Contains(others, story) })
	play(t, variant{on: onTeams, blind: true}, stories...)
}

// TestScenariosOnTeamsReplicas plays main stories on two Parleys behind one address, and
// Teams offers each event twice.
func TestScenariosOnTeamsReplicas(t *testing.T) {
	play(t, variant{on: onTeams, replicas: 2, twice: true},
		mainStories("reply", "inside", "reroot")...)
}

// mainStories returns the given main stories, or in soak all of them.
func mainStories(some ...string) []string {
	if soak() {
		return allMain()
	}
	return some
}

// allMain returns the stories that must have the same result however Parley is run.
func allMain() []string {
	return []string{"reply", "hold", "inside", "colleague", "resolve", "snooze", "files", "bounce", "newcomer", "newsletter",
		"toplevel", "verbs", "reroot", "forms", "reactions", "restore"}
}

// variant is a way of running Parley.
type variant struct {
	requests bool   // signed requests in place of a socket
	replicas int    // 0 means 1
	twice    bool   // every event comes twice
	on       string // the surface; "" means Slack
	blind    bool   // Teams without permission to read channels: Parley hears what mentions it
}

// world returns the options of a company for the variant.
func (v variant) world() CompanyOptions {
	o := CompanyOptions{HTTPMode: v.requests, Patience: time.Minute} // so that a slow machine's answers don't count as late
	if v.on == onTeams {
		o.Teams, o.NoSlack = true, true
		o.TeamsRetries = quickRetries()
	}
	return o
}

// quickRetries are waits before Teams offers an event again.
func quickRetries() []time.Duration {
	return []time.Duration{50 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second}
}

// The surfaces on which stories are played.
const (
	onSlack = "slack"
	onTeams = "teams"
	onText  = "text"
)

func surfaces() []string { return []string{onSlack, onTeams, onText} }

// surfaceNamed checks the condition of a line of a script, as in "[teams] thread …". It returns an error if the condition
// isn't a surface.
func surfaceNamed(name string) error {
	if !slices.Contains(surfaces(), name) {
		return fmt.Errorf("%s isn't a surface", name)
	}
	return nil
}

// soak reports whether each story is played on each possible surface, as by `make soak`.
func soak() bool { return os.Getenv("PARLEY_TEST_LONG") != "" }

// isToldNow reports whether a story is played on a surface in this run.
func isToldNow(t *testing.T, file, surface string) bool {
	t.Helper()
	return isTold(t, file, surface, soak())
}

// isTold reports whether `make soak`, or `make test`, plays a story on a surface. A story that isn't played everywhere
// begins with `surface NAME …`. For example, a story about the customer's side is played in one chat. Surfaces in
// parentheses are for soak only.
func isTold(t *testing.T, file, surface string, soak bool) bool {
	t.Helper()
	script, err := os.ReadFile(file) //nolint:gosec // a file of testdata
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(script)) {
		if words := strings.Fields(line); len(words) > 0 && words[0] != "#" {
			return words[0] != "surface" || slices.Contains(words, surface) || soak && slices.Contains(words, "("+surface+")")
		}
	}
	return false
}

// play runs the named stories, or all if none are named, that are played on the variant's surface.
func play(t *testing.T, v variant, names ...string) {
	t.Helper()
	var c *chronicle
	if v == (variant{on: v.on}) && v.on != onText {
		c = newChronicle(t, cmp.Or(v.on, onSlack))
	}

	p := testscript.Params{
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition:           func(cond string) (bool, error) { return cond == cmp.Or(v.on, onSlack), surfaceNamed(cond) },
		Setup: func(e *testscript.Env) error {
			story, ok := e.T().(testing.TB)
			if !ok {
				return errors.New("testscript doesn't tell whose test a story is")
			}
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
			s := newStage(ctx, story, v)
			e.Values[stageKey{}] = s
			e.Setenv("SOON", time.Now().AddDate(0, 0, 9).Format(time.DateOnly)) //nolint:forbidigo // a story's day is today
			end := s.watchStory(c, e.T())
			e.Defer(func() { end(); s.close(); cancel() })
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"world":    worldCommand,
			"parley":   parleyCommand,
			"customer": customerCommand,
			"agent":    agentCommand,
			"thread":   threadCommand,
			"at":       atCommand,
			"clock":    clockCommand,
			"settle":   settleCommand,
			"surface":  surfaceCommand,
			"mail":     mailCommand,
			"page":     pageCommand,
		},
	}

	if names == nil {
		names = []string{"*"}
	}
	for _, name := range names {
		files, err := filepath.Glob(filepath.Join("testdata", name+".txt"))
		if err != nil || len(files) == 0 {
			t.Fatalf("there is no story %s: %v", name, err)
		}
		p.Files = append(p.Files, slices.DeleteFunc(files, func(f string) bool { return !isToldNow(t, f, cmp.Or(v.on, onSlack)) })...)
	}
	testscript.Run(t, p)
}

type stageKey struct{}

func onStage(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }
