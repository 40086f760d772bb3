package demo

import (
	"context"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScenarios plays testdata/*.txt: stories in the words of the field, each with a
// world, a database and a Parley of its own.
func TestScenarios(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
			s, err := newStage(ctx, t)
			if err != nil {
				cancel()
				return err
			}
			e.Values[stageKey{}] = s
			e.Defer(func() { s.close(); cancel() })
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"parley":   parleyCommand,
			"customer": customerCommand,
			"agent":    agentCommand,
			"thread":   threadCommand,
			"clock":    clockCommand,
			"settle":   settleCommand,
			"slack":    slackCommand,
			"mail":     mailCommand,
		},
	})
}

type stageKey struct{}

func onStage(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }
