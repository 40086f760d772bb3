package app_test

import (
	"slices"
	"testing"
)

// TestEngineLayers shows that the order of the engine's packages can be broken.
func TestEngineLayers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"bridge/engine/clean", "bridge/engine/own", true},
		{"bridge/engine/own", "bridge/engine/clean", false},
		{"bridge/engine/book", "bridge/engine/threads", true},
		{"bridge/engine/threads", "bridge/engine/book", false},
		{"bridge/engine/chores", "bridge/engine", true},
		{"bridge/engine", "bridge/engine/chores", false},
		{"bridge/engine/inbound", "bridge/engine/inbound", true},
		{"bridge/engine/inbound", "bridge", false},
		{"cmd/parley/app", "bridge/engine", false},
	} {
		if got := aboveLayer(c.from, c.to); got != c.want {
			t.Errorf("%s imports %s: above = %v, want %v", c.from, c.to, got, c.want)
		}
	}
}

// TestBansForbid shows that the table can fail.
func TestBansForbid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"channels/email", "store", true},
		{"channels", "channels/email", true},
		{"channels/email", "channels", false},
		{"channels/email/inbound", "channels/email/wire", true},
		{"channels/email/inbound", "channels/email/rawmail", false},
		{"channels/email/inbound", "channels/fence", true},
		{"channels/email/outbound", "channels/pause", true},
		{"channels/email/settings", "channels/pause", true},
		{"channels/email/mailbox", "channels/pause", false},
		{"channels/email/outbound", "channels/email/mailbox", true},
		{"channels/email/mailbox", "channels/email/submission", true},
		{"channels/email/mailbox", "channels/email/wire", false},
		{"routing", "store", true},
		{"store/pgserver", "bridge", true},
		{"store", "store/schema", true},
		{"store/schema", "store", false},
		{"store/retention", "store/schema", true},
		{"store/dispatch", "store/retention", true},
		{"store/blob", "store/objects", true},
		{"store/objects", "store/blob", false},
		{"bridge/relay", "store/dispatch", false},
		{"store/retention", "store/internal/query", false},
		{"bridge", "bot/view", true},
		{"bridge", "channels/email", true},
		{"bridge", "channels", false},
		{"bridge/bridgetest", "channels/emulator", false},
		{"bridge/bridgetest", "channels/graphfake", true},
		{"bridge", "bridge/engine", true},
		{"bridge/engine", "bridge", false},
		{"bridge/bridgetest", "bridge/engine", true},
		{"bridge/relay", "bridge", true},
		{"bridge/relay", "bridge/engine", true},
		{"bridge/relay", "store", false},
		{"bridge/setup/parleyfile", "bridge/setup/state", true},
		{"bridge/setup/parleyfile", "bridge/setup/document", false},
		{"bridge/setup/export", "bridge/setup/overlay", true},
		{"bridge/setup/overlay", "bridge/setup/parleyfile", false},
		{"bot/slack", "store", true},
		{"bot/slack", "bot/view", false},
		{"bot/view", "bot/slack", true},
		{"bot/slack", "bot/slack/blockkit", false},
		{"bot/slack/blockkit", "bot/slack", true},
		{"bot/slack/fact", "bot/slack", true},
		{"bot/slack/fact", "bot/slack/blockkit", false},
		{"bot/teams/fact", "bot/teams/graph", true},
		{"bot/teams/fact", "bot/teams/card", false},
		{"bot/slack/slackfake", "channels/email/mailfake", true},
		{"bot/slack/slackfake", "channels/emulator", false},
		{"bot/teams/teamsfake/tenant", "bot/teams/teamsfake/entra", true},
		{"bot/teams/teamsfake/tenant", "bot/teams/teamsfake/client", false},
		{"bot/teams/teamsfake/connector", "bot/teams/teamsfake/people", true},
		{"bot/teams/teamsfake/connector", "bot/teams/teamsfake/entra", false},
		{"store", "cmd/parley/app", true},
		{"cmd/parley/app", "cmd/parley/demo", true},
		{"cmd/parley", "cmd/parley/demo", false},
		{"cmd/parley/bench/rig", "cmd/parley/bench/load", true},
		{"cmd/parley/bench/load", "cmd/parley/bench/rig", false},
		{"cmd/parley/bench/shop", "cmd/parley/bench/talk", true},
		{"cmd/parley/demo/outside", "cmd/parley/demo/witness", true},
		{"cmd/parley/demo/outside", "cmd/parley/demo/phone", false},
		{"cmd/parley/demo/witness", "cmd/parley/demo/engine", true},
		{"cmd/parley/demo/witness", "cmd/parley/demo/outside", false},
		{"cmd/parley/torture/judge", "cmd/parley/torture/world", true},
		{"cmd/parley/torture/judge", "store", true},
		{"cmd/parley/torture/world", "cmd/parley/torture", true},
		{"cmd/parley/torture/world", "cmd/parley/torture/records", true},
		{"cmd/parley/torture/world", "cmd/parley/torture/judge", false},
		{"cmd/parley/torture/world", "bot/slack/slackfake", false},
		{"cmd/parley/torture/records", "cmd/parley/torture", true},
		{"cmd/parley/torture/records", "cmd/parley/torture/world", true},
		{"cmd/parley/torture/records", "cmd/parley/torture/judge", false},
		{"cmd/parley/torture/records", "store/pgserver", false},
		{"cmd/parley/torture", "cmd/parley/torture/judge", false},
	} {
		got := slices.ContainsFunc(bans(), func(b ban) bool { return b.forbids(c.from, c.to) })
		if got != c.want {
			t.Errorf("%s imports %s: forbidden = %v, want %v", c.from, c.to, got, c.want)
		}
	}
	if !sibling("channels/email", "channels/sms") || !sibling("bot/slack", "bot/teams/teamsfake") || sibling("bot/slack", "bot/slack/slackfake") || sibling("bot/slack", "bot/view") {
		t.Error("siblings are not told apart")
	}
	if !matchAny(emulators(), "channels/emulator") || !matchAny(emulators(), "channels/golden") || !matchAny(emulators(), "channels/budget") {
		t.Error("what only emulators and tests use could be imported by what serves")
	}
}
