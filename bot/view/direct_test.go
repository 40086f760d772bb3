package view

import (
	"strings"
	"testing"

	"parley/bot/shape"
	"parley/bridge"
)

// A direct message about a line has nothing of the customer, because no erasure finds it: only the conversation's number, and what
// happened. Each kind of line that reaches agents outside of its channel has a sentence of its own.
func TestDirectLineHasNothingOfTheCustomer(t *testing.T) {
	t.Parallel()
	f := full(t)
	for _, k := range lineKinds(t) {
		l := fullLine(t, k.kind)
		if reopened, ok := l.Content.(bridge.LineKind); ok && reopened == bridge.LineReopened {
			l.By = bridge.AgentRef{} // the customer's message reopened it
		}
		if !l.ReachesAbsent() {
			continue
		}
		if _, ok := directSentences()[k.kind]; !ok {
			t.Errorf("%s has no sentence", k.kind)
		}
		got := Plain(DirectLine(l, f.ID))
		if !strings.Contains(got, shape.Number(f.ID)) {
			t.Errorf("%s doesn't name the conversation: %q", k.kind, got)
		}
		for _, theirs := range []string{f.Contact.Name, f.Contact.Address, f.Subject, "there", "reason", "order"} {
			if strings.Contains(got, theirs) {
				t.Errorf("%s says %q in a direct message: %q", k.kind, theirs, got)
			}
		}
	}
}
