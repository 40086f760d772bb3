package meta

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/wire"
)

// This file has what a WhatsApp number and a Facebook Page have in common: their settings, the checks of these, the
// settings of the webhook, and what an error means before anything is known of the message.

// account is a number or a Page at Meta.
type account struct {
	id      string // Meta's id of the number or the Page
	vendor  string // as people call it: "WhatsApp" or "Facebook"
	env     channels.Env
	graph   *graphClient
	hook    *webhook      // receives webhooks
	uploads chan struct{} // a semaphore: an element for each upload in progress
}

const (
	maxUploads  = 4 // concurrent uploads of one account
	megabyte    = 1 << 20
	replyWindow = 24 * time.Hour // how long after a customer's message a reply is free

	attendTimeout = 10 * time.Second // of a read receipt: a late one is useless
	checkTimeout  = 45 * time.Second
	shortLife     = 7 * 24 * time.Hour // a token that expires sooner is reported as a fault
)

// Names of the settings that both have.
const (
	fieldToken   = "token"
	fieldSecret  = "app_secret"
	fieldVerify  = "verify_token"
	fieldVersion = "graph_version"
)

// fieldsWith returns the settings of an account: its ids and its token, and what all accounts have.
func fieldsWith(ids []channels.Field, token channels.Field) []channels.Field {
	for i := range ids {
		ids[i].Required = true
	}
	token.Name, token.Secret, token.Required = fieldToken, true, true
	return append(ids, token,
		channels.Field{
			Name:     fieldSecret,
			Label:    "App secret",
			Help:     "App Dashboard > App settings > Basic. It proves that webhooks come from Meta.",
			Secret:   true,
			Required: true,
		},
		channels.Field{
			Name:     fieldVerify,
			Label:    "Verify token",
			Help:     "Any word of yours; type the same where Meta asks for it beside the callback URL.",
			Secret:   true,
			Required: true,
		},
		channels.Field{
			Name:    fieldVersion,
			Label:   "Graph version",
			Help:    "Change it only when Meta ends this one.",
			Default: defaultVersion,
		})
}

// settings are an account's settings as typed by people.
type settings channels.Config

// read returns a setting without surrounding white space, or "" if it isn't set.
func (s settings) read(field string) string { return strings.TrimSpace(s[field]) }

// check returns all faults in the settings of a kind of account, joined, or nil. ids are the names of those that are Meta's ids.
func (s settings) check(kind string, fields []channels.Field, ids ...string) error {
	var faults []error
	wrong := func(name, what string) {
		faults = append(faults, &channels.FieldError{Section: kind, Field: name, What: what})
	}
	for _, f := range fields {
		if f.Required && s.read(f.Name) == "" {
			wrong(f.Name, "missing")
		}
	}
	for _, name := range ids {
		if id := s.read(name); id != "" && !isID(id) {
			wrong(name, "an ID has only digits; it isn't a name or a phone number")
		}
	}
	if version := s.read(fieldVersion); version != "" && !isVersion(version) {
		wrong(fieldVersion, "write it like "+defaultVersion)
	}
	return errors.Join(faults...)
}

// newAccount returns the account with the id in a setting. It opens no connection. hosts are those of its files.
// Errors: those of newClient.
func newAccount(s settings, idField, vendor string, env channels.Env, hosts []string) (account, error) {
	if env.Log == nil {
		env.Log = slog.New(slog.DiscardHandler)
	}
	client, err := newClient(clientOptions{
		BaseURL:    env.APIURL,
		Version:    s.read(fieldVersion),
		Token:      s.read(fieldToken),
		Secret:     s.read(fieldSecret),
		Dialer:     env.Dialer,
		MediaHosts: hosts,
	})
	if err != nil {
		return account{}, fmt.Errorf("%s: %w", vendor, err)
	}
	return account{
		id:      s.read(idField),
		vendor:  vendor,
		env:     env,
		graph:   client,
		uploads: make(chan struct{}, maxUploads),
		hook: &webhook{
			Secret:      []byte(s.read(fieldSecret)),
			VerifyToken: s.read(fieldVerify),
			Accept:      env.Accept,
			Now:         env.Now,
			Log:         env.Log,
		},
	}, nil
}

// ServeHTTP implements channels.Webhook.
func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.hook.ServeHTTP(w, r) }

// secretHint says where to find the right app secret.
const secretHint = "Copy it from the App Dashboard of that app, App settings > Basic."

// commonError returns what a failed request means if that doesn't depend on the vendor's codes: it was classified before,
// its answer was lost, nobody answered, or the app's secret is wrong. Otherwise it returns Meta's refusal.
func (a *account) commonError(err error) (*channels.SendError, *graphError) {
	if classified, ok := errors.AsType[*channels.SendError](err); ok {
		return classified, nil
	}
	if !hadNoEffect(err) {
		return &channels.SendError{Class: channels.Ambiguous, Text: a.vendor + "'s answer was lost: the message may have been sent.",
			Hint: "A delivery receipt would show it.", Cause: err}, nil
	}
	refused, ok := errors.AsType[*graphError](err)
	switch {
	case !ok:
		return &channels.SendError{Class: channels.Retry, Text: a.vendor + " can't be reached.", Cause: err}, nil
	case isAboutProof(err):
		return &channels.SendError{
			Class: channels.AuthBroken,
			Text:  "The app demands its secret with every call, and app_secret is not that of the app that made the token.",
			Hint:  secretHint,
			Cause: err,
		}, nil
	}
	return nil, refused
}

// checkSecret checks that the secret belongs to the token's app.
func (a *account) checkSecret(ctx context.Context, fault func(what string, err error, hint string) channels.Finding) channels.Finding {
	const what = "App secret"
	isWrong, err := a.graph.WrongSecret(ctx, a.id, string(a.hook.Secret))
	if isWrong {
		f := channels.Fault(what, "It isn't the secret of the app that made the token: what Meta sends would be refused.", secretHint)
		return withField(f, fieldSecret)
	}
	if err != nil {
		return fault(what, err, "Try again.")
	}
	return channels.Success(what, "It is that of the token's app.")
}

// withField sets the setting that a finding is about, if the finding is a fault.
func withField(f channels.Finding, field string) channels.Finding {
	if !f.OK {
		f.Field = field
	}
	return f
}

// checkToken checks what the token may do, and for how long. It returns no finding if Meta doesn't say: a missing
// permission then shows in later refusals.
func (a *account) checkToken(ctx context.Context, scopes ...string) []channels.Finding {
	const what = "Access token"
	facts, err := a.graph.Token(ctx, string(a.hook.Secret))
	if err != nil {
		return nil
	}

	var wrong []string
	if missing := facts.Missing(scopes...); len(missing) > 0 {
		wrong = append(wrong, "It lacks the permission "+strings.Join(missing, " and ")+".")
	}
	ends := facts.EndsAt() // zero means never
	if !ends.IsZero() && ends.Sub(a.env.Now()) < shortLife {
		wrong = append(wrong, "It ends on "+ends.Format("2 January 2006 at 15:04")+" UTC.")
	}
	if wrong != nil {
		f := channels.Fault(what, strings.Join(wrong, " "),
			"Generate a token of a system user, that never expires, with "+strings.Join(scopes, " and ")+".")
		return []channels.Finding{withField(f, fieldToken)}
	}
	return []channels.Finding{channels.Success(what, "It has the permissions that are needed.")}
}

// errNoAddress is the error of an account whose webhook Meta can't call.
func (a *account) errNoAddress() *channels.SendError {
	return &channels.SendError{Class: channels.BadContent, Text: a.vendor + " can't reach this Parley: it has no public address.",
		Hint: "Set PARLEY_PUBLIC_URL to an https address that leads here."}
}

// appHook is where an app sends the webhooks of one kind of object.
type appHook struct {
	app    *graphApp
	sub    subscription
	needed []string // the webhook fields that the channel reads
}

// findAppHook asks Meta for the callback of the token's app. Errors: errNoAddress, and those of Call.
func (a *account) findAppHook(ctx context.Context, object string, needed []string) (appHook, error) {
	h := appHook{needed: needed}
	if a.env.HookURL == "" {
		return h, a.errNoAddress()
	}
	var err error
	if h.app, err = a.graph.App(ctx, string(a.hook.Secret)); err != nil {
		return h, err
	}
	h.sub, err = h.app.Subscription(ctx, object)
	return h, err
}

// fields returns the app's fields, as they are and as the channel needs them.
func (h appHook) fields() channels.HookValue {
	subscribed := h.sub.FieldNames()
	return channels.HookValue{What: "What the app is told", Now: listFields(subscribed), Wanted: listFields(h.needed, subscribed)}
}

// setAppHook sets the callback of an app, unless it is right. Fields that were subscribed to before are kept, since other
// programs may need them. A callback that is set is always this account's own, since another account's has another verify
// token.
func (a *account) setAppHook(ctx context.Context, object string, h appHook) error {
	isRight := callbackFor(h.sub.Callback, a.env) == h.sub.Callback
	if isRight && h.sub.HasFields(h.needed...) {
		return nil
	}
	return h.app.Subscribe(ctx, object, a.env.HookURL, a.hook.VerifyToken, uniteFields(h.needed, h.sub.FieldNames()))
}

// hookError returns the error for a webhook that could not be read or set. e is what its cause means for a message.
func (a *account) hookError(e channels.SendError) *channels.SendError {
	if isUnverified(e.Cause) {
		e.Class, e.Text = channels.Retry, "Meta called this Parley and did not get the right answer."
		e.Hint = "Its address must be reachable from the internet by https. Try again in some seconds: " +
			"a new account is ready a moment after it was added."
	} else if e.Class == channels.Ambiguous {
		e.Class, e.Text, e.Hint = channels.Retry, a.vendor+" didn't answer in time.", "Try again."
	}
	return &e
}

// waitForUpload waits until the account may upload a file. The caller calls done afterwards.
func (a *account) waitForUpload(ctx context.Context) (done func(), err error) {
	select {
	case a.uploads <- struct{}{}:
		return func() { <-a.uploads }, nil
	case <-ctx.Done():
		return nil, &channels.SendError{Class: channels.Retry, Text: "Other files took too long.", Cause: ctx.Err()}
	}
}

// errUploadLost returns the error of an upload whose answer was lost. It may be repeated, because customers don't see an
// uploaded file until a message refers to it.
func (a *account) errUploadLost(cause error) error {
	return &channels.SendError{Class: channels.Retry, Text: "The file could not be handed to " + a.vendor + ".", Cause: cause}
}

// isLost reports whether the answer to a request was lost, even if the cause looks like a refusal: see graphClient.Upload.
func isLost(err error) bool {
	_, ok := errors.AsType[*wire.LostError](err)
	return ok
}

// errUnreadableFile returns the error for a file of ours that can't be read. It is retried, unless err has another class.
func errUnreadableFile(name string, err error) error {
	if classified, ok := errors.AsType[*channels.SendError](err); ok && classified.Class != channels.Ambiguous {
		return classified
	}
	return &channels.SendError{Class: channels.Retry, Text: name + " can't be read.", Cause: err}
}

// missingFields returns those of the needed webhook fields that aren't in a list.
func missingFields(needed, fields []string) []string {
	return slices.DeleteFunc(needed, func(f string) bool { return slices.Contains(fields, f) })
}
