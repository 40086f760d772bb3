package demo

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScenarios plays testdata/*.txt: stories in the words of the field, each with a
// world, a database and a Parley of its own.
func TestScenarios(t *testing.T) {
	play(t, variant{})
}

// TestScenariosByRequests plays the main stories with signed HTTP requests in place of
// a socket.
func TestScenariosByRequests(t *testing.T) {
	play(t, variant{requests: true}, mainStories()...)
}

// TestScenariosOnReplicas plays the main stories on two Parleys that share a database
// and a workspace, and each hears everything twice: nothing may show of that.
func TestScenariosOnReplicas(t *testing.T) {
	play(t, variant{replicas: 2, twice: true}, mainStories()...)
}

// TestScenariosOnText plays what is not about Slack on the second, plain-text surface:
// the same stories end the same way wherever agents work.
func TestScenariosOnText(t *testing.T) {
	play(t, variant{text: true}, textStories()...)
}

// mainStories are those that every way of running Parley has to tell in the same way.
func mainStories() []string {
	return []string{"reply", "hold", "inside", "colleague", "resolve", "snooze", "files", "bounce", "newcomer", "newsletter",
		"toplevel", "verbs", "reroot", "forms", "burst", "confirm", "reactions", "restore"}
}

// variant is a way of running Parley.
type variant struct {
	requests bool // signed requests in place of a socket
	replicas int  // 0 = 1
	twice    bool // every event comes twice
	text     bool // the plain-text surface in place of Slack
}

// play runs the named stories, or all.
func play(t *testing.T, v variant, names ...string) {
	t.Helper()
	p := testscript.Params{
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
			s := newStage(ctx, t, v)
			e.Values[stageKey{}] = s
			e.Defer(func() { s.close(); cancel() })
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"world":    worldCommand,
			"parley":   parleyCommand,
			"customer": customerCommand,
			"agent":    agentCommand,
			"thread":   threadCommand,
			"clock":    clockCommand,
			"settle":   settleCommand,
			"surface":  surfaceCommand,
			"mail":     mailCommand,
		},
	}
	for _, name := range names {
		p.Files = append(p.Files, filepath.Join("testdata", name+".txt"))
	}
	if names == nil {
		p.Dir = "testdata"
	}
	testscript.Run(t, p)
}

type stageKey struct{}

func onStage(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }
