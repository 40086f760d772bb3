package app_test

import (
	"testing"
)

// The packages of the engine are listed in layers. A package may import those before it in the list, but not itself or one
// behind it.
func TestEngineLayers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		above    bool
	}{
		{from: "bridge/engine/clean", to: "bridge/engine/own", above: true},
		{from: "bridge/engine/own", to: "bridge/engine/clean"},
		{from: "bridge/engine/book", to: "bridge/engine/threads", above: true},
		{from: "bridge/engine/threads", to: "bridge/engine/book"},
		{from: "bridge/engine/chores", to: "bridge/engine", above: true},
		{from: "bridge/engine", to: "bridge/engine/chores"},
		{from: "bridge/engine/inbound", to: "bridge/engine/inbound", above: true},
		{from: "bridge/engine/inbound", to: "bridge"},
		{from: "cmd/parley/app", to: "bridge/engine"},
	} {
		if got := isAboveLayer(c.from, c.to); got != c.above {
			t.Errorf("%s imports %s: got above %t, want %t", c.from, c.to, got, c.above)
		}
	}
}
