package site

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/bot/web"
	"parley/bot/web/number"
	"parley/bridge/setup"
	"parley/channels"
	"parley/cmd/parley/inspect"
	"parley/store"
	sites "parley/store/site"
)

const (
	// hookTime bounds what a page waits for a provider that looks at or changes where it calls.
	hookTime = 25 * time.Second
	// hookPause is how long is waited before a webhook is set again that the provider could not reach: the processes
	// that serve a new account know of it some seconds after it was added.
	hookPause = 2 * time.Second
	// hookTries is how often a webhook is set at most.
	hookTries = 4
)

// numberDesk implements number.Desk.
type numberDesk struct {
	o     Options
	known *known
}

// Fields implements number.Desk.
func (d *numberDesk) Fields(kind string) []setup.Field {
	return (&settingsDesk{o: d.o}).Fields(setup.EntryAccount, kind)
}

// Names implements number.Desk.
func (d *numberDesk) Names(ctx context.Context) (accounts, teams []string, err error) {
	return (&mailboxDesk{d.o, d.known}).Names(ctx)
}

// Numbers implements number.Desk.
func (d *numberDesk) Numbers(ctx context.Context) ([]number.Number, error) {
	accounts, err := store.ListAccounts(ctx, d.o.Pool)
	if err != nil {
		return nil, err
	}
	var list []number.Number
	for _, a := range accounts {
		if a.Side != store.SideChannel || number.Path(a.Kind, a.Name) == "" {
			continue
		}
		n := number.Number{Name: a.Name, Kind: a.Kind, Status: a.Status, Text: a.StatusText, Hint: a.StatusHint, Paused: a.Paused, Mode: string(a.Mode)}
		if s := d.spec(a.Kind); s != nil {
			n.KindName = s.Name
		}
		list = append(list, n)
	}
	return list, nil
}

func (d *numberDesk) spec(kind string) *channels.Spec {
	if i := slices.IndexFunc(d.o.Specs, func(s channels.Spec) bool { return s.Kind == kind }); i >= 0 {
		return &d.o.Specs[i]
	}
	return nil
}

// HookURL implements number.Desk.
func (d *numberDesk) HookURL(account string) string {
	if d.o.Outside == nil {
		return ""
	}
	return d.o.Outside(channels.Spec{}, account, nil).HookURL
}

// Try implements number.Desk.
func (d *numberDesk) Try(ctx context.Context, kind, account string, values map[string][]string) ([]channels.Finding, error) {
	spec := d.spec(kind)
	if spec == nil {
		return nil, &web.Problem{Text: "This Parley has no channel " + kind + ".", Hint: "Add another kind of account."}
	}
	config, section := channels.Config{}, spec.Section
	if section == "" {
		section = spec.Kind
	}
	for path, list := range values {
		if field, ok := strings.CutPrefix(path, section+"."); ok {
			config[field] = strings.Join(list, "\n")
		}
	}
	for _, f := range spec.Fields {
		if config[f.Name] == "" && f.Default != "" {
			config[f.Name] = f.Default
		}
	}
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	found, err := inspect.Try(ctx, d.options(), store.Account{Name: account, Kind: kind}, config)
	if err != nil {
		return nil, unfit(err)
	}
	return found, nil
}

func (d *numberDesk) options() inspect.Options {
	return inspect.Options{Pool: d.o.Pool, Sealer: d.o.Sealer, Specs: d.o.Specs, Outside: d.o.Outside, Log: d.o.Log}
}

// unfit says that settings can't work.
func unfit(err error) *web.Problem {
	return &web.Problem{Text: "These settings can't work: " + err.Error() + ".", Hint: "Put them right."}
}

// stored finds an account and opens its settings. Errors: *web.Problem.
func (d *numberDesk) stored(ctx context.Context, name string) (store.Account, channels.Config, error) {
	accounts, err := store.ListAccounts(ctx, d.o.Pool)
	if err != nil {
		return store.Account{}, nil, err
	}
	for _, a := range accounts {
		spec := d.spec(a.Kind)
		if a.Name != name || a.Side != store.SideChannel || spec == nil {
			continue
		}
		config, err := setup.Open(a, d.o.Sealer, *spec)
		return a, config, err
	}
	return store.Account{}, nil, &web.Problem{Text: "There is no account " + name + ".", Hint: "It may have been taken out."}
}

// Check implements number.Desk.
func (d *numberDesk) Check(ctx context.Context, name string) ([]channels.Finding, error) {
	a, config, err := d.stored(ctx, name)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	found, err := inspect.Try(ctx, d.options(), a, config)
	if err != nil {
		return nil, unfit(err)
	}
	return found, nil
}

// hooked finds the channel of an account whose webhook can be set. Errors: *web.Problem.
func (d *numberDesk) hooked(ctx context.Context, name string) (channels.Hooked, error) {
	a, config, err := d.stored(ctx, name)
	if err != nil {
		return nil, err
	}
	c, err := inspect.Make(ctx, d.options(), a, config)
	if err != nil {
		return nil, unfit(err)
	}
	if h, ok := c.(channels.Hooked); ok {
		return h, nil
	}
	return nil, &web.Problem{Text: "Where the provider of this account calls can't be set from here.", Hint: "Set it there."}
}

// Hook implements number.Desk.
func (d *numberDesk) Hook(ctx context.Context, name string) (channels.HookState, error) {
	h, err := d.hooked(ctx, name)
	if err != nil {
		return channels.HookState{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, hookTime)
	defer cancel()
	state, err := h.FindHook(ctx)
	return state, told(err)
}

// SetHook implements number.Desk.
func (d *numberDesk) SetHook(ctx context.Context, by web.Person, name string) error {
	h, err := d.hooked(ctx, name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, hookTime)
	defer cancel()
	before, err := h.FindHook(ctx)
	if err != nil {
		return told(err)
	}
	err = h.SetHook(ctx)
	for try := 1; try < hookTries && channels.ClassOf(err) == channels.Retry && rested(ctx); try++ {
		err = h.SetHook(ctx)
	}
	if err != nil {
		return told(err)
	}
	var lines []string
	for _, v := range before.Values {
		if v.Now != v.Wanted {
			lines = append(lines, fmt.Sprintf("~ account %s: %s: %s → %s", name, v.What, or(v.Now), or(v.Wanted)))
		}
	}
	if lines == nil {
		return nil
	}
	return sites.KeepChange(ctx, d.o.Pool, sites.Change{Agent: &by.ID, Author: by.Email, Lines: lines})
}

func or(value string) string {
	if value == "" {
		return "nothing"
	}
	return value
}

// rested waits before the next try; false = there is no time for one.
func rested(ctx context.Context) bool {
	timer := time.NewTimer(hookPause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// told words a provider's refusal for the page.
func told(err error) error {
	var se *channels.SendError
	if errors.As(err, &se) {
		return &web.Problem{Text: se.Text, Hint: se.Hint}
	}
	return err
}

// Save implements number.Desk.
func (d *numberDesk) Save(ctx context.Context, by web.Person, c setup.Change) (setup.Result, error) {
	return (&settingsDesk{o: d.o}).Save(ctx, by, c)
}

// draftPlace is what sealed drafts are bound to.
const draftPlace = "sessions/number-draft"

// Seal implements number.Desk.
func (d *numberDesk) Seal(values map[string]string) (string, error) {
	plain, err := json.Marshal(values)
	if err != nil {
		return "", fmt.Errorf("site: draft: %w", err)
	}
	return base64.StdEncoding.EncodeToString(d.o.Sealer.Seal(draftPlace, plain)), nil
}

// Unseal implements number.Desk.
func (d *numberDesk) Unseal(sealed string) map[string]string {
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil || sealed == "" {
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
