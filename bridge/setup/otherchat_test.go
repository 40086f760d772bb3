package setup

import "testing"

// If a file names a team's channel in only one chat, the channel in the other chat stays, unless the file clears it.
// An account has only one channel: a channel in the other chat replaces it, and the plan shows both changes.
func TestChannelOfOneChat(t *testing.T) {
	t.Parallel()
	const stored = `
teams: [{name: T, slack_channel: C0SLACK, teams_channel: "19:abc@thread.tacv2", home: slack}]
accounts: [{name: rookery, kind: raven, team: T, slack_channel: C0ROOK}]`

	tests := []struct {
		name string
		file string
		want string // what is changed
	}{
		{name: "the team's channel in Slack, as it is", file: `teams: [{name: T, slack_channel: C0SLACK}]`, want: "nothing to change\n"},
		{name: "another one in Slack", file: `teams: [{name: T, slack_channel: C0OTHER}]`, want: "~ team T: slack_channel C0SLACK → C0OTHER\n"},
		{name: "another one in Teams", file: `teams: [{name: T, teams_channel: "19:x@thread.tacv2"}]`,
			want: "~ team T: teams_channel 19:abc@thread.tacv2 → 19:x@thread.tacv2\n"},
		{name: "none in Teams", file: `teams: [{name: T, slack_channel: C0SLACK, teams_channel: ""}]`,
			want: "~ team T: teams_channel 19:abc@thread.tacv2 → (none)\n~ team T: home slack → (none)\n"},
		{name: "the account's in Teams", file: `accounts: [{name: rookery, teams_channel: "19:r@thread.tacv2"}]`,
			want: "~ account rookery: slack_channel C0ROOK → (none)\n~ account rookery: teams_channel (none) → 19:r@thread.tacv2\n"},
		{name: "none of the account's in Teams", file: `accounts: [{name: rookery, teams_channel: ""}]`, want: "nothing to change\n"},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := options(t)
			pool := acmeApplied(t, o)
			apply(t, pool, stored, o)
			wantEqual(t, "changes", apply(t, pool, tt.file, o).Text(), tt.want)
		})
	}
}
