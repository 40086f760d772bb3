package demo

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

// The demo's engine gets no variable of this process by which it would reach somebody's own workspace or database.
func TestEngineEnvironment(t *testing.T) {
	t.Setenv("SLACK_BOT_TOKEN", "xoxb-somebody-elses")
	t.Setenv("PARLEY_MASTER_KEY", "somebody-elses")
	t.Setenv("DATABASE_URL", "postgres://production")
	got := Env("DATABASE_URL=ours")
	if text := strings.Join(got, "\n"); strings.Contains(text, "somebody") || strings.Contains(text, "production") {
		t.Errorf("the demo's engine would use other settings:\n%s", text)
	}
	if !slices.Contains(got, "DATABASE_URL=ours") {
		t.Errorf("got %v, want DATABASE_URL=ours among them", got)
	}
}

// When the demo ends, Parley ends with it. No report says that Parley is started again, because it isn't.
func TestEngineEndsWithTheDemo(t *testing.T) {
	t.Parallel()
	ctx, end := context.WithCancel(t.Context())
	defer end()
	out, in := io.Pipe()
	var reports []string
	e := NewEngine(EngineOptionsX{
		Exe:    "sh",
		Args:   []string{"-c", "echo started; exec sleep 600"},
		Out:    in,
		Log:    slog.New(slog.DiscardHandler),
		Report: func(text string) { reports = append(reports, text) },
	})
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()

	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("reading what the engine writes: %v", err)
	}
	end()

	if err := <-ended; err != nil {
		t.Errorf("Run: %v, want no error", err)
	}
	if len(reports) > 0 {
		t.Errorf("people are told %q, want nothing", reports)
	}
	if state := e.State(); state.Runs {
		t.Error("the engine runs, by its state")
	}
}
