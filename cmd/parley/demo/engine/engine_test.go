package engine

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestEngineEnvironment(t *testing.T) {
	t.Setenv("SLACK_BOT_TOKEN", "xoxb-somebody-elses")
	t.Setenv("PARLEY_MASTER_KEY", "somebody-elses")
	t.Setenv("DATABASE_URL", "postgres://production")
	got := Env("DATABASE_URL=ours")
	if text := strings.Join(got, "\n"); strings.Contains(text, "somebody") || strings.Contains(text, "production") {
		t.Errorf("the demo's engine would use other settings:\n%s", text)
	}
	if !slices.Contains(got, "DATABASE_URL=ours") || len(os.Environ()) < 4 {
		t.Errorf("got %v", got)
	}
}
