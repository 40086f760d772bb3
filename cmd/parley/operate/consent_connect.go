package operate

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/channels"
	emailmailbox "parley/channels/email/mailbox"
	"parley/channels/email/message"
	"parley/store"
)

// This file implements the OAuth authorization code flow by which a person connects a mailbox, such as
// help@acme.com, to Parley. One run through it is an attempt, in three steps:
//  1. Begin returns a link to Google or Microsoft.
//  2. The person opens the link, signs in and allows Parley to use the mailbox. The provider then redirects the
//     browser back to Parley with a code.
//  3. Finish exchanges the code for tokens and stores them.
//
// The command parley connect keeps the attempt (oauth.Flow) in memory. The settings site uses BeginInBrowser and
// FinishInBrowser, which keep it encrypted in the database, because another replica may serve the last step.

// AttemptLife is how long a person may take to consent.
const AttemptLife = 15 * time.Minute

// Begin starts an attempt to connect an account and returns the link at which the person consents. The provider
// redirects the browser to the URL redirect afterwards. The caller keeps the flow, which contains secrets, and
// passes it to Finish.
// Errors: *Failure; the account's stored settings can't be read.
func (k *Keeper) Begin(account store.Account, provider, redirect string) (emailmailbox.Flow, string, error) {
	p, config, err := k.readSettings(account, provider)
	if err != nil {
		return emailmailbox.Flow{}, "", err
	}
	flow, link := p.Begin(redirect, message.Persons(config)[0])
	return flow, link, nil
}

// readSettings returns an account's provider and settings.
// Errors: *Failure, for example if the settings name another provider; the stored settings can't be read.
func (k *Keeper) readSettings(account store.Account, provider string) (*emailmailbox.Provider, channels.Config, error) {
	p, err := k.findProvider(provider)
	if err != nil {
		return nil, nil, err
	}

	config, err := configOf(account)
	if err != nil {
		return nil, nil, err
	}
	if config[message.FieldOAuth] != provider {
		return nil, nil, &Failure{
			Text: fmt.Sprintf("The account %s does not sign in with %s.", account.Name, p.Title),
			Hint: fmt.Sprintf("Set oauth: %s in its e-mail settings first.", provider),
		}
	}
	return p, config, nil
}

// PersonOf returns the mail address with which the person should sign in: oauth_user from the account's settings or,
// if that is empty, the address of the mailbox itself.
func PersonOf(account store.Account) (string, error) {
	config, err := configOf(account)
	if err != nil {
		return "", err
	}
	return message.Persons(config)[0], nil
}

// configOf decodes the unencrypted settings of an account.
func configOf(account store.Account) (channels.Config, error) {
	config := channels.Config{}
	if len(account.Config) == 0 {
		return config, nil
	}
	if err := json.Unmarshal(account.Config, &config); err != nil {
		return nil, fmt.Errorf("consent: account %s: stored settings: %w", account.Name, err)
	}
	return config, nil
}

// Finish completes an attempt. answer is the query of the URL to which the provider redirected the browser. On
// success Finish stores the tokens and returns the name of the person who signed in, or "" if the provider didn't
// name one. On error the existing connection stays as it was.
// Errors: *Failure, with the cause ErrCancelled if the person did not consent; database errors.
func (k *Keeper) Finish(ctx context.Context, account store.Account, provider string, flow emailmailbox.Flow,
	answer url.Values) (string, error) {
	p, config, err := k.readSettings(account, provider)
	if err != nil {
		return "", err
	}
	if err := checkAnswer(p, flow, answer); err != nil {
		return "", err
	}

	tokens, who, err := p.Exchange(ctx, flow, answer.Get("code"))
	if err != nil {
		return "", explainExchange(p, err)
	}

	if allowed := message.Persons(config); !who.MayOwn(allowed) {
		return "", &Failure{
			Text: fmt.Sprintf("You signed in as %s, but this account is %s.", who.Name(), strings.Join(allowed, ", ")),
			Hint: "Sign in as " + allowed[0] + ": sign out at " + p.Title + " first, or use a private window. " +
				"Only if somebody else has full access to this mailbox, name that person in its settings, as “Who signs in” (oauth_user).",
		}
	}

	sealed, err := k.seal(account.ID, tokens)
	if err != nil {
		return "", err
	}

	g := store.Grant{AccountID: account.ID, Provider: provider, SignedIn: who.Name(), Sealed: sealed}
	err = store.InTx(ctx, k.pool, func(tx pgx.Tx) error { return store.ConnectGrant(ctx, tx, g, lastingOf(tokens)) })
	if err != nil {
		return "", err
	}

	k.log.Info("mailbox connected", "account_id", account.ID, "provider", provider)
	return who.Name(), nil
}

// checkAnswer checks that the provider's answer belongs to this attempt and contains a code.
// Errors: *Failure.
func checkAnswer(p *emailmailbox.Provider, flow emailmailbox.Flow, answer url.Values) error {
	if answer.Get("state") != flow.State {
		return failOtherAttempt(nil)
	}

	switch code := answer.Get("error"); {
	case code != "":
		return explainAnswer(p, code, answer.Get("error_description"))
	case answer.Get("code") == "":
		return &Failure{Text: "What came back has no code.", Hint: "Begin again."}
	}
	return nil
}

// attemptSecrets is the encrypted part of an attempt that is stored while the person is on the provider's site.
type attemptSecrets struct {
	Provider string            `json:"provider"`
	Flow     emailmailbox.Flow `json:"flow"`
}

// BeginInBrowser is Begin for the settings site. It stores the attempt for AttemptLife, tied to the session of the
// person's browser, and returns the link. It takes the provider from the account's settings.
// Errors: *Failure; database errors.
func (k *Keeper) BeginInBrowser(ctx context.Context, account store.Account, redirect, session string) (string, error) {
	config, err := configOf(account)
	if err != nil {
		return "", err
	}

	provider := config[message.FieldOAuth]
	flow, link, err := k.Begin(account, provider, redirect)
	if err != nil {
		return "", err
	}

	plain, err := json.Marshal(attemptSecrets{Provider: provider, Flow: flow})
	if err != nil {
		return "", fmt.Errorf("consent: attempt: %w", err)
	}

	a := store.GrantAttempt{State: hashOf(flow.State), AccountID: account.ID, Owner: hashOf(session)}
	a.Sealed = k.sealer.Seal(attemptPlace(a), plain)
	return link, store.BeginGrant(ctx, k.pool, a, AttemptLife)
}

// FinishInBrowser completes an attempt that BeginInBrowser started. It succeeds once per attempt, and only in the
// session that started it. It returns the account and the name of the person who signed in. The account may be set
// even if there is an error; it is nil if it isn't known.
// Errors: as Finish.
func (k *Keeper) FinishInBrowser(ctx context.Context, session string, answer url.Values) (*store.Account, string, error) {
	a, err := store.FinishGrantAttempt(ctx, k.pool, hashOf(answer.Get("state")), hashOf(session))
	if err != nil {
		return nil, "", explainAttempt(err)
	}

	plain, err := k.sealer.Open(attemptPlace(a), a.Sealed)
	if err != nil {
		return nil, "", fmt.Errorf("consent: attempt: %w", err)
	}

	var kept attemptSecrets
	if json.Unmarshal(plain, &kept) != nil {
		return nil, "", errors.New("consent: the stored attempt can't be read")
	}

	accounts, err := store.ListAccounts(ctx, k.pool)
	if err != nil {
		return nil, "", err
	}

	for _, account := range accounts {
		if account.ID == a.AccountID {
			who, err := k.Finish(ctx, account, kept.Provider, kept.Flow, answer)
			return &account, who, err
		}
	}

	return nil, "", &Failure{Text: "The account was removed meanwhile.", Hint: "Add it again."}
}

// attemptPlace identifies the database row to which an attempt's secrets are bound when they are encrypted: they
// can't be decrypted in another row. See store.Sealer.
func attemptPlace(a store.GrantAttempt) string {
	return fmt.Sprintf("grant_attempts/%d/%x", a.AccountID, a.State)
}

func hashOf(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}
