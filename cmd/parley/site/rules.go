package site

import (
	"context"

	"parley/bot/web/settings"
)

// TryRules implements settings.Desk.
func (d *settingsDesk) TryRules(ctx context.Context, account, address, text string) (settings.RuleTrial, error) {
	if d.o.TryRules == nil {
		return settings.RuleTrial{Outcome: "This process can't try rules."}, nil
	}
	return d.o.TryRules(ctx, account, address, text)
}
