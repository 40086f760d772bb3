package meta

import (
	"slices"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/graphfake"
)

// wrongPageFindings lists the problems that Check found. Each finding must have a text, and a hint if and only if it is a
// problem.
func wrongPageFindings(t *testing.T, findings []channels.Finding) []string {
	t.Helper()
	var wrong []string
	for _, f := range findings {
		if f.Text == "" {
			t.Errorf("the finding %+v has no words", f)
		}
		if hasHint := f.Hint != ""; hasHint == f.OK {
			t.Errorf("the finding %+v needs a hint if it is wrong, and none otherwise", f)
		}
		if !f.OK {
			wrong = append(wrong, f.What)
		}
	}
	return wrong
}

// resubscribe subscribes the Page to these fields only.
func resubscribe(t *testing.T, r *rig, fields ...string) {
	t.Helper()
	noError(t, r.meta.Subscribe(t.Context(), testPage, r.url, testVerify, fields...))
}

// Check names what is wrong, and shows no secret.
func TestCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		setUp func(*testing.T, *rig)
		want  []string // what is found wrong
	}{
		{name: "all is well", setUp: func(*testing.T, *rig) {}, want: nil},
		{
			name:  "subscribed to each needed field",
			setUp: func(t *testing.T, r *rig) { resubscribe(t, r, neededPageFields()...) },
			want:  nil,
		},
		{
			name:  "app that requires its secret",
			setUp: func(_ *testing.T, r *rig) { r.meta.RequireProof() },
			want:  nil,
		},
		{
			name:  "token revoked",
			setUp: func(_ *testing.T, r *rig) { r.meta.RevokeToken(testToken) },
			want:  []string{"Page token"},
		},
		{
			name: "token of another Page",
			setUp: func(_ *testing.T, r *rig) {
				r.meta.AllowToken(testToken, r.meta.AddPage(graphfake.PageConfig{Name: "B"}).ID())
			},
			want: []string{"Page token"},
		},
		{
			name:  "Page not subscribed",
			setUp: func(_ *testing.T, r *rig) { r.meta.Unsubscribe(testPage) },
			want:  []string{"Webhook fields"},
		},
		{
			name:  "fields missing",
			setUp: func(t *testing.T, r *rig) { resubscribe(t, r, "messages", "message_reads") },
			want:  []string{"Webhook fields"},
		},
		{
			name:  "no public address",
			setUp: func(_ *testing.T, r *rig) { r.env.HookURL = "" },
			want:  []string{"Webhook address"},
		},
		{
			name: "Facebook is down",
			setUp: func(t *testing.T, r *rig) {
				r.addFault(t, graphfake.Fault{Route: "messenger.page", Action: graphfake.ActionStatus})
			},
			want: []string{"Page token"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			tt.setUp(t, r)
			findings := r.Check(t.Context())
			if got := wrongPageFindings(t, findings); !slices.Equal(got, tt.want) {
				t.Errorf("found wrong: %q, want %q, among the findings %+v", got, tt.want, findings)
			}
			for _, f := range findings {
				for _, secret := range []string{testToken, testSecret} {
					if strings.Contains(f.Text+f.Hint, secret) {
						t.Errorf("the finding %+v shows the secret %s", f, secret)
					}
				}
			}
		})
	}
}
