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
	"parley/channels/wire"
	"parley/cmd/parley/operate"
	"parley/store"
)

const (
	// hookTimeout limits how long a page waits for a provider to return or change its webhook settings.
	hookTimeout = 25 * time.Second
	// hookPause is the delay before another attempt to set a webhook whose URL the provider could not reach. Parley
	// starts to serve a new account's webhook some seconds after the account was added.
	hookPause    = 2 * time.Second
	maxHookTries = 4
)

// numberDesk implements number.Desk, the interface through which the pages for WhatsApp and SMS numbers and Messenger Pages
// reach the database and the providers. For example, an admin enters the settings of a WhatsApp number: Try checks them
// with the provider, Save stores them as an account, and SetHook makes the provider send its webhooks to Parley.
type numberDesk struct {
	o     Options
	cache *setupCache
}

// Fields returns the settings of an account of a kind, such as whatsapp.
func (d *numberDesk) Fields(kind string) []setup.Field {
	return setup.FieldsOf(setup.EntryAccount, d.o.findSpec(kind))
}

// Names returns the names of all accounts and teams.
func (d *numberDesk) Names(ctx context.Context) (accounts, teams []string, err error) {
	names, err := (&mailboxDesk{d.o, d.cache}).ListNames(ctx)
	return names.Accounts, names.Teams, err
}

// Numbers returns the accounts that these pages manage, with their state as far as viewer may see it.
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

// HookURL returns the webhook URL of an account, or "" if this process doesn't know it.
func (d *numberDesk) HookURL(account string) string {
	if d.o.Outside == nil {
		return ""
	}
	return d.o.Outside(channels.Spec{}, account, nil).HookURL
}

// Try checks settings that aren't stored yet. It validates their format and then tests them with the provider. account is
// the name of the new account.
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

// examine tests an account's settings with the provider and returns the findings.
func (d *numberDesk) examine(ctx context.Context, a store.Account, config channels.Config) ([]channels.Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	found, err := operate.Try(ctx, d.o.inspectOptions(), a, config)
	if err != nil {
		return nil, problemOfSettings(err)
	}
	return found, nil
}

// problemOfSettings converts the error about invalid settings to one that a page can show.
func problemOfSettings(err error) *web.Problem {
	return &web.Problem{Text: "These settings can't work: " + err.Error() + ".", Hint: "Put them right."}
}

// storedAccount returns an account with its decrypted settings, or a *web.Problem if there is no such account.
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
		if spec == nil { // a kind of channel that this version of Parley doesn't have
			continue
		}

		config, err := setup.OpenConfig(a, d.o.Sealer, *spec)
		return a, config, err
	}

	return store.Account{}, nil, &web.Problem{Text: "There is no account " + name + ".", Hint: "It may have been taken out."}
}

// Check tests the settings of a stored account with the provider.
func (d *numberDesk) Check(ctx context.Context, name string) ([]channels.Finding, error) {
	a, config, err := d.storedAccount(ctx, name)
	if err != nil {
		return nil, err
	}
	return d.examine(ctx, a, config)
}

// hookedChannel returns the channel of an account, or a *web.Problem if its webhook can't be set through the provider's
// API.
func (d *numberDesk) hookedChannel(ctx context.Context, name string) (channels.Hooked, error) {
	a, config, err := d.storedAccount(ctx, name)
	if err != nil {
		return nil, err
	}
	c, err := operate.Make(ctx, d.o.inspectOptions(), a, config)
	if err != nil {
		return nil, problemOfSettings(err)
	}
	if h, ok := c.(channels.Hooked); ok {
		return h, nil
	}
	return nil, &web.Problem{Text: "Where the provider of this account calls can't be set from here.", Hint: "Set it there."}
}

// Hook returns the webhook settings that the provider of an account has now.
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

// SetHook makes the provider of an account send its webhooks to Parley. It logs each changed value under the name of by.
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

// setHook sets a webhook. It makes up to maxHookTries attempts if the provider can't reach the URL yet.
func setHook(ctx context.Context, h channels.Hooked) error {
	for attempt := 1; ; attempt++ {
		err := h.SetHook(ctx)
		if channels.ClassOf(err) != channels.Retry || attempt == maxHookTries {
			return err
		}
		if !wire.For(ctx, hookPause) {
			return err
		}
	}
}

// orNothing returns a value for the log, with "nothing" for an empty one.
func orNothing(value string) string { return cmp.Or(value, "nothing") }

// problemOfRefusal converts a provider's refusal to a *web.Problem. It returns other errors unchanged.
func problemOfRefusal(err error) error {
	if se, ok := errors.AsType[*channels.SendError](err); ok {
		return &web.Problem{Text: se.Text, Hint: se.Hint}
	}
	return err
}

// Save saves an account, as any change of Parley's configuration.
func (d *numberDesk) Save(ctx context.Context, by web.Person, c setup.Change) (setup.Result, error) {
	return d.o.save(ctx, by, c)
}

// draftPlace is the context in which drafts are encrypted (see store.Sealer). A ciphertext from another context, such as a
// stored password, can't be decrypted as a draft.
const draftPlace = "sessions/number-draft"

// Seal encrypts what an admin has typed so far, including secrets such as access tokens, so that the page can carry it in a
// form field to the next step. Unseal decrypts it.
func (d *numberDesk) Seal(values map[string]string) (string, error) {
	plain, err := json.Marshal(values)
	if err != nil {
		return "", fmt.Errorf("site: draft: %w", err)
	}
	return base64.StdEncoding.EncodeToString(d.o.Sealer.Seal(draftPlace, plain)), nil
}

// Unseal decrypts the result of Seal. It returns nil for any other text.
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
