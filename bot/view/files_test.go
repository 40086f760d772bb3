package view

import (
	"strings"
	"testing"

	"parley/bridge"
)

// Where files can't be sent as Parley is set up the form of a reply takes none, and says why.
func TestReplyFormSaysWhyNoFiles(t *testing.T) {
	t.Parallel()
	form, err := NewForm(FormInput{Verb: bridge.VerbReply, Facts: facts(t), Can: bridge.Capabilities{Files: bridge.FileRules{Unavailable: "No public address."}}, Now: now(t)})
	if err != nil {
		t.Fatal(err)
	}
	if form.Files || !strings.Contains(dumpForm("reply", form), "No public address.") {
		t.Errorf("the form takes files: %v\n%s", form.Files, dumpForm("reply", form))
	}
}
