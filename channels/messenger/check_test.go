package messenger

import (
	"slices"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/graphfake"
)

// brokenFindings returns what is wrong by the findings of Check, "" if nothing is.
func brokenFindings(findings []channels.Finding) string {
	var out []string
	for _, f := range findings {
		if f.Text == "" || f.OK != (f.Hint == "") {
			out = append(out, "malformed: "+f.What)
		}
		if !f.OK {
			out = append(out, f.What)
		}
	}
	return strings.Join(out, ", ")
}

// Check names what is wrong, and shows no secret.
func TestCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*testing.T, *rig)
		want  string
	}{
		"all is well":           {want: "", spoil: func(*testing.T, *rig) {}},
		"the token was revoked": {want: "Page token", spoil: func(_ *testing.T, r *rig) { r.meta.RevokeToken(testToken) }},
		"the token is another Page's": {want: "Page token", spoil: func(_ *testing.T, r *rig) {
			r.meta.AllowToken(testToken, r.meta.AddPage(graphfake.PageConfig{Name: "B"}).ID())
		}},
		"the Page isn't subscribed": {want: "Webhook fields", spoil: func(_ *testing.T, r *rig) { r.meta.Unsubscribe(testPage) }},
		"Parley has no public URL":  {want: "Webhook address", spoil: func(_ *testing.T, r *rig) { r.env.HookURL = "" }},
		"fields are missing":        {want: "Webhook fields", spoil: func(t *testing.T, r *rig) { resubscribe(t, r, "messages", "message_reads") }},
		"all fields, one by one":    {want: "", spoil: func(t *testing.T, r *rig) { resubscribe(t, r, neededFields()...) }},
		"Facebook is down": {want: "Page token", spoil: func(t *testing.T, r *rig) {
			r.addFault(t, graphfake.Fault{Route: "messenger.page", Action: graphfake.ActionStatus})
		}},
		"the app requires its secret": {want: "", spoil: func(_ *testing.T, r *rig) { r.meta.RequireProof() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			c.spoil(t, r)
			findings := r.Check(t.Context())
			if got := brokenFindings(findings); got != c.want {
				t.Errorf("got %q as wrong, want %q, of the findings %+v", got, c.want, findings)
			}
			for _, f := range findings {
				if strings.Contains(f.Text+f.Hint, testToken) || strings.Contains(f.Text+f.Hint, testSecret) {
					t.Errorf("a secret shows: %+v", f)
				}
			}
		})
	}
}

func resubscribe(t *testing.T, r *rig, fields ...string) {
	t.Helper()
	noError(t, r.meta.Subscribe(t.Context(), testPage, r.url, testVerify, fields...))
}

// Settings that are missing or malformed are refused, without showing secrets.
func TestSettings(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(channels.Config){
		"no page":         func(c channels.Config) { c[fieldPage] = " " },
		"a page's name":   func(c channels.Config) { c[fieldPage] = "acme" },
		"no token":        func(c channels.Config) { delete(c, fieldToken) },
		"no secret":       func(c channels.Config) { c[fieldSecret] = "" },
		"no verify token": func(c channels.Config) { c[fieldVerify] = "" },
		"odd version":     func(c channels.Config) { c[fieldVersion] = "26" },
	} {
		c := config()
		change(c)
		_, err := Spec().New(channels.Account{Config: c}, channels.Env{})
		if err == nil {
			t.Errorf("%s: the settings are taken, want an error", name)
		} else if strings.Contains(err.Error(), testToken) {
			t.Errorf("%s: the error shows the token: %v", name, err)
		}
	}
}

// Each field has words for people, and tokens are secrets.
func TestFields(t *testing.T) {
	t.Parallel()
	var names []string
	for _, f := range Spec().Fields {
		names = append(names, f.Name)
		if f.Label == "" {
			t.Errorf("the field %s has no label", f.Name)
		}
		if strings.Contains(f.Name, "token") && !f.Secret {
			t.Errorf("the field %s isn't secret", f.Name)
		}
	}
	slices.Sort(names)
	want := []string{fieldPage, fieldSecret, fieldToken, fieldVerify, fieldVersion}
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("got the fields %q, want %q", names, want)
	}
	if !slices.Contains(names, Spec().Owner) {
		t.Errorf("the owner %q is none of the fields %q", Spec().Owner, names)
	}
}
