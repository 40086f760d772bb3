package openid

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"parley/bot/web"
)

// Signing in takes two requests. At Begin(kind), ask sends the browser to the provider. The provider sends it back to
// Back(kind), where takeAnswer checks the answer, finds the agent, and begins the session.

// keptKey names the attempt to sign in that a browser's session keeps.
const keptKey = "openid"

// Begin is where signing in by a kind of provider begins, on this site.
func Begin(kind Kind) string { return "/auth/with/" + string(kind) }

// Options of the area.
type Options struct {
	Providers func() []Config // returns the current ones: an admin may connect a chat at any time
	Log       *slog.Logger
	Now       func() time.Time // nil means time.Now
	Tab       func() Tab       // returns the current tab of Teams; it needs the provider Microsoft; nil if there never is a tab
}

// Area has the routes to and from each kind of provider. They answer "not found" if there is no such provider.
func Area(desk Desk, o Options) web.Area {
	if o.Now == nil {
		o.Now = time.Now
	}

	area := web.Area{Name: "openid", Templates: templates}
	client := newClient()
	for _, kind := range []Kind{Slack, Microsoft, Any} {
		e := &entrance{desk: desk, log: o.Log, kind: kind, providers: o.Providers, client: client, now: o.Now}
		area.Routes = append(area.Routes,
			web.Route{Pattern: "GET " + Begin(kind), For: web.Anyone, Do: e.withDoor((*door).ask)},
			web.Route{Pattern: "GET " + CallbackPath(kind), For: web.Anyone, Do: e.withDoor((*door).takeAnswer)})
		if kind == Microsoft && o.Tab != nil {
			t := tabEntrance{o.Tab}
			area.Routes = append(area.Routes,
				web.Route{Pattern: "GET " + web.TabPath, For: web.Anyone, Do: e.withDoor(t.show)},
				web.Route{Pattern: "POST " + web.TabPath, For: web.Anyone, Do: e.withDoor(t.enter)})
		}
	}

	return area
}

// entrance has the routes of one kind of provider, such as Slack. Admins may connect and change providers at any
// time, so for each request it asks for the current one. It is safe for concurrent use.
type entrance struct {
	desk      Desk
	log       *slog.Logger
	kind      Kind
	providers func() []Config
	client    *http.Client
	now       func() time.Time

	mu   sync.Mutex
	last *door // the door of the provider as it was configured last; nil before the first request
}

// withDoor returns the handler that calls do with the door of the current provider.
func (e *entrance) withDoor(do func(*door, *web.Visit) error) func(*web.Visit) error {
	return func(v *web.Visit) error {
		d := e.currentDoor()
		if d == nil {
			return v.NotFound()
		}
		return do(d, v)
	}
}

// currentDoor returns the door of the current provider; nil if there is none. The same door is used as long as the provider's
// configuration stays the same, so that its description needn't be read again.
func (e *entrance) currentDoor() *door {
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

// door signs people in by one provider, as long as its configuration stays the same.
type door struct {
	desk     Desk
	log      *slog.Logger
	provider *provider
}

// ask sends somebody to the provider.
func (d *door) ask(v *web.Visit) error {
	kept, address, err := d.provider.begin(v.Context())
	if err != nil {
		return d.refuse(v, newRefusal(away, err))
	}
	v.Remember(keptKey, kept)
	http.Redirect(v.Writer, v.Request, address, http.StatusSeeOther)
	return nil
}

// takeAnswer signs in somebody whom the provider sent back. It forgets the attempt first, so that an answer counts once.
func (d *door) takeAnswer(v *web.Visit) error {
	kept := v.Recall(keptKey)
	v.Remember(keptKey, "")
	who, err := d.provider.finish(v.Context(), kept, v.Request.URL.Query())
	if no, ok := errors.AsType[*refusal](err); ok {
		return d.refuse(v, no)
	}
	if err != nil {
		return err
	}

	agent, err := d.desk.Agent(v.Context(), who)
	saysNothing := who.Mail == "" && who.User == ""
	if errors.Is(err, ErrStranger) && saysNothing {
		return d.refuse(v, newRefusal(unproven, fmt.Errorf("%w: the provider names no address that it calls verified", err)))
	}
	if errors.Is(err, ErrStranger) {
		return d.refuse(v, newRefusal(stranger, err))
	}
	if errors.Is(err, ErrElsewhere) {
		return d.refuse(v, newRefusal(elsewhere, err))
	}
	if err != nil {
		return err
	}

	return v.SignIn(agent, "")
}

// refuse shows why somebody was not signed in.
func (d *door) refuse(v *web.Visit, no *refusal) error {
	if no.cause != nil && !errors.Is(no.cause, context.Canceled) {
		d.log.Warn("sign-in refused", "provider", string(d.provider.Kind), "error", no.cause)
	}
	w := no.reason.explain(d.provider.Name)
	return v.Refuse(w.status, w.text, w.hint)
}
