package site

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"parley/bot/web"
	"parley/bot/web/number"
	"parley/bridge/setup"
	"parley/channels"
	"parley/channels/pause"
	"parley/cmd/parley/inspect"
	"parley/store"
)

const (
	// hookTimeout bounds how long a page waits for a provider to say, or to change, where it sends its webhooks.
	hookTimeout = 25 * time.Second
	// hookPause is the wait before Parley's address is set again at a provider that could not reach it. A new
	// account is served only some seconds after it was added.
	hookPause    = 2 * time.Second
	maxHookTries = 4
)

// numberDesk implements number.Desk: it gives the pages on which admins add numbers of WhatsApp and SMS, and Pages
// of Messenger, what they need from the database and from the providers.
type numberDesk struct {
	o     Options
	cache *setupCache
}

func (d *numberDesk) Fields(kind string) []setup.Field {
	return setup.FieldsOf(setup.EntryAccount, d.o.findSpec(kind))
}

func (d *numberDesk) Names(ctx context.Context) (accounts, teams []string, err error) {
	names, err := (&mailboxDesk{d.o, d.cache}).ListNames(ctx)
	return names.Accounts, names.Teams, err
}

func (d *numberDesk) Numbers(ctx context.Context, viewer store.AgentID) ([]number.Number, error) {
	accounts, err := d.o.listAccountsFor(ctx, viewer)
	if err != nil {
		return nil, err
	}

	var list []number.Number
	for _, a := range accounts {
		if a.Side != store.SideChannel || number.Path(a.Kind, a.Name) == "" {
			continue
		}

		n := number.Number{
			Name:   a.Name,
			Kind:   a.Kind,
			Status: a.Status,
			Text:   a.StatusText,
			Hint:   a.StatusHint,
			Paused: a.Paused,
			Mode:   string(a.Mode),
		}
		if s := d.o.findSpec(a.Kind); s != nil {
			n.KindName = s.Name
		}

		list = append(list, n)
	}

	return list, nil
}

// HookURL returns the URL at which a provider calls Parley (the webhook) for an account; "" if it isn't known here.
func (d *numberDesk) HookURL(account string) string {
	if d.o.Outside == nil {
		return ""
	}
	return d.o.Outside(channels.Spec{}, account, nil).HookURL
}

// Try checks settings that aren't stored yet: first their form, then by asking the provider. account is the name
// that the new account is to get.
func (d *numberDesk) Try(ctx context.Context, kind, account string, values map[string][]string) ([]channels.Finding, error) {
	spec := d.o.findSpec(kind)
	if spec == nil {
		return nil, &web.Problem{Text: "This Parley has no channel " + kind + ".", Hint: "Add another kind of account."}
	}

	config := configOf(spec, values)
	if findings := setup.FindMisfits(*spec, config); len(findings) > 0 {
		return findings, nil
	}
	return d.examine(ctx, store.Account{Name: account, Kind: kind}, config)
}

// examine tries out an account with settings, and returns what was found.
func (d *numberDesk) examine(ctx context.Context, a store.Account, config channels.Config) ([]channels.Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	found, err := inspect.Try(ctx, d.o.inspectOptions(), a, config)
	if err != nil {
		return nil, problemOfSettings(err)
	}
	return found, nil
}

// problemOfSettings returns the problem that a page shows for settings that can't work.
func problemOfSettings(err error) *web.Problem {
	return &web.Problem{Text: "These settings can't work: " + err.Error() + ".", Hint: "Put them right."}
}

// storedAccount reads an account and opens its settings. Errors: *web.Problem.
func (d *numberDesk) storedAccount(ctx context.Context, name string) (store.Account, channels.Config, error) {
	accounts, err := store.ListAccounts(ctx, d.o.Pool)
	if err != nil {
		return store.Account{}, nil, err
	}

	for _, a := range accounts {
		if a.Name != name || a.Side != store.SideChannel {
			continue
		}

		spec := d.o.findSpec(a.Kind)
		if spec == nil { // a channel that only another version of Parley has
			continue
		}

		config, err := setup.OpenConfig(a, d.o.Sealer, *spec)
		return a, config, err
	}

	return store.Account{}, nil, &web.Problem{Text: "There is no account " + name + ".", Hint: "It may have been taken out."}
}

// Check tests a stored account as Try does.
func (d *numberDesk) Check(ctx context.Context, name string) ([]channels.Finding, error) {
	a, config, err := d.storedAccount(ctx, name)
	if err != nil {
		return nil, err
	}
	return d.examine(ctx, a, config)
}

// hookedChannel makes the channel of an account whose webhook can be set. Errors: *web.Problem.
func (d *numberDesk) hookedChannel(ctx context.Context, name string) (channels.Hooked, error) {
	a, config, err := d.storedAccount(ctx, name)
	if err != nil {
		return nil, err
	}
	c, err := inspect.Make(ctx, d.o.inspectOptions(), a, config)
	if err != nil {
		return nil, problemOfSettings(err)
	}
	if h, ok := c.(channels.Hooked); ok {
		return h, nil
	}
	return nil, &web.Problem{Text: "Where the provider of this account calls can't be set from here.", Hint: "Set it there."}
}

// Hook asks the provider of an account where it sends its webhooks now.
func (d *numberDesk) Hook(ctx context.Context, name string) (channels.HookState, error) {
	h, err := d.hookedChannel(ctx, name)
	if err != nil {
		return channels.HookState{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, hookTimeout)
	defer cancel()
	state, err := h.FindHook(ctx)
	return state, problemOfRefusal(err)
}

// SetHook makes the provider of an account send its webhooks to Parley. What this changes is logged in by's name.
func (d *numberDesk) SetHook(ctx context.Context, by web.Person, name string) error {
	h, err := d.hookedChannel(ctx, name)
	if err != nil {
		return err
	}

	ctx, cancel := context.WithTimeout(ctx, hookTimeout)
	defer cancel()
	before, err := h.FindHook(ctx)
	if err != nil {
		return problemOfRefusal(err)
	}
	if err := setHook(ctx, h); err != nil {
		return problemOfRefusal(err)
	}

	var lines []string
	for _, v := range before.Values {
		if v.Now != v.Wanted {
			lines = append(lines, fmt.Sprintf("~ account %s: %s: %s → %s", name, v.What, orNothing(v.Now), orNothing(v.Wanted)))
		}
	}

	if lines == nil {
		return nil
	}
	return logChange(ctx, d.o.Pool, by, lines...)
}

// setHook sets a webhook, and tries again if the provider could not reach it yet.
func setHook(ctx context.Context, h channels.Hooked) error {
	for try := 1; ; try++ {
		err := h.SetHook(ctx)
		if channels.ClassOf(err) != channels.Retry || try == maxHookTries {
			return err
		}
		if !pause.For(ctx, hookPause) {
			return err
		}
	}
}

// orNothing returns a value as the log of the set-up shows it: "nothing" if it is empty.
func orNothing(value string) string { return cmp.Or(value, "nothing") }

// problemOfRefusal turns a provider's refusal into a *web.Problem; other errors stay as they are.
func problemOfRefusal(err error) error {
	if se, ok := errors.AsType[*channels.SendError](err); ok {
		return &web.Problem{Text: se.Text, Hint: se.Hint}
	}
	return err
}

func (d *numberDesk) Save(ctx context.Context, by web.Person, c setup.Change) (setup.Result, error) {
	return d.o.save(ctx, by, c)
}

// draftPlace is the place to which encrypted drafts are bound (see store.Sealer), so that nothing else can pass for
// one.
const draftPlace = "sessions/number-draft"

// Seal encrypts what an admin has typed so far, with secrets such as access tokens, so that a page can carry it to
// the next step. Unseal opens it there.
func (d *numberDesk) Seal(values map[string]string) (string, error) {
	plain, err := json.Marshal(values)
	if err != nil {
		return "", fmt.Errorf("site: draft: %w", err)
	}
	return base64.StdEncoding.EncodeToString(d.o.Sealer.Seal(draftPlace, plain)), nil
}

// Unseal implements number.Desk. It returns nil for what Seal didn't make.
func (d *numberDesk) Unseal(sealed string) map[string]string {
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil || len(raw) == 0 {
		return nil
	}
	plain, err := d.o.Sealer.Open(draftPlace, raw)
	if err != nil {
		return nil
	}
	var values map[string]string
	if json.Unmarshal(plain, &values) != nil {
		return nil
	}
	return values
}
