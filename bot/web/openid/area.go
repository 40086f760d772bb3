package openid

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"parley/bot/web"
)

// keptKey is where a browser's session keeps the question that a provider has not answered yet.
const keptKey = "openid"

// Begin is where signing in by a kind of provider begins, on this site.
func Begin(kind Kind) string { return "/auth/with/" + string(kind) }

// Options of the area.
type Options struct {
	Providers func() []Config // those of now: an admin may connect a chat, or another one, at any time
	Log       *slog.Logger
	Now       func() time.Time // nil = time.Now
	Tab       func() Tab       // the tab of Teams, as it is now; it needs the provider of Microsoft
}

// Area has the ways to and from each kind of provider. Those of which there is none lead nowhere.
func Area(desk Desk, o Options) web.Area {
	if o.Now == nil {
		o.Now = time.Now
	}
	area := web.Area{Name: "openid", Templates: templates}
	client := newClient()
	for _, kind := range []Kind{Slack, Microsoft, Any} {
		e := &entrance{desk: desk, log: o.Log, kind: kind, providers: o.Providers, client: client, now: o.Now}
		area.Routes = append(area.Routes,
			web.Route{Pattern: "GET " + Begin(kind), For: web.Anyone, Do: e.through((*door).ask)},
			web.Route{Pattern: "GET " + Back(kind), For: web.Anyone, Do: e.through((*door).answered)})
		if kind == Microsoft && o.Tab != nil {
			t := tabEntrance{o.Tab}
			area.Routes = append(area.Routes,
				web.Route{Pattern: "GET " + web.TabPath, For: web.Anyone, Do: e.through(t.show)},
				web.Route{Pattern: "POST " + web.TabPath, For: web.Anyone, Do: e.through(t.enter)})
		}
	}
	return area
}

// entrance is where the door of a kind of provider is, if there is one.
type entrance struct {
	desk      Desk
	log       *slog.Logger
	kind      Kind
	providers func() []Config
	client    *http.Client
	now       func() time.Time

	mu   sync.Mutex
	last *door // the one that was used last
}

// through does something at the door of the provider of now.
func (e *entrance) through(do func(*door, *web.Visit) error) func(*web.Visit) error {
	return func(v *web.Visit) error {
		d := e.door()
		if d == nil {
			return v.NotFound()
		}
		return do(d, v)
	}
}

// door returns that of the provider of now; nil = there is none. What a provider said of itself is kept as long as its
// registration stays the same.
func (e *entrance) door() *door {
	list := e.providers()
	i := slices.IndexFunc(list, func(c Config) bool { return c.Kind == e.kind })
	if i < 0 {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.last == nil || e.last.provider.Config != list[i] {
		e.last = &door{desk: e.desk, log: e.log, provider: &provider{Config: list[i], client: e.client, now: e.now}}
	}
	return e.last
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
