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
	"parley/bot/web/settings"
	"parley/bridge/setup"
	"parley/channels"
	"parley/channels/wire"
	"parley/cmd/parley/operate"
	"parley/store"
)

const (
	// testTimeout bounds the test of an account for a page.
	testTimeout = 20 * time.Second
	// hookTimeout limits how long a page waits for a provider to return or change its webhook settings.
	hookTimeout = 25 * time.Second
	// hookPause is the delay before another attempt to set a webhook whose URL the provider could not reach. Parley
	// starts to serve a new account's webhook some seconds after the account was added.
	hookPause    = 2 * time.Second
	maxHookTries = 4
)

// HookURL returns the webhook URL of an account, or "" if this process doesn't know it.
func (d *settingsDesk) HookURL(account string) string {
	if d.o.Outside == nil {
		return ""
	}
	return d.o.Outside(channels.Spec{}, account, nil).HookURL
}

// TestValues checks settings that aren't stored yet. It validates their format and then tests them with the provider. account
// is the name of the new account.
func (d *settingsDesk) TestValues(ctx context.Context, kind, account string, values map[string][]string) ([]channels.Finding, error) {
	spec := d.o.findSpec(kind)
	if spec == nil {
		return nil, &web.Problem{Text: "This Parley has no channel " + kind + ".", Hint: "Add another kind of account."}
	}
	return d.examine(ctx, store.Account{Name: account, Kind: kind}, spec, configOf(spec, values))
}

// examine tests an account's settings: their format first, and then with the provider.
func (d *settingsDesk) examine(
	ctx context.Context, a store.Account, spec *channels.Spec, config channels.Config,
) ([]channels.Finding, error) {
	if findings := setup.FindMisfits(*spec, config); len(findings) > 0 {
		return findings, nil
	}
	ctx, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	options := d.o.inspectOptions()
	if d.o.Consents != nil {
		options.Grant = d.o.Consents.ConsentOf
	}
	found, err := operate.Try(ctx, options, a, config)
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
func (d *settingsDesk) storedAccount(ctx context.Context, name string) (store.Account, channels.Config, error) {
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

// TestAccount tests the settings of a stored account with the provider.
func (d *settingsDesk) TestAccount(ctx context.Context, name string) ([]channels.Finding, error) {
	a, config, err := d.storedAccount(ctx, name)
	if err != nil {
		return nil, err
	}
	return d.examine(ctx, a, d.o.findSpec(a.Kind), config)
}

// hookedChannel returns the channel of an account, or a *web.Problem if its webhook can't be set through the provider's
// API.
func (d *settingsDesk) hookedChannel(ctx context.Context, name string) (channels.Hooked, error) {
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
func (d *settingsDesk) Hook(ctx context.Context, name string) (channels.HookState, error) {
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
func (d *settingsDesk) SetHook(ctx context.Context, by web.Person, name string) error {
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

// draftPlace is the context in which drafts are encrypted (see store.Sealer). A ciphertext from another context, such as a
// stored password, can't be decrypted as a draft.
const draftPlace = "sessions/number-draft"

// Seal encrypts what an admin has typed so far, including secrets such as access tokens, so that the page can carry it in a
// form field to the next step. Unseal decrypts it.
func (d *settingsDesk) Seal(values map[string]string) (string, error) {
	plain, err := json.Marshal(values)
	if err != nil {
		return "", fmt.Errorf("site: draft: %w", err)
	}
	return base64.StdEncoding.EncodeToString(d.o.Sealer.Seal(draftPlace, plain)), nil
}

// Unseal decrypts the result of Seal. It returns nil for any other text.
func (d *settingsDesk) Unseal(sealed string) map[string]string {
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

func (d *settingsDesk) SignUp() bool { return d.o.SignUp != nil }

func (d *settingsDesk) SignUpLink(state string) string {
	return d.o.SignUp.Link(d.signUpReturn(), state)
}

func (d *settingsDesk) signUpReturn() string { return d.o.BaseURL + settings.SignUpReturnPath }

func (d *settingsDesk) SignUpSecret() string { return d.o.SignUp.Secret() }

func (d *settingsDesk) FinishSignUp(ctx context.Context, code string) (string, error) {
	token, err := d.o.SignUp.Finish(ctx, code, d.signUpReturn())
	return token, problemOfRefusal(err)
}

func (d *settingsDesk) Offered(ctx context.Context, token string) ([]settings.Offered, error) {
	numbers, err := d.o.SignUp.Numbers(ctx, token)
	list := make([]settings.Offered, len(numbers))
	for i, n := range numbers {
		list[i] = settings.Offered(n)
	}
	return list, problemOfRefusal(err)
}

func (d *settingsDesk) Register(ctx context.Context, token, id, pin string) error {
	return problemOfRefusal(d.o.SignUp.Register(ctx, token, id, pin))
}
