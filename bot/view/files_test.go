package view

import (
	"testing"

	"parley/bridge"
)

// If files can't be sent as Parley is set up, the form of a reply has no field for them and says why.
func TestReplyFormSaysWhyNoFiles(t *testing.T) {
	t.Parallel()
	can := bridge.Capabilities{Files: bridge.FileRules{Unavailable: "No public address."}}
	form := mustForm(t, FormInput{Verb: bridge.VerbReply, Facts: facts(t), Can: can, Now: now(t)})
	wantEqual(t, "the form has a field for files", form.Files, false)
	wantWords(t, dumpForm("reply", form), "No public address.")
}
