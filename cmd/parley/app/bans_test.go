package app_test

import (
	"slices"
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

// The table of bans forbids the imports that are marked here, and allows the others. The test finds patterns that match
// nothing, and so forbid nothing.
func TestBansForbid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to  string
		forbidden bool
	}{
		{from: "channels/email", to: "store", forbidden: true},
		{from: "channels", to: "channels/email", forbidden: true},
		{from: "channels", to: "channels/walanguage"},
		{from: "channels/email", to: "channels"},
		{from: "channels/email/inbound", to: "channels/email/wire", forbidden: true},
		{from: "channels/email/inbound", to: "channels/email/rawmail"},
		{from: "channels/email/inbound", to: "channels/fence", forbidden: true},
		{from: "channels/email/outbound", to: "channels/pause", forbidden: true},
		{from: "channels/email/settings", to: "channels/pause", forbidden: true},
		{from: "channels/email/mailbox", to: "channels/pause"},
		{from: "channels/email/outbound", to: "channels/email/mailbox", forbidden: true},
		{from: "channels/email/mailbox", to: "channels/email/submission", forbidden: true},
		{from: "channels/email/mailbox", to: "channels/email/wire"},
		{from: "routing", to: "store", forbidden: true},
		{from: "store/pgserver", to: "bridge", forbidden: true},
		{from: "store", to: "store/schema", forbidden: true},
		{from: "store/schema", to: "store"},
		{from: "store/retention", to: "store/schema", forbidden: true},
		{from: "store/dispatch", to: "store/retention", forbidden: true},
		{from: "store/blob", to: "store/objects", forbidden: true},
		{from: "store/objects", to: "store/blob"},
		{from: "bridge/relay", to: "store/dispatch"},
		{from: "store/retention", to: "store/internal/query"},
		{from: "bridge", to: "bot/view", forbidden: true},
		{from: "bridge", to: "channels/email", forbidden: true},
		{from: "bridge", to: "channels"},
		{from: "bridge/bridgetest", to: "channels/emulator"},
		{from: "bridge/bridgetest", to: "channels/graphfake", forbidden: true},
		{from: "bridge", to: "bridge/engine", forbidden: true},
		{from: "bridge/engine", to: "bridge"},
		{from: "bridge/bridgetest", to: "bridge/engine", forbidden: true},
		{from: "bridge/relay", to: "bridge", forbidden: true},
		{from: "bridge/relay", to: "bridge/engine", forbidden: true},
		{from: "bridge/relay", to: "store"},
		{from: "bridge/setup/parleyfile", to: "bridge/setup/state", forbidden: true},
		{from: "bridge/setup/parleyfile", to: "bridge/setup/document"},
		{from: "bridge/setup/export", to: "bridge/setup/overlay", forbidden: true},
		{from: "bridge/setup/overlay", to: "bridge/setup/parleyfile"},
		{from: "bot/slack", to: "store", forbidden: true},
		{from: "bot/slack", to: "bot/view"},
		{from: "bot/view", to: "bot/slack", forbidden: true},
		{from: "bot/slack", to: "bot/slack/blockkit"},
		{from: "bot/slack/blockkit", to: "bot/slack", forbidden: true},
		{from: "bot/slack/fact", to: "bot/slack", forbidden: true},
		{from: "bot/slack/fact", to: "bot/slack/blockkit"},
		{from: "bot/teams/fact", to: "bot/teams/graph", forbidden: true},
		{from: "bot/teams/fact", to: "bot/teams/card"},
		{from: "bot/slack/slackfake", to: "channels/email/mailfake", forbidden: true},
		{from: "bot/slack/slackfake", to: "channels/emulator"},
		{from: "bot/teams/teamsfake/tenant", to: "bot/teams/teamsfake/entra", forbidden: true},
		{from: "bot/teams/teamsfake/tenant", to: "bot/teams/teamsfake/client"},
		{from: "bot/teams/teamsfake/connector", to: "bot/teams/teamsfake/people", forbidden: true},
		{from: "bot/teams/teamsfake/connector", to: "bot/teams/teamsfake/entra"},
		{from: "store", to: "cmd/parley/app", forbidden: true},
		{from: "cmd/parley/app", to: "cmd/parley/demo", forbidden: true},
		{from: "cmd/parley", to: "cmd/parley/demo"},
		{from: "cmd/parley/bench/rig", to: "cmd/parley/bench/load", forbidden: true},
		{from: "cmd/parley/bench/load", to: "cmd/parley/bench/rig"},
		{from: "cmd/parley/bench/shop", to: "cmd/parley/bench/talk", forbidden: true},
		{from: "cmd/parley/demo/company", to: "cmd/parley/demo/observer", forbidden: true},
		{from: "cmd/parley/demo/company", to: "cmd/parley/demo/phone"},
		{from: "cmd/parley/demo/observer", to: "cmd/parley/demo/engine", forbidden: true},
		{from: "cmd/parley/demo/observer", to: "cmd/parley/demo/company"},
		{from: "cmd/parley/torture/checker", to: "cmd/parley/torture/emulators", forbidden: true},
		{from: "cmd/parley/torture/checker", to: "store", forbidden: true},
		{from: "cmd/parley/torture/emulators", to: "cmd/parley/torture", forbidden: true},
		{from: "cmd/parley/torture/emulators", to: "cmd/parley/torture/records", forbidden: true},
		{from: "cmd/parley/torture/emulators", to: "cmd/parley/torture/checker"},
		{from: "cmd/parley/torture/emulators", to: "bot/slack/slackfake"},
		{from: "cmd/parley/torture/records", to: "cmd/parley/torture", forbidden: true},
		{from: "cmd/parley/torture/records", to: "cmd/parley/torture/emulators", forbidden: true},
		{from: "cmd/parley/torture/records", to: "cmd/parley/torture/checker"},
		{from: "cmd/parley/torture/records", to: "store/pgserver"},
		{from: "cmd/parley/torture/oracle", to: "cmd/parley/torture/records", forbidden: true},
		{from: "cmd/parley/torture/oracle", to: "cmd/parley/torture/emulators"},
		{from: "cmd/parley/torture", to: "cmd/parley/torture/checker"},
	} {
		got := slices.ContainsFunc(bans(), func(b ban) bool { return b.forbids(c.from, c.to) })
		if got != c.forbidden {
			t.Errorf("%s imports %s: got forbidden %t, want %t", c.from, c.to, got, c.forbidden)
		}
	}
}

// Siblings are two channels, or two surfaces. A package that they share is no sibling, and neither is one below them.
func TestSiblings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{from: "channels/email", to: "channels/sms", want: true},
		{from: "bot/slack", to: "bot/teams/teamsfake", want: true},
		{from: "bot/slack", to: "bot/slack/slackfake"},
		{from: "bot/slack", to: "bot/view"},
	} {
		if got := isSibling(c.from, c.to); got != c.want {
			t.Errorf("%s and %s: got siblings %t, want %t", c.from, c.to, got, c.want)
		}
	}
}

// A package that only emulators and tests use counts as an emulator, so that packages that serve can't import it.
func TestEmulators(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"channels/emulator", "channels/golden", "channels/budget"} {
		if !matchAny(emulators(), name) {
			t.Errorf("%s is no emulator, want that it is", name)
		}
	}
}
