package site_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"parley/bot/teams"
	"parley/bot/web/oidcfake"
	"parley/bot/web/openid"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
)

// changingDoors are the ways to sign in of a site, which change while it is at work.
type changingDoors struct {
	*sitetest.Site

	provider atomic.Pointer[openid.Config] // nil means neither a provider nor a tab
}

func startChangingDoors(t *testing.T) *changingDoors {
	t.Helper()
	d := &changingDoors{}
	d.Site = sitetest.Start(t, sitetest.Acme, func(o *site.Options) {
		o.BaseURL = "https://" + tabHost
		o.Doors = site.Doors{
			Providers: func() []openid.Config {
				if config := d.provider.Load(); config != nil {
					return []openid.Config{*config}
				}
				return nil
			},
			Tab: func() site.Tab {
				if d.provider.Load() == nil {
					return site.Tab{}
				}
				return site.Tab{Host: tabHost, Ancestors: teams.FrameOrigins()}
			},
		}
	})
	return d
}

// wantNoDoors checks that there is neither a way to a provider nor a tab.
func (d *changingDoors) wantNoDoors(t *testing.T) {
	t.Helper()
	v := d.Visitor("")
	for _, path := range []string{"/auth/with/microsoft", "/auth/with/microsoft/back", "/auth/tab"} {
		a := v.Get(path)
		wantStatus(t, path, a, http.StatusNotFound)
		wantHeader(t, path, a, "X-Frame-Options", "DENY")
	}
	wantStatus(t, "the tab's form", v.Post("/auth/tab", nil), http.StatusNotFound)
	wantHidden(t, "the page where people sign in", v.Get("/auth/sign-in"), "Provider of microsoft")
}

// wantDoors checks that there are a tab, and a button that leads to a provider.
func (d *changingDoors) wantDoors(t *testing.T, provider *oidcfake.Server) {
	t.Helper()
	v := d.Visitor("")
	tab := v.Get("/auth/tab")
	wantStatus(t, "the tab", tab, http.StatusOK)
	wantHeader(t, "the tab", tab, "Content-Security-Policy", "teams.microsoft.com")
	wantShown(t, "the page where people sign in", v.Get("/auth/sign-in"), "Provider of microsoft")
	if to := v.Get("/auth/with/microsoft").Header.Get("Location"); !strings.HasPrefix(to, provider.Issuer()) {
		t.Errorf("the button leads to %q, want %s", to, provider.Issuer())
	}
}

// A provider or a tab that comes, changes or goes while the site is at work counts with the next request.
func TestDoorsComeAndGo(t *testing.T) {
	t.Parallel()
	d := startChangingDoors(t)
	first, firstConfig := provider(t, openid.Microsoft, annAlone())
	second, secondConfig := provider(t, openid.Microsoft, annAlone())

	d.wantNoDoors(t)
	d.provider.Store(&firstConfig)
	d.wantDoors(t, first)
	d.provider.Store(&secondConfig)
	d.wantDoors(t, second)
	d.provider.Store(nil)
	d.wantNoDoors(t)
}
