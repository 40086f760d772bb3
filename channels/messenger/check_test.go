package messenger

import (
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/graphfake"
)

func broken(findings []channels.Finding) string {
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

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*testing.T, *rig)
		want  string
	}{
		"all is well": {func(*testing.T, *rig) {}, ""},
		"revoked":     {func(_ *testing.T, r *rig) { r.meta.RevokeToken(testToken) }, "Page token"},
		"another Page's": {func(_ *testing.T, r *rig) {
			r.meta.AllowToken(testToken, r.meta.AddPage(graphfake.PageConfig{Name: "B"}).ID())
		}, "Page token"},
		"not subscribed":  {func(_ *testing.T, r *rig) { r.meta.Unsubscribe(testPage) }, "Webhook fields"},
		"no public URL":   {func(_ *testing.T, r *rig) { r.env.HookURL = "" }, "Webhook address"},
		"fields missing":  {func(t *testing.T, r *rig) { resubscribe(t, r, "messages", "message_reads") }, "Webhook fields"},
		"all, one by one": {func(t *testing.T, r *rig) { resubscribe(t, r, neededFields()...) }, ""},
		"Facebook is down": {func(t *testing.T, r *rig) {
			r.fault(t, graphfake.Fault{Route: "messenger.page", Action: graphfake.ActionStatus})
		}, "Page token"},
		"the app requires its secret": {func(_ *testing.T, r *rig) { r.meta.RequireProof() }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			c.spoil(t, r)
			findings := r.Check(t.Context())
			if got := broken(findings); got != c.want {
				t.Errorf("broken: %q, want %q: %+v", got, c.want, findings)
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
	if err := r.meta.Subscribe(t.Context(), testPage, r.url, testVerify, fields...); err != nil {
		t.Fatal(err)
	}
}

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
		if _, err := Spec().New(channels.Account{Config: c}, channels.Env{}); err == nil || strings.Contains(err.Error(), testToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	named := map[string]bool{}
	for _, f := range Spec().Fields {
		named[f.Name] = true
		if strings.Contains(f.Name, "token") && !f.Secret || f.Label == "" {
			t.Errorf("field %+v", f)
		}
	}
	if !named[Spec().Owner] || len(named) != 5 {
		t.Errorf("fields %v", named)
	}
}
