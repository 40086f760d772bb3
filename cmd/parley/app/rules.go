package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"parley/bot/web/settings"
	"parley/bridge/analysis"
	"parley/bridge/engine"
	"parley/channels"
	"parley/cmd/parley/site"
	"parley/store"
)

// RuleTrial says who would get a conversation by rules.
type RuleTrial = engine.Trial

// TryRules decides who would get the conversation that a customer with this address begins now with a text on an account, by the
// account's rules. It changes nothing. The text is analysed if a rule asks for it; a nil analyzer finds nothing.
func TryRules(ctx context.Context, q store.Querier, analyzer analysis.Analyzer, account, address, text string) (t RuleTrial, err error) {
	loaded, err := store.LoadDirectory(ctx, q)
	if err != nil {
		return t, err
	}
	dir := engine.NewDirectory(loaded)
	ruled, err := ruledAccounts(dir, account)
	if err != nil {
		return t, err
	}
	var answer analysis.Answer
	if dir.Plans[ruled[0]].NeedsAnalysis() && analyzer != nil {
		if answer, err = site.Analyse(ctx, analyzer, loaded, text); err != nil {
			return t, err
		}
	}
	return engine.TryText(ctx, q, dir, dir.Account(ruled[0]), channels.LowerAddress(strings.TrimSpace(address)), text, answer)
}

// TryLatestRules decides who would have got the latest conversations of an account, or of all accounts with rules if it is "". It
// changes nothing.
func TryLatestRules(ctx context.Context, q store.Querier, account string, last int) ([]RuleTrial, error) {
	loaded, err := store.LoadDirectory(ctx, q)
	if err != nil {
		return nil, err
	}
	dir := engine.NewDirectory(loaded)
	ruled, err := ruledAccounts(dir, account)
	if err != nil {
		return nil, err
	}
	return engine.TryLatest(ctx, q, dir, ruled, last)
}

// noRulesError means that an account, or all of them, have no rules.
type noRulesError struct{ account string }

func (e *noRulesError) Error() string {
	if e.account == "" {
		return "no account has rules: see docs/rules.md"
	}
	return fmt.Sprintf("there is no account %s with rules: see docs/rules.md", e.account)
}

// ruledAccounts returns the account of a name, or all accounts with rules if it is "". Errors: *noRulesError.
func ruledAccounts(dir *engine.Directory, name string) ([]store.AccountID, error) {
	ruled := slices.DeleteFunc(slices.Sorted(maps.Keys(dir.Plans)), func(id store.AccountID) bool {
		return name != "" && !strings.EqualFold(dir.Account(id).Name, name)
	})
	if len(ruled) == 0 {
		return nil, &noRulesError{name}
	}
	return ruled, nil
}

// TryRulesOnPage returns the function by which the site tries rules.
func TryRulesOnPage(
	q store.Querier, analyzer analysis.Analyzer,
) func(ctx context.Context, account, address, text string) (settings.RuleTrial, error) {
	return func(ctx context.Context, account, address, text string) (settings.RuleTrial, error) {
		t, err := TryRules(ctx, q, analyzer, account, address, text)
		if _, isWithoutRules := errors.AsType[*noRulesError](err); isWithoutRules {
			return settings.RuleTrial{Outcome: "Nobody: this account has no rules. Only a pinned customer goes to somebody by itself."}, nil
		}
		return settings.RuleTrial{Outcome: t.Outcome, Reasons: t.Reasons}, err
	}
}
