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

// A sign-in takes two requests. For Slack, for example:
//
//	GET /auth/with/slack       redirect stores an attempt in the session and redirects the browser to Slack
//	GET /auth/with/slack/back  Slack redirects the browser here; handleCallback checks the response and signs the agent in

// attemptKey is the session key of the current attempt to sign in.
const attemptKey = "openid"

// Begin returns the path where the sign-in with a kind of provider begins.
func Begin(kind Kind) string { return "/auth/with/" + string(kind) }

// Options configure Area.
type Options struct {
	Providers func() []Config // returns the current providers, which admins can change at any time
	Log       *slog.Logger
	Now       func() time.Time // nil means time.Now
	Tab       func() Tab       // returns the current Teams tab, which requires the provider Microsoft; nil means no tab
}

// Area returns the area with the sign-in routes of all kinds of providers. Routes of a kind without a provider respond
// with status 404.
func Area(desk Desk, o Options) web.Area {
	if o.Now == nil {
		o.Now = time.Now
	}

	area := web.Area{Name: "openid", Templates: templates}
	client := newClient()
	for _, kind := range []Kind{Slack, Microsoft, Any} {
		k := &kindRoutes{desk: desk, log: o.Log, kind: kind, providers: o.Providers, client: client, now: o.Now}
		area.Routes = append(area.Routes,
			web.Route{Pattern: "GET " + Begin(kind), For: web.Anyone, Do: k.withFlow((*flow).redirect)},
			web.Route{Pattern: "GET " + CallbackPath(kind), For: web.Anyone, Do: k.withFlow((*flow).handleCallback)})
		if kind == Microsoft && o.Tab != nil {
			t := tabPages{o.Tab}
			area.Routes = append(area.Routes,
				web.Route{Pattern: "GET " + web.TabPath, For: web.Anyone, Do: k.withFlow(t.show)},
				web.Route{Pattern: "POST " + web.TabPath, For: web.Anyone, Do: k.withFlow(t.enter)})
		}
	}

	return area
}

// kindRoutes has the routes of one kind of provider, such as Slack. Admins can change providers at any time, so each
// request uses the current configuration. It is safe for concurrent use.
type kindRoutes struct {
	desk      Desk
	log       *slog.Logger
	kind      Kind
	providers func() []Config
	client    *http.Client
	now       func() time.Time

	mu   sync.Mutex
	last *flow // the flow of the last request; nil before the first
}

// withFlow returns a handler that calls do with the flow of the current provider.
func (k *kindRoutes) withFlow(do func(*flow, *web.Visit) error) func(*web.Visit) error {
	return func(v *web.Visit) error {
		f := k.currentFlow()
		if f == nil {
			return v.NotFound()
		}
		return do(f, v)
	}
}

// currentFlow returns the flow of the current provider, or nil if there is none. It returns the same flow until the
// provider's configuration changes, because the flow caches the provider's discovery document.
func (k *kindRoutes) currentFlow() *flow {
	list := k.providers()
	i := slices.IndexFunc(list, func(c Config) bool { return c.Kind == k.kind })
	if i < 0 {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.last == nil || k.last.provider.Config != list[i] {
		k.last = &flow{desk: k.desk, log: k.log, provider: &provider{Config: list[i], client: k.client, now: k.now}}
	}
	return k.last
}

// flow signs people in with one provider.
type flow struct {
	desk     Desk
	log      *slog.Logger
	provider *provider
}

// redirect begins a sign-in: it redirects the browser to the provider.
func (f *flow) redirect(v *web.Visit) error {
	attempt, address, err := f.provider.begin(v.Context())
	if err != nil {
		return f.refuse(v, newRefusal(unavailable, err))
	}
	v.Remember(attemptKey, attempt)
	http.Redirect(v.Writer, v.Request, address, http.StatusSeeOther)
	return nil
}

// handleCallback finishes a sign-in after the provider has redirected the browser back. It deletes the attempt first, so
// that a response can't be used twice.
func (f *flow) handleCallback(v *web.Visit) error {
	attempt := v.Recall(attemptKey)
	v.Remember(attemptKey, "")
	who, err := f.provider.finish(v.Context(), attempt, v.Request.URL.Query())
	if refused, ok := errors.AsType[*refusal](err); ok {
		return f.refuse(v, refused)
	}
	if err != nil {
		return err
	}

	agent, err := f.desk.Agent(v.Context(), who)
	isAnonymous := who.Mail == "" && who.User == ""
	switch {
	case err == nil:
		return v.SignIn(agent, "")
	case errors.Is(err, ErrNoAgent) && isAnonymous:
		return f.refuse(v, newRefusal(noIdentity, fmt.Errorf("%w: the provider names no address that it calls verified", err)))
	case errors.Is(err, ErrNoAgent):
		return f.refuse(v, newRefusal(notAgent, err))
	case errors.Is(err, ErrOtherOrganisation):
		return f.refuse(v, newRefusal(otherOrganisation, err))
	}
	return err
}

// refuse responds with a page that explains why somebody was not signed in, and logs the cause.
func (f *flow) refuse(v *web.Visit, refused *refusal) error {
	if refused.cause != nil && !errors.Is(refused.cause, context.Canceled) {
		f.log.Warn("sign-in refused", "provider", string(f.provider.Kind), "error", refused.cause)
	}
	e := refused.reason.explain(f.provider.Name)
	return v.Refuse(e.status, e.text, e.hint)
}
