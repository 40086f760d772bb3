package engine

import (
	"os"
	"regexp"
	"testing"

	"parley/bridge"
	"parley/store/storetest"
)

// Each verb has a line in the table: else its clicks and words would be applied without doing anything.
func TestEveryVerbHasAUseCase(t *testing.T) {
	t.Parallel()
	src := storetest.Must(os.ReadFile("../action.go"))(t)
	verbs := regexp.MustCompile(`(?m)^\tVerb\w+ +Verb = "(\w+)"`).FindAllStringSubmatch(string(src), -1)
	if len(verbs) < 30 {
		t.Fatalf("only %d verbs found, want at least 30", len(verbs))
	}
	for _, m := range verbs {
		use := allUseCases()[bridge.Verb(m[1])]
		if use == nil {
			t.Errorf("the verb %s has no line in the table", m[1])
			continue
		}
		if hasUse := use.IsSpeech || use.DoFirst != nil || use.DoAnywhere != nil || use.Do != nil || use.DoInTx != nil; !hasUse {
			t.Errorf("the line of the verb %s in the table says nothing that does it", m[1])
		}
	}
}
