package openid

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"parley/bot/web"
)

// keptKey is where a browser's session keeps the question that a provider has not answered yet.
const keptKey = "openid"

// Begin is where signing in by a kind of provider begins, on this site.
func Begin(kind Kind) string { return "/auth/with/" + string(kind) }

// Options of the area.
type Options struct {
	Providers []Config
	Log       *slog.Logger
	Now       func() time.Time // nil = time.Now
	Tab       *Tab             // the tab of Teams; nil = there is none. It needs the provider of Microsoft
}

// Area has the ways to and from each provider.
func Area(desk Desk, o Options) web.Area {
	if o.Now == nil {
		o.Now = time.Now
	}
	area := web.Area{Name: "openid", Templates: templates}
	client := newClient()
	for _, config := range o.Providers {
		d := &door{desk: desk, log: o.Log, provider: &provider{Config: config, client: client, now: o.Now}}
		area.Routes = append(area.Routes,
			web.Route{Pattern: "GET " + Begin(config.Kind), For: web.Anyone, Do: d.ask},
			web.Route{Pattern: "GET " + Back(config.Kind), For: web.Anyone, Do: d.answered})
		if config.Kind == Microsoft && o.Tab != nil {
			t := &tabDoor{door: d, tab: *o.Tab}
			area.Routes = append(area.Routes,
				web.Route{Pattern: "GET " + web.TabPath, For: web.Anyone, Do: t.show},
				web.Route{Pattern: "POST " + web.TabPath, For: web.Anyone, Do: t.enter})
		}
	}
	return area
}

// door is one provider's way in.
type door struct {
	desk     Desk
	log      *slog.Logger
	provider *provider
}

// ask sends somebody to the provider.
func (d *door) ask(v *web.Visit) error {
	kept, address, err := d.provider.begin(v.Context())
	if err != nil {
		return d.refuse(v, refuse(away, err))
	}
	v.Remember(keptKey, kept)
	http.Redirect(v.Writer, v.Request, address, http.StatusSeeOther)
	return nil
}

// answered signs somebody in whom the provider sent back. The question is forgotten first: its answer counts once.
func (d *door) answered(v *web.Visit) error {
	kept := v.Recall(keptKey)
	v.Remember(keptKey, "")
	who, err := d.provider.finish(v.Context(), kept, v.Request.URL.Query())
	var no *refusal
	switch {
	case errors.As(err, &no):
		return d.refuse(v, no)
	case err != nil:
		return err
	}
	agent, err := d.desk.Agent(v.Context(), who)
	switch {
	case errors.Is(err, ErrStranger):
		return d.refuse(v, refuse(stranger, err))
	case errors.Is(err, ErrElsewhere):
		return d.refuse(v, refuse(elsewhere, err))
	case err != nil:
		return err
	}
	return v.SignIn(agent, "")
}

// refuse shows why somebody was not signed in.
func (d *door) refuse(v *web.Visit, no *refusal) error {
	if no.cause != nil && !errors.Is(no.cause, context.Canceled) {
		d.log.Warn("sign-in refused", "provider", string(d.provider.Kind), "error", no.cause)
	}
	w := no.reason.words(d.provider.Name)
	return v.Refuse(w.status, w.text, w.hint)
}
