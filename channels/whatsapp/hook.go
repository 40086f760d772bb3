package whatsapp

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"

	"parley/channels"
	"parley/channels/graph"
)

var _ channels.Hooked = (*Channel)(nil)

// businessObject is Meta's name for the kind of object that sends an app's webhooks: a business account.
const businessObject = "whatsapp_business_account"

// neededFields are the webhook fields that the channel reads.
func neededFields() []string {
	return []string{"account_alerts", "account_update", "message_template_quality_update", "message_template_status_update", "messages",
		"phone_number_quality_update", "smb_message_echoes", "template_category_update", "user_preferences"}
}

// hookFacts are what Meta says of the number's webhooks.
type hookFacts struct {
	app        *graph.App
	sub        graph.Subscription // of the app
	subscribed bool               // the business account sends its webhooks to the app
	override   string             // the callback that is set for the business account; "" if none is
	number     string             // the callback that is set for the number, which comes before the others; "" if none is
}

// FindHook implements channels.Hooked.
// Source: Cloud API, "Webhook overrides": messages go to the callback of the number, else of the business account, else
// of the app; news about templates and the account go to that of the app in any case.
func (c *Channel) FindHook(ctx context.Context) (channels.HookState, error) {
	facts, err := c.findHook(ctx)
	if err != nil {
		return channels.HookState{}, err
	}

	ours := c.env.HookURL
	now := facts.override
	if now == "" && facts.subscribed {
		now = facts.sub.Callback
	}

	values := []channels.HookValue{{What: "Callback for messages to the business account " + c.waba, Now: now, Wanted: graph.Callback(now, c.env)}}
	if facts.number != "" {
		values = append(values, channels.HookValue{What: "Callback of the number itself, which comes before that", Now: facts.number, Wanted: graph.Callback(facts.number, c.env)})
	}

	app := channels.HookValue{What: "Callback of the app " + facts.app.Name + ", for news about templates and the account", Now: facts.sub.Callback, Wanted: facts.sub.Callback}
	subscribed := facts.sub.FieldNames()
	fields := channels.HookValue{What: "What the app is told", Now: graph.ListFields(subscribed),
		Wanted: graph.ListFields(neededFields(), subscribed)}
	hasMessages := facts.sub.Has("messages")
	if !facts.isOfOtherProgram(c.env) {
		app.Wanted = graph.Callback(app.Now, c.env)
	} else if hasMessages { // the other program chooses the fields; without messages nothing would come here
		fields.Wanted = fields.Now
	}

	return channels.HookState{Values: append(values, app, fields),
		ByHand: "In Meta's App Dashboard, WhatsApp, Configuration: set the callback URL " + ours + " with the verify token of this account, subscribe to " +
			strings.Join(neededFields(), ", ") + "; then send POST /" + c.waba + "/subscribed_apps with a token that has whatsapp_business_management."}, nil
}

// isOfOtherProgram reports whether the app's callback belongs to another program. Then Parley leaves it alone.
func (f hookFacts) isOfOtherProgram(env channels.Env) bool {
	return f.sub.Callback != "" && graph.Callback(f.sub.Callback, env) != f.sub.Callback
}

// findHook asks Meta for all callbacks that may take the number's webhooks.
func (c *Channel) findHook(ctx context.Context) (hookFacts, error) {
	var facts hookFacts
	if c.env.HookURL == "" {
		return facts, channels.RefuseContent("WhatsApp can't reach this Parley: it has no public address.",
			"Set PARLEY_PUBLIC_URL to an https address that leads here.")
	}

	var err error
	if facts.app, err = c.graph.App(ctx, string(c.hook.Secret)); err != nil {
		return facts, c.hookError(err)
	}
	if facts.sub, err = facts.app.Subscription(ctx, businessObject); err != nil {
		return facts, c.hookError(err)
	}

	apps, err := c.subscribedApps(ctx)
	if err != nil {
		return facts, c.hookError(err)
	}

	for _, a := range apps {
		if string(a.App.ID) == facts.app.ID {
			facts.subscribed = true
			facts.override = a.Override
		}
	}

	var number struct {
		Hooks struct {
			Number string `json:"phone_number"`
		} `json:"webhook_configuration"`
	}
	if err := c.graph.Call(ctx, http.MethodGet, c.phone, url.Values{"fields": {"webhook_configuration"}}, nil, &number); err != nil {
		return facts, c.hookError(err)
	}

	facts.number = number.Hooks.Number
	return facts, nil
}

// subscribedApp is an app to which the business account sends its webhooks.
type subscribedApp struct {
	App struct {
		ID   loose `json:"id"`
		Name loose `json:"name"`
	} `json:"whatsapp_business_api_data"`
	Override string `json:"override_callback_uri"`
}

// subscribedApps lists the apps to which the business account sends its webhooks.
func (c *Channel) subscribedApps(ctx context.Context) ([]subscribedApp, error) {
	var page struct {
		Data []subscribedApp `json:"data"`
	}
	err := c.graph.Call(ctx, http.MethodGet, c.waba+"/subscribed_apps", nil, nil, &page)
	return page.Data, err
}

// SetHook implements channels.Hooked.
func (c *Channel) SetHook(ctx context.Context) error {
	facts, err := c.findHook(ctx)
	if err != nil {
		return err
	}

	ours, verify := c.env.HookURL, c.hook.VerifyToken
	isComplete := facts.sub.Callback != "" && facts.sub.Has(neededFields()...)
	if !isComplete && !facts.isOfOtherProgram(c.env) {
		fields := graph.UniteFields(neededFields(), facts.sub.FieldNames())
		callback := graph.Callback(facts.sub.Callback, c.env)
		if err := facts.app.Subscribe(ctx, businessObject, callback, verify, fields); err != nil {
			return c.hookError(err)
		}
	}

	override := object{"override_callback_uri": graph.Callback(facts.override, c.env), "verify_token": verify}
	if err := c.graph.Call(ctx, http.MethodPost, c.waba+"/subscribed_apps", nil, override, nil); err != nil {
		return c.hookError(err)
	}
	if facts.number == "" || graph.Callback(facts.number, c.env) == facts.number {
		return nil
	}

	callback := object{"webhook_configuration": object{"override_callback_uri": ours, "verify_token": verify}}
	if err := c.graph.Call(ctx, http.MethodPost, c.phone, nil, callback, nil); err != nil {
		return c.hookError(err)
	}

	return nil
}

// hookError says why a webhook could not be read or set.
func (c *Channel) hookError(err error) *channels.SendError {
	e := *callError(c, err)
	if graph.IsUnverified(err) {
		e.Class = channels.Retry
		e.Text = "Meta called this Parley and did not get the right answer."
		e.Hint = "Its address must be reachable from the internet by https. Try again in some seconds: a new account is ready a moment after it was added."
	} else if e.Class == channels.Ambiguous {
		e.Class = channels.Retry
		e.Text, e.Hint = "WhatsApp didn't answer in time.", "Try again."
	}
	e.Hint = cmp.Or(e.Hint, "The token needs whatsapp_business_management.")
	return &e
}
