package engine

import (
	"slices"
	"strings"
	"testing"
)

// Of this process's environment, the engine gets nothing with which it would reach somebody's own workspace or database.
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
