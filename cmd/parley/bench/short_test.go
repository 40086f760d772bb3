package bench

import (
	"slices"
	"testing"

	"parley/store/storetest"
)

// Every message that got a 2xx is in the journal, arrives once and in order, and all receipts count. Messages that are
// accepted under overload are kept. Refused ones are told when to come back.
func TestMessagesInShort(t *testing.T) {
	t.Parallel()
	measureShort(t, []string{"accept", "relay"}, []string{"overload", "lists", "crowd", "hop", "words"})
}

// measureShort measures groups one after the other in one run, whose database all of them use, as `parley bench` does, but
// in their short form: their invariants fail the test, their ratios don't. The groups in forSoak are measured in the long
// form of the tests only, because others judge the same.
func measureShort(t *testing.T, names, forSoak []string) {
	t.Helper()
	if storetest.LongForm() {
		names = append(names, forSoak...)
	}

	b := NewRigtest(t)
	if _, err := b.Machine(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, group := range listGroups() {
		if !slices.Contains(names, group.name) {
			continue
		}
		t.Run(group.name, func(t *testing.T) { //nolint:paralleltest // they share the run, which measures one thing at a time
			figures, err := group.run(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range group.figures {
				f, ok := figures[name]
				if !ok || f.Value == nil {
					t.Errorf("%s: not measured: %+v", name, f)
					continue
				}
				t.Logf("%s: %.3g %s %v", name, *f.Value, f.Unit, f.Details)
			}
		})
	}
}
