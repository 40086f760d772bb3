package app_test

import (
	"regexp"
	"strings"
	"testing"
)

// A verb's value says what is special about the verb, on either side (bot/verb, and usecase.Case in bridge/engine). A
// switch that picks some verbs would silently leave out a new one.
func TestNoSwitchOverVerbs(t *testing.T) {
	t.Parallel()
	picksVerb := regexp.MustCompile(`(?m)^\s*case (bridge\.)?Verb[A-Z]`)
	for name, source := range sourceFiles(t, moduleRoot(t), ".go") {
		isForTests := strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "bridge/bridgetest/")
		if found := picksVerb.FindString(source); found != "" && !isForTests {
			t.Errorf("%s: a switch over verbs has %q: a list, or a field of the verb's value, says which are meant", name, strings.TrimSpace(found))
		}
	}
}
