package slackfake_test

import (
	"slices"
	"strings"
	"testing"

	"parley/bot/slack/slackfake"
)

// These tests call the emulated Web API as clients do in different ways, and check how it reads and answers
// them. world (helper_test.go) is an emulated workspace with Ann, Ben and the channel #support, and clients of
// the app.

// Each limit of a view is checked, and the fault says in which place it is.
func TestInvalidViewsNameThePlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	home := func(fields string) string { return `{"type":"home",` + fields + `}` }
	for _, tt := range []struct {
		name string
		view string
		want string
	}{
		{
			name: "101 blocks",
			view: home(`"blocks":` + sections(101, 1)),
			want: "no more than 100 items allowed [json-pointer:/view/blocks]",
		},
		{
			name: "long metadata",
			view: home(`"private_metadata":"` + strings.Repeat("x", 3001) + `","blocks":[]`),
			want: "must be less than 3001 characters [json-pointer:/view/private_metadata]",
		},
		{
			name: "long callback",
			view: home(`"callback_id":"` + strings.Repeat("x", 256) + `","blocks":[]`),
			want: "must be less than 256 characters [json-pointer:/view/callback_id]",
		},
		{
			name: "no blocks",
			view: `{"type":"home"}`,
			want: "missing required field: blocks [json-pointer:/view]",
		},
		{
			name: "block of messages",
			view: home(`"blocks":[{"type":"markdown","text":"x"}]`),
			want: "unsupported type: markdown [json-pointer:/view/blocks/0/type]",
		},
		{
			name: "input among actions",
			view: home(`"blocks":[{"type":"actions","elements":[{"type":"plain_text_input","action_id":"a"}]}]`),
			want: "unsupported type: plain_text_input [json-pointer:/view/blocks/0/elements/0/type]",
		},
		{
			name: "field of modals",
			view: home(`"submit_disabled":true,"blocks":[]`),
			want: "invalid additional property: submit_disabled [json-pointer:/view]",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := w.callAsBot("views.publish", "user_id", w.ann.ID(), "view", tt.view)
			wantFields(t, "the answer", body, dict{"error": "invalid_arguments"})
			if got, want := faultsOf(body), []string{tt.want}; !slices.Equal(got, want) {
				t.Errorf("got the faults %q, want %q", got, want)
			}
		})
	}
}
