package teams

import (
	"slices"
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/channels"
)

// Check returns the findings that doctor, a command of Parley's, shows: what is granted, and what to do about anything
// that is missing.

// If Entra gives no token, doctor's only finding says why, and which setting to look at. Entra's trace ids aren't
// shown.
func TestCheckWithoutToken(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		spoil    func(*Options)
		wantText string
		wantHint string
	}{
		{
			name:     "wrong secret",
			spoil:    func(o *Options) { o.AppPassword = "wrong" },
			wantText: "AADSTS7000215: Invalid client secret",
			wantHint: "Give Parley the Value",
		},
		{
			name:     "wrong tenant",
			spoil:    func(o *Options) { o.TenantID = "99999999-0000-4000-8000-000000000001" },
			wantText: "AADSTS90002: Tenant",
			wantHint: "Give Parley (TEAMS_TENANT_ID)",
		},
		{
			name:     "wrong app",
			spoil:    func(o *Options) { o.AppID = "99999999-0000-4000-8000-000000000001" },
			wantText: "AADSTS700016: Application",
			wantHint: "that TEAMS_APP_ID is",
		},
		{
			name:     "no network",
			spoil:    func(o *Options) { o.LoginURL = "http://127.0.0.1:1" },
			wantText: "connection refused",
			wantHint: "Check the network",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			o := w.surface.opt
			tt.spoil(&o)
			s, err := New(o)
			noError(t, err)

			got := s.Check(w.ctx())
			if len(got) != 1 {
				t.Fatalf("got %d findings, want one: %+v", len(got), got)
			}
			wantEqual(t, "the finding is OK", got[0].OK, false)
			wantWords(t, got[0].Text, tt.wantText)
			wantWords(t, got[0].Hint, tt.wantHint)
			wantNoWords(t, got[0].Text, "Trace")
		})
	}
}

// Doctor says which right to read files an admin has granted, or what doesn't work without one. Both count as OK.
func TestCheckOfTheRightToReadFiles(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		granted []string
		want    string
	}{
		{name: "all rights", granted: teamsfake.AllPermissions(), want: "they may be read (Files.ReadWrite.All)"},
		{name: "all sites", granted: []string{"Sites.Read.All", "User.Read.All"}, want: "they may be read (Sites.Read.All)"},
		{
			name:    "a right that doesn't suffice",
			granted: []string{"Files.Read.All"},
			want:    "grant Files.ReadWrite.All, which its reference names",
		},
		{
			name:    "chosen sites",
			granted: []string{"Sites.Selected", teamsfake.PermitMessages},
			want:    "where an admin granted it for the team's site",
		},
		{
			name:    "no right for files",
			granted: []string{teamsfake.PermitMessages},
			want:    "they may not be read (Files.Read.All, or Sites.Sel",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).connect()
			w.fake.Entra.Permit(tt.granted...)
			got := w.restartedSurface().Check(w.ctx()) // whose token isn't older than the grant
			isAboutFiles := func(f channels.Finding) bool {
				return f.What == "files of channels" && strings.Contains(f.Text, tt.want)
			}

			i := slices.IndexFunc(got, isAboutFiles)
			if i < 0 {
				t.Fatalf("got %+v, want a finding about files of channels that says %q", got, tt.want)
			}
			wantEqual(t, "the finding is OK", got[i].OK, true)
		})
	}
}
