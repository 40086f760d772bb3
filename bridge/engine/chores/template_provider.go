package chores

import (
	"context"
	"slices"
	"time"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// reviewWait is how long a change of a template waits while the provider still reviews the version before: until then,
// providers accept no change.
const reviewWait = 10 * time.Minute

// handIn submits a template to its provider. One whose content the provider refuses may have a namesake there: see afterRefusal.
func (cs *Chores) handIn(ctx context.Context, templater channels.Templater, row store.Template) (channels.TemplateState, error) {
	t := bridge.ProviderTemplate(row)
	if t.ExternalID == "" && row.Tries > 1 { // an earlier attempt may have succeeded though its answer was lost
		made, err := cs.madeBefore(ctx, templater, row, t)
		if err != nil {
			return channels.TemplateState{}, err
		}
		if made != nil && made.Status == channels.TemplatePending {
			return *made, nil
		}
		if made != nil {
			t.ExternalID = made.ExternalID
		}
	}

	state, err := templater.SubmitTemplate(ctx, t)
	if err != nil && channels.ClassOf(err) == channels.BadContent {
		return cs.afterRefusal(ctx, templater, row, t, err)
	}
	return state, err
}

// afterRefusal finds out whether a provider refused a template only because it has one of that name already, its namesake.
//   - A namesake that another account of the same business submitted with the same content is taken for this template.
//   - While the provider reviews an earlier version of this template, the change waits.
//   - A namesake that no account has is replaced, unless somebody else may be waiting for its review.
//
// Otherwise it returns refused. It does so, too, if it can't find that out, so that the provider's reason is shown at once: an admin
// who saves the template again has it submitted again.
func (cs *Chores) afterRefusal(ctx context.Context, templater channels.Templater, row store.Template, t channels.Template, refused error) (channels.TemplateState, error) {
	namesake, err := knownTemplate(ctx, templater, t)
	if err != nil || namesake == nil {
		return channels.TemplateState{}, refused
	}

	twins, err := cs.findTwins(ctx, row, namesake.ExternalID)
	if err != nil {
		return channels.TemplateState{}, refused
	}
	if slices.ContainsFunc(twins, func(twin store.Template) bool { return !bridge.TemplateDiffers(twin, row) }) {
		return *namesake, nil
	}

	isInReview := namesake.Status == channels.TemplatePending
	isOurs := t.ExternalID != "" && t.ExternalID == namesake.ExternalID
	if isOurs && isInReview {
		return channels.TemplateState{}, &channels.SendError{Class: channels.Retry, Wait: reviewWait, Cause: refused,
			Text: "The provider still reviews what was handed in before; the change follows."}
	}

	isNobodys := !isInReview && len(twins) == 0
	if isNobodys && t.ExternalID == "" {
		t.ExternalID = namesake.ExternalID
		return templater.SubmitTemplate(ctx, t)
	}

	return channels.TemplateState{}, refused
}

// madeBefore returns what an earlier attempt to submit a template has made at the provider, or nil if it has made nothing: what another
// account has under this name was made by that account.
func (cs *Chores) madeBefore(ctx context.Context, templater channels.Templater, row store.Template, t channels.Template) (*channels.TemplateState, error) {
	known, err := knownTemplate(ctx, templater, t)
	if err != nil || known == nil {
		return nil, err
	}

	twins, err := cs.findTwins(ctx, row, known.ExternalID)
	if err != nil {
		return nil, outbound.Retry(err)
	}
	if len(twins) > 0 {
		return nil, nil //nolint:nilnil // nothing was made
	}

	return known, nil
}

// deleteTemplate removes a template from its provider, unless another account of the same business still has it.
func (cs *Chores) deleteTemplate(ctx context.Context, templater channels.Templater, row store.Template) error {
	twins, err := cs.findTwins(ctx, row, row.ExternalID)
	if err != nil {
		return outbound.Retry(err)
	}
	if len(twins) > 0 {
		return nil
	}
	return templater.DeleteTemplate(ctx, bridge.ProviderTemplate(row))
}

// knownTemplate returns what a provider has under a template's name and language, or nil if it has nothing.
func knownTemplate(ctx context.Context, templater channels.Templater, t channels.Template) (*channels.TemplateState, error) {
	states, err := templater.ListTemplates(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(states, func(s channels.TemplateState) bool {
		hasName := s.Name == t.Name && s.Language == t.Language
		return hasName && s.ExternalID != ""
	})
	if i < 0 {
		return nil, nil //nolint:nilnil // nothing of that name
	}
	return &states[i], nil
}

// findTwins returns the templates of other accounts of the same kind that are one with this template at the provider.
func (cs *Chores) findTwins(ctx context.Context, row store.Template, external string) ([]store.Template, error) {
	rows, err := store.ListTemplates(ctx, cs.pool, 0)
	if err != nil || external == "" {
		return nil, err
	}

	dir := cs.host.Directory()
	kind := func(account store.AccountID) string {
		if a := dir.Account(account); a != nil {
			return a.Kind
		}
		return ""
	}

	return slices.DeleteFunc(rows, func(other store.Template) bool {
		if other.ID == row.ID || other.ExternalID != external {
			return true
		}
		return kind(other.AccountID) != kind(row.AccountID)
	}), nil
}
