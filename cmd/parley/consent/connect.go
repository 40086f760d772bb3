package consent

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
	"parley/channels/email/oauth"
	"parley/channels/email/settings"
	"parley/store"
	"parley/store/grant"
)

// A person connects a mailbox in three steps, which together are an attempt. Begin returns a link to Google or
// Microsoft. The person opens it, signs in and allows Parley to use the mailbox. The browser then comes back to
// Parley with a code, and Finish trades it for tokens and stores them. The command parley connect keeps the attempt
// (oauth.Flow) in memory. The site uses BeginInBrowser and FinishInBrowser, which keep it in the database, since
// another replica may serve the last step.

// AttemptLife is how long a person may take to consent.
const AttemptLife = 15 * time.Minute

// ErrCancelled is the cause of a Failure when the person did not consent.
var ErrCancelled = errors.New("consent: the person did not consent")

// Begin begins an attempt to connect an account, and returns the link at which a person consents. redirect is the
// URL to which the browser comes back. The caller keeps the flow, which has secrets, and hands it to Finish.
// Errors: *Failure; the account's stored settings can't be read.
func (k *Keeper) Begin(account store.Account, provider, redirect string) (oauth.Flow, string, error) {
	p, config, err := k.readSettings(account, provider)
	if err != nil {
		return oauth.Flow{}, "", err
	}
	flow, link := p.Begin(redirect, settings.Persons(config)[0])
	return flow, link, nil
}

// readSettings returns the provider of an account, and the account's settings.
// Errors: *Failure, also if the settings name another provider; the stored settings can't be read.
func (k *Keeper) readSettings(account store.Account, provider string) (*oauth.Provider, channels.Config, error) {
	p, err := k.findProvider(provider)
	if err != nil {
		return nil, nil, err
	}

	config, err := configOf(account)
	if err != nil {
		return nil, nil, err
	}
	if config[settings.FieldOAuth] != provider {
		return nil, nil, &Failure{
			Text: fmt.Sprintf("The account %s does not sign in with %s.", account.Name, p.Title),
			Hint: fmt.Sprintf("Set oauth: %s in its e-mail settings first.", provider),
		}
	}
	return p, config, nil
}

// PersonOf returns the mail address with which a person is expected to sign in: the one that the account's settings
// name (oauth_user), or else the mailbox's.
func PersonOf(account store.Account) (string, error) {
	config, err := configOf(account)
	return settings.Persons(config)[0], err
}

// configOf reads the settings of an account that are not encrypted.
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

// Finish ends an attempt. answer is the query with which the browser came back. If everything is right, Finish
// stores the tokens and returns who signed in, or "" if the provider didn't say. Otherwise it changes nothing.
// Errors: *Failure, with the cause ErrCancelled if the person did not consent; the database's.
func (k *Keeper) Finish(ctx context.Context, account store.Account, provider string, flow oauth.Flow, answer url.Values) (string, error) {
	p, config, err := k.readSettings(account, provider)
	if err != nil {
		return "", err
	}
	if err := checkAnswer(p, flow, answer); err != nil {
		return "", err
	}

	tokens, who, err := p.Exchange(ctx, flow, answer.Get("code"))
	if err != nil {
		return "", explainError(p, err)
	}

	if allowed := settings.Persons(config); !who.Is(allowed) {
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

	g := grant.Grant{AccountID: account.ID, Provider: provider, SignedIn: who.Name(), Sealed: sealed}
	err = store.InTx(ctx, k.pool, func(tx pgx.Tx) error { return grant.Connect(ctx, tx, g, lastingOf(tokens)) })
	if err != nil {
		return "", err
	}

	k.log.Info("mailbox connected", "account_id", account.ID, "provider", provider)
	return who.Name(), nil
}

// checkAnswer checks that what came back with the browser belongs to the attempt and has a code.
// Errors: *Failure.
func checkAnswer(p *oauth.Provider, flow oauth.Flow, answer url.Values) error {
	if answer.Get("state") != flow.State {
		return otherAttemptError(nil)
	}

	code := answer.Get("error")
	if code == "access_denied" {
		return &Failure{Text: "You did not allow it at " + p.Title + ", so nothing was changed.", Hint: "Begin again when you want to.", cause: ErrCancelled}
	}

	if no := (&oauth.Refusal{Code: code}); no.Passing() {
		return busyError(p, no)
	}

	if code != "" {
		words := strings.TrimSpace(answer.Get("error_description"))
		return &Failure{Text: fmt.Sprintf("%s refuses: %s %s", p.Title, makePrintable(code), makePrintable(words)),
			Hint: "Check Parley's registration there: its redirect addresses and what it may ask for."}
	}

	if answer.Get("code") == "" {
		return &Failure{Text: "What came back has no code.", Hint: "Begin again."}
	}

	return nil
}

// makePrintable replaces control characters by blanks, and cuts words after 300 characters. They came with a
// browser, perhaps from a stranger, and are shown on a terminal or a page.
func makePrintable(words string) string {
	const maxRunes = 300
	const del = 0x7f // the control character DEL
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == del {
			return ' '
		}
		return r
	}, words)
	if runes := []rune(clean); len(runes) > maxRunes {
		return string(runes[:maxRunes]) + "…"
	}
	return clean
}

// otherAttemptError is the failure of an answer that belongs to another attempt.
func otherAttemptError(cause error) *Failure {
	return &Failure{Text: "What came back belongs to another attempt.", Hint: "Begin again, and use the newest link only.", cause: cause}
}

// explainError says for people why a code could not be exchanged.
func explainError(p *oauth.Provider, err error) error {
	switch {
	case errors.Is(err, oauth.ErrNoMail):
		return &Failure{Text: "You signed in, but did not allow Parley to read and send mail.", Hint: "Begin again and leave all boxes ticked.", cause: err}
	case errors.Is(err, oauth.ErrNotLasting):
		return &Failure{Text: p.Title + " gave a consent that ends within the hour.",
			Hint: "Take Parley out of the list of connected programs in the settings at " + p.Title + ", then begin again.", cause: err}
	case errors.Is(err, oauth.ErrOtherAttempt):
		return otherAttemptError(err)
	case errors.Is(err, oauth.ErrUnreadable):
		return &Failure{Text: p.Title + " answered in a form that Parley can't read.",
			Hint: "Begin again. If that changes nothing, look for a proxy between this machine and " + p.Title + ".", cause: err}
	}

	var refusal *oauth.Refusal
	if !errors.As(err, &refusal) { // there was no answer
		return &Failure{Text: p.Title + " can't be reached.", Hint: "Check this machine's connection to the internet, then begin again.", cause: err}
	}
	if refusal.Code == "invalid_grant" {
		return &Failure{Text: fmt.Sprintf("%s no longer takes this answer: %s", p.Title, refusal.Text),
			Hint: "It was used already, or took too long. Begin again.", cause: err}
	}
	if refusal.Passing() {
		return busyError(p, err)
	}

	text, hint := registrationRefused(p.Name, refusal)
	return &Failure{Text: text, Hint: hint, cause: err}
}

// busyError is the error of a provider that refuses for the moment and may accept the same request later.
func busyError(p *oauth.Provider, cause error) error {
	return &Failure{Text: p.Title + " has no time right now.", Hint: "Begin again in a few minutes.", cause: cause}
}

// attemptSecrets are stored, encrypted, while the person is at the provider.
type attemptSecrets struct {
	Provider string     `json:"provider"`
	Flow     oauth.Flow `json:"flow"`
}

// BeginInBrowser is Begin for the site. It stores the attempt for AttemptLife and binds it to the session of the
// person's browser. The account's settings name the provider. It returns the link.
// Errors: *Failure; the database's.
func (k *Keeper) BeginInBrowser(ctx context.Context, account store.Account, redirect, session string) (string, error) {
	config, err := configOf(account)
	if err != nil {
		return "", err
	}

	provider := config[settings.FieldOAuth]
	flow, link, err := k.Begin(account, provider, redirect)
	if err != nil {
		return "", err
	}

	plain, err := json.Marshal(attemptSecrets{Provider: provider, Flow: flow})
	if err != nil {
		return "", fmt.Errorf("consent: attempt: %w", err)
	}

	a := grant.Attempt{State: hashOf(flow.State), AccountID: account.ID, Owner: hashOf(session)}
	a.Sealed = k.sealer.Seal(attemptPlace(a), plain)
	return link, grant.Begin(ctx, k.pool, a, AttemptLife)
}

// FinishInBrowser is Finish for an attempt of BeginInBrowser. It works once for each attempt, and only in the
// session in which the attempt began. It returns the account and who signed in. The account is returned beside a
// *Failure too, and is nil if it isn't known.
// Errors: as Finish.
func (k *Keeper) FinishInBrowser(ctx context.Context, session string, answer url.Values) (*store.Account, string, error) {
	a, err := grant.Finish(ctx, k.pool, hashOf(answer.Get("state")), hashOf(session))
	switch {
	case errors.Is(err, grant.ErrNoAttempt):
		return nil, "", &Failure{Text: "Nobody began this attempt here.", Hint: "Begin again, in the same browser to the end.", cause: err}
	case errors.Is(err, grant.ErrUsed):
		return nil, "", &Failure{Text: "This attempt was finished before.", Hint: "Look at the account: it may be connected. If not, begin again.", cause: err}
	case errors.Is(err, grant.ErrExpired):
		return nil, "", &Failure{Text: "This attempt took too long.", Hint: fmt.Sprintf("Begin again; you have %d minutes.", int(AttemptLife.Minutes())), cause: err}
	case err != nil:
		return nil, "", err
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

// attemptPlace names the place in the database to which the secrets of an attempt are bound: see store.Sealer.
func attemptPlace(a grant.Attempt) string {
	return fmt.Sprintf("grant_attempts/%d/%x", a.AccountID, a.State)
}

func hashOf(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}
