package engine

import (
	"os"
	"regexp"
	"testing"

	"parley/bridge"
)

// Each verb has a line in the table: else its clicks and words would be applied without doing anything.
func TestEveryVerbHasAUseCase(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("../action.go")
	if err != nil {
		t.Fatal(err)
	}
	verbs := regexp.MustCompile(`(?m)^\tVerb\w+ +Verb = "(\w+)"`).FindAllStringSubmatch(string(src), -1)
	if len(verbs) < 30 {
		t.Fatalf("only %d verbs found", len(verbs))
	}
	for _, m := range verbs {
		use := allUseCases()[bridge.Verb(m[1])]
		if use == nil || !use.isSpeech && use.first == nil && use.anywhere == nil && use.do == nil && use.read == nil {
			t.Errorf("nothing does %s", m[1])
		}
	}
}
