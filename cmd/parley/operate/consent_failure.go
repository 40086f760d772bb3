package operate

import (
	"errors"
	"fmt"
	"strings"

	emailmailbox "parley/channels/email/mailbox"
	"parley/store"
)

// ErrCancelled is the cause of a Failure when the person did not consent.
var ErrCancelled = errors.New("consent: the person did not consent")

// Failure is an error for the person who connects a mailbox: it says what went wrong and what to do next. For
// example, Text is "This attempt took too long." and Hint is "Begin again; you have 15 minutes." The functions of
// this file translate the errors of the OAuth flow, from the provider or the database, into Failures.
type Failure struct {
	Text  string // what happened
	Hint  string // what to do next
	cause error  // nil if no other error caused it
}

// Error implements error.
func (f *Failure) Error() string { return strings.TrimSpace(f.Text + " " + f.Hint) }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.cause }

// NotRegistered returns the Failure for a provider (oauth.Google or oauth.Microsoft) at which no OAuth client is
// registered for Parley.
func NotRegistered(name string) *Failure {
	return &Failure{
		Text: "Parley is not registered with " + titleOf(name) + ".",
		Hint: fmt.Sprintf("Register it there and set %[1]s_CLIENT_ID and %[1]s_CLIENT_SECRET: see docs/email.md.", strings.ToUpper(name)),
	}
}

// registrationRefused returns the text and hint for a provider that rejects Parley's own client credentials.
func registrationRefused(provider string, r *emailmailbox.Refusal) (text, hint string) {
	return fmt.Sprintf("%s refuses Parley's registration: %s: %s", titleOf(provider), r.Code, r.Text),
		fmt.Sprintf("Check %[1]s_CLIENT_ID and %[1]s_CLIENT_SECRET, and the registration there.", strings.ToUpper(provider))
}

// titleOf returns the display name of a provider.
func titleOf(provider string) string {
	if provider == emailmailbox.Google {
		return "Google"
	}
	return "Microsoft"
}

// failBusy returns the Failure for a temporary refusal: the provider may accept the same request later.
func failBusy(p *emailmailbox.Provider, cause error) *Failure {
	return &Failure{Text: p.Title + " has no time right now.", Hint: "Begin again in a few minutes.", cause: cause}
}

// failOtherAttempt returns the Failure for a provider's answer that belongs to another attempt.
func failOtherAttempt(cause error) *Failure {
	return &Failure{Text: "What came back belongs to another attempt.", Hint: "Begin again, and use the newest link only.", cause: cause}
}

// findFailure returns the entry of list whose cause matches err, with err as its cause. It returns nil if none matches.
func findFailure(err error, list []Failure) *Failure {
	for _, f := range list {
		if errors.Is(err, f.cause) {
			return &Failure{Text: f.Text, Hint: f.Hint, cause: err}
		}
	}
	return nil
}

// explainAttempt translates the errors of grant.Finish that concern the stored attempt, such as grant.ErrExpired,
// into a Failure. It returns all other errors unchanged.
func explainAttempt(err error) error {
	failure := findFailure(err, []Failure{
		{
			cause: store.ErrNoGrantAttempt,
			Text:  "Nobody began this attempt here.",
			Hint:  "Begin again, in the same browser to the end.",
		},
		{
			cause: store.ErrGrantUsed,
			Text:  "This attempt was finished before.",
			Hint:  "Look at the account: it may be connected. If not, begin again.",
		},
		{
			cause: store.ErrGrantExpired,
			Text:  "This attempt took too long.",
			Hint:  fmt.Sprintf("Begin again; you have %d minutes.", int(AttemptLife.Minutes())),
		},
	})
	if failure == nil {
		return err
	}
	return failure
}

// explainAnswer explains a redirect in which the provider reports an error. code and words are its parameters
// "error" and "error_description".
func explainAnswer(p *emailmailbox.Provider, code, words string) *Failure {
	if code == "access_denied" {
		return &Failure{
			Text:  "You did not allow it at " + p.Title + ", so nothing was changed.",
			Hint:  "Begin again when you want to.",
			cause: ErrCancelled,
		}
	}
	if refusal := (&emailmailbox.Refusal{Code: code}); refusal.IsTemporary() {
		return failBusy(p, refusal)
	}
	return &Failure{
		Text: fmt.Sprintf("%s refuses: %s %s", p.Title, makePrintable(code), makePrintable(strings.TrimSpace(words))),
		Hint: "Check Parley's registration there: its redirect addresses and what it may ask for.",
	}
}

// explainExchange explains why the code could not be exchanged for tokens.
func explainExchange(p *emailmailbox.Provider, err error) *Failure {
	failure := findFailure(err, []Failure{
		{
			cause: emailmailbox.ErrNoMailScope,
			Text:  "You signed in, but did not allow Parley to read and send mail.",
			Hint:  "Begin again and leave all boxes ticked.",
		},
		{
			cause: emailmailbox.ErrNoRefreshToken,
			Text:  p.Title + " gave a consent that ends within the hour.",
			Hint:  "Take Parley out of the list of connected programs in the settings at " + p.Title + ", then begin again.",
		},
		{
			cause: emailmailbox.ErrUnreadable,
			Text:  p.Title + " answered in a form that Parley can't read.",
			Hint:  "Begin again. If that changes nothing, look for a proxy between this machine and " + p.Title + ".",
		},
	})
	if failure != nil {
		return failure
	}

	refusal, isAnswered := errors.AsType[*emailmailbox.Refusal](err)
	switch {
	case errors.Is(err, emailmailbox.ErrOtherAttempt):
		return failOtherAttempt(err)
	case !isAnswered:
		return &Failure{
			Text:  p.Title + " can't be reached.",
			Hint:  "Check this machine's connection to the internet, then begin again.",
			cause: err,
		}
	case refusal.Code == "invalid_grant":
		return &Failure{
			Text:  fmt.Sprintf("%s no longer takes this answer: %s", p.Title, refusal.Text),
			Hint:  "It was used already, or took too long. Begin again.",
			cause: err,
		}
	case refusal.IsTemporary():
		return failBusy(p, err)
	}

	text, hint := registrationRefused(p.Name, refusal)
	return &Failure{Text: text, Hint: hint, cause: err}
}

// makePrintable replaces control characters with spaces and cuts words after 300 characters. The words are untrusted
// input from a URL, and they are shown in a terminal or on a page.
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
