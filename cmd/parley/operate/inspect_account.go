package operate

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"parley/bridge/setup"
	"parley/channels"
	"parley/store"
)

// An account is a mailbox, a phone number or a page to which customers write. This file checks accounts for
// `parley doctor`. To test an account's settings, it makes a channel, which is the code that talks to the provider, and
// has it sign in, over IMAP for example. Such a channel is only for questions: it can store nothing.

// checkAccount checks an account's settings, and tests them at the provider.
func (o Options) checkAccount(ctx context.Context, a store.Account, d store.Directory) Section {
	s := Section{Name: "account " + a.Name, Account: a.ID}
	checkThreads(&s, a, d)
	addMode(&s, a)
	if !a.Paused { // the condition of a paused account is from before the pause
		addCondition(&s, a)
	}
	o.listSenders(ctx, &s, a)

	i := slices.IndexFunc(o.Specs, func(spec channels.Spec) bool { return spec.Kind == a.Kind })
	if i < 0 {
		s.addWrong("channel", fmt.Sprintf("this version of Parley has no channel %q", a.Kind),
			"Pause the account, or run the version that it was made with.")
		return s
	}
	if o.Sealer == nil {
		return s // the settings can't be read; checkMasterKey reports that
	}
	o.checkSettings(ctx, &s, a, o.Specs[i])
	return s
}

// addMode adds whether the account sends and receives.
func addMode(s *Section, a store.Account) {
	switch {
	case a.Paused:
		s.addOdd("paused", "nothing is fetched or sent", "To go on, resume it on the page Accounts, or write paused: false and run parley apply.")
	case a.Mode == store.ModeWatch:
		s.addOdd("mode", "watch: nothing is sent",
			"To reply from here, choose live on the account's page, or write mode: live and run parley apply.")
	case a.Mode == store.ModeTrial:
		s.addOdd("mode", "trial: replies go to "+count(len(a.TrialTo), "listed address")+" only",
			"To reply to all, choose live on the account's page, or write mode: live and run parley apply.")
	default:
		s.addGood("mode", "live")
	}
}

// checkSettings makes the account's channel from its stored settings, and has it sign in at the provider.
func (o Options) checkSettings(ctx context.Context, s *Section, a store.Account, spec channels.Spec) {
	var channel channels.Channel
	config, err := setup.OpenConfig(a, o.Sealer, spec)
	if err == nil {
		channel, err = o.makeChannel(ctx, a, spec, config)
	}
	if errors.Is(err, store.ErrWrongKey) {
		s.addWrong("settings", "they were sealed with another master key, so that nothing can be tried",
			"Put that key into PARLEY_MASTER_KEY, behind a comma if there is one already, or enter the secrets anew on the account's page.")
		return
	}
	if err != nil {
		s.addWrong("settings", err.Error(), "Put them right on the account's page, or in parley.yaml, and run parley apply.")
		return
	}

	if checker, ok := channel.(channels.Checker); ok {
		s.addChecked(checker.Check(ctx))
	} else {
		s.addGood("settings", "complete")
	}
}

// maxSenders is how many silenced senders are listed.
const maxSenders = 20

// listSenders lists the silenced senders, whose automatic mail is kept without a post in a chat.
func (o Options) listSenders(ctx context.Context, s *Section, a store.Account) {
	silenced, err := store.SilencedSenders(ctx, o.Pool, a.ID, nil)
	addSenders(s, "silenced senders", "kept without a post", silenced, err)
}

// addSenders adds a finding about senders, or about the error with which they could not be read. fate says what happens to
// their automatic mail.
func addSenders(s *Section, what, fate string, senders []store.Identity, err error) {
	if err != nil {
		s.addWrong(what, err.Error(), "See the database's log.")
		return
	}
	if len(senders) == 0 {
		return
	}

	var names []string
	for _, i := range senders[:min(len(senders), maxSenders)] {
		names = append(names, i.Key)
	}

	if more := len(senders) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}

	text := "automatic mail from " + strings.Join(names, ", ") + " is " + fate +
		" (to take one back, type !unsilence ADDRESS in any thread of the account)"
	s.Findings = append(s.Findings, Finding{Level: Good, What: what, Text: text, MayNameCustomer: true})
}

// checkThreads checks that there is a channel in a chat in which the account's conversations can open as threads.
func checkThreads(s *Section, a store.Account, d store.Directory) {
	switch {
	case a.SurfaceID != nil && a.SurfaceChannel != "":
		s.addGood("threads", "open in a channel of its own")
		for _, t := range d.Teams {
			if a.TeamID != nil && *a.TeamID == t.ID {
				s.addAbsent("threads", "open in ", "members of "+t.Name, d, t, *a.SurfaceID)
			}
		}
	case a.TeamID == nil:
		s.addWrong("threads", "it has neither a team nor a channel: what customers write is shown to nobody",
			"Give it a team on its page or in parley.yaml.")
	case !slices.ContainsFunc(d.Channels, func(c store.TeamChannel) bool { return c.TeamID == *a.TeamID }):
		s.addWrong("threads", "its team has no channel: what customers write is shown to nobody",
			"Give the team a channel on its page or in parley.yaml.")
	default:
		s.addGood("threads", "open in the team's channel")
	}
}

// Try tests settings of an account by signing in at its provider, and returns the findings. It changes nothing. config
// comes from setup.OpenConfig, or is what a person has typed and not saved yet.
// Errors: the settings are invalid; this version has no such kind of account.
func Try(ctx context.Context, o Options, a store.Account, config channels.Config) ([]channels.Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	channel, err := Make(ctx, o, a, config)
	if err != nil {
		return nil, err
	}
	if checker, ok := channel.(channels.Checker); ok {
		return checker.Check(ctx), nil
	}
	return []channels.Finding{{OK: true, What: "settings", Text: "complete"}}, nil
}

// Make makes an account's channel for asking the provider questions. The channel can't store incoming messages, and its
// reports are discarded. config and the errors are as for Try.
func Make(ctx context.Context, o Options, a store.Account, config channels.Config) (channels.Channel, error) {
	i := slices.IndexFunc(o.Specs, func(spec channels.Spec) bool { return spec.Kind == a.Kind })
	if i < 0 {
		return nil, fmt.Errorf("this version of Parley has no channel %q", a.Kind)
	}
	return o.makeChannel(ctx, a, o.Specs[i], config)
}

// makeChannel is Make with the account's spec.
func (o Options) makeChannel(ctx context.Context, a store.Account, spec channels.Spec, config channels.Config) (channels.Channel, error) {
	key := make([]byte, 32) // a channel needs one, but Check signs nothing
	_, _ = rand.Read(key)   // never fails
	var env channels.Env
	if o.Outside != nil {
		env = o.Outside(spec, a.Name, config)
	}

	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}

	env.Accept = func(context.Context, ...channels.Fact) error { return errStoresNothing }
	env.State = readOnlyState{db: o.Pool, account: a.ID}
	env.Log = log.With("account_id", a.ID)
	env.Now = time.Now
	env.Keys = [][]byte{key}
	env.Report = func(channels.Condition) {}
	if accounts, err := store.ListAccounts(ctx, o.Pool); err == nil { // Check can do without the names
		env.Accounts = []string{a.Name} // the account may not be stored yet
		for _, other := range accounts {
			if other.Side == store.SideChannel && other.Kind == a.Kind {
				env.Accounts = append(env.Accounts, other.Name)
			}
		}
	}

	provider := ""
	if spec.Consent != "" {
		provider = config[spec.Consent]
	}
	if provider != "" && o.Grant != nil {
		env.Grant = o.Grant(a, provider)
	}

	return spec.New(setup.Account(a, config), env)
}

// errStoresNothing is what a channel made by Make gets if it tries to store something.
var errStoresNothing = errors.New("inspect: a look stores nothing")

// readOnlyState is a channels.State (how far a channel has fetched) that can't be changed.
type readOnlyState struct {
	db      store.Querier
	account store.AccountID
}

// Load implements channels.State.
func (s readOnlyState) Load(ctx context.Context) ([]byte, error) {
	return store.LoadWatermark(ctx, s.db, s.account)
}

// Save implements channels.State.
func (readOnlyState) Save(context.Context, []byte, []byte) error { return errStoresNothing }

// addCondition adds the condition of an account that parley serve reported last.
func addCondition(s *Section, a store.Account) {
	if a.Status != string(channels.Broken) {
		s.addGood("condition", "no fault was reported")
		return
	}
	s.Findings = append(s.Findings, Finding{Level: Wrong, What: "condition", Text: a.StatusText, Hint: a.StatusHint, MayNameCustomer: true})
}
